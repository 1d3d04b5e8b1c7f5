"""What a real MiniMax refuses, checked after its public reference and nothing of ours.

Every function returns (code, message) of the refusal, or None.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

Refusal = tuple[int, str] | None

_PRO_FIELDS: Final = {
    "model",
    "stream",
    "bot_setting",
    "messages",
    "reply_constraints",
    "tokens_to_generate",
    "temperature",
    "top_p",
    "mask_sensitive_info",
    "functions",
    "function_call",
}
_V2_UNKNOWN: Final = {"n", "seed", "stop", "presence_penalty", "frequency_penalty", "logprobs", "max_tokens"}


def key(headers: Mapping[str, str], keys: Mapping[str, str]) -> Refusal:
    """Whether the bearer is one of ``keys``, which map to their groups."""
    if headers.get("authorization", "").removeprefix("Bearer ") not in keys:
        return 2049, "invalid api key"
    return None


def group(headers: Mapping[str, str], keys: Mapping[str, str], query: Mapping[str, list[str]]) -> Refusal:
    """Whether the query names exactly once the group that the key belongs to."""
    mine = keys[headers["authorization"].removeprefix("Bearer ")]
    return None if query.get("GroupId") == [mine] else (1004, "token not match group")


def pro(body: Any) -> Refusal:
    """Whether a chatcompletion_pro body is one."""
    if set(body) - _PRO_FIELDS:
        return 2013, f"invalid params, unknown {sorted(set(body) - _PRO_FIELDS)}"
    if any(not 0 < body.get(name, 1) <= 1 for name in ("temperature", "top_p")):
        return 2013, "invalid params, temperature"
    names = [setting["bot_name"] for setting in body["bot_setting"] if setting["content"]]
    constraints = body["reply_constraints"]
    if len(names) != 1 or constraints != {"sender_type": "BOT", "sender_name": names[0]}:
        return 2013, "invalid params, bot_setting"
    if body["messages"][-1]["sender_type"] == "BOT":
        return 2013, "invalid params, the last message must be the user's"
    return _speakers(body["messages"], names[0]) or _functions(body)


def _speakers(messages: list[Any], bot: str) -> Refusal:
    called = False
    for message in messages:
        kind, name, text = message["sender_type"], message["sender_name"], message["text"]
        if kind not in ("USER", "BOT", "FUNCTION") or not name or (kind != "USER" and name != bot):
            return 2013, "invalid params, sender"
        if not text and "function_call" not in message:
            return 2013, "invalid params, text is empty"
        if kind == "FUNCTION":
            if not called:
                return 2013, "invalid params, a function's result without its call"
            json.loads(text)
        called = "function_call" in message
    return None


def _functions(body: Mapping[str, Any]) -> Refusal:
    for function in body.get("functions", []):
        if not re.fullmatch(r"(?!plugin_)[a-zA-Z0-9_-]{1,64}", function["name"]) or not function.get("parameters"):
            return 2013, "invalid params, function"
    choice = body.get("function_call", {"type": "auto"})
    if choice["type"] not in ("auto", "none", "specific") or (choice["type"] == "specific") is not ("name" in choice):
        return 2013, "invalid params, function_call"
    return None


def openai(body: Any, v2: bool) -> Refusal:
    """Whether a body of OpenAI's shape suits ``chatcompletion_v2`` or the OpenAI surface."""
    if v2 and _V2_UNKNOWN & set(body):
        return 2013, f"invalid params, unknown {sorted(_V2_UNKNOWN & set(body))}"
    if not 0 < body.get("temperature", 1) <= 1 or not 0 < body.get("top_p", 1) <= 1:
        return 2013, "invalid params, temperature"
    roles = [message["role"] for message in body["messages"]]
    if "system" in roles[1:] or set(roles) - {"system", "user", "assistant", "tool"}:
        return 2013, "invalid params, chat content has invalid message role: system"
    if any(not tool["function"].get("parameters") for tool in body.get("tools", [])):
        return 2013, "invalid params, function parameters is empty"
    ids = {call["id"] for message in body["messages"] for call in message.get("tool_calls") or []}
    lost = [message["tool_call_id"] for message in body["messages"] if message["role"] == "tool"]
    if set(lost) - ids:
        return 2013, f"invalid params, tool result's tool id({lost[0]}) not found"
    return None
