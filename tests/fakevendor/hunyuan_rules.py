"""What a real Hunyuan refuses: signatures, clocks and bodies, checked after its public reference and nothing of ours.

Every function returns (code, message) of the refusal, or None.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

Refusal = tuple[str, str] | None

_GRANT: Final = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/hunyuan/tc3_request, "
    r"SignedHeaders=([\w;-]+), Signature=(\w+)"
)
_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "Model": str,
    "Messages": list,
    "Stream": bool,
    "Temperature": (int, float),
    "TopP": (int, float),
    "Stop": list,
    "Seed": int,
    "Tools": list,
    "ToolChoice": str,
    "CustomTool": dict,
    "EnableEnhancement": bool,
}


def signature(headers: Mapping[str, str], body: bytes, keys: Mapping[str, str], now: float) -> Refusal:
    """Whether a request is signed with one of ``keys`` and is no more than five minutes old or early."""
    found = _GRANT.fullmatch(headers.get("authorization", ""))
    if not found:
        return "AuthFailure.InvalidAuthorization", "请求头部的 Authorization 不符合腾讯云标准。"
    secret_id, date, names, told = found.groups()
    if secret_id not in keys:
        return "AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct."
    timestamp = int(headers["x-tc-timestamp"])
    if abs(now - timestamp) > 300 or time.strftime("%Y-%m-%d", time.gmtime(timestamp)) != date:
        return "AuthFailure.SignatureExpire", "签名过期。Timestamp 和服务器时间相差不得超过五分钟。"
    lines = "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in names.split(";"))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{date}/hunyuan/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("TC3" + keys[secret_id]).encode()
    for step in (date, "hunyuan", "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != told or "host" not in names.split(";"):
        return (
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. 请检查您的签名是否正确。",
        )
    return None


def chat(body: Any) -> Refusal:
    """Whether a ChatCompletions body is one."""
    for name, value in body.items():
        if name not in _FIELDS:
            return "UnknownParameter", f"The parameter `{name}` is not recognized."
        if not isinstance(value, _FIELDS[name]):
            return "InvalidParameter", f"The value type of parameter `{name}` is not valid."
    if "Model" not in body or "Messages" not in body:
        return "MissingParameter", "The request is missing a required parameter."
    if not 0 <= body.get("Temperature", 0) <= 2:
        return "InvalidParameter", "Temperature must be 2 or less"
    if not 0 <= body.get("TopP", 0) <= 1:
        return "InvalidParameter", "TopP must be 1 or less"
    if not 1 <= body.get("Seed", 1) <= 10_000:
        return "InvalidParameter", "Seed must be between 1 and 10000"
    return _tools(body) or turns([(message["Role"], _content(message)) for message in body["Messages"]]) or _parts(body)


def _content(message: Mapping[str, Any]) -> object:
    return message.get("Contents") or message.get("Content")


def _tools(body: Mapping[str, Any]) -> Refusal:
    for tool in body.get("Tools", []):
        if not isinstance(tool["Function"]["Parameters"], str):
            return "InvalidParameter", "Parameters must be a JSON string"
        json.loads(tool["Function"]["Parameters"])
    choice = body.get("ToolChoice", "auto")
    if choice not in ("none", "auto", "custom") or (choice == "custom") is not ("CustomTool" in body):
        return "InvalidParameterValue.ParameterValueError", "ToolChoice is not valid"
    return None


def turns(messages: Sequence[tuple[str, object]]) -> Refusal:
    """Whether roles stand as they must: at most 40, system first, then by turns from the user to the user."""
    if len(messages) > 40:
        return "InvalidParameter", "Messages must be 40 or less"
    if any(role in ("user", "system") and not content for role, content in messages):
        return "InvalidParameter", "messages 中 Content 不能为空"
    roles = [role for role, _ in messages]
    talk = roles[1:] if roles[:1] == ["system"] else roles
    sides = "".join({"user": "u", "tool": "t", "assistant": "a"}.get(role, "?") for role in talk)
    if not re.fullmatch(r"u(a(u|t+))*", sides):
        return "InvalidParameter", "messages 中 user（tool） 和 assistant 角色需交替出现 (一问一答)"
    return None


def _parts(body: Mapping[str, Any]) -> Refusal:
    for message in body["Messages"]:
        if message.keys() - {"Role", "Content", "Contents", "ToolCalls", "ToolCallId"}:
            return "InvalidParameter", "Messages hold an unknown field"
        if "Contents" not in message:
            continue
        if "vision" not in body["Model"]:
            return "InvalidParameter", f"{body['Model']} 不支持 Contents"
        kinds = [part["Type"] for part in message["Contents"]]
        if "text" not in kinds or "Content" in message:
            return "InvalidParameter", "Contents 需包含至少一个 Type 为 text 的参数"
    return None


def openai(body: Any) -> Refusal:
    """Whether a body suits the OpenAI surface; here (message, code) of the refusal."""
    fields = {"model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "stop", "seed"}
    unknown = body.keys() - fields - {"tools", "tool_choice", "enable_enhancement"}
    refusal = turns([(message["role"], message.get("content")) for message in body["messages"]])
    if refusal:
        return refusal[1], "1001"
    if unknown or not 1 <= body.get("seed", 1) <= 10_000 or not 0 <= body.get("temperature", 1) <= 2:
        return f"{sorted(unknown) or 'seed or temperature'} is not valid", "1001"
    if any("reasoning_content" in message for message in body["messages"]):
        return "messages hold an unknown field", "1001"
    if any(not isinstance(tool["function"].get("parameters", {}), dict) for tool in body.get("tools", [])):
        return "parameters must be an object", "1001"
    if body.get("tool_choice", "auto") not in ("auto", "none"):
        return "tool_choice is not valid", "1001"
    return None
