"""Any failure to (status, OpenAI error body, headers), and to the error event of a stream. The only such place.

ApiError       a fault of the client's call, found by the gateway itself
ProviderError  a vendor's fault, classified (providers/errors.py)
ClientGone     nobody is left to answer
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import orjson
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from app import redaction
from providers.errors import ErrorKind, ProviderError

CLIENT_CLOSED_REQUEST: Final = 499
"""nginx's status for a client that left: it stands in access lines, no client ever reads it."""


class ApiError(Exception):
    """A fault of the client's call. ``param`` names the field at fault, as OpenAI's error object does."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",  # noqa: A002 - OpenAI's own field name
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param


class ClientGone(Exception):  # noqa: N818 - it is news, not an error
    """The client closed its connection: stop all work for it."""


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """A failure ready to be sent. ``kind`` is its word for the access line."""

    status: int
    error: Mapping[str, str | None]
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The OpenAI error object as JSON."""
        return orjson.dumps({"error": self.error})

    @property
    def event(self) -> bytes:
        """The SSE event that ends a failed stream: OpenAI's clients raise on it, and no ``[DONE]`` may follow."""
        return b"data: " + self.body + b"\n\n"


_INVALID: Final = "invalid_request_error"
_SERVER: Final = "server_error"

_BY_KIND: Final[Mapping[ErrorKind, tuple[int, str, str | None]]] = {
    ErrorKind.INVALID_REQUEST: (400, _INVALID, None),
    ErrorKind.CONTEXT_LENGTH: (400, _INVALID, "context_length_exceeded"),
    ErrorKind.CONTENT_FILTER: (400, _INVALID, "content_filter"),
    ErrorKind.UNSUPPORTED: (400, _INVALID, "unsupported_parameter"),
    ErrorKind.MODEL_NOT_FOUND: (404, _INVALID, "model_not_found"),
    ErrorKind.RATE_LIMITED: (429, "rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.QUOTA: (429, "insufficient_quota", "insufficient_quota"),
    ErrorKind.OVERLOADED: (503, "service_unavailable_error", "server_is_overloaded"),
    ErrorKind.SERVER_ERROR: (502, _SERVER, None),
    ErrorKind.TIMEOUT: (504, _SERVER, "upstream_timeout"),
    ErrorKind.CONNECTION: (502, _SERVER, "upstream_unreachable"),
    ErrorKind.INCOMPLETE: (502, _SERVER, "upstream_incomplete"),
    ErrorKind.MALFORMED: (502, _SERVER, "upstream_malformed"),
    ErrorKind.UPSTREAM_AUTH: (502, _SERVER, "upstream_auth"),
    ErrorKind.UPSTREAM_REFUSED: (502, _SERVER, "upstream_auth"),
    ErrorKind.INTERNAL: (500, _SERVER, "internal_error"),
}

_WORDLESS: Final = "the upstream refused without a word"

_HOPELESS: Final = frozenset({ErrorKind.QUOTA, ErrorKind.UPSTREAM_AUTH, ErrorKind.UPSTREAM_REFUSED})
"""Kinds whose status the SDKs would retry although the next try must fail alike."""


def describe(error: BaseException) -> ErrorReply:
    """The reply for any failure. What is not one of ours becomes a 500 that tells nothing of the inside."""
    if isinstance(error, ProviderError):
        return _provider(error)
    if isinstance(error, ApiError):
        return _reply(error.status, error.message, error.type, error.code, error.param, kind="client")
    if isinstance(error, ClientGone):
        return _reply(CLIENT_CLOSED_REQUEST, "the client left", kind="client_gone")
    if isinstance(error, HTTPException):
        return _http(error)
    return _reply(500, "the gateway failed; its log has the details", _SERVER, "internal_error", kind="internal")


def _provider(error: ProviderError) -> ErrorReply:
    status, type_, code = _BY_KIND[error.kind]
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
        headers["retry-after-ms"] = str(max(1, math.ceil(error.retry_after_s * 1000)))
    if error.kind in _HOPELESS:
        headers["x-should-retry"] = "false"
    return _reply(
        error.status or status,
        redaction.public_message(error.message) or _WORDLESS,
        error.type or type_,
        error.code or code,
        error.param,
        kind=error.kind.value,
        headers=headers,
    )


def _http(error: HTTPException) -> ErrorReply:
    status = error.code or 500
    if isinstance(error, NotFound):
        return _reply(404, "no such address here; the API lives under /v1", code="unknown_url", kind="client")
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        headers = {"allow": allowed}
        message = f"this address takes {allowed}"
        return _reply(405, message, code="method_not_allowed", kind="client", headers=headers)
    if isinstance(error, RequestEntityTooLarge):
        message = "the request body is larger than this gateway takes (max_body_mb in its config)"
        return _reply(413, message, code="request_too_large", kind="client")
    type_ = _INVALID if status < 500 else _SERVER
    return _reply(status, HTTPStatus(status).phrase, type_, kind="client" if status < 500 else "internal")


def _reply(
    status: int,
    message: str,
    type_: str = _INVALID,
    code: str | None = None,
    param: str | None = None,
    *,
    kind: str,
    headers: Mapping[str, str] | None = None,
) -> ErrorReply:
    error: dict[str, Any] = {"message": message, "type": type_, "param": param, "code": code}
    return ErrorReply(status, error, kind, headers or {})
