"""The numbers in ``status``, which come inside HTTP 200, and what each means.

Source: one public list by a third party, checked 2026-08; unverified.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError, not_here
from providers.types import BODY, Json
from providers.wires.openai import faults, waits
from providers.wires.openai.dialect import Dialect

NO_APP: Final = 11
"""The app id is not one of this key's: to the client a missing model, to the gateway a reason to try another key."""

BAD_PARAMETERS: Final = 1000

_KINDS: Final[Mapping[int, ErrorKind]] = {
    NO_APP: ErrorKind.UPSTREAM_AUTH,
    13: ErrorKind.UPSTREAM_AUTH,
    18: ErrorKind.RATE_LIMITED,
    19: ErrorKind.QUOTA,
    BAD_PARAMETERS: ErrorKind.INVALID_REQUEST,
    1001: ErrorKind.MODEL_NOT_FOUND,
}

_PLAIN: Final = Dialect(keep_5xx=False)
"""For what is not in the vendor's own shape: a proxy's page, a framework's error."""


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        doc = None
    if isinstance(doc, dict) and _number(doc) in _KINDS:
        return waits.noted(_of_number(_number(doc), doc), headers)
    return faults.fault(status, headers, body, _PLAIN)


def in_document(doc: Json) -> ProviderError | None:
    """The error that a document of a reply is, None when it is part of an answer."""
    number = _number(doc)
    return _of_number(number, doc) if number else None


def no_answer(doc: Any) -> ProviderError:
    """The error that a whole reply is which holds no answer, and none of the vendor's numbers."""
    told = faults.in_payload(doc, BODY, _PLAIN)
    return told or ProviderError(ErrorKind.MALFORMED, "the upstream's reply is neither an answer nor an error")


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which is no JSON at all, such as a page of HTML."""
    return faults.of_text(body, _PLAIN)


def _number(doc: Json) -> int:
    """The document's status, 0 where there is none."""
    told = doc.get("status")
    try:
        return int(told) if told is not None else 0
    except (TypeError, ValueError):
        return -1


def _of_number(number: int, doc: Json) -> ProviderError:
    message = str(doc.get("message") or f"status {doc.get('status')}")
    kind = _KINDS.get(number, ErrorKind.SERVER_ERROR)
    if number == NO_APP:
        return not_here(message)
    return ProviderError(kind, message, code=str(number) if number == BAD_PARAMETERS else None)
