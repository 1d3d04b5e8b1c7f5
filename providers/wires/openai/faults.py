"""A vendor's failure to one of our kinds: its own code first, then the status, then the text.

What the client sees of a kind is decided in one place elsewhere; here ``status``, ``type``, ``code`` and ``param`` are
set only where the vendor's own value should reach the client.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from providers.errors import RETRYABLE, ErrorKind, ProviderError, not_here
from providers.types import BODY
from providers.wires.openai import shapes, waits, words
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.shapes import Failure

_BY_STATUS: Final = {
    401: ErrorKind.UPSTREAM_AUTH,
    402: ErrorKind.QUOTA,
    403: ErrorKind.UPSTREAM_AUTH,
    407: ErrorKind.UPSTREAM_AUTH,
    408: ErrorKind.TIMEOUT,
    429: ErrorKind.RATE_LIMITED,
    451: ErrorKind.CONTENT_FILTER,
    498: ErrorKind.OVERLOADED,
    499: ErrorKind.SERVER_ERROR,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    524: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}
_REFINED: Final = {
    ErrorKind.INVALID_REQUEST: frozenset(kind for _, kind in words.BY_TEXT),
    ErrorKind.UPSTREAM_AUTH: frozenset({ErrorKind.QUOTA, ErrorKind.CONTENT_FILTER}),
    ErrorKind.RATE_LIMITED: frozenset({ErrorKind.QUOTA}),
    ErrorKind.SERVER_ERROR: frozenset({ErrorKind.QUOTA, ErrorKind.CONTEXT_LENGTH}),
}
"""Which kinds the text may make of the one the status gave. A 401 stays a matter of the key but for money."""

_NO_CODES: Final = frozenset({"invalid_request_error", "bad_request_error", "INVALID_ARGUMENT", "FAILED_PRECONDITION"})
"""Words that some vendors put where the code belongs; as codes they say nothing."""

_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_OPENAI_OVERLOADED: Final = frozenset({"service_unavailable_error", "server_is_overloaded"})
_OPENAI_LIMIT_TYPES: Final = frozenset({"tokens", "requests"})


def fault(status: int, headers: Mapping[str, str], body: bytes, dialect: Dialect) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    failure = shapes.parse(body) if body.strip() else Failure(f"the upstream answered with status {status}")
    return _error(failure, status, headers, dialect)


def in_payload(doc: Any, event_name: str, dialect: Dialect) -> ProviderError | None:
    """The error that a payload of a successful reply holds, or None when it is part of an answer."""
    if type(doc) is str and event_name == BODY:
        return _error(Failure(doc.strip()), None, {}, dialect)
    failure = shapes.of_document(doc)
    if failure is None and event_name == "error":
        failure = Failure(shapes.extract(str(doc).encode()))
    return _error(failure, None, {}, dialect) if failure else None


def of_text(body: bytes, dialect: Dialect) -> ProviderError:
    """The error that a reply is which is no JSON at all: the failure its text tells of, else MALFORMED."""
    told = body.lstrip().removeprefix(b"error:")
    if told.lstrip()[:1] in b"{[" and (failure := _parsed(told)):
        return _error(failure, None, {}, dialect)
    extract = shapes.extract(body)
    kind = _by_text(extract, frozenset({ErrorKind.UPSTREAM_AUTH, ErrorKind.QUOTA}))
    return ProviderError(kind or ErrorKind.MALFORMED, f"the upstream's answer is not JSON: {extract}")


def _parsed(text: bytes) -> Failure | None:
    failure = shapes.parse(text)
    return failure if failure.words or failure.status else None


def of_finish(word: str) -> ProviderError:
    """The error that a finish reason tells of when nothing came before it."""
    kind = ErrorKind.OVERLOADED if word == "insufficient_system_resource" else ErrorKind.SERVER_ERROR
    return ProviderError(kind, f"the upstream gave up before it said anything ({word})")


def _error(failure: Failure, status: int | None, headers: Mapping[str, str], dialect: Dialect) -> ProviderError:
    kind = _kind(failure, status, dialect)
    if kind is ErrorKind.MODEL_NOT_FOUND and dialect.models_by_account:
        return not_here(failure.message)
    limited = kind is ErrorKind.RATE_LIMITED
    return ProviderError(
        kind,
        failure.message or "the upstream failed without a word",
        status=_status_for(kind, status or failure.status, dialect),
        type=_type_for(kind, failure),
        code=_code_for(kind, failure),
        param=None if kind in RETRYABLE else failure.param,
        retry_after_s=waits.retry_after_s(headers, failure.message if limited else "", limited=limited),
    )


def _kind(failure: Failure, status: int | None, dialect: Dialect) -> ErrorKind:
    known = _by_code(failure, dialect)
    if status == 413 and known is not ErrorKind.CONTEXT_LENGTH:
        # A request too large for a limit per minute is too large for the next credential too.
        return _by_text(failure.message, frozenset({ErrorKind.CONTEXT_LENGTH})) or ErrorKind.INVALID_REQUEST
    if known:
        return _refined(known, failure)
    base = _by_status(status if status and status >= 400 else failure.status)
    if base is None:
        base = next((words.CLASSES[word] for word in failure.words if word in words.CLASSES), None)
    if base is None:
        return _by_text(failure.message) or ErrorKind.SERVER_ERROR
    return _by_text(failure.message, _REFINED.get(base, frozenset())) or base


def _by_code(failure: Failure, dialect: Dialect) -> ErrorKind | None:
    for word in failure.words:
        if word in dialect.codes:
            return dialect.codes[word]
        if failure.table == "base_resp" and word in words.BASE_RESP:
            return words.BASE_RESP[word]
        if word in words.CODES:
            return words.CODES[word]
        prefix = word.rpartition(".")[0]
        while prefix:
            found = dialect.codes.get(prefix) or words.CODES.get(prefix)
            if found:
                return found
            prefix = prefix.rpartition(".")[0]
    return None


def _refined(known: ErrorKind, failure: Failure) -> ErrorKind:
    """The kind of a code, unless the text shows the exact case of a code that vendors use for several."""
    if known is ErrorKind.UPSTREAM_AUTH:
        return _by_text(failure.message, frozenset({ErrorKind.QUOTA})) or known
    if known is ErrorKind.RATE_LIMITED and failure.table == "base_resp":
        return ErrorKind.CONTEXT_LENGTH if words.BASE_RESP_TOO_LONG.search(failure.message) else known
    if known is ErrorKind.INVALID_REQUEST:
        return _by_text(failure.message, frozenset({ErrorKind.CONTEXT_LENGTH})) or known
    return known


def _by_status(status: int | None) -> ErrorKind | None:
    if status is None or status < 300:
        return None
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ErrorKind.INVALID_REQUEST if 400 <= status < 500 else ErrorKind.SERVER_ERROR


def _by_text(message: str, allowed: frozenset[ErrorKind] | None = None) -> ErrorKind | None:
    for pattern, kind in words.BY_TEXT:
        if (allowed is None or kind in allowed) and pattern.search(message):
            return kind
    return None


def _status_for(kind: ErrorKind, status: int | None, dialect: Dialect) -> int | None:
    """The vendor's own status where it says more than the kind's default."""
    if status is None:
        return None
    if kind is ErrorKind.INVALID_REQUEST and 400 <= status < 500 and status not in (401, 402, 403, 429):
        return status
    if kind is ErrorKind.SERVER_ERROR and dialect.keep_5xx and 500 <= status < 600:
        return status
    return None


def _type_for(kind: ErrorKind, failure: Failure) -> str | None:
    if failure.type in _OPENAI_LIMIT_TYPES and kind in (ErrorKind.RATE_LIMITED, ErrorKind.INVALID_REQUEST):
        return failure.type
    if kind is ErrorKind.OVERLOADED and _OPENAI_OVERLOADED.isdisjoint(failure.words):
        return "server_error"
    return None


def _code_for(kind: ErrorKind, failure: Failure) -> str | None:
    """The vendor's own code of a bad request if it is a word and not a status again; fixed words of two other kinds."""
    if kind is ErrorKind.OVERLOADED:
        return "overloaded" if _OPENAI_OVERLOADED.isdisjoint(failure.words) else None
    if kind is ErrorKind.TIMEOUT:
        return "timeout"
    code = failure.code
    if kind is not ErrorKind.INVALID_REQUEST or code is None or failure.table == "base_resp":
        return None
    is_status = code.isdecimal() and len(code) == 3
    return code if _WORD.fullmatch(code) and not is_status and code not in _NO_CODES else None
