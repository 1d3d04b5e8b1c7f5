"""What the small Ark refuses, and why: signatures worked out anew, bodies looked at member by member."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, quote

SKEW_S = 900
Refusal = tuple[int, str, str]
"""(HTTP status, code, message)."""

CHAT_FIELDS = {
    *("model", "messages", "stream", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "user"),
    *("frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias", "tools", "tool_choice"),
    *("parallel_tool_calls", "response_format", "stream_options", "reasoning_effort", "thinking", "service_tier"),
}
ROLES = frozenset({"system", "user", "assistant", "tool"})


def signature(
    target: str, headers: Mapping[str, str], body: bytes, pairs: Mapping[str, str], now: float
) -> Refusal | None:
    """What is wrong with a signed POST to the control plane; header names are lower case."""
    fields = dict(
        part.strip().split("=", 1)
        for part in headers.get("authorization", "").removeprefix("HMAC-SHA256 ").split(",")
        if "=" in part
    )
    access_key, *scope = fields.get("Credential", "").split("/")
    if len(scope) != 4:
        return 400, "InvalidAuthorization", "The Authorization header is not valid."
    if access_key not in pairs:
        return 401, "InvalidAccessKey", "The access key does not exist."
    date, names = headers.get("x-date", ""), fields.get("SignedHeaders", "").split(";")
    began = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    if abs(now - began) > SKEW_S or scope != [date[:8], "cn-beijing", "ark", "request"]:
        return 403, "InvalidTimestamp", "The request has expired, or its scope is wrong."
    if headers.get("x-content-sha256") != hashlib.sha256(body).hexdigest() or not {
        "host",
        "x-date",
        "x-content-sha256",
    } <= {*names}:
        return 403, "SignatureDoesNotMatch", "The body or the signed headers do not fit."
    path, _, query = target.partition("?")
    pairs_of_query = sorted(parse_qsl(query, keep_blank_values=True))
    parts = [
        "POST",
        path,
        "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs_of_query),
        *(f"{name}:{headers[name].strip()}" for name in sorted(names)),
        "",
        ";".join(sorted(names)),
        hashlib.sha256(body).hexdigest(),
    ]
    told = "\n".join(("HMAC-SHA256", date, "/".join(scope), hashlib.sha256("\n".join(parts).encode()).hexdigest()))
    key = pairs[access_key].encode()
    for step in (*scope, told):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    if key.hex() != fields.get("Signature"):
        return 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the one you provided."
    return None


def key_request(body: Any) -> Refusal | None:
    """What is wrong with the body of GetApiKey."""
    kinds = {"ep-m-": "presetendpoint", "ep-": "endpoint", "bot-": "bot", "": "presetendpoint"}
    if body.keys() - {"DurationSeconds", "ResourceIds", "ResourceType", "ProjectName"} or len(body["ResourceIds"]) != 1:
        return 400, "InvalidParameter", "unknown or missing member"
    wanted = next(kind for prefix, kind in kinds.items() if body["ResourceIds"][0].startswith(prefix))
    if body["ResourceType"] != wanted or (wanted == "presetendpoint") is not ("ProjectName" in body):
        return 400, "InvalidParameter.ResourceType", f"must be {wanted}"
    return None if 3600 <= body["DurationSeconds"] <= 2_592_000 else (400, "InvalidParameter", "DurationSeconds")


def chat(body: Any) -> Refusal | None:
    """What is wrong with a chat body."""
    unknown = body.keys() - CHAT_FIELDS
    if unknown:
        return 400, "InvalidParameter", f"unknown parameter {sorted(unknown)}"
    if "max_tokens" in body and "max_completion_tokens" in body:
        return 400, "InvalidParameter", "max_tokens and max_completion_tokens are mutually exclusive"
    if not 0 <= body.get("temperature", 1) <= 2:
        return 400, "InvalidParameter", "temperature is out of range"
    if "stream_options" in body and not body.get("stream"):
        return 400, "InvalidParameter", "stream_options without stream"
    return _messages(body["messages"])


def _messages(messages: Any) -> Refusal | None:
    owed: list[str] = []
    for message in messages:
        if message["role"] not in ROLES:
            return 400, "InvalidParameter", f"unknown role {message['role']}"
        if message["role"] == "tool":
            if message["tool_call_id"] not in owed:
                return 400, "InvalidParameter", "a result of no call"
            owed.remove(message["tool_call_id"])
        elif owed:
            return 400, "InvalidParameter", f"calls without results: {owed}"
        owed += [call["id"] for call in message.get("tool_calls") or ()]
        for part in message["content"] if isinstance(message.get("content"), list) else ():
            if part["type"] == "image_url" and part["image_url"]["url"].startswith("data:"):
                base64.b64decode(part["image_url"]["url"].partition(",")[2], validate=True)
    return (400, "InvalidParameter", "calls without results") if owed else None


def embeddings(path: str, body: Any) -> Refusal | None:
    """What is wrong with an embeddings body at ``path``."""
    if body.keys() - {"model", "input", "encoding_format", "dimensions", "user"}:
        return 400, "InvalidParameter", f"unknown parameter in {json.dumps(body)}"
    typed = [isinstance(item, dict) and item["type"] in item for item in body["input"]]
    if all(typed) is not path.endswith("/multimodal") or any(typed) is not all(typed):
        return 400, "InvalidParameter", "input is of the wrong kind for this address"
    return None
