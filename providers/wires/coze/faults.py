"""The numbers in ``code``, which mostly come inside HTTP 200, and what each means.

Source: https://www.coze.cn/open/docs/developer_guides/coze_error_codes, checked 2026-08. 4028 (users' reports) and
103100001 (the open-source edition, https://github.com/coze-dev/coze-studio/issues/41) are unverified.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError
from providers.types import BODY, Json
from providers.wires.openai import faults as common
from providers.wires.openai import waits
from providers.wires.openai.dialect import Dialect

STALE: Final = frozenset({4100, 700012006})
"""The token is not valid, or no longer: where it was got in exchange, a fresh one is worth a try."""

USERS_ONLY: Final = 103100001
"""The open-source edition takes no messages of the assistant."""

_GROUPS: Final[Mapping[Kind, tuple[int, ...]]] = {
    Kind.INVALID_REQUEST: (4000, 4001, 4002, 4003, 4004, 4005, 4007, 4016, 4021, 4104, USERS_ONLY),
    Kind.UPSTREAM_AUTH: (4006, 4100, 4101, 4102, 4200, 700012006),
    Kind.QUOTA: (4008, 4011, 4019, 4022, 4028),
    Kind.OVERLOADED: (4009,),
    Kind.CONTEXT_LENGTH: (4010,),
    Kind.MODEL_NOT_FOUND: (4012, 4015),
    Kind.SERVER_ERROR: (4013, 5000),
    Kind.CONTENT_FILTER: (4014, 4105),
    Kind.RATE_LIMITED: (4020,),
}
_KINDS: Final = {code: kind for kind, codes in _GROUPS.items() for code in codes}

_SEEN: Final[Mapping[int, tuple[int, str]]] = {
    **{code: (404, str(code)) for code in (4001, 4002, 4005, 4200)},
    4006: (404, "model_not_found"),
    4016: (409, "conversation_busy"),
}
"""Status and code for the client where the kind's own say too little. A bot unknown to one token may be another's."""

_SITE_HINT: Final = "tokens of coze.cn and of coze.com are not good for each other"
_RIGHT_HINT: Final = "the token lacks a permission, or the bot's space"
_HINTS: Final[Mapping[int, str]] = {
    4015: "publish the bot with the channel API",
    4100: _SITE_HINT,
    4101: _RIGHT_HINT,
    700012006: _SITE_HINT,
}
_OVERLOADED_S: Final = 1.0
_LOGID: Final = re.compile(r"[0-9A-Za-z]{8,64}")

_NO_ONE: Final = Dialect(keep_5xx=False)
"""For what is not in the vendor's own shape: a proxy's page, a framework's error."""


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        doc = None
    code = _number(doc.get("code")) if isinstance(doc, dict) else 0
    if isinstance(doc, dict) and code in _KINDS:
        return waits.noted(_of_code(code, doc, headers.get("x-tt-logid")), headers)
    error = common.fault(status, headers, body, _NO_ONE)
    if isinstance(doc, dict) and code > 0:
        error.message = _with_remarks(error.message, code, headers.get("x-tt-logid") or _logid(doc))
        error.code = error.code or _shown(code, error.kind)
    return error


def in_document(doc: Any) -> ProviderError | None:
    """The error that a document of a reply is, None when it is part of an answer."""
    if not isinstance(doc, dict):
        return None
    code = _number(doc.get("code"))
    if code:
        return _of_code(code, doc)
    return common.in_payload(doc, "", _NO_ONE) if doc.get("error") else None


def of_chat(chat: Json) -> ProviderError:
    """The error of a chat that failed or was cancelled."""
    told = chat.get("last_error")
    error: Json = told if isinstance(told, dict) else {}
    code = _number(error.get("code"))
    if code:
        return _of_code(code, error)
    text = error.get("msg") or f"the chat ended as {chat.get('status') or 'failed'}"
    return ProviderError(Kind.SERVER_ERROR, str(text))


def of_event(doc: Any) -> ProviderError:
    """The error of an ``error`` event, which may say nothing at all."""
    return in_document(doc) or ProviderError(Kind.SERVER_ERROR, _text(doc) or "the upstream failed without a word")


def no_answer(doc: Any) -> ProviderError:
    """The error that a whole reply is which holds no answer, and none of the vendor's numbers."""
    told = common.in_payload(doc, BODY, _NO_ONE)
    return told or ProviderError(Kind.MALFORMED, "the upstream's reply is neither an answer nor an error")


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which is no JSON at all, such as a page of HTML."""
    return common.of_text(body, _NO_ONE)


def lacks_right(error: ProviderError) -> bool:
    """Whether the token may not make a call that another token, or another way to ask, may do without."""
    return error.kind is Kind.UPSTREAM_AUTH and _RIGHT_HINT in error.message


def takes_users_only(error: ProviderError) -> bool:
    """Whether the server takes no messages of the assistant."""
    return error.code == str(USERS_ONLY)


def _number(told: Any) -> int:
    """The code, 0 for success or none, -1 for what is no number."""
    if told is None or told == "":
        return 0
    try:
        return int(told)
    except (TypeError, ValueError):
        return -1


def _text(doc: Any) -> str:
    told = (doc.get("msg") or doc.get("message")) if isinstance(doc, dict) else ""
    return str(told or "")


def _of_code(code: int, doc: Json, logid: str | None = None) -> ProviderError:
    text = _text(doc) or f"error {doc.get('code')}"
    kind = _KINDS.get(code) or _by_text(text)
    message = _with_remarks(text, code, logid or _logid(doc))
    if kind is Kind.OVERLOADED:
        return ProviderError(kind, message, type="server_error", code="overloaded", retry_after_s=_OVERLOADED_S)
    if code in _SEEN:
        status, seen = _SEEN[code]
        return ProviderError(kind, message, status=status, type="invalid_request_error", code=seen, model_only=True)
    return ProviderError(kind, message, code=_shown(code, kind), stale_token=code in STALE)


def _shown(code: int, kind: Kind) -> str | None:
    """The number as the client's code, where the kind has no word of its own."""
    return str(code) if code > 0 and kind in (Kind.INVALID_REQUEST, Kind.SERVER_ERROR) else None


def _by_text(text: str) -> Kind:
    """What an unknown number may mean: its text is all there is to go by."""
    told = common.in_payload({"error": {"message": text}}, "", _NO_ONE)
    return told.kind if told else Kind.SERVER_ERROR


def _with_remarks(text: str, code: int, logid: str | None) -> str:
    """The vendor's text, a hint where it alone would not help, and its number for the vendor's support."""
    traced = f"logid {logid}" if logid and _LOGID.fullmatch(logid) else ""
    remarks = "; ".join(filter(None, (_HINTS.get(code), traced)))
    return f"{text} ({remarks})" if remarks else text


def _logid(doc: Json) -> str | None:
    detail = doc.get("detail")
    told = detail.get("logid") if isinstance(detail, dict) else None
    return told if isinstance(told, str) else None
