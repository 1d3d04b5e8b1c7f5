"""Failed calls: samples of a row's own error table out of the vector files, and what OpenAI itself says."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import orjson

from providers.errors import ProviderError
from providers.types import BODY, Event, Json
from providers.vendor import Vendor
from tests.fakevendor import replies
from tests.vectorfile import Case, cases


@dataclass(frozen=True, slots=True)
class Failed:
    """A reply that is an error: ``expected`` as a vector file tells, or ``seen``, the statuses a client may get."""

    name: str
    status: int
    body: Any
    expected: Json = field(default_factory=dict)
    seen: tuple[int, ...] = ()

    def error(self, row: Vendor) -> ProviderError:
        """What the row makes of it. Fails where that is no error."""
        data = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        if self.status >= 400:
            return row.fault(self.status, {}, data)
        try:
            list(row.decode(iter([Event(BODY, data)])))
        except ProviderError as error:
            return error
        raise AssertionError(f"{row.name} takes {self.name} for an answer")


def _openai(status: int, code: str, *seen: int, message: str = "told q7", type_: str = "") -> Failed:
    type_ = type_ or ("invalid_request_error" if status < 500 else "server_error")
    body = replies.error(message, type_, code or None)
    return Failed(f"openai {status} {code}", status, body, seen=seen)


_TOO_LONG: Final = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
OPENAI_ERRORS: Final = (
    _openai(400, "", 400),
    _openai(400, "context_length_exceeded", 400, message=_TOO_LONG),
    _openai(400, "content_filter", 400),
    _openai(401, "invalid_api_key", 502),
    _openai(404, "model_not_found", 404),
    _openai(429, "rate_limit_exceeded", 429, type_="requests"),
    _openai(429, "insufficient_quota", 429, type_="insufficient_quota"),
    _openai(500, "", 500, 502),
    _openai(503, "", 503),
    _openai(504, "", 504),
)
"""OpenAI's own errors, which every speaker of its wire, and every relay to it, may pass on."""

_PAGE: Final = b"<html><head><title>told q7</title></head><body>nginx</body></html>"
PAGES: Final = (
    Failed("page 502", 502, _PAGE),
    Failed("page 503", 503, _PAGE),
    Failed("page 504", 504, _PAGE),
    Failed("nothing 500", 500, b""),
)
"""What stands in front of a vendor and knows nothing of it. Every one of these is worth trying elsewhere."""


@cache
def _tables() -> dict[object, dict[str, Failed]]:
    """The first error of each (status, code) that the vector files list, by the function that reads them.

    Rows that share it share their table.
    """
    found: dict[object, dict[str, Failed]] = {}
    for parameter in cases("errors"):
        case: Case = parameter.values[0]
        told, expected = case.body["vendor"], case.body["openai"]
        word = f"{expected['status']} {expected.get('code') or expected['type']}"
        sample = Failed(f"{parameter.id} {word}", told["status"], told["body"], expected=expected)
        found.setdefault(case.vendor.fault, {}).setdefault(word, sample)
    return found


def samples(row: Vendor) -> tuple[Failed, ...]:
    """One failed call of each sort that is listed of a row, or of one that shares its table."""
    return tuple(_tables().get(row.fault, {}).values())
