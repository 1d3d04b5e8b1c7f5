"""Dify's error codes, in failed calls and in events of a stream, and pages of proxies in their stead."""

import orjson
import pytest

from app import errors
from providers import framing
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import Json
from providers.vendors.dify import VENDOR


def decoded(*docs: Json) -> None:
    data = b"".join(b"data: " + orjson.dumps(doc) + b"\n\n" for doc in docs)
    list(VENDOR.decode(framing.sse(iter([data]))))


INVALID, SERVER = "invalid_request_error", "server_error"
AUTH = (502, SERVER, "upstream_auth")
LIMIT = (429, "rate_limit_error", "rate_limit_exceeded")
CODES = [
    (401, "unauthorized", AUTH, True),
    (400, "invalid_param", (400, INVALID, "invalid_param"), False),
    (400, "bad_request", (400, INVALID, "bad_request"), False),
    (400, "not_chat_app", (400, INVALID, "not_chat_app"), False),
    (400, "not_completion_app", (400, INVALID, "not_completion_app"), False),
    (400, "not_workflow_app", (400, INVALID, "not_workflow_app"), False),
    (400, "app_unavailable", (503, SERVER, "app_unavailable"), True),
    (400, "provider_not_initialize", (503, SERVER, "provider_not_initialize"), True),
    (400, "provider_quota_exceeded", (429, "insufficient_quota", "insufficient_quota"), True),
    (400, "model_currently_not_support", (400, INVALID, "model_currently_not_support"), True),
    (400, "completion_request_error", (502, SERVER, "completion_request_error"), True),
    (404, "not_found", (404, INVALID, "not_found"), False),
    (400, "conversation_completed", (400, INVALID, "conversation_completed"), False),
    (413, "file_too_large", (413, INVALID, "file_too_large"), False),
    (415, "unsupported_file_type", (415, INVALID, "unsupported_file_type"), False),
    (429, "too_many_requests", LIMIT, True),
    (429, "rate_limit_error", LIMIT, True),
    (500, "internal_server_error", (502, SERVER, "internal_server_error"), True),
    (400, "brand_new", (400, INVALID, "brand_new"), False),
    (403, "forbidden", AUTH, True),
    (503, "brand_new", (503, SERVER, "brand_new"), True),
]


@pytest.mark.parametrize(("status", "code", "seen", "elsewhere"), CODES)
def test_codes(status: int, code: str, seen: tuple[int, str, str | None], elsewhere: bool) -> None:
    """Broken: one of the vendor's codes is taken for another error, in a failing reply or in a stream's event."""
    doc = {"code": code, "message": "told", "status": status}
    found = [VENDOR.fault(status, {}, orjson.dumps(doc))]
    with pytest.raises(ProviderError) as late:
        decoded({"event": "message", "answer": "a"}, {"event": "error", "task_id": "t", "message_id": "m", **doc})
    found.append(late.value)
    for error in found:
        reply = errors.describe(error)
        assert (reply.status, reply.error["type"], reply.error["code"]) == seen
        assert "told" in error.message
        assert (error.kind in RETRYABLE) is elsewhere


def test_errors_without_their_parts() -> None:
    """Broken: an error event that tells less than it should is not an error, or is the client's fault."""
    for doc in ({"event": "error"}, {"event": "error", "status": None, "code": None, "message": "oh"}):
        with pytest.raises(ProviderError) as raised:
            decoded(doc)
        assert raised.value.kind is ErrorKind.SERVER_ERROR


def test_texts_of_models() -> None:
    """Broken: a prompt that no model takes is tried with every key."""
    doc = {"code": "completion_request_error", "message": "prompt is too long: 9 tokens > 8 maximum", "status": 400}
    assert VENDOR.fault(400, {}, orjson.dumps(doc)).kind is ErrorKind.CONTEXT_LENGTH


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, b"<html><title>Attention Required! | Cloudflare</title></html>", ErrorKind.SERVER_ERROR),
        (403, b"", ErrorKind.SERVER_ERROR),
        (401, b"", ErrorKind.UPSTREAM_AUTH),
        (429, b"slow down", ErrorKind.RATE_LIMITED),
        (502, b"<html>Bad Gateway</html>", ErrorKind.SERVER_ERROR),
        (504, b"", ErrorKind.TIMEOUT),
    ],
)
def test_pages_of_proxies(status: int, body: bytes, kind: ErrorKind) -> None:
    """Broken: a proxy's refusal is blamed on the key."""
    assert VENDOR.fault(status, {}, body).kind is kind


def test_wait() -> None:
    """Broken: the vendor's word on when to come back is lost."""
    doc = b'{"code":"too_many_requests","message":"Too many requests","status":429}'
    assert VENDOR.fault(429, {"retry-after": "7"}, doc).retry_after_s == 7


@pytest.mark.parametrize("code", [[], {}, 5, True])
def test_codes_that_are_no_texts(code: object) -> None:
    """Broken: an odd code ends as a traceback instead of an error with its status."""
    assert VENDOR.fault(404, {}, orjson.dumps({"code": code, "message": "no"})).message == "no"
