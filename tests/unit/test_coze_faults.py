"""Every number of Coze's, what it becomes, and what is added to the vendor's text."""

import orjson
import pytest

from app import errors
from providers.errors import RETRYABLE, ProviderError
from providers.wires.coze import faults

LISTED = [
    (4000, 400, "4000", False),
    (4001, 404, "4001", False),
    (4002, 404, "4002", False),
    (4003, 400, "4003", False),
    (4004, 400, "4004", False),
    (4005, 404, "4005", False),
    (4006, 404, "model_not_found", True),
    (4007, 400, "4007", False),
    (4008, 429, "insufficient_quota", True),
    (4009, 503, "overloaded", True),
    (4010, 400, "context_length_exceeded", False),
    (4011, 429, "insufficient_quota", True),
    (4012, 404, "model_not_found", False),
    (4013, 502, "4013", True),
    (4014, 400, "content_filter", False),
    (4015, 404, "model_not_found", False),
    (4016, 409, "conversation_busy", False),
    (4019, 429, "insufficient_quota", True),
    (4020, 429, "rate_limit_exceeded", True),
    (4021, 400, "4021", False),
    (4022, 429, "insufficient_quota", True),
    (4028, 429, "insufficient_quota", True),
    (4100, 502, "upstream_auth", True),
    (4101, 502, "upstream_auth", True),
    (4102, 502, "upstream_auth", True),
    (4105, 400, "content_filter", False),
    (4200, 404, "4200", True),
    (5000, 502, "5000", True),
    (700012006, 502, "upstream_auth", True),
]


@pytest.mark.parametrize(("code", "status", "seen", "retried"), LISTED)
@pytest.mark.parametrize("sent", [200, 400, 401, 429, 500])
def test_codes(code: int, status: int, seen: str, retried: bool, sent: int) -> None:
    """Broken: a number is taken for another, or what HTTP status it came with decides over it."""
    doc = {"code": code, "msg": "told so"}
    error = faults.in_document(doc) if sent == 200 else faults.fault(sent, {}, orjson.dumps(doc))
    assert error is not None
    found = errors.describe(error)
    assert (found.status, found.error["code"], error.kind in RETRYABLE) == (status, seen, retried)
    assert "told so" in error.message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b"", "rate_limited"),
        (429, b'{"code":1,"msg":"slow down"}', "rate_limited"),
        (401, b'{"code":9,"msg":"who"}', "upstream_auth"),
        (502, b"<html>bad gateway</html>", "server_error"),
        (400, b'{"code":"x","msg":"no"}', "invalid_request"),
        (404, b"[]", "invalid_request"),
    ],
)
def test_statuses(status: int, body: bytes, kind: str) -> None:
    """Broken: a refusal without a number of the vendor's is not told by its status."""
    assert faults.fault(status, {}, body).kind.value == kind


def test_unknown_codes_by_their_text() -> None:
    """Broken: a number that is not in the table hides what its text says plainly, or a success is an error."""
    told = faults.in_document({"code": 123456, "msg": "Insufficient balance"})
    assert isinstance(told, ProviderError) and told.kind.value == "quota"
    unheard_of = faults.in_document({"code": 702082020, "msg": "x"})
    assert unheard_of is not None and (unheard_of.kind.value, unheard_of.code) == ("server_error", "702082020")
    assert faults.in_document({"code": "4011", "msg": "x"}).kind.value == "quota"  # type: ignore[union-attr]
    for fine in ({"code": 0}, {"code": "0"}, {"code": None}, {}, [], "x"):
        assert faults.in_document(fine) is None


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request", "720702222"),
        (404, "invalid_request", "720702222"),
        (500, "server_error", "720702222"),
        (401, "upstream_auth", None),
        (429, "rate_limited", None),
        (503, "overloaded", "overloaded"),
    ],
)
def test_unknown_codes_of_failed_calls(status: int, kind: str, code: str | None) -> None:
    """Broken: a number that is not in the table, or its logid, is lost where the call failed by its status too."""
    body = b'{"code":720702222,"msg":"told","detail":{"logid":"2025010617202400"}}'
    told = faults.fault(status, {}, body)
    assert (told.kind.value, told.code, told.message) == (kind, code, "told (logid 2025010617202400)")
    assert faults.fault(status, {"x-tt-logid": "20250106XYZ0"}, body).message == "told (logid 20250106XYZ0)"
    assert faults.fault(status, {}, b'{"code":"x","msg":"no"}').message == "no"


@pytest.mark.parametrize(("code", "own_s"), [(4020, None), (4011, None), (4009, 1.0), (5000, None), (77, None)])
def test_waits(code: int, own_s: float | None) -> None:
    """Broken: a wait that the vendor asks for is lost where a number comes with it."""
    body = orjson.dumps({"code": code, "msg": "told"})
    assert faults.fault(429, {"retry-after": "7"}, body).retry_after_s == 7.0
    assert faults.fault(429, {"retry-after-ms": "500"}, body).retry_after_s == 0.5
    assert faults.fault(429, {"retry-after": "soon"}, body).retry_after_s == own_s


def test_remarks() -> None:
    """Broken: an operator is not told what a number hides, or the number that the vendor's support asks for."""
    body = orjson.dumps({"code": 4100, "msg": "authentication is invalid", "detail": {"logid": "2025010617202400"}})
    told = faults.fault(401, {}, body)
    assert told.message == f"authentication is invalid ({faults._SITE_HINT}; logid 2025010617202400)"
    assert told.stale_token
    told = faults.fault(400, {"x-tt-logid": "20250106XYZ0"}, b'{"code":4000,"msg":"m","detail":{"logid":"<script>"}}')
    assert told.message == "m (logid 20250106XYZ0)"
    plain = faults.in_document({"code": 4000, "msg": "m", "detail": {"logid": "not an id"}})
    assert plain is not None and plain.message == "m"
    overloaded = faults.in_document({"code": 4009, "msg": "m"})
    assert overloaded is not None and overloaded.retry_after_s == 1.0
