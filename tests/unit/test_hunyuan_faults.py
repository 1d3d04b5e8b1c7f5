"""Hunyuan's errors: what the vectors do not show."""

import orjson
import pytest

from app import errors
from app.breaker import FAULTS
from providers.errors import RETRYABLE, ErrorKind
from providers.wires.hunyuan import faults


def test_a_wrong_clock_is_no_wrong_key() -> None:
    """Each credential in turn is tried with the same wrong clock, or the operator gets no hint."""
    error = faults.of_code("AuthFailure.SignatureExpire", "signature expired")
    seen = errors.describe(error)
    assert error.kind not in RETRYABLE | FAULTS
    assert (seen.status, seen.error["code"]) == (502, "upstream_auth")
    assert str(seen.error["message"]).startswith("signature expired (")
    assert "clock" in str(seen.error["message"])


@pytest.mark.parametrize("code", ["ActionOffline", "InvalidAction", "NoSuchVersion"])
def test_a_retired_api_gets_a_hint(code: str) -> None:
    """The operator is not told where to go when the API is gone."""
    assert "TokenHub" in faults.of_code(code, "offline").message


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidParameterValue.Model.Deeper", ErrorKind.MODEL_NOT_FOUND),
        ("InvalidParameterValueOf", ErrorKind.SERVER_ERROR),
        ("", ErrorKind.SERVER_ERROR),
        ("Whatever.New", ErrorKind.SERVER_ERROR),
    ],
)
def test_the_longest_prefix_wins(code: str, kind: ErrorKind) -> None:
    """A code is classified by a word that merely begins alike."""
    assert faults.of_code(code, "m").kind is kind


def test_an_error_without_text() -> None:
    """The client gets an empty message."""
    assert faults.of_code("InternalError", "").message == "InternalError"
    assert faults.of_code("", "").message


@pytest.mark.parametrize("told", [None, {}, {"Code": 0, "Msg": ""}, {"Code": "", "Msg": None}])
def test_no_error(told: object) -> None:
    """An answer that says of itself that there was no error is taken for one."""
    assert faults.in_answer({"ErrorMsg": told, "Choices": []}) is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"Response": {"Error": {"Code": "LimitExceeded", "Message": "m"}}}, ErrorKind.RATE_LIMITED),
        (429, {"error": {"message": "m"}}, ErrorKind.RATE_LIMITED),
        (502, "bad gateway", ErrorKind.SERVER_ERROR),
        (503, {"Response": 7}, ErrorKind.OVERLOADED),
        (401, {"Response": {"RequestId": "r"}}, ErrorKind.UPSTREAM_AUTH),
    ],
)
def test_failing_statuses(status: int, body: object, kind: ErrorKind) -> None:
    """A status of a proxy on the way, or the vendor's code under one, is not understood."""
    assert faults.fault(status, {}, orjson.dumps(body)).kind is kind
