"""Spark's errors: every number wherever it may stand, refused upgrades, and failing statuses of HTTP."""

import json
from collections.abc import Iterator

import pytest

from app import errors
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.vendor import Vendor
from tests.unit.frames import ANSWER, HTTP, SOCKET, deltas, failure

CODES: list[tuple[str, ErrorKind, int, str, str | None]] = [
    ("10000 10001 10002 10009 10010 10011 10012 10222", ErrorKind.SERVER_ERROR, 502, "server_error", None),
    ("10003 10004 10005 10163", ErrorKind.INVALID_REQUEST, 400, "invalid_request_error", None),
    ("10006 10007 11202 11203", ErrorKind.RATE_LIMITED, 429, "rate_limit_error", "rate_limit_exceeded"),
    ("10008 10110 10223", ErrorKind.OVERLOADED, 503, "server_error", "overloaded"),
    ("10013 10014 10019 10021 10022", ErrorKind.CONTENT_FILTER, 400, "invalid_request_error", "content_filter"),
    ("10015 10016 11200", ErrorKind.UPSTREAM_AUTH, 502, "server_error", "upstream_auth"),
    ("10018", ErrorKind.TIMEOUT, 504, "server_error", "timeout"),
    ("10404", ErrorKind.MODEL_NOT_FOUND, 404, "invalid_request_error", "model_not_found"),
    ("10907", ErrorKind.CONTEXT_LENGTH, 400, "invalid_request_error", "context_length_exceeded"),
    ("11201", ErrorKind.QUOTA, 429, "insufficient_quota", "insufficient_quota"),
    ("99999", ErrorKind.SERVER_ERROR, 502, "server_error", None),
]
EVERY_CODE = [(int(code), *rest) for codes, *rest in CODES for code in codes.split()]
HAPPY = b'data:{"code":0,"message":"Success","sid":"s","choices":[{"delta":{"content":"hi"},"index":0}]}\n\n'


def ways(code: int) -> Iterator[tuple[Vendor, list[bytes]]]:
    """All places where a successful reply can hold a code."""
    document = json.dumps({"code": code, "message": "text of the vendor", "sid": "s"}).encode()
    nested = json.dumps({"error": {"message": "text of the vendor", "code": str(code)}}).encode()
    beside = json.dumps(
        {"code": code, "message": "text of the vendor", "choices": [{"delta": {}, "index": 0}]}
    ).encode()
    yield SOCKET, [failure(code)]
    yield SOCKET, [failure(str(code))]
    for doc in (document, nested, beside):
        yield HTTP, [doc]
        yield HTTP, [b"data:" + doc + b"\n\n"]


@pytest.mark.parametrize(
    ("code", "kind", "status", "type_", "word"), EVERY_CODE, ids=[str(row[0]) for row in EVERY_CODE]
)
def test_every_code(code: int, kind: ErrorKind, status: int, type_: str, word: str | None) -> None:
    """A number of the reference's table means something else here, in a frame, a document or an event."""
    for vendor, pieces in ways(code):
        with pytest.raises(ProviderError) as caught:
            deltas(vendor, pieces)
        seen = errors.describe(caught.value)
        assert caught.value.kind is kind
        assert (seen.status, seen.error["type"], seen.error["code"]) == (status, type_, word)
        assert seen.error["message"] == "text of the vendor"


@pytest.mark.parametrize(("code", "kind"), [row[:2] for row in EVERY_CODE], ids=[str(row[0]) for row in EVERY_CODE])
def test_every_code_amid_the_answer(code: int, kind: ErrorKind) -> None:
    """An error after some text is swallowed; or a filter's, which ends the answer, is made an error of."""
    document = json.dumps({"code": code, "message": "text", "sid": "s"}).encode()
    for vendor, pieces in ((SOCKET, [ANSWER[0], failure(code)]), (HTTP, [HAPPY, b"data:" + document + b"\n\n"])):
        if kind is ErrorKind.CONTENT_FILTER:
            assert deltas(vendor, pieces)[-1].finish_reason == "content_filter"
            continue
        with pytest.raises(ProviderError) as caught:
            deltas(vendor, pieces)
        assert caught.value.kind is kind


def test_used_up_volume() -> None:
    """A volume that is used up is taken for a key that is not allowed."""
    for vendor, text in ((SOCKET, failure(11200, "AppIdNoAuthError:(12:17:04.432) tokens.total")),):
        with pytest.raises(ProviderError) as caught:
            deltas(vendor, [text])
        assert caught.value.kind is ErrorKind.QUOTA
    nested = b'{"error":{"message":"AppIdNoAuthError: tokens.total","code":"11200"}}'
    assert HTTP.fault(403, {}, nested).kind is ErrorKind.QUOTA


REFUSALS = [
    (401, '{"message":"HMAC signature does not match"}', ErrorKind.UPSTREAM_AUTH, 502, "upstream_auth"),
    (403, '{"message":"HMAC signature cannot be verified"}', ErrorKind.UPSTREAM_REFUSED, 502, "upstream_auth"),
    (404, '{"message":"no Route matched"}', ErrorKind.MODEL_NOT_FOUND, 404, "model_not_found"),
    (429, '{"message":"API rate limit exceeded"}', ErrorKind.RATE_LIMITED, 429, "rate_limit_exceeded"),
    (500, "<html><title>Oops</title></html>", ErrorKind.SERVER_ERROR, 502, None),
    (503, "", ErrorKind.SERVER_ERROR, 502, None),
    (302, "", ErrorKind.SERVER_ERROR, 502, None),
    (400, '{"code":10907,"message":"tokens"}', ErrorKind.CONTEXT_LENGTH, 400, "context_length_exceeded"),
]


@pytest.mark.parametrize(("status", "body", "kind", "seen", "code"), REFUSALS)
def test_refused_upgrade(status: int, body: str, kind: ErrorKind, seen: int, code: str | None) -> None:
    """A refused upgrade is another error than the vendor means."""
    error = SOCKET.fault(status, {}, body.encode())
    reply = errors.describe(error)
    assert (error.kind, reply.status, reply.error["code"]) == (kind, seen, code)
    assert reply.error["message"]


def test_a_wrong_clock_is_explained_and_not_tried_elsewhere() -> None:
    """A clock that is wrong looks like a wrong key, or costs every other credential a try."""
    error = SOCKET.fault(403, {}, b'{"message":"a valid date or x-date header is required"}')
    assert error.message.startswith("a valid date or x-date header is required")
    assert "clock" in error.message
    assert error.kind not in RETRYABLE
    assert errors.describe(error).headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            401,
            '{"error":{"message":"invalid user","type":"api_error","param":null,"code":null}}',
            ErrorKind.UPSTREAM_AUTH,
        ),
        (401, '{"error":{"message":"AppIdNoAuthError","code":"11200"}}', ErrorKind.UPSTREAM_AUTH),
        (403, '{"message":"no"}', ErrorKind.UPSTREAM_AUTH),
        (500, '{"error":{"message":"x","code":"10008"}}', ErrorKind.OVERLOADED),
        (400, '{"code":10005,"message":"param"}', ErrorKind.INVALID_REQUEST),
        (502, "bad gateway", ErrorKind.SERVER_ERROR),
    ],
)
def test_http_refusals(status: int, body: str, kind: ErrorKind) -> None:
    """A failing status of HTTP is another error than its body says."""
    assert HTTP.fault(status, {}, body.encode()).kind is kind
