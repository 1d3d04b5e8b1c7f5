"""What Qianfan refuses in a request, as its reference says it. Written apart from the gateway's own code on purpose."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote

PATHS = {"ernie_speed", "completions", "completions_pro", "ernie-lite-8k", "eb-instant", "yi_34b_chat", "own_model_1"}
WITH_FUNCTIONS = {"completions", "completions_pro"}
WITHOUT_SYSTEM = {"yi_34b_chat"}
FIELDS = {
    *("messages", "system", "stream", "temperature", "top_p", "penalty_score", "stop", "max_output_tokens"),
    *("user_id", "functions", "tool_choice", "response_format", "disable_search", "enable_citation"),
}
SKEW_S = 1800

Refusal = tuple[int, str]


def chat_fault(path: str, body: Any) -> Refusal | None:
    """(error_code, error_msg) for a V1 chat body that the model at ``path`` refuses, None for a good one."""
    if path not in PATHS:
        return 3, "Unsupported openapi method"
    if not isinstance(body, dict):
        return 336002, "Invalid JSON"
    unknown = sorted(body.keys() - FIELDS)
    if unknown:
        return 336003, f"unknown field {unknown[0]}"
    if "system" in body and path in WITHOUT_SYSTEM:
        return 336003, "this model has no system"
    if "functions" in body and path not in WITH_FUNCTIONS:
        return 336003, "this model has no functions"
    return _numbers(body) or _messages(body.get("messages")) or _functions(body)


def _numbers(body: Mapping[str, Any]) -> Refusal | None:
    checks = (
        ("temperature", lambda value: 0 < value <= 1),
        ("top_p", lambda value: 0 <= value <= 1),
        ("penalty_score", lambda value: 1 <= value <= 2),
        ("max_output_tokens", lambda value: type(value) is int and 2 <= value <= 2048),
        ("stop", lambda value: 0 < len(value) <= 4 and all(0 < len(text) <= 20 for text in value)),
        ("response_format", lambda value: value in ("text", "json_object")),
        ("system", lambda value: isinstance(value, str) and value.strip()),
        ("stream", lambda value: isinstance(value, bool)),
    )
    for name, good in checks:
        if name in body and not good(body[name]):
            return 336003, f"parameter check failed, {name} is out of range"
    return None


def _messages(messages: Any) -> Refusal | None:
    if not isinstance(messages, list) or not messages:
        return 336006, "messages must be an array"
    if len(messages) % 2 == 0:
        return 336006, "messages length must be odd"
    for index, message in enumerate(messages):
        allowed = ("user", "function") if index % 2 == 0 else ("assistant",)
        if message.get("role") not in allowed:
            return 336006, f"the role of message {index} must be one of {allowed}"
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            return 336003, f"the content of message {index} can not be blank"
        fault = _function_turn(messages, index)
        if fault:
            return 336003, fault
    return None


def _function_turn(messages: list[Any], index: int) -> str:
    message = messages[index]
    call = message.get("function_call")
    if call is not None and not (call.get("name") and isinstance(json.loads(call["arguments"]), dict)):
        return "function_call is not complete"
    if message["role"] != "function":
        return ""
    asked = messages[index - 1].get("function_call") if index else None
    if not asked or asked["name"] != message.get("name"):
        return "a function answers a call that was not made"
    return "" if isinstance(json.loads(message["content"]), (dict, list)) else "the result is not JSON"


def _functions(body: Mapping[str, Any]) -> Refusal | None:
    for function in body.get("functions", []):
        if not re.fullmatch(r"[\w-]{1,64}", function.get("name", "")) or "parameters" not in function:
            return 336003, "functions are not complete"
        if function.keys() - {"name", "description", "parameters"}:
            return 336003, "unknown field in functions"
    choice = body.get("tool_choice")
    if choice is not None and (not isinstance(choice, dict) or choice.get("type") != "function"):
        return 336003, "tool_choice must be an object"
    return None


def v2_fault(body: Any) -> tuple[str, str] | None:
    """(code, message) for a V2 chat body that is refused, None for a good one."""
    model = body.get("model")
    if not isinstance(model, str) or model != model.lower() or not model.startswith("ernie"):
        return "invalid_model", f"you do not have permission to access model {model}"
    turns = [m for m in body["messages"] if m["role"] != "system"]
    if any(m["role"] == "system" for m in body["messages"][1:]) or any(m["role"] == "developer" for m in turns):
        return "invalid_messages", "system only stands first"
    if not turns or turns[0]["role"] != "user" or turns[-1]["role"] not in ("user", "tool"):
        return "invalid_messages", "messages must begin and end with the user"
    if any(one["role"] == other["role"] == "user" for one, other in pairwise(turns)):
        return "invalid_messages", "user and assistant must alternate"
    if not 0 < body.get("temperature", 1) <= 1:
        return "invalid_argument", "temperature is out of range"
    return None


def signature_fault(
    request: Mapping[str, str], headers: Mapping[str, str], pairs: Mapping[str, str], now: float
) -> str:
    """What is wrong with a ``bce-auth-v1`` signature; empty when it is right. ``request``: method, path, query."""
    parts = headers.get("authorization", "").split("/")
    if len(parts) != 6 or parts[0] != "bce-auth-v1":
        return "no signature"
    _, access_key, date, valid_s, names, signature = parts
    began = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    if access_key not in pairs or abs(now - began) > min(SKEW_S, int(valid_s)):
        return "unknown access key, or the clocks differ"
    if headers.get("x-bce-date") != date or not {"host", "x-bce-date"} <= set(names.split(";")):
        return "the date and the host must be signed"
    lines = sorted(f"{name}:{quote(headers[name].strip(), safe='~')}" for name in names.split(";"))
    pieces = [piece.partition("=") for piece in request["query"].split("&") if piece]
    query = "&".join(sorted(f"{quote(unquote(n), safe='~')}={quote(unquote(v), safe='~')}" for n, _, v in pieces))
    text = "\n".join((request["method"], quote(unquote(request["path"]), safe="/~"), query, *lines))
    key = hmac.new(pairs[access_key].encode(), "/".join(parts[:4]).encode(), hashlib.sha256).hexdigest()
    good = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(good, signature) else "the signature does not match"
