"""Error bodies of the three layers that may answer: the gateway in front, the resource, and the model.

Sources: https://learn.microsoft.com/azure/ai-foundry/openai/reference,
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter and texts of public issue threads, checked
2026-08.
"""

from collections.abc import Mapping
from typing import Final

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError
from providers.wires.openai import faults as common
from providers.wires.openai import shapes
from providers.wires.openai.dialect import Dialect

_NO_OPERATION: Final = "OperationNotSupported"
CODES: Final[Mapping[str, Kind]] = {
    "401": Kind.UPSTREAM_AUTH,
    "403": Kind.UPSTREAM_AUTH,
    "PermissionDenied": Kind.UPSTREAM_AUTH,
    "DeploymentNotFound": Kind.MODEL_NOT_FOUND,
    "unknown_model": Kind.MODEL_NOT_FOUND,
    "content_filter": Kind.CONTENT_FILTER,
    "ResponsibleAIPolicyViolation": Kind.CONTENT_FILTER,
    "RateLimitReached": Kind.RATE_LIMITED,
    "too_many_requests": Kind.RATE_LIMITED,
    "NoCapacity": Kind.RATE_LIMITED,
    "insufficient_quota": Kind.QUOTA,
    "QuotaExceeded": Kind.QUOTA,
    "InternalServerError": Kind.SERVER_ERROR,
    "ServiceUnavailable": Kind.SERVER_ERROR,
    _NO_OPERATION: Kind.INVALID_REQUEST,
}
"""A code "429" is the status once more, and leaves it to type and text whether a quota is spent.

Unverified: PermissionDenied, NoCapacity, unknown_model.
"""

_NO_ADDRESS: Final = "no such address: check server_url and api_version"


def fault(status: int, headers: Mapping[str, str], body: bytes, dialect: Dialect) -> ProviderError:
    """The error that a reply with a failing status is."""
    error = common.fault(status, headers, body, dialect)
    error.stale_token = status == 401
    if error.code == _NO_OPERATION:
        error.code = None
    if status == 400 and error.kind is Kind.INVALID_REQUEST:
        error.type = _word(shapes.parse(body).type)
    if status == 408:
        error.status = 408
    if status == 424:
        return ProviderError(Kind.SERVER_ERROR, error.message)
    if status == 503 and error.kind is Kind.OVERLOADED:
        return ProviderError(Kind.SERVER_ERROR, error.message, status=503, retry_after_s=error.retry_after_s)
    if status == 404 and error.kind is Kind.INVALID_REQUEST:
        # A fault of this entry's configuration: another one may have what this one has not.
        told = f"{error.message} ({_NO_ADDRESS})"
        return ProviderError(Kind.SERVER_ERROR, told, status=404, type="invalid_request_error")
    return error


def _word(told: str | None) -> str | None:
    """The model's own type of error; a gateway in front may put an address there."""
    return told if told and told.isidentifier() else None
