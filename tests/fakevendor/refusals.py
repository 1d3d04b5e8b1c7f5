"""Answers that say no: every error status in several shapes, and errors dressed as a 200."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from tests.fakevendor import replies
from tests.fakevendor.wire import Answer, Ask, document, framed, whole

STATUSES: Final = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)

_CODES: Final = {
    401: "invalid_api_key",
    404: "model_not_found",
    429: "rate_limit_exceeded",
    503: "server_is_overloaded",
}
PAGE: Final = b"<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


def say(status: int) -> str:
    """The vendor's own text for a status; tests look for it in what the client gets."""
    return f"the vendor says {status}"


def status_answer(status: int) -> Callable[[Ask], Answer]:
    """The answer function for one status.

    Parameters: ``retry_after`` (a header), ``code``, ``type``, ``text``, and ``shape``, one of ``openai``, ``string``,
    ``flat``, ``html``, ``empty``.
    """

    def answer(ask: Ask) -> Answer:
        headers = {"retry-after": ask.params["retry_after"]} if "retry_after" in ask.params else {}
        shape = ask.params.get("shape", "openai")
        if shape == "html":
            return whole(PAGE, status, "text/html", headers)
        if shape == "empty":
            return whole(b"", status, "text/plain", headers)
        return document(_body(ask, status, shape), status, headers)

    return answer


def _body(ask: Ask, status: int, shape: str) -> dict[str, Any]:
    text = ask.params.get("text", say(status))
    code = ask.params.get("code", _CODES.get(status))
    if shape == "string":
        return {"error": text}
    if shape == "flat":
        return {"code": code or status, "message": text}
    type_ = ask.params.get("type", "invalid_request_error" if status < 500 else "server_error")
    return replies.error(text, type_, code)


IN_200: Final[Mapping[str, Any]] = {
    "dict": replies.error("the vendor failed inside 200", "server_error", "internal_error"),
    "string": {"error": "the vendor failed inside 200"},
    "code": {"code": 50000, "message": "the vendor failed inside 200", "data": None},
}


def error_in_200(shape: str) -> Callable[[Ask], Answer]:
    """A 200 whose first event, or whose whole body, is an error."""

    def answer(ask: Ask) -> Answer:
        if not ask.stream:
            return document(IN_200[shape])
        return framed([replies.event(IN_200[shape])])

    return answer


def error_body_in_200(_ask: Ask) -> Answer:
    """A 200 that is a JSON error document, whatever was promised."""
    return document(IN_200["dict"])


def error_line_in_200(ask: Ask) -> Answer:
    """A stream whose only line is a bare JSON error without ``data:``."""
    if not ask.stream:
        return document(IN_200["dict"])
    return framed([orjson.dumps(IN_200["dict"]) + b"\n"])


def error_mid(ask: Ask) -> Answer:
    """Text, then an error event; with ``done=1`` a ``[DONE]`` after it, as if all were well."""
    if not ask.stream:
        return document(IN_200["dict"])
    end = [replies.DONE] if "done" in ask.params else []
    return framed([*replies.opening(ask), replies.event(IN_200[ask.params.get("shape", "dict")]), *end])


def html(_ask: Ask) -> Answer:
    """A web page with 200, as a captive portal or a wrong address gives."""
    return whole(PAGE, 200, "text/html")


def empty(_ask: Ask) -> Answer:
    """A 200 without a body."""
    return whole(b"")


def redirect(_ask: Ask) -> Answer:
    """A redirect, which would carry the key to wherever it points."""
    return whole(b"", 302, "text/html", {"location": "/elsewhere/v1/chat/completions"})


REFUSALS: Final[Mapping[str, Callable[[Ask], Answer]]] = {
    **{f"status-{status}": status_answer(status) for status in STATUSES},
    **{f"status-{status}": status_answer(status) for status in (402, 418)},
    **{f"error-200-{shape}": error_in_200(shape) for shape in IN_200},
    "error-200-body": error_body_in_200,
    "error-200-line": error_line_in_200,
    "error-mid": error_mid,
    "html-200": html,
    "empty-200": empty,
    "redirect-302": redirect,
}
