"""The vendor's error codes, in every form in which they come."""

from typing import Any

import orjson
import pytest

from app import errors
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.wires.dashscope.faults import KINDS
from tests.unit.dashing import ROWS, sse

REFUSED = (502, "server_error", "upstream_auth")
QUOTA = (429, "insufficient_quota", "insufficient_quota")
LIMIT = (429, "rate_limit_error", "rate_limit_exceeded")
MISSING = (404, "invalid_request_error", "model_not_found")
FILTER = (400, "invalid_request_error", "content_filter")
TOO_LONG = (400, "invalid_request_error", "context_length_exceeded")
SERVER = (502, "server_error", None)
BUSY = (503, "server_error", "overloaded")
SLOW = (504, "server_error", "timeout")


def bad(code: str, status: int = 400) -> tuple[int, str, str]:
    return (status, "invalid_request_error", code)


TABLE: list[tuple[int, str, str, tuple[int, str, str | None], bool]] = [
    *((400, code, "x", bad(code), False) for code in ("InvalidParameter", "BadRequest.EmptyInput", "InvalidSchema")),
    *((400, code, "x", bad(code), False) for code in ("BadRequest.EmptyParameters", "BadRequest.EmptyModel")),
    *((400, code, "x", bad(code), False) for code in ("InvalidURL", "UnsupportedOperation", "InvalidFile.Format")),
    (400, "InvalidParameter.DataInspection", "Unable to download", bad("InvalidParameter.DataInspection"), False),
    (400, "ServiceUnavailableError", "Role must be user or assistant", bad("ServiceUnavailableError"), False),
    (400, "InvalidParameter", "Range of input length should be [1, 30720]", bad("context_length_exceeded"), False),
    (400, "InvalidParameter", "url error, please check url!", MISSING, False),
    *((400, code, "x", FILTER, False) for code in ("DataInspectionFailed", "data_inspection_failed")),
    (400, "InternalError.Algo.DataInspectionFailed", "Input text data may contain", FILTER, False),
    (400, "InternalError.Algo.InvalidParameter", "x", bad("InternalError.Algo.InvalidParameter"), False),
    (400, "InternalError.Algo.InvalidParameter", "Range of input length should be [1, 2]", TOO_LONG, False),
    *((400, code, "x", FILTER, False) for code in ("FaqRuleBlocked", "CustomRoleBlocked", "IPInfringementSuspect")),
    (400, "Arrearage", "Access denied, please make sure your account is in good standing.", QUOTA, True),
    (400, "FlowNotPublished", "x", MISSING, False),
    (401, "InvalidApiKey", "Invalid API-key provided.", REFUSED, True),
    (401, "NOT AUTHORIZED", "Access denied: Either you are not authorized to access this workspace", REFUSED, True),
    *((403, code, "x", REFUSED, True) for code in ("AccessDenied", "AccessDenied.Unpurchased", "access_denied")),
    *((403, f"{of}.AccessDenied", "x", REFUSED, True) for of in ("Model", "App", "Workspace")),
    (403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted.", QUOTA, True),
    *((404, code, "x", MISSING, False) for code in ("ModelNotFound", "Model.NotExist", "model_not_supported")),
    (404, "WorkSpaceNotFound", "WorkSpace can not be found.", REFUSED, True),
    (408, "RequestTimeOut", "x", SLOW, True),
    (413, "BadRequest.TooLarge", "Payload Too Large.", bad("BadRequest.TooLarge", 413), False),
    (400, "BadRequest.TooLarge", "Payload Too Large.", bad("BadRequest.TooLarge", 413), False),
    *((429, f"Throttling{kind}", "x", LIMIT, True) for kind in ("", ".RateQuota", ".BurstRate", ".AllocationQuota")),
    *((429, code, "x", LIMIT, True) for code in ("Throttling.New", "limit_requests", "LimitRequests")),
    (429, "insufficient_quota", "You exceeded your current quota, please check your plan.", LIMIT, True),
    (429, "Throttling.AllocationQuota", "Free allocated quota exceeded.", QUOTA, True),
    *((429, f"{kind}BillOverdue", "x", QUOTA, True) for kind in ("Prepaid", "Postpaid")),
    (429, "CommodityNotPurchased", "x", QUOTA, True),
    *((500, code, "x", SERVER, True) for code in ("InternalError", "InternalError.Algo", "SystemError")),
    *((500, code, "x", SERVER, True) for code in ("AppProcessFailed", "InvokePluginFailed", "RetrivalFailed")),
    (500, "InternalError.Timeout", "x", SLOW, True),
    (500, "RequestTimeOut", "x", SLOW, True),
    *((503, code, "x", BUSY, True) for code in ("ServiceUnavailable", "ModelUnavailable", "ModelServingError")),
    (504, "", "x", SLOW, True),
    (502, "", "x", SERVER, True),
]


def check(error: ProviderError, seen: tuple[int, str, str | None], again: bool, message: str) -> None:
    told = errors.describe(error)
    assert (told.status, told.error["type"], told.error["code"]) == seen
    assert (error.kind in RETRYABLE) is again
    assert message in (told.error["message"] or "")


@pytest.mark.parametrize(("status", "code", "message", "seen", "again"), TABLE, ids=[f"{c[0]}-{c[1]}" for c in TABLE])
def test_table(status: int, code: str, message: str, seen: tuple[int, str, str | None], again: bool) -> None:
    """Broken: a documented error reaches the client as another, without the vendor's words, or is tried elsewhere."""
    doc = {"code": code, "message": message, "request_id": "r"}
    native = ROWS["dashscope"]
    check(native.fault(status, {}, orjson.dumps(doc)), seen, again, message)
    check(native.fault(status, {}, sse(doc, name="error", status=status)), seen, again, message)
    with pytest.raises(ProviderError) as raised:
        list(native.decode(native.frame(iter([sse(doc, name="error", status=status)]))))
    check(raised.value, seen, again, message)


@pytest.mark.parametrize(("status", "code", "message", "seen", "again"), TABLE, ids=[f"{c[0]}-{c[1]}" for c in TABLE])
def test_table_on_other_surfaces(
    status: int, code: str, message: str, seen: tuple[int, str, str | None], again: bool
) -> None:
    """Broken: a native code means something else in the shape of another surface."""
    flat = {"code": code, "message": message, "request_id": "r"}
    doc = {"error": {"code": code, "message": message, "param": None, "type": code}, "request_id": "r"}
    rows = ("dashscope-openai", "dashscope-anthropic") if code in KINDS else ("dashscope-openai",)
    for row in rows:
        check(ROWS[row].fault(status, {}, orjson.dumps(flat)), seen, again, message)
        check(ROWS[row].fault(status, {}, orjson.dumps(doc)), seen, again, message)


def test_words_of_the_messages_api() -> None:
    """Broken: an error in the Messages API's own words is read as one of the vendor's."""
    doc = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert ROWS["dashscope-anthropic"].fault(529, {}, orjson.dumps(doc)).kind is ErrorKind.OVERLOADED
    assert ROWS["dashscope-anthropic"].fault(401, {}, b"").kind is ErrorKind.UPSTREAM_AUTH


def test_codes_without_a_status() -> None:
    """Broken: an error whose status is not told is classified by its status."""
    for doc, kind in [
        ({"code": "Throttling", "message": "x"}, ErrorKind.RATE_LIMITED),
        ({"code": "InternalError.Upload", "message": "x"}, ErrorKind.SERVER_ERROR),
        ({"code": "InvalidParameter", "message": "x"}, ErrorKind.INVALID_REQUEST),
        ({"code": "InvalidApiKey", "message": "x"}, ErrorKind.UPSTREAM_AUTH),
    ]:
        native = ROWS["dashscope"]
        with pytest.raises(ProviderError) as raised:
            list(native.decode(native.frame(iter([orjson.dumps(doc)]))))
        assert raised.value.kind is kind


def test_fine_codes() -> None:
    """Broken: an answer that says it is one is taken for an error."""
    choices: Any = [{"finish_reason": "stop", "message": {"content": "a"}}]
    native = ROWS["dashscope"]
    for code in ("", None, 200, "200", "Success"):
        doc = {"code": code, "message": "", "status_code": 200, "output": {"choices": choices}}
        assert [d.text for d in native.decode(native.frame(iter([orjson.dumps(doc)]))) if d.text] == ["a"]
