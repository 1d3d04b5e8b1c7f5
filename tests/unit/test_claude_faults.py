"""Errors of the Messages wire: each documented one as what it is, with the vendor's own words."""

from typing import Any

import orjson
import pytest

from app import errors
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.vendors.claude import VENDOR


def fault(status: int, body: Any, **headers: str) -> ProviderError:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return VENDOR.fault(status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def told(kind: str, message: str = "words") -> Any:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


AUTH = (502, "server_error", "upstream_auth")
QUOTA = (429, "insufficient_quota", "insufficient_quota")
INVALID = (400, "invalid_request_error", None)


@pytest.mark.parametrize(
    ("status", "type_", "message", "seen", "again"),
    [
        (400, "invalid_request_error", "words", INVALID, False),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 9 tokens > 8 maximum",
            (*INVALID[:2], "context_length_exceeded"),
            False,
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            (*INVALID[:2], "context_length_exceeded"),
            False,
        ),
        (400, "invalid_request_error", "Your credit balance is too low to access the API.", QUOTA, True),
        (
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy",
            (*INVALID[:2], "content_filter"),
            False,
        ),
        (401, "authentication_error", "invalid x-api-key", AUTH, True),
        (402, "billing_error", "billing", QUOTA, True),
        (403, "permission_error", "forbidden", AUTH, True),
        (404, "not_found_error", "model: xyz", (404, "invalid_request_error", "model_not_found"), False),
        (409, "conflict_error", "words", (409, "invalid_request_error", None), True),
        (413, "request_too_large", "Request exceeds the maximum size", (413, "invalid_request_error", None), False),
        (422, "invalid_request_error", "words", (422, "invalid_request_error", None), False),
        (429, "rate_limit_error", "words", (429, "rate_limit_error", "rate_limit_exceeded"), True),
        (429, "rate_limit_error", "Your credit balance is too low", QUOTA, True),
        (500, "api_error", "Internal server error", (500, "server_error", None), True),
        (502, "api_error", "words", (502, "server_error", None), True),
        (503, "", "words", (503, "server_error", "server_is_overloaded"), True),
        (504, "timeout_error", "words", (504, "server_error", "timeout"), True),
        (529, "overloaded_error", "Overloaded", (503, "server_error", "server_is_overloaded"), True),
        (500, "overloaded_error", "Overloaded", (503, "server_error", "server_is_overloaded"), True),
        (418, "teapot", "words", INVALID, False),
    ],
)
def test_error(status: int, type_: str, message: str, seen: tuple[int, str, str | None], again: bool) -> None:
    """A documented error reaches the client as another one, without the vendor's words, or is tried elsewhere."""
    error = fault(status, told(type_, message))
    reply = errors.describe(error)
    assert (reply.status, reply.error["type"], reply.error["code"]) == seen
    assert reply.error["message"] == message
    assert (error.kind in RETRYABLE) is again


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            413,
            b"<html><head><title>413 Request Entity Too Large</title></head></html>",
            ErrorKind.INVALID_REQUEST,
            "413",
        ),
        (502, b"<html><title>502 Bad Gateway</title></html>", ErrorKind.SERVER_ERROR, "Bad Gateway"),
        (520, b"error code: 520", ErrorKind.SERVER_ERROR, "520"),
        (524, b"<html>A timeout occurred</html>", ErrorKind.TIMEOUT, "timeout"),
        (529, b"", ErrorKind.OVERLOADED, "529"),
        (401, {"error": {"code": "x", "message": "relay says no"}}, ErrorKind.UPSTREAM_AUTH, "relay says no"),
    ],
)
def test_bodies_of_others(status: int, body: Any, kind: ErrorKind, words: str) -> None:
    """A page of the edge in front of the API, or a relay's error, is not understood."""
    error = fault(status, body)
    assert error.kind is kind
    assert words in error.message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("max_tokens: Field required", "max_tokens"),
        ("messages.2: tool_use ids were found without tool_result blocks", "messages"),
        ("system: text content blocks must be non-empty", "messages"),
        ("stop_sequences: each stop sequence must contain non-whitespace", "stop"),
        ("`temperature` is deprecated for this model", None),
    ],
)
def test_field_at_fault(message: str, param: str | None) -> None:
    """The client is not told which of its fields is at fault."""
    assert fault(400, told("invalid_request_error", message)).param == param


def test_rest_that_is_asked_for() -> None:
    """A credential that was told to rest is used again at once."""
    limited = told("rate_limit_error")
    assert fault(429, limited, retry_after="17").retry_after_s == 17
    assert fault(529, told("overloaded_error"), retry_after="3").retry_after_s == 3
    assert fault(429, limited).retry_after_s is None
    reset = {
        "date": "Tue, 04 Aug 2026 10:00:00 GMT",
        "anthropic_ratelimit_requests_remaining": "0",
        "anthropic_ratelimit_requests_reset": "2026-08-04T10:00:20Z",
        "anthropic_ratelimit_input-tokens_remaining": "5",
        "anthropic_ratelimit_input-tokens_reset": "2026-08-04T10:05:00Z",
    }
    assert fault(429, limited, **reset).retry_after_s == 20
    assert fault(429, limited, **{**reset, "date": "today"}).retry_after_s is None
