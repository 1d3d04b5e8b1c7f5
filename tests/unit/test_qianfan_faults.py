"""V1's errors in every shape and place, and V2's hints."""

from typing import Any

import orjson
import pytest

from app import errors
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Event
from providers.vendors.qianfan import V1, V2
from providers.wires.qianfan import reply
from tests.unit.ernie import chunk, read, wire

FAILURE = {"error_code": 18, "error_msg": "Open api qps request limit reached", "id": "as-1"}


@pytest.mark.parametrize(
    "data",
    [
        orjson.dumps(FAILURE),
        orjson.dumps(FAILURE) + b"\n",
        wire(FAILURE),
        wire(chunk("a")) + orjson.dumps(FAILURE) + b"\n",
        wire(chunk("a")) + wire(FAILURE),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_error_wherever_it_stands(data: bytes, size: int) -> None:
    """Broken: an error inside HTTP 200 becomes an empty or a cut answer."""
    with pytest.raises(ProviderError, match="Open api qps request limit reached") as raised:
        read(data, size)
    assert raised.value.kind is ErrorKind.RATE_LIMITED


def failure(code: Any, message: str = "told so") -> ProviderError:
    return V1.fault(200, {}, orjson.dumps({"error_code": code, "error_msg": message}))


@pytest.mark.parametrize("code", [110, 111, "111"])
def test_stale_tokens(code: Any) -> None:
    """Broken: a token that was refused is not exchanged anew."""
    error = failure(code)
    assert error.stale_token
    assert error.kind is ErrorKind.UPSTREAM_AUTH


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (336003, "Prompt tokens too long", ErrorKind.CONTEXT_LENGTH),
        (336104, "system Too Long", ErrorKind.CONTEXT_LENGTH),
        (336999, "odd", ErrorKind.SERVER_ERROR),
        (17, "Open api daily request limit reached", ErrorKind.QUOTA),
        (424242, "your account is in arrears", ErrorKind.QUOTA),
        ("strange", "odd", ErrorKind.SERVER_ERROR),
        (500000, "console", ErrorKind.SERVER_ERROR),
    ],
)
def test_codes_with_texts(code: Any, message: str, kind: ErrorKind) -> None:
    """Broken: a code is not read together with its text, or an unknown one is taken for a client's fault."""
    error = failure(code, message)
    assert error.kind is kind
    assert error.message == message
    assert not error.stale_token


PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"


@pytest.mark.parametrize("data", [PAGE, b"\n" + PAGE.replace(b">", b">\n"), b"no such host"])
def test_pages_instead_of_answers(data: bytes) -> None:
    """Broken: a page of HTML with status 200 becomes an empty answer."""
    with pytest.raises(ProviderError) as raised:
        read(data)
    assert raised.value.kind is ErrorKind.MALFORMED
    assert "502 Bad Gateway" in raised.value.message or "no such host" in raised.value.message


def test_page_with_a_failing_status() -> None:
    """Broken: a proxy's page hides what it says."""
    error = V1.fault(502, {}, PAGE)
    assert (error.kind, error.message) == (ErrorKind.SERVER_ERROR, "502 Bad Gateway")
    assert errors.describe(error).status == 502


@pytest.mark.parametrize("doc", [{}, [], {"hello": 1}, "text", 5])
def test_documents_that_are_no_answer(doc: Any) -> None:
    """Broken: any JSON at all passes for an answer."""
    with pytest.raises(ProviderError) as raised:
        list(reply.decode(iter([Event(BODY, orjson.dumps(doc))])))
    assert raised.value.kind in (ErrorKind.MALFORMED, ErrorKind.SERVER_ERROR)


def test_errors_of_other_services() -> None:
    """Broken: an error that is not in V1's shape is no error."""
    doc = {"error": "invalid_client", "error_description": "unknown client id"}
    with pytest.raises(ProviderError, match="unknown client id"):
        list(reply.decode(iter([Event(BODY, orjson.dumps(doc))])))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ErrorKind.UPSTREAM_AUTH), (429, ErrorKind.RATE_LIMITED), (404, ErrorKind.INVALID_REQUEST)],
)
def test_status_of_other_services(status: int, kind: ErrorKind) -> None:
    """Broken: an error that is not in V1's shape loses what its status says."""
    doc = {"error": {"message": "no", "type": None}}
    assert V1.fault(status, {}, orjson.dumps(doc)).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ErrorKind.INVALID_REQUEST), (401, ErrorKind.UPSTREAM_AUTH), (429, ErrorKind.RATE_LIMITED)],
)
def test_status_of_unknown_numbers(status: int, kind: ErrorKind) -> None:
    """Broken: a number that is not documented hides what the status says."""
    assert V1.fault(status, {}, orjson.dumps({"error_code": 424242, "error_msg": "odd"})).kind is kind


def v2_error(status: int, code: str, message: str = "told so") -> ProviderError:
    doc = {"error": {"code": code, "message": message, "type": "t"}, "id": "as-1"}
    return V2.fault(status, {}, orjson.dumps(doc))


def test_hint_for_a_key_of_the_other_protocol() -> None:
    """Broken: who puts V1's pair into V2 is not told what is wrong."""
    error = v2_error(401, "invalid_iam_token", "invalid iam token")
    assert error.kind is ErrorKind.UPSTREAM_AUTH
    assert error.stale_token
    assert error.message.startswith("invalid iam token (V2 takes one key that begins with bce-v3/")


@pytest.mark.parametrize("body_bytes", [PAGE, b"", b"[]", b'{"error":"x"}'])
def test_v2_failures_without_codes(body_bytes: bytes) -> None:
    """Broken: a failure in another shape is an exception of ours."""
    assert V2.fault(503, {}, body_bytes).kind in (ErrorKind.OVERLOADED, ErrorKind.SERVER_ERROR)


def test_v2_arrears() -> None:
    """Broken: an account in arrears looks like a wrong key."""
    assert v2_error(403, "account_overdue", "account overdue").kind is ErrorKind.QUOTA
    for status, code in ((401, "invalid_model"), (401, "invalid_iam_token"), (429, "rpm_rate_limit_exceeded")):
        assert v2_error(status, code, "账户欠费").kind is ErrorKind.QUOTA


def test_v2_error_in_a_stream() -> None:
    """Broken: an error chunk in the middle of a stream looks like a cut."""
    data = b'data: {"id":"as-1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    data += b'data: {"error":{"code":"rpm_rate_limit_exceeded","message":"slow down"}}\n\n'
    with pytest.raises(ProviderError, match="slow down") as raised:
        list(V2.decode(V2.frame(iter([data]))))
    assert raised.value.kind is ErrorKind.RATE_LIMITED
