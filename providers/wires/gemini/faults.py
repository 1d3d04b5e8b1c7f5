"""A failure in Google's own words to one of our kinds: the reason first, then the status, then the text.

Source: https://ai.google.dev/gemini-api/docs/troubleshooting, https://cloud.google.com/apis/design/errors, checked
2026-08.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Event, Json
from providers.vendor import Fault
from providers.wires.openai import shapes, waits

_BY_STATUS: Final = {
    401: ErrorKind.UPSTREAM_AUTH,
    402: ErrorKind.QUOTA,
    403: ErrorKind.UPSTREAM_AUTH,
    404: ErrorKind.MODEL_NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    429: ErrorKind.RATE_LIMITED,
    499: ErrorKind.SERVER_ERROR,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
}
_STATUS_OF_WORD: Final = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto, checked 2026-08."""

_KEY: Final = re.compile(r"(?i)api[ _]key (not valid|not found|expired|is invalid|must be)|pass a valid api key")
_LOCATION: Final = re.compile(r"(?i)location is not supported")
_BILLING: Final = re.compile(r"(?i)billing|free tier is not available|prepayment credits")
_TOO_LONG: Final = re.compile(r"(?i)token count.{0,40}exceeds|exceeds the maximum number of (input )?tokens")
_TOO_LARGE: Final = re.compile(r"(?i)payload size exceeds")


@dataclass(frozen=True, slots=True)
class _Failure:
    """What an error document says. ``details`` are the objects of google.rpc beside the message."""

    message: str
    status: int
    word: str = ""
    details: tuple[Json, ...] = ()

    def told(self, kind: str, name: str) -> list[Any]:
        """The values of a field in the details of a kind (``RetryInfo``)."""
        return [one[name] for one in self.details if str(one.get("@type", "")).endswith(kind) and name in one]

    @property
    def daily(self) -> bool:
        """Whether a quota of the day is used up."""
        lists = self.told("QuotaFailure", "violations")
        violations = [one for told in lists if isinstance(told, list) for one in told]
        return any("PerDay" in str(one.get("quotaId") or "") for one in violations if isinstance(one, dict))


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    failure = _failure(_parsed(body), status)
    if failure is None:
        told = shapes.parse(body).message if body.strip() else ""
        failure = _Failure(told or f"the upstream answered with status {status} and no word", status)
    return _error(failure, headers)


def in_document(document: Any) -> ProviderError | None:
    """The error that a payload of a successful reply is, or None when it is none."""
    failure = _failure(document, 0)
    return _error(failure, {}) if failure else None


def either(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    googles: Fault,
    others: Fault,
) -> ProviderError:
    """The error that a reply in another vendor's form is: as ``googles`` reads it where Google tells it, else another.

    Google stands before all models it serves, and says in its own form what is amiss with keys, quotas and bodies.
    A token that was refused is stale in whichever form that is told.
    """
    error = (googles if _is_googles(_parsed(body)) else others)(status, headers, body)
    error.stale_token = error.stale_token or status == 401
    return error


def checked(events: Iterator[Event]) -> Iterator[Event]:
    """The events of a reply in another vendor's form. Raises the error that Google tells amid them in its own form."""
    for event in events:
        # Inside of a text the quotes are escaped, so that this finds names only.
        document = _parsed(event.data) if b'"error"' in event.data else None
        if _is_googles(document) and (error := in_document(document)):
            raise error
        yield event


def _is_googles(document: Any) -> bool:
    """Whether an error names its status in a word (``NOT_FOUND``), which other vendors' errors do not."""
    if isinstance(document, list):
        return any(map(_is_googles, document))
    error = document.get("error") if isinstance(document, dict) else None
    return isinstance(error, dict) and isinstance(error.get("status"), str)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _failure(document: Any, status: int) -> _Failure | None:
    if isinstance(document, list):
        return next((found for one in document if (found := _failure(one, status))), None)
    error = document.get("error") if isinstance(document, dict) else None
    if not error:
        return None
    if not isinstance(error, dict):
        more = document.get("error_description")
        return _Failure(f"{error}: {more}" if more else str(error), status or 500)
    word, code = str(error.get("status") or ""), error.get("code")
    own = code if type(code) is int and code >= 400 else _STATUS_OF_WORD.get(word, 500)
    told = error.get("details")
    details = tuple(one for one in told if isinstance(one, dict)) if isinstance(told, list) else ()
    message = str(error.get("message") or word or orjson.dumps(error).decode())
    return _Failure(message, status if status >= 400 else own, word, details)


def _error(failure: _Failure, headers: Mapping[str, str]) -> ProviderError:
    kind = _kind(failure)
    limited = kind is ErrorKind.RATE_LIMITED
    delays = [waits.duration_s(str(told)) for told in failure.told("RetryInfo", "retryDelay")]
    wait_s = next((delay for delay in delays if delay is not None), None)
    if wait_s is None:
        wait_s = waits.retry_after_s(headers, failure.message if limited else "", limited=False)
    return ProviderError(
        kind,
        failure.message,
        status=_status(kind, failure),
        type="server_error" if kind is ErrorKind.OVERLOADED else None,
        code="timeout" if kind is ErrorKind.TIMEOUT else None,
        retry_after_s=wait_s,
        stale_token=failure.status == 401,
    )


def _kind(failure: _Failure) -> ErrorKind:
    status, message = failure.status, failure.message
    if status == 400:
        if "API_KEY_INVALID" in failure.told("ErrorInfo", "reason") or _KEY.search(message):
            return ErrorKind.UPSTREAM_AUTH
        if failure.word == "FAILED_PRECONDITION" or _LOCATION.search(message):
            return _precondition(message)
        return ErrorKind.CONTEXT_LENGTH if _TOO_LONG.search(message) else ErrorKind.INVALID_REQUEST
    if status == 429 and failure.daily:
        return ErrorKind.QUOTA
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ErrorKind.INVALID_REQUEST if status < 500 else ErrorKind.SERVER_ERROR


def _precondition(message: str) -> ErrorKind:
    """What is amiss with the account or the place; another credential, at another door, may do."""
    if _LOCATION.search(message):
        return ErrorKind.UPSTREAM_AUTH
    return ErrorKind.QUOTA if _BILLING.search(message) else ErrorKind.INVALID_REQUEST


def _status(kind: ErrorKind, failure: _Failure) -> int | None:
    """The vendor's own status where it says more than the kind's default."""
    if kind is ErrorKind.INVALID_REQUEST:
        return 413 if _TOO_LARGE.search(failure.message) else failure.status
    return 500 if kind is ErrorKind.SERVER_ERROR and failure.status == 500 else None
