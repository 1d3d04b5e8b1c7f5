"""OpenAI's parameters in V1's words: renamed, clamped or left out, and every loss said aloud.

Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t, checked 2026-08.
"""

from typing import Final

import orjson

from providers.losses import dropped
from providers.types import Json
from providers.wires.openai.dialect import Range
from providers.wires.qianfan import models

TEMPERATURE: Final = Range(0, 1, at_low=0.1)
TOP_P: Final = Range(0, 1)
PENALTY: Final = Range(1, 2)
LEAST_OUTPUT_TOKENS: Final = 2
MOST_STOPS: Final = 4
MOST_STOP_CHARS: Final = 20

_OWN: Final = frozenset(
    {
        *("penalty_score", "top_k", "max_output_tokens", "min_output_tokens", "user_id", "user_setting"),
        *("disable_search", "enable_citation", "enable_trace", "enable_system_memory", "system_memory_id"),
        "extra_parameters",
    }
)
"""Fields of the vendor's own, which pass as the client sent them."""

_READ: Final = frozenset(
    {
        *("temperature", "top_p", "presence_penalty", "frequency_penalty", "stop", "user", "response_format"),
        *("max_tokens", "max_completion_tokens", "tools", "tool_choice", "functions", "function_call"),
        # It never makes two calls at once, so either word on that is as good.
        *("stream_options", "parallel_tool_calls"),
    }
)


def adapt(params: Json, path: str, losses: list[str]) -> Json:
    """The fields of the body beside messages, system and stream; what is lost is added to ``losses``."""
    given = {name: value for name, value in params.items() if value is not None}
    body = {name: value for name, value in given.items() if name in _OWN}
    losses += dropped(given, _OWN | _READ)
    _sampling(given, body, losses)
    _length(given, path, body, losses)
    _stop(given, body, losses)
    if "user" in given:
        body["user_id"] = given["user"]
    _format(given, path, body, losses)
    _functions(given, path, body, losses)
    return body


def schema_rule(params: Json) -> str:
    """A sentence asking for JSON that fits the client's schema, empty without one: V1 has no field for schemas."""
    wanted = params.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return ""
    schema = (wanted.get("json_schema") or {}).get("schema") or {}
    return (
        f"Answer with one JSON object and nothing else. It must fit this JSON schema: {orjson.dumps(schema).decode()}"
    )


def _sampling(given: Json, body: Json, losses: list[str]) -> None:
    for name, bounds in (("temperature", TEMPERATURE), ("top_p", TOP_P)):
        if name in given:
            body[name] = _clamped(name, given[name], bounds, losses)
    presence, frequency = given.get("presence_penalty") or 0, given.get("frequency_penalty") or 0
    if "penalty_score" in body:
        return
    if presence:
        # From [-2, 2] to [1, 2], as the vendor's own bridge for OpenAI's clients does it.
        body["penalty_score"] = PENALTY.clamp(presence / 4 + 1.5)
        if frequency:
            losses.append("dropped frequency_penalty")
    elif frequency:
        body["penalty_score"] = _clamped("frequency_penalty", frequency, PENALTY, losses)


def _length(given: Json, path: str, body: Json, losses: list[str]) -> None:
    name = next((name for name in ("max_completion_tokens", "max_tokens") if name in given), None)
    if name and "max_output_tokens" not in body:
        bounds = Range(LEAST_OUTPUT_TOKENS, models.most_output_tokens(path))
        body["max_output_tokens"] = _clamped(name, given[name], bounds, losses)


def _clamped(name: str, value: float, bounds: Range, losses: list[str]) -> float:
    clamped = bounds.clamp(value)
    if clamped != value:
        losses.append(f"clamped {name} to {clamped:g}")
    return clamped


def _stop(given: Json, body: Json, losses: list[str]) -> None:
    told = given.get("stop") or []
    texts = [told] if isinstance(told, str) else told
    kept = [text for text in texts if text and len(text) <= MOST_STOP_CHARS][:MOST_STOPS]
    if kept:
        body["stop"] = kept
    if len(kept) < len(texts):
        losses.append(f"dropped stop beyond {MOST_STOPS} texts of {MOST_STOP_CHARS} characters")


def _format(given: Json, path: str, body: Json, losses: list[str]) -> None:
    """A word instead of an object; a schema becomes a plain JSON object here and words elsewhere."""
    if "response_format" not in given:
        return
    kind = given["response_format"]["type"]
    if kind == "json_schema":
        losses.append("replaced response_format json_schema by json_object")
    if models.takes_format(path):
        body["response_format"] = "text" if kind == "text" else "json_object"
    elif kind == "json_object":
        losses.append("dropped response_format")


def _functions(given: Json, path: str, body: Json, losses: list[str]) -> None:
    tools = given.get("tools") or [{"type": "function", "function": item} for item in given.get("functions") or ()]
    functions = [_function(tool["function"]) for tool in tools if tool["type"] == "function"]
    if not tools or _choice(given) == "none":
        return
    if len(functions) < len(tools):
        losses.append("dropped tools that are no functions")
    if functions and not models.takes_functions(path):
        losses.append("dropped tools")
    elif functions:
        body["functions"] = functions
        _choose(_choice(given), functions, body, losses)


def _function(function: Json) -> Json:
    """Name, description and parameters; the last must be there."""
    kept = {name: function[name] for name in ("name", "description") if function.get(name)}
    return {**kept, "parameters": function.get("parameters") or {"type": "object", "properties": {}}}


def _choice(given: Json) -> str:
    """``auto``, ``none``, ``required`` or the name of a function."""
    choice = given.get("tool_choice") or given.get("function_call") or "auto"
    if isinstance(choice, str):
        return choice
    return str((choice.get("function") or choice).get("name") or "auto")


def _choose(choice: str, functions: list[Json], body: Json, losses: list[str]) -> None:
    """Only the choice of one function can be said; that one must be called, can be where there is only one."""
    name = functions[0].get("name") if choice == "required" and len(functions) == 1 else choice
    if name in {function.get("name") for function in functions}:
        body["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif choice != "auto":
        losses.append("dropped tool_choice")
