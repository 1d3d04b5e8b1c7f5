"""The vendor's error codes as our kinds. Its errors come with status 200, inside the answer or in mid-stream."""

from collections.abc import Mapping
from typing import Final

import orjson

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError
from providers.types import BODY, Json
from providers.wires.openai import faults as common
from providers.wires.openai import waits
from providers.wires.openai.dialect import Dialect

_GROUPS: Final[Mapping[Kind, str]] = {
    Kind.UPSTREAM_AUTH: "AuthFailure UnauthorizedOperation FailedOperation.ServiceNotActivated"
    " ResourceUnavailable.NotExist FailedOperation.UserUnAuthError FailedOperation.PartnerAccountUnSupport",
    # The next credential would be signed with the same clock.
    Kind.UPSTREAM_REFUSED: "AuthFailure.SignatureExpire",
    Kind.RATE_LIMITED: "RequestLimitExceeded LimitExceeded FailedOperation.EngineServerLimitExceeded",
    Kind.QUOTA: "FailedOperation.FreeResourcePackExhausted FailedOperation.ResourcePackExhausted"
    " ResourceInsufficient.ChargeResourceExhaust FailedOperation.ServiceStop FailedOperation.ServiceStopArrears"
    " ResourceUnavailable.InArrears ResourceUnavailable.LowBalance ResourceUnavailable.StopUsing",
    Kind.MODEL_NOT_FOUND: "InvalidParameterValue.Model ResourceNotFound ActionOffline InvalidAction NoSuchVersion",
    Kind.INVALID_REQUEST: "InvalidParameter InvalidParameterValue MissingParameter UnknownParameter"
    " UnsupportedOperation FailedOperation.ImageDecodeFailed FailedOperation.ImageDownloadError",
    Kind.CONTENT_FILTER: "OperationDenied.TextIllegalDetected OperationDenied.ImageIllegalDetected",
    Kind.TIMEOUT: "FailedOperation.EngineRequestTimeout 4001",
    Kind.SERVER_ERROR: "FailedOperation InternalError 4000",
}
_KINDS: Final = {code: kind for kind, codes in _GROUPS.items() for code in codes.split()}
"""A code stands for itself and for all that begin with it and a dot; the longest one wins. Numbers are ``ErrorMsg``'s.

Source: https://cloud.tencent.com/document/api/1729/101839, checked 2026-08. ActionOffline is what the end of this
API is expected to say (unverified); AuthFailure, RequestLimitExceeded and MissingParameter are Tencent-wide codes.
"""

_RETIRED: Final = frozenset({"ActionOffline", "InvalidAction", "NoSuchVersion"})
_HINTS: Final = {
    "AuthFailure.SignatureExpire": "the gateway's clock is more than five minutes off",
    **dict.fromkeys(_RETIRED, "this API has been retired; use the OpenAI-style API or TokenHub with an api_key"),
}

_NO_ONE: Final = Dialect()
"""For answers that are not the vendor's own: of proxies and web servers on the way."""


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is: the vendor's own where its body holds one, else by status."""
    try:
        doc = orjson.loads(body)
        found = in_answer(doc["Response"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        found = None
    return waits.noted(found, headers) if found else common.fault(status, headers, body, _NO_ONE)


def in_answer(inner: object) -> ProviderError | None:
    """The error in an answer or a block of a stream, None when there is none. One without code and text is none."""
    error = (inner.get("Error") or inner.get("ErrorMsg")) if isinstance(inner, dict) else None
    if not isinstance(error, dict):
        return None
    code, message = error.get("Code") or "", error.get("Message") or error.get("Msg") or ""
    return of_code(str(code), str(message)) if code or message else None


def of_document(doc: Json, body: bytes) -> ProviderError:
    """The error that a JSON body is which holds neither an answer nor an error of this vendor's: a proxy's, say."""
    return common.in_payload(doc, BODY, _NO_ONE) or of_text(body)


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which is no JSON at all."""
    return common.of_text(body, _NO_ONE)


def of_code(code: str, message: str) -> ProviderError:
    """The error of one code. A hint stands behind the vendor's text where that alone would mislead."""
    told = message or code or "the upstream failed without a word"
    if code in _HINTS:
        told = f"{told} ({_HINTS[code]})"
    kind = _kind(code)
    own = {Kind.INVALID_REQUEST: code, Kind.TIMEOUT: "timeout"}.get(kind)
    return ProviderError(kind, told, code=own)


def _kind(code: str) -> Kind:
    prefix = code
    while prefix:
        if prefix in _KINDS:
            return _KINDS[prefix]
        prefix = prefix.rpartition(".")[0]
    return Kind.SERVER_ERROR
