"""Spark's error numbers, the same in frames and in HTTP bodies, and the refusals of its gate.

Source: https://www.xfyun.cn/doc/spark/Web.html, checked 2026-08.
"""

from collections.abc import Mapping
from typing import Any, Final

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.openai import faults, shapes, waits
from providers.wires.openai.dialect import Dialect

_NOT_OPENED: Final = 11200
"""A version of the model that is not open to this application, which may have others."""

_KINDS: Final = {
    **dict.fromkeys((10000, 10001, 10002, 10009, 10010, 10011, 10012, 10222), ErrorKind.SERVER_ERROR),
    **dict.fromkeys((10003, 10004, 10005, 10163), ErrorKind.INVALID_REQUEST),
    **dict.fromkeys((10006, 10007, 11202, 11203), ErrorKind.RATE_LIMITED),
    **dict.fromkeys((10008, 10110, 10223), ErrorKind.OVERLOADED),
    **dict.fromkeys((10013, 10014, 10019, 10021, 10022), ErrorKind.CONTENT_FILTER),
    **dict.fromkeys((10015, 10016, _NOT_OPENED), ErrorKind.UPSTREAM_AUTH),
    10018: ErrorKind.TIMEOUT,
    10404: ErrorKind.MODEL_NOT_FOUND,
    10907: ErrorKind.CONTEXT_LENGTH,
    11201: ErrorKind.QUOTA,
}
_NO_FAULT: Final = (None, 0, "0", "")
_PLAIN: Final = Dialect(keep_5xx=False)

CLOCK_HINT: Final = "the vendor compares the time of signing with its own: check the clock of the gateway's machine"


def of_code(code: object, message: object) -> ProviderError:
    """The error that a code with its text is; the text is the vendor's own."""
    number = int(str(code)) if str(code).isdecimal() else -1
    text = str(message or f"error {code}")
    kind = _KINDS.get(number, ErrorKind.SERVER_ERROR)
    if number == _NOT_OPENED and "tokens.total" in text:
        # The same number tells of a volume that is used up.
        kind = ErrorKind.QUOTA
    if kind is ErrorKind.OVERLOADED:
        return ProviderError(kind, text, type="server_error", code="overloaded")
    told = "timeout" if kind is ErrorKind.TIMEOUT else None
    return ProviderError(kind, text, code=told, model_only=number == _NOT_OPENED)


def in_frame(frame: Json) -> ProviderError | None:
    """The error that a frame of the WebSocket is, None when it is part of an answer."""
    header = frame["header"]
    return of_code(header["code"], header.get("message")) if header.get("code") not in _NO_FAULT else None


def in_document(doc: Any) -> ProviderError | None:
    """The error that an HTTP document or event is, None when it is part of an answer. Its status tells nothing."""
    if not isinstance(doc, dict):
        return None
    if doc.get("code") not in _NO_FAULT:
        return of_code(doc["code"], doc.get("message"))
    failure = shapes.of_document(doc) if doc.get("error") else None
    return _of_failure(failure) if failure else None


def _of_failure(failure: shapes.Failure) -> ProviderError | None:
    known = next((word for word in failure.words if word.isdecimal() and int(word) in _KINDS), None)
    return of_code(known, failure.message) if known else None


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a failing HTTP reply is. Header names are lower case; nothing is raised."""
    known = _of_failure(shapes.parse(body))
    return waits.noted(known, headers) if known else faults.fault(status, headers, body, _PLAIN)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a refused upgrade is. Its text is the vendor's; 403 is about the time of signing."""
    failure = shapes.parse(body) if body.strip() else shapes.Failure(f"the upstream refused with status {status}")
    known = _of_failure(failure)
    if known:
        return waits.noted(known, headers)
    if status == 401:
        return ProviderError(ErrorKind.UPSTREAM_AUTH, failure.message)
    if status == 403:
        return ProviderError(ErrorKind.UPSTREAM_REFUSED, f"{failure.message} ({CLOCK_HINT})")
    if status == 404:
        return ProviderError(ErrorKind.MODEL_NOT_FOUND, failure.message)
    if status == 429:
        return faults.fault(status, headers, body, _PLAIN)
    return ProviderError(ErrorKind.SERVER_ERROR, failure.message)
