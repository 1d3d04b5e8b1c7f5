"""What Spark demands of a WebSocket: the signature in its address, and the frame that follows.

Written from the reference alone and not from the gateway's own code, so that the two are not wrong in the same way.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

SKEW_S: Final = 300
_GRANT: Final = re.compile(
    r'api_key="([^"]*)", algorithm="hmac-sha256", headers="host date request-line", signature="([^"]*)"'
)

DOMAINS: Final = {
    "/v1.1/chat": ("lite", 4096),
    "/v2.1/chat": ("generalv2", 4096),
    "/v3.1/chat": ("generalv3", 8192),
    "/chat/pro-128k": ("pro-128k", 4096),
    "/v3.5/chat": ("generalv3.5", 8192),
    "/chat/max-32k": ("max-32k", 32768),
    "/v4.0/chat": ("4.0Ultra", 32768),
    "/v1/x1": ("spark-x", 65535),
}
_SYSTEM: Final = {"generalv3.5", "4.0Ultra", "max-32k", "spark-x"}
_FUNCTIONS: Final = {"generalv3.5", "4.0Ultra"}
_CHAT_FIELDS: Final = {"domain", "temperature", "top_k", "max_tokens", "tools"}


def refusal(
    path: str, query: Mapping[str, str], host: str, secrets: Mapping[str, str], now: float
) -> tuple[int, str] | None:
    """Status and text when the upgrade is refused, else None. ``secrets`` maps each known key to its secret."""
    if path not in DOMAINS:
        return 404, "no Route matched with those values"
    if set(query) != {"authorization", "date", "host"}:
        return 401, "HMAC signature cannot be verified: fail to find authorization"
    found = _GRANT.fullmatch(base64.b64decode(query["authorization"]).decode())
    if not found or found[1] not in secrets:
        return 401, "HMAC signature cannot be verified: fail to retrieve credential"
    if not query["date"].endswith(" GMT") or abs(parsedate_to_datetime(query["date"]).timestamp() - now) > SKEW_S:
        return 403, "HMAC signature cannot be verified, a valid date or x-date header is required"
    text = f"host: {host}\ndate: {query['date']}\nGET {path} HTTP/1.1"
    digest = hmac.new(secrets[found[1]].encode(), text.encode(), hashlib.sha256).digest()
    if query["host"] != host or base64.b64encode(digest).decode() != found[2]:
        return 401, "HMAC signature does not match"
    return None


def fault(path: str, frame: Any, appid: str) -> str:
    """What is wrong with a frame, empty when nothing is."""
    domain, most_tokens = DOMAINS[path]
    header, chat, payload = frame["header"], frame["parameter"]["chat"], frame["payload"]
    if header.get("app_id") != appid or not set(header) <= {"app_id", "uid"} or len(header.get("uid", "")) > 32:
        return "header"
    if chat.get("domain") != domain or not set(chat) <= _CHAT_FIELDS:
        return "parameter.chat"
    if not 0 < chat.get("temperature", 0.5) <= 1 or chat.get("top_k", 4) not in range(1, 7):
        return "temperature or top_k"
    if not 1 <= chat.get("max_tokens", 1) <= most_tokens:
        return "max_tokens"
    if not set(payload) <= {"message", "functions"} or ("functions" in payload and domain not in _FUNCTIONS):
        return "payload"
    return _functions_fault(payload) or _talk_fault(payload["message"]["text"], domain)


def _functions_fault(payload: Any) -> str:
    for function in payload.get("functions", {}).get("text", []):
        if not set(function) <= {"name", "description", "parameters"} or function["parameters"]["type"] != "object":
            return "functions"
    return ""


def _talk_fault(messages: list[dict[str, Any]], domain: str) -> str:
    if any(set(m) != {"role", "content"} or not isinstance(m["content"], str) or not m["content"] for m in messages):
        return "message.text"
    roles = [message["role"] for message in messages]
    if roles[0] == "system" and domain in _SYSTEM:
        roles = roles[1:]
    wanted = ["user", "assistant"] * (len(roles) // 2) + ["user"]
    return "" if roles == wanted else "roles"
