"""The vendor's error codes as our kinds: of failed calls, of events in a stream, and of errors inside a 200."""

from collections.abc import Mapping
from typing import Final

import orjson

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError
from providers.types import Json
from providers.wires.dashscope.frames import ERROR, status_of
from providers.wires.openai import faults as common
from providers.wires.openai.dialect import Dialect

_GROUPS: Final[Mapping[Kind, str]] = {
    Kind.INVALID_REQUEST: "InvalidParameter InvalidParameter.DataInspection BadRequest.EmptyInput"
    " BadRequest.EmptyParameters BadRequest.EmptyModel BadRequest.TooLarge InvalidURL UnsupportedOperation"
    " InvalidSchema",
    Kind.CONTENT_FILTER: "DataInspectionFailed data_inspection_failed",
    Kind.QUOTA: "Arrearage PostpaidBillOverdue AllocationQuota.FreeTierOnly",
    Kind.UPSTREAM_AUTH: "InvalidApiKey AccessDenied AccessDenied.Unpurchased Model.AccessDenied Workspace.AccessDenied",
    Kind.MODEL_NOT_FOUND: "ModelNotFound Model.NotExist FlowNotPublished",
    Kind.TIMEOUT: "RequestTimeOut InternalError.Timeout",
    Kind.RATE_LIMITED: "Throttling Throttling.RateQuota Throttling.BurstRate Throttling.AllocationQuota",
    Kind.SERVER_ERROR: "InternalError InternalError.Algo",
    Kind.OVERLOADED: "ServiceUnavailable ModelUnavailable",
}
KINDS: Final[Mapping[str, Kind]] = {code: kind for kind, codes in _GROUPS.items() for code in codes.split()}
"""Source: https://help.aliyun.com/zh/model-studio/error-code, checked 2026-08.

Model.AccessDenied, Workspace.AccessDenied and Throttling.BurstRate are unverified.
"""

_DIALECT: Final = Dialect(codes=KINDS, keep_5xx=False)
_FINE: Final = frozenset({"", "None", "0", "200", "Success", "success", "ok"})
_TOO_LARGE: Final = "BadRequest.TooLarge"
_WRONG_URL: Final = "url error"
"""What the vendor says to a model that it knows at another endpoint, and to one that it does not know at all."""


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is, be its body JSON or an event of a stream."""
    error = common.fault(status, headers, body, _DIALECT)
    if error.code == _TOO_LARGE:
        error.status = 413
    if error.kind is Kind.INVALID_REQUEST and _WRONG_URL in error.message.lower():
        told = f"{error.message} (no endpoint that was asked knows this model)"
        return ProviderError(Kind.MODEL_NOT_FOUND, told, elsewhere=True)
    return error


def in_answer(doc: Json, event_name: str) -> ProviderError | None:
    """The error that a payload of a successful reply is, None when it is part of an answer."""
    if event_name.startswith(ERROR) or doc.get("error") or str(doc.get("code", "")) not in _FINE:
        return fault(status_of(event_name), {}, orjson.dumps(doc))
    return None


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which holds no answer."""
    return common.of_text(body, _DIALECT)
