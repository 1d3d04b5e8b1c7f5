"""HTTP as bytes: the pieces of a response, and an answer as a row of steps that the server plays."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import orjson


class End(Enum):
    """How an answer ends: FINISH closes after a whole answer, the others break one off; HOLD does so by silence."""

    FINISH = "finish"
    CLOSE = "close"
    RESET = "reset"
    HOLD = "hold"


Step = bytes | float | End
"""Bytes to send in one write, seconds to wait, or the end. Steps that run out leave the connection open for more."""

Answer = Iterable[Step]

LAST_CHUNK: Final = b"0\r\n\r\n"
EVENT_STREAM: Final = "text/event-stream"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Ask:
    """One checked request: which answer it wants and with which parameters."""

    model: str
    params: Mapping[str, str]
    stream: bool
    body: Mapping[str, Any]

    def number(self, name: str, default: float) -> float:
        """The parameter ``name`` as a number."""
        return float(self.params.get(name, default))


def head(status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A status line and headers with the blank line after them."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Odd"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def whole(
    body: bytes, status: int = 200, content_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Iterator[Step]:
    """An answer in one write with the right ``content-length``."""
    fields = {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}
    yield head(status, fields) + body


def document(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Iterator[Step]:
    """``value`` as JSON in one write."""
    return whole(orjson.dumps(value), status, JSON, headers)


def framed(payload: Answer, framing: str = "chunked", content_type: str = EVENT_STREAM) -> Iterator[Step]:
    """A body of several writes, ``chunked``, by ``length`` or ended by ``close``; an End among its steps cuts it."""
    steps = list(payload)
    yield head(200, {"content-type": content_type, "cache-control": "no-cache", **_framing_headers(steps, framing)})
    for step in steps:
        yield chunk(step) if isinstance(step, bytes) and framing == "chunked" else step
        if isinstance(step, End):
            return
    if framing == "chunked":
        yield LAST_CHUNK
    elif framing == "close":
        yield End.FINISH


def _framing_headers(steps: list[Step], framing: str) -> dict[str, str]:
    if framing == "chunked":
        return {"transfer-encoding": "chunked"}
    if framing == "close":
        return {"connection": "close"}
    return {"content-length": str(sum(len(step) for step in steps if isinstance(step, bytes)))}
