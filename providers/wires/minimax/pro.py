"""Requests of ``chatcompletion_pro``: parameters and functions. Messages are in ``speakers``."""

from typing import Any, Final
from urllib.parse import urldefrag

import orjson

from providers.losses import dropped
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.minimax.speakers import BOT, setting, speakers
from providers.wires.openai import legacy
from providers.wires.openai.dialect import models

ANSWER_TOKENS: Final = 2048
"""The length asked for when the client names none: the vendor's own default of 256 cuts most answers.

Source: https://platform.minimaxi.com/document/ChatCompletion%20Pro, checked 2026-08.
"""

_LEAST: Final = 0.01
_WITHOUT_FUNCTIONS: Final = models(r"abab5\.5s")
_TRANSLATED: Final = frozenset(
    {"max_tokens", "max_completion_tokens", "temperature", "top_p", "tools", "tool_choice", "stream_options"}
)
_EXTRAS: Final = frozenset({"mask_sensitive_info", "plugins", "sample_messages"})
"""The vendor's own parameters, passed on as they are."""

_KNOWN: Final = _TRANSLATED | _EXTRAS


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``, whose address is the endpoint's own; the group is added by ``sign``.

    ``changes`` names every loss. Raises UNSUPPORTED for message parts other than text.
    """
    losses: list[str] = []
    given = legacy.params(request.params)
    body: Json = {
        "model": to.model,
        "bot_setting": [{"bot_name": BOT, "content": setting(request.messages)}],
        "messages": speakers(request.messages, losses),
        "reply_constraints": {"sender_type": BOT, "sender_name": BOT},
        # The vendor's default is to put stars in the place of addresses and numbers.
        "mask_sensitive_info": False,
    }
    if request.stream:
        body["stream"] = True
    _length(body, given, losses)
    for name in ("temperature", "top_p"):
        if name in given:
            body[name] = _within(name, given[name], losses)
    _functions(body, given, losses)
    body.update((name, given[name]) for name in _EXTRAS & given.keys())
    losses += dropped(given, _KNOWN)
    headers = {"content-type": "application/json"}
    return WireRequest("POST", urldefrag(to.server_url).url, headers, orjson.dumps(body), tuple(losses))


def _length(body: Json, given: Json, losses: list[str]) -> None:
    wanted = given.get("max_completion_tokens", given.get("max_tokens"))
    body["tokens_to_generate"] = wanted or ANSWER_TOKENS
    if not wanted:
        losses.append(f"set max_tokens to {ANSWER_TOKENS}")


def _within(name: str, value: float, losses: list[str]) -> float:
    """The nearest value above 0 and up to 1."""
    clamped = min(max(value, _LEAST), 1)
    if clamped != value:
        losses.append(f"clamped {name} to {clamped:g}")
    return clamped


def _functions(body: Json, given: Json, losses: list[str]) -> None:
    tools = given.get("tools", ())
    functions = [tool["function"] for tool in tools if tool["type"] == "function"]
    if len(functions) < len(tools):
        losses.append("dropped tools of other types than function")
    if functions and _WITHOUT_FUNCTIONS.match(body["model"]):
        losses.append("dropped tools")
    elif functions:
        body["functions"] = [_function(function) for function in functions]
        if "tool_choice" in given:
            _choose(body, given["tool_choice"], losses)


def _function(function: Json) -> Json:
    described = {"description": function["description"]} if function.get("description") else {}
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    return {"name": function["name"], **described, "parameters": parameters}


def _choose(body: Json, choice: Any, losses: list[str]) -> None:
    """``required`` is not known; with a single function it means that one, else it can only be ``auto``."""
    if choice in ("auto", "none"):
        body["function_call"] = {"type": choice}
        return
    names = [function["name"] for function in body["functions"]]
    wanted = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
    if choice == "required" and len(names) == 1:
        wanted = names[0]
    if wanted in names:
        body["function_call"] = {"type": "specific", "name": wanted}
        return
    body["function_call"] = {"type": "auto"}
    losses.append("dropped tool_choice")
