"""V1's error numbers, which come inside HTTP 200, and what each means.

Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh, checked 2026-08. 336007 and 336103 are unverified.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Json
from providers.wires.openai import faults, waits
from providers.wires.openai.dialect import Dialect

STALE_TOKEN: Final = frozenset({110, 111})
"""The token is not valid, or no longer: a fresh one is worth a try."""

OURS: Final = 336101
"""The HTTP method is wrong: a fault of this gateway, and neither the client's nor another credential's matter."""

_KINDS: Final[Mapping[int, ErrorKind]] = {
    1: ErrorKind.SERVER_ERROR,
    2: ErrorKind.OVERLOADED,
    3: ErrorKind.MODEL_NOT_FOUND,
    4: ErrorKind.RATE_LIMITED,
    6: ErrorKind.UPSTREAM_AUTH,
    13: ErrorKind.UPSTREAM_AUTH,
    14: ErrorKind.UPSTREAM_AUTH,
    15: ErrorKind.UPSTREAM_AUTH,
    17: ErrorKind.QUOTA,
    18: ErrorKind.RATE_LIMITED,
    19: ErrorKind.QUOTA,
    100: ErrorKind.UPSTREAM_AUTH,
    110: ErrorKind.UPSTREAM_AUTH,
    111: ErrorKind.UPSTREAM_AUTH,
    336000: ErrorKind.SERVER_ERROR,
    336001: ErrorKind.INVALID_REQUEST,
    336002: ErrorKind.INVALID_REQUEST,
    336003: ErrorKind.INVALID_REQUEST,
    336004: ErrorKind.UPSTREAM_AUTH,
    336005: ErrorKind.MODEL_NOT_FOUND,
    336006: ErrorKind.INVALID_REQUEST,
    336007: ErrorKind.CONTEXT_LENGTH,
    336100: ErrorKind.OVERLOADED,
    336101: ErrorKind.INVALID_REQUEST,
    336103: ErrorKind.CONTEXT_LENGTH,
    336104: ErrorKind.INVALID_REQUEST,
    336105: ErrorKind.INVALID_REQUEST,
    336501: ErrorKind.RATE_LIMITED,
    336502: ErrorKind.RATE_LIMITED,
    500000: ErrorKind.SERVER_ERROR,
}

_PLAIN: Final = Dialect(keep_5xx=False)
"""For what is not in V1's own shape: a proxy's page, another service's error."""


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        doc = None
    if isinstance(doc, dict) and doc.get("error_code"):
        return waits.noted(_of_code(doc, status), headers)
    return faults.fault(status, headers, body, _PLAIN)


def in_document(doc: Any) -> ProviderError | None:
    """The error that a document of a reply holds, None when it is part of an answer."""
    if not isinstance(doc, dict):
        return None
    if doc.get("error_code"):
        return _of_code(doc)
    return faults.in_payload(doc, "", _PLAIN) if doc.get("error") else None


def no_answer(doc: Any) -> ProviderError:
    """The error that a whole reply is which holds neither an answer nor an error of V1's own."""
    told = faults.in_payload(doc, BODY, _PLAIN)
    return told or ProviderError(ErrorKind.MALFORMED, "the upstream's reply is neither an answer nor an error")


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which is no JSON at all, such as a page of HTML."""
    return faults.of_text(body, _PLAIN)


def _of_code(doc: Json, status: int = 500) -> ProviderError:
    """The error of a number; ``status`` is all that an unknown one has beside its text."""
    told = doc["error_code"]
    code = int(told) if str(told).isdecimal() else 0
    message = str(doc.get("error_msg") or f"error {told}")
    kind = _KINDS.get(code)
    if str(code)[:4] in ("3360", "3361") and "too long" in message.lower():
        kind = ErrorKind.CONTEXT_LENGTH
    if kind is None:
        return faults.fault(status, {}, orjson.dumps({"error": {"message": message}}), _PLAIN)
    if kind is ErrorKind.OVERLOADED:
        return ProviderError(kind, message, type="server_error", code="overloaded")
    if code == OURS:
        return ProviderError(kind, message, status=500, type="server_error")
    return ProviderError(kind, message, stale_token=code in STALE_TOKEN)
