"""A failure in this wire's own words to one of our kinds: the status first, then the type of the error, then its text.

Source: https://platform.claude.com/docs/en/api/errors, checked 2026-08.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.openai import shapes, waits

_BY_STATUS: Final = {
    401: ErrorKind.UPSTREAM_AUTH,
    402: ErrorKind.QUOTA,
    403: ErrorKind.UPSTREAM_AUTH,
    404: ErrorKind.MODEL_NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.SERVER_ERROR,
    413: ErrorKind.INVALID_REQUEST,
    429: ErrorKind.RATE_LIMITED,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    524: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}
_STATUS_OF_TYPE: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What the API answers with each type; inside a stream there is no other status."""

_BY_TEXT: Final = (
    (re.compile(r"(?i)prompt is too long|exceed(s|ed)? (the )?(model'?s )?context"), ErrorKind.CONTEXT_LENGTH),
    (re.compile(r"(?i)credit balance|usage limits?\b.{0,80}regain"), ErrorKind.QUOTA),
    (re.compile(r"(?i)content filtering policy"), ErrorKind.CONTENT_FILTER),
)
_REFINABLE: Final = frozenset({ErrorKind.INVALID_REQUEST, ErrorKind.RATE_LIMITED})
_PARAM: Final = re.compile(
    r"(max_tokens|messages|system|temperature|top_p|top_k|tools|tool_choice|stop_sequences)\b[\w.]*: "
)
_OUR_PARAMS: Final = {"system": "messages", "stop_sequences": "stop"}
_LIMITS: Final = ("requests", "tokens", "input-tokens", "output-tokens")


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    failure = shapes.parse(body) if body.strip() else shapes.Failure("")
    return _error(failure, status, headers)


def in_document(document: Json, event_name: str) -> ProviderError | None:
    """The error that a payload of a successful reply is, or None when it is none."""
    if "error" not in (document.get("type"), event_name) and not document.get("error"):
        return None
    failure = shapes.of_document(document) or shapes.Failure(str(document.get("message") or ""))
    return _error(failure, _STATUS_OF_TYPE.get(failure.type or "", failure.status or 500), {})


def _error(failure: shapes.Failure, status: int, headers: Mapping[str, str]) -> ProviderError:
    kind = _kind(failure, status)
    limited = kind is ErrorKind.RATE_LIMITED
    wait_s = waits.retry_after_s(headers, "", limited=False)
    return ProviderError(
        kind,
        failure.message or f"the upstream answered with status {status} and no word",
        status=_STATUSES.get(kind, {}).get(status),
        type=_TYPES.get(kind) if status != 409 else "invalid_request_error",
        code="timeout" if kind is ErrorKind.TIMEOUT else None,
        param=_param(failure.message) if kind is ErrorKind.INVALID_REQUEST else None,
        retry_after_s=_reset_s(headers) if limited and wait_s is None else wait_s,
    )


_STATUSES: Final[Mapping[ErrorKind, Mapping[int, int]]] = {
    ErrorKind.INVALID_REQUEST: {413: 413, 422: 422},
    ErrorKind.SERVER_ERROR: {409: 409, 500: 500},
}
"""Statuses that reach the client as they are."""

_TYPES: Final = {ErrorKind.OVERLOADED: "server_error"}


def _kind(failure: shapes.Failure, status: int) -> ErrorKind:
    by_type = _STATUS_OF_TYPE.get(failure.type or "")
    base = _BY_STATUS.get(status)
    if base is None and by_type and by_type != 400:
        # A 400 or a 500 says little; the type may say more.
        base = _BY_STATUS.get(by_type)
    if base is None:
        base = ErrorKind.INVALID_REQUEST if status < 500 else ErrorKind.SERVER_ERROR
    if base in _REFINABLE and status != 413:
        return next((kind for pattern, kind in _BY_TEXT if pattern.search(failure.message)), base)
    return base


def _param(message: str) -> str | None:
    """OpenAI's name of the field that a message begins with, as the API's messages on fields do."""
    found = _PARAM.match(message)
    return _OUR_PARAMS.get(found[1], found[1]) if found else None


def _reset_s(headers: Mapping[str, str]) -> float | None:
    """The seconds until the last of the used up limits is reset, reckoned from the reply's own date."""
    try:
        now = parsedate_to_datetime(headers["date"])
        resets = [
            (datetime.fromisoformat(reset.replace("Z", "+00:00")) - now).total_seconds()
            for limit in _LIMITS
            if headers.get(f"anthropic-ratelimit-{limit}-remaining") == "0"
            and (reset := headers.get(f"anthropic-ratelimit-{limit}-reset"))
        ]
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, *resets) if resets else None
