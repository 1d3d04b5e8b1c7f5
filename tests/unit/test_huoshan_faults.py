"""Ark's error codes: every row of its table."""

import orjson
import pytest

from app import errors
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import Event
from providers.vendors.huoshan import VENDORS

ROWS = {row.name: row for row in VENDORS}

BAD = (400, "invalid_request_error", None)
FILTER = (400, "invalid_request_error", "content_filter")
CLOSED = (503, "server_error", "overloaded")
AUTH = (502, "server_error", "upstream_auth")
QUOTA = (429, "insufficient_quota", "insufficient_quota")
MISSING = (404, "invalid_request_error", "model_not_found")
LIMITED = (429, "rate_limit_error", "rate_limit_exceeded")
BROKEN = (502, "server_error", None)

TABLE = (
    (400, "MissingParameter InvalidParameter InvalidParameter.UnsupportedModel InvalidParameter.OversizedImage", BAD),
    (400, "InvalidParameter.UnsupportedImageFormat", BAD),
    (
        400,
        "SensitiveContentDetected SensitiveContentDetected.SevereViolation SensitiveContentDetected.Violence",
        FILTER,
    ),
    (400, "InputTextSensitiveContentDetected InputImageSensitiveContentDetected", FILTER),
    (400, "OutputTextSensitiveContentDetected OutputImageSensitiveContentDetected", FILTER),
    (400, "InputVideoSensitiveContentDetected OutputVideoSensitiveContentDetected", FILTER),
    (400, "InputAudioSensitiveContentDetected OutputAudioSensitiveContentDetected", FILTER),
    (400, "InputTextRiskDetection InputImageRiskDetection OutputTextRiskDetection OutputImageRiskDetection", FILTER),
    (400, "ContentSecurityDetectionError InputTextSensitiveContentDetected.PolicyViolation", FILTER),
    (400, "InvalidEndpoint.ClosedEndpoint", CLOSED),
    (400, "InvalidSubscription", AUTH),
    (401, "AuthenticationError", AUTH),
    (403, "AccountOverdueError OperationDenied.ServiceOverdue InvalidAccountStatus", QUOTA),
    (403, "AccessDenied OperationDenied.PermissionDenied OperationDenied.ServiceNotOpen OperationDenied.Other", AUTH),
    (404, "InvalidEndpointOrModel.NotFound InvalidEndpoint.NotFound ModelNotOpen UnsupportedModel", MISSING),
    (404, "InvalidEndpointOrModel.ModelIDAccessDisabled InvalidEndpointOrModel", MISSING),
    (429, "RateLimitExceeded.EndpointRPMExceeded RateLimitExceeded.EndpointTPMExceeded", LIMITED),
    (429, "RateLimitExceeded.EndpointFlexTPMExceeded RateLimitExceeded.FoundationModelRPMExceeded", LIMITED),
    (429, "ModelAccountRpmRateLimitExceeded ModelAccountTpmRateLimitExceeded", LIMITED),
    (429, "ModelAccountIpmRateLimitExceeded APIAccountRpmRateLimitExceeded AccountRateLimitExceeded", LIMITED),
    (429, "InflightBatchsizeExceeded RequestBurstTooFast Unheard", LIMITED),
    (429, "QuotaExceeded QuotaExceeded.AgentPlanQuotaExceeded SetLimitExceeded", QUOTA),
    (429, "ServerOverloaded", CLOSED),
    (500, "InternalServiceError", BROKEN),
    (503, "Unheard", CLOSED),
)
CASES = [(status, code, seen) for status, codes, seen in TABLE for code in codes.split()]
ONCE = frozenset({BAD, FILTER})


def refused(status: int, code: str, message: str, row: str = "huoshan") -> ProviderError:
    doc = {"error": {"code": code, "message": message, "param": "", "type": "x"}}
    return ROWS[row].fault(status, {}, orjson.dumps(doc))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(("status", "code", "seen"), CASES)
def test_codes(status: int, code: str, seen: tuple[int, str, str | None], row: str) -> None:
    """Broken: an error reaches the client as another one, or the next credential is not tried, or in vain."""
    message = f"The model does not exist, code {code}. Request id: 0217"
    error = refused(status, code, message, row)
    told = errors.describe(error)
    expected = (400, "invalid_request_error", code) if seen == BAD else seen
    assert (told.status, told.error["type"], told.error["code"]) == expected
    assert told.error["message"] == message
    assert (error.kind in RETRYABLE) is (seen not in ONCE)


@pytest.mark.parametrize("code", ["InvalidParameter", ""])
def test_context_length(code: str) -> None:
    """Broken: clients cannot tell that a conversation is too long."""
    error = refused(400, code, "Total tokens of image and text exceed max message tokens. Request id: 0217")
    assert error.kind is ErrorKind.CONTEXT_LENGTH
    assert errors.describe(error).error["code"] == "context_length_exceeded"


def test_wait() -> None:
    """Broken: the vendor's Retry-After is not passed on."""
    doc = {"error": {"code": "ServerOverloaded", "message": "busy", "type": "TooManyRequests"}}
    assert ROWS["huoshan"].fault(429, {"retry-after": "3"}, orjson.dumps(doc)).retry_after_s == 3


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(("status", "code", "seen"), [case for case in CASES if case[1] != "Unheard"])
def test_codes_in_mid_stream(status: int, code: str, seen: tuple[int, str, str | None], row: str) -> None:
    """Broken: an error that comes without its status is taken for another one, or for the end of the answer."""
    del status
    doc = {"error": {"code": code, "message": "told", "param": "", "type": "x"}}
    if seen == FILTER:
        return
    chunk = {"choices": [{"index": 0, "delta": {"content": "a", "role": "assistant"}}]}
    deltas = ROWS[row].decode(iter([Event("", orjson.dumps(chunk)), Event("", orjson.dumps(doc))]))
    assert next(deltas).text == "a"
    with pytest.raises(ProviderError, match="told") as raised:
        next(deltas)
    assert (raised.value.kind in RETRYABLE) is (seen not in ONCE)


def test_filter_in_mid_stream() -> None:
    """Broken: an answer that the vendor's filter stops ends as an error, after text that the client has already."""
    doc = {"error": {"code": "OutputTextSensitiveContentDetected", "message": "told", "type": "BadRequest"}}
    chunk = {"choices": [{"index": 0, "delta": {"content": "a"}}]}
    events = iter([Event("", orjson.dumps(chunk)), Event("", orjson.dumps(doc))])
    assert [delta.finish_reason for delta in ROWS["huoshan"].decode(events)] == [None, "content_filter"]
