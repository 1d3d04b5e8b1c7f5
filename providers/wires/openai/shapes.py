"""Error bodies in all their shapes, reduced to one: what the vendor said, in which words, and with which numbers.

Shapes seen: OpenAI's object; the same with numbers for codes; a flat object; ``error`` as a text; ``errors`` as a list
or an object; ``detail``; ``base_resp``; a cloud's ``Response.Error``; a list of any of these; a JSON text; plain text
and HTML. Nothing is classified here.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from providers.types import Json

EXTRACT_CHARS: Final = 300
_TAG: Final = re.compile(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>")
_TITLE: Final = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_EVENT: Final = re.compile(rb"(?m)^data:\s*([{\[].*)$")
_TRAILING_CODE: Final = re.compile(r"\((\d{4,5})\)\s*$")
_FINE_CODES: Final = (None, 0, "0", 200, "200", "", "Success", "success", "ok")


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error body says. ``words`` are codes, types and statuses, most exact first, as texts.

    ``code`` is the code if it is a text, ``status`` an HTTP status named inside the body. ``table`` tells which
    family of numbers a code is from where the shape shows it (``base_resp``), else it is empty.
    """

    message: str
    code: str | None = None
    type: str | None = None
    param: str | None = None
    words: tuple[str, ...] = ()
    status: int | None = None
    table: str = ""


def parse(body: bytes) -> Failure:
    """What the body of a failed call says, whatever it is."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        event = _EVENT.search(body)
        return parse(event.group(1)) if event else Failure(extract(body))
    found = of_document(doc)
    if found or not isinstance(doc, dict):
        return found or Failure(doc.strip() if isinstance(doc, str) else extract(body))
    message = _message(doc.get("message") or doc.get("msg") or doc.get("title")) or extract(body)
    return _failure(message, doc.get("code"), doc.get("type"))


def of_document(doc: Any) -> Failure | None:
    """The error that a JSON document is, or None when it is none. For documents known to be errors see ``parse``."""
    if isinstance(doc, list):
        return next((found for found in map(of_document, doc) if found), None)
    if not isinstance(doc, dict):
        return None
    error = doc.get("error") or (isinstance(nested := doc.get("x_groq"), dict) and nested.get("error"))
    if error:
        return _of_error(error, doc)
    if isinstance(base := doc.get("base_resp"), dict) and base.get("status_code"):
        return _failure(base.get("status_msg"), base["status_code"], table="base_resp")
    if isinstance(response := doc.get("Response"), dict) and isinstance(inner := response.get("Error"), dict):
        return _failure(inner.get("Message"), inner.get("Code"))
    if doc.get("errors"):
        return _of_errors(doc["errors"], _status(doc))
    return None if doc.get("choices") else _of_flat(doc)


def _of_error(error: Any, doc: Json) -> Failure:
    if not isinstance(error, dict):
        message = error if isinstance(error, str) else orjson.dumps(error).decode()
        detail = doc.get("message") or doc.get("error_description")
        return _failure(f"{message}: {detail}" if detail else message, doc.get("code"), status=_status(doc))
    inner = error.get("message") or error.get("msg") or error.get("detail") or doc.get("message")
    return _failure(
        inner if inner else orjson.dumps(error).decode(),
        error.get("code"),
        error.get("type"),
        error.get("param"),
        more=(error.get("status"), doc.get("code")),
        status=_status(error) or _status(doc),
    )


def _of_errors(errors: Any, status: int | None) -> Failure:
    first = errors[0] if isinstance(errors, list) else errors
    if isinstance(first, dict):
        return _failure(first.get("message") or orjson.dumps(first).decode(), first.get("code"), status=status)
    return _failure(str(first), None, status=status)


def _of_flat(doc: Json) -> Failure | None:
    message = doc.get("message") or doc.get("msg") or doc.get("error_msg")
    code = doc.get("code", doc.get("error_code"))
    is_error = (
        doc.get("object") == "error"
        or doc.get("success") is False
        or (message and code not in _FINE_CODES)
        or "statusCode" in doc
    )
    if is_error:
        text, param = _message(message), doc.get("param")
        return _failure(text or orjson.dumps(doc).decode(), code, doc.get("type"), param, status=_status(doc))
    if doc.get("detail"):
        return _failure(_message(doc["detail"]), None, doc.get("type"), status=_status(doc))
    # A bare {"message": …} is an error only when nothing of an answer stands beside it.
    if message and doc.keys() <= {"message", "msg", "request_id", "requestId", "id"}:
        return _failure(_message(message), None)
    return None


def _message(told: Any) -> str:
    """A message that may be a text, a list of faults in fields, or an object around one of these."""
    if isinstance(told, dict):
        inner = told.get("detail") or told.get("message") or told.get("msg")
        return _message(inner) if inner else orjson.dumps(told).decode()
    if isinstance(told, list):
        return "; ".join(_field_fault(item) for item in told)
    return str(told or "")


def _field_fault(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    where = ".".join(str(step) for step in item.get("loc") or () if step != "body")
    what = str(item.get("msg") or item.get("message") or orjson.dumps(item).decode())
    return f"{where}: {what}" if where else what


def _failure(
    message: Any,
    code: Any,
    kind: Any = None,
    param: Any = None,
    *,
    more: tuple[Any, ...] = (),
    status: int | None = None,
    table: str = "",
) -> Failure:
    text = _message(message)
    trailing = _TRAILING_CODE.search(text)
    if trailing:
        table = "base_resp"
    words = (trailing and trailing.group(1), code, kind, *more)
    return Failure(
        text,
        code if isinstance(code, str) and code else None,
        kind if isinstance(kind, str) and kind else None,
        param if isinstance(param, str) and param else None,
        tuple(str(word) for word in words if isinstance(word, (str, int)) and word != ""),
        status if status is not None else _as_status(code),
        table,
    )


def _status(doc: Mapping[str, Any]) -> int | None:
    names = ("status_code", "statusCode", "http_code", "status")
    return next((found for found in (_as_status(doc.get(name)) for name in names) if found), None)


def _as_status(value: Any) -> int | None:
    """The HTTP status of a failure that a number or a text of digits is, or None."""
    digits = str(value)
    return int(digits) if digits.isdecimal() and len(digits) == 3 and "400" <= digits <= "599" else None


def extract(body: bytes) -> str:
    """A short readable piece of a body that is not JSON: an HTML page's title or text, without tags."""
    text = body[:20_000].decode("utf-8", "replace")
    title = _TITLE.search(text)
    text = title.group(1) if title and title.group(1).strip() else _TAG.sub(" ", text)
    text = " ".join(html.unescape(text).split())
    return text if len(text) <= EXTRACT_CHARS else text[:EXTRACT_CHARS] + "…"
