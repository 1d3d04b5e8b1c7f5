"""Requests in OpenAI's older spelling (``functions``, ``function_call``, the role ``function``) put into today's.

For vendors that know only the newer one. A legacy call and its result are tied by the function's name, which is all
they have. An assistant's refusals are put into its text, since only OpenAI keeps them apart.
"""

from typing import Any

from providers.types import Json


def message(given: Json) -> Json:
    """The message with today's roles and fields; ``developer`` becomes ``system``."""
    given = _with_refusals(given)
    role, legacy = given["role"], given.get("function_call")
    if role == "developer":
        return {**given, "role": "system"}
    if role == "function":
        return {"role": "tool", "tool_call_id": _id(given.get("name")), "content": given.get("content") or ""}
    if isinstance(legacy, dict) and not given.get("tool_calls"):
        call = {"id": _id(legacy.get("name")), "type": "function", "function": _complete(legacy)}
        kept = {name: value for name, value in given.items() if name != "function_call"}
        return {**kept, "tool_calls": [call]}
    return given


def _with_refusals(given: Json) -> Json:
    """The message with what it refused in its content, where a client that replays the history has it elsewhere."""
    content, refusal = given.get("content"), given.get("refusal")
    if isinstance(content, list) and any(part.get("type") == "refusal" for part in content):
        return {**given, "content": [_text_part(part) for part in content]}
    if content or not isinstance(refusal, str) or not refusal:
        return given
    return {**{name: value for name, value in given.items() if name != "refusal"}, "content": refusal}


def _text_part(part: Json) -> Json:
    return {"type": "text", "text": part.get("refusal") or ""} if part.get("type") == "refusal" else part


def params(given: Json) -> Json:
    """The parameters without nulls, with ``tools`` and ``tool_choice`` where they had the older names."""
    fresh = {name: value for name, value in given.items() if value is not None}
    functions, choice = fresh.pop("functions", None), fresh.pop("function_call", None)
    named = [function for function in functions or () if isinstance(function, dict) and function.get("name")]
    if named and "tools" not in fresh:
        fresh["tools"] = [{"type": "function", "function": function} for function in named]
        if choice is not None:
            fresh["tool_choice"] = _choice(choice)
    return fresh


def _choice(choice: Any) -> Any:
    return {"type": "function", "function": {"name": choice.get("name")}} if isinstance(choice, dict) else choice


def _complete(call: Json) -> Json:
    return {"name": call.get("name") or "", "arguments": call.get("arguments") or ""}


def _id(name: object) -> str:
    return f"call_{name}"
