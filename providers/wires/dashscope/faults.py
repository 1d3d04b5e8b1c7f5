"""The vendor's error codes as our kinds: of failed calls, of events in a stream, and of errors inside a 200."""

import re
from collections.abc import Mapping
from typing import Final

import orjson

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError
from providers.types import Json
from providers.wires.dashscope.frames import ERROR, status_of
from providers.wires.openai import faults as common
from providers.wires.openai import shapes
from providers.wires.openai.dialect import Dialect

_GROUPS: Final[Mapping[Kind, str]] = {
    Kind.INVALID_REQUEST: "InvalidParameter InvalidParameter.DataInspection BadRequest.EmptyInput"
    " BadRequest.EmptyParameters BadRequest.EmptyModel BadRequest.TooLarge BadRequest BadRequestException InvalidURL"
    " UnsupportedOperation InvalidSchema InvalidSchemaFormat InvalidFile InvalidImage ServiceUnavailableError Conflict"
    " InternalError.Algo.InvalidParameter",
    Kind.CONTENT_FILTER: "DataInspectionFailed data_inspection_failed FaqRuleBlocked CustomRoleBlocked"
    " IPInfringementSuspect InternalError.Algo.DataInspectionFailed",
    Kind.QUOTA: "Arrearage PrepaidBillOverdue PostpaidBillOverdue CommodityNotPurchased AllocationQuota.FreeTierOnly",
    Kind.UPSTREAM_AUTH: "InvalidApiKey AccessDenied access_denied AccessDenied.Unpurchased Model.AccessDenied"
    " App.AccessDenied Workspace.AccessDenied WorkSpaceNotFound",
    Kind.MODEL_NOT_FOUND: "ModelNotFound Model.NotExist model_not_supported FlowNotPublished",
    Kind.TIMEOUT: "RequestTimeOut InternalError.Timeout",
    Kind.RATE_LIMITED: "Throttling Throttling.RateQuota Throttling.BurstRate Throttling.AllocationQuota LimitRequests"
    " insufficient_quota",
    Kind.SERVER_ERROR: "InternalError InternalError.Algo internal_error SystemError ModelServiceFailed"
    " InvokePluginFailed AppProcessFailed RewriteFailed RetrivalFailed",
    Kind.OVERLOADED: "ServiceUnavailable ModelUnavailable ModelServingError",
}
KINDS: Final[Mapping[str, Kind]] = {code: kind for kind, codes in _GROUPS.items() for code in codes.split()}
"""Source: https://help.aliyun.com/zh/model-studio/error-code, checked 2026-08.

``insufficient_quota`` is what compatible mode calls Throttling.AllocationQuota: too many tokens in a minute. The two
below ``InternalError.Algo`` stand in messages mostly, and at times where the code belongs
(https://github.com/QwenLM/qwen-code/issues/2068); they come with 400 and are the request's fault.
"""

STREAM_REFUSAL: Final = re.compile(
    r"(?i)only support(s|ed)? stream|(set to false for|not support) non-stream|does not support http call"
)
"""What the vendor says of a whole answer that it gives by stream only, of thinking models for one."""

_DIALECT: Final = Dialect(codes=KINDS, keep_5xx=False)
_FINE: Final = frozenset({"", "None", "0", "200", "Success", "success", "ok"})
_TOO_LARGE: Final = "BadRequest.TooLarge"
_NO_FREE_QUOTA: Final = "free allocated quota"
_WRONG_URL: Final = "url error"
"""What the vendor says to a model that it knows at another endpoint, and to one that it does not know at all."""


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is, be its body JSON or an event of a stream."""
    error = common.fault(status, headers, body, _DIALECT)
    if error.code == _TOO_LARGE:
        error.status = 413
    text = error.message.lower()
    if error.kind is Kind.INVALID_REQUEST and _WRONG_URL in text:
        return ProviderError(Kind.MODEL_NOT_FOUND, f"{error.message} (no endpoint that was asked knows this model)")
    if error.kind is Kind.RATE_LIMITED and _NO_FREE_QUOTA in text:
        return ProviderError(Kind.QUOTA, error.message)
    return error


def is_native(body: bytes) -> bool:
    """Whether the body of a failed call tells of one of the vendor's own codes, whatever the surface."""
    found = shapes.parse(body).words
    return any(word in KINDS or word.partition(".")[0] in KINDS for word in found)


def is_elsewhere(error: ProviderError) -> bool:
    """Whether the model may be found at the vendor's other endpoint."""
    return error.kind is Kind.MODEL_NOT_FOUND and _WRONG_URL in error.message.lower()


def in_answer(doc: Json, event_name: str) -> ProviderError | None:
    """The error that a payload of a successful reply is, None when it is part of an answer."""
    if event_name.startswith(ERROR) or doc.get("error") or str(doc.get("code", "")) not in _FINE:
        return fault(status_of(event_name), {}, orjson.dumps(doc))
    return None


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which holds no answer."""
    return common.of_text(body, _DIALECT)
