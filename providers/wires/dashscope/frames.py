"""Server-sent events whose HTTP status stands in a comment: ``:HTTP_STATUS/429``."""

from collections.abc import Iterator
from typing import Final

from providers import framing
from providers.types import Event

_STATUS: Final = b":HTTP_STATUS/"
ERROR: Final = "error"


def frame(chunks: Iterator[bytes]) -> Iterator[Event]:
    """The events of a stream; one with a failing status is named ``error 429``, so that the status is not lost."""
    return framing.sse(line + b"\n" for line in map(_told, framing.lines(chunks)))


def _told(line: bytes) -> bytes:
    status = line.removeprefix(_STATUS).strip()
    failed = line.startswith(_STATUS) and len(status) == 3 and status.isdigit() and status >= b"400"
    return b"event: error " + status if failed else line


def status_of(name: str) -> int:
    """The status in an event's name, 0 where there is none."""
    digits = name.removeprefix(ERROR).strip()
    return int(digits) if name.startswith(ERROR) and digits.isdecimal() else 0
