"""Parameters: what goes into ``options``, what stands beside it, and what has no counterpart.

Source: https://docs.ollama.com/api/chat, https://docs.ollama.com/modelfile#valid-parameters-and-values and the server's
api/types.go, checked 2026-08.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from providers import losses as common
from providers.types import Destination, Json

OPTIONS: Final = frozenset(
    {
        *("temperature", "top_p", "top_k", "min_p", "typical_p", "tfs_z", "seed", "stop", "num_predict", "num_ctx"),
        *("presence_penalty", "frequency_penalty", "repeat_penalty", "repeat_last_n", "penalize_newline"),
        *("mirostat", "mirostat_eta", "mirostat_tau", "num_keep", "num_batch", "num_gpu", "main_gpu", "num_thread"),
        *("numa", "low_vram", "use_mmap", "use_mlock"),
    }
)
"""Names that mean the same inside ``options``, as OpenAI's parameters or as a client's extensions."""

BESIDE: Final = frozenset({"keep_alive", "think", "truncate", "shift", "format", "logprobs", "top_logprobs"})
"""Names of the body itself; the first four may stand in the entry too."""

CONFIGURED: Final = ("keep_alive", "think", "truncate", "shift")

_LIMITS: Final = frozenset({"max_tokens", "max_completion_tokens"})
_READ: Final = frozenset({"tools", "tool_choice", "response_format", "reasoning_effort", "options", "stream_options"})
_LEVELLED: Final = re.compile(r"(?i)(.*/)?gpt-oss")
_LEVELS: Final[Mapping[str, str]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "ultra": "max",
    "max": "max",
}
"""What models with levels of thinking are told. Unverified: that ``max`` is one of them on every server."""


def adapt(given: Json, to: Destination, losses: list[str]) -> Json:
    """The body beside model, messages and stream; what the client loses is added to ``losses``.

    The entry's own ``options`` and fields are what holds where the client says nothing.
    """
    told = {name: value for name, value in given.items() if value is not None}
    losses += common.dropped(told, OPTIONS | BESIDE | _LIMITS | _READ)
    body: Json = {name: to.options[name] for name in CONFIGURED if to.options.get(name) is not None}
    body.update((name, told[name]) for name in told if name in BESIDE and name not in ("logprobs", "top_logprobs"))
    if told.get("logprobs"):
        body.update((name, told[name]) for name in ("logprobs", "top_logprobs") if name in told)
    if "think" not in told:
        _think(body, told.get("reasoning_effort"), to.model, losses)
    _format(body, told.get("response_format"))
    tools = _tools(told, losses)
    if tools:
        body["tools"] = tools
    options = _options(told, to)
    if options:
        body["options"] = options
    return body


def _options(told: Json, to: Destination) -> Json:
    configured, asked = to.options.get("options"), told.get("options")
    options: Json = dict(configured) if isinstance(configured, dict) else {}
    options.update(asked if isinstance(asked, dict) else {})
    options.update((name, value) for name, value in told.items() if name in OPTIONS)
    limit = told.get("max_completion_tokens", told.get("max_tokens"))
    if limit is not None:
        options["num_predict"] = limit
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    return options


def _think(body: Json, effort: str | None, model: str, losses: list[str]) -> None:
    """A level for models that have them, else on or off; nothing where the client says nothing."""
    if effort is None:
        return
    level = _LEVELS.get(effort)
    if effort == "none":
        body["think"] = False
    elif level is None:
        losses.append("dropped reasoning_effort")
    elif not _LEVELLED.match(model):
        body["think"] = True
    else:
        body["think"] = level
        if level != effort:
            losses.append(f"clamped reasoning_effort to {level}")


def _format(body: Json, wanted: Any) -> None:
    """The bare schema, or the word for any JSON; a schema that is missing means any JSON too."""
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind in ("json_object", "json_schema") and "format" not in body:
        schema = (wanted.get("json_schema") or {}).get("schema") if kind == "json_schema" else None
        body["format"] = schema if isinstance(schema, dict) and schema else "json"


def _tools(told: Json, losses: list[str]) -> list[Any]:
    """The functions to offer. That one must be called cannot be asked for; the one wanted is offered alone."""
    choice = told.get("tool_choice")
    functions = []
    for tool in told.get("tools") or ():
        if tool["type"] == "function":
            functions.append(tool)
        else:
            losses.append(f"dropped tools of type {tool['type']}")
    if choice == "none":
        return []
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        functions = [tool for tool in functions if tool["function"]["name"] == name] or functions
    if choice not in (None, "auto"):
        losses.append("dropped tool_choice")
    return functions


def forced(given: Json) -> bool:
    """Whether the client demands a call."""
    return given.get("tool_choice") not in (None, "auto", "none")
