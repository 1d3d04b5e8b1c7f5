"""The vendor's error codes, in failed calls and in ``error`` events of streams alike.

Source: https://github.com/langgenius/dify, ``api/controllers/service_api/app/error.py`` and
``api/core/app/apps/base_app_generate_response_converter.py``, checked 2026-08.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError
from providers.types import BODY, Json
from providers.wires.openai import faults as common
from providers.wires.openai import words
from providers.wires.openai.dialect import Dialect

_GROUPS: Final[Mapping[Kind, str]] = {
    Kind.UPSTREAM_AUTH: "unauthorized",
    Kind.INVALID_REQUEST: "invalid_param bad_request not_chat_app not_completion_app not_workflow_app not_found"
    " conversation_completed file_too_large unsupported_file_type no_file_uploaded too_many_files",
    Kind.OVERLOADED: "app_unavailable provider_not_initialize",
    Kind.QUOTA: "provider_quota_exceeded",
    Kind.RATE_LIMITED: "too_many_requests rate_limit_error",
    Kind.SERVER_ERROR: "completion_request_error internal_server_error",
}
_DIALECT: Final = Dialect(
    codes={code: kind for kind, codes in _GROUPS.items() for code in codes.split()}, keep_5xx=False
)
_NO_MODEL: Final = "model_currently_not_support"
"""The app's model is not offered to this account: to the client a bad request, to the gateway a reason to go on."""

_WRONG_APP: Final = frozenset({"not_chat_app", "not_completion_app", "not_workflow_app"})
_TOO_LONG: Final = next(pattern for pattern, kind in words.BY_TEXT if kind is Kind.CONTEXT_LENGTH)


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        doc = None
    error = common.fault(status, headers, body, _DIALECT)
    if not isinstance(doc, dict):
        # A proxy in front of the vendor refuses clients it does not like; the key has no part in it.
        return ProviderError(Kind.SERVER_ERROR, error.message) if status == 403 else error
    code = doc.get("code") if isinstance(doc.get("code"), str) else None
    if code == _NO_MODEL:
        return ProviderError(Kind.UPSTREAM_AUTH, error.message, status=400, type="invalid_request_error", code=code)
    if code in _WRONG_APP:
        error.message += f" ({code}: server_url must end in the endpoint for this kind of app)"
    if error.kind is Kind.SERVER_ERROR:
        return of_model(error.message, code)
    if error.kind is Kind.OVERLOADED and code:
        error.code = code
    return error


def of_event(doc: Json) -> ProviderError:
    """The error that an ``error`` event tells of; its ``status`` is what a failed call would have had."""
    told = doc.get("status")
    status = told if type(told) is int and 400 <= told <= 599 else 500
    return fault(status, {}, orjson.dumps(doc))


def of_model(message: str, code: str | None = None) -> ProviderError:
    """The failure of an app or of the model behind it, of which there is nothing but a text."""
    if _TOO_LONG.search(message):
        return ProviderError(Kind.CONTEXT_LENGTH, message)
    return ProviderError(Kind.SERVER_ERROR, message, code=code)


def no_answer(doc: Any) -> ProviderError:
    """The error that a whole reply is which holds no answer."""
    if isinstance(doc, dict) and doc.get("code") and doc.get("message"):
        return of_event(doc)
    told = common.in_payload(doc, BODY, _DIALECT)
    return told or ProviderError(Kind.MALFORMED, "the upstream's reply is neither an answer nor an error")


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which is no JSON at all, such as a page of HTML."""
    return common.of_text(body, _DIALECT)


def refuses_blocking(error: ProviderError) -> bool:
    """Whether an app streams only, as agents do."""
    return error.kind is Kind.INVALID_REQUEST and re.search(r"(?i)not support.*blocking", error.message) is not None


def misses_conversation(error: ProviderError) -> bool:
    """Whether the conversation to go on with does not exist, or not for this app and user."""
    return error.code == "not_found" and "conversation" in error.message.lower()
