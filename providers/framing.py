"""Bytes to events, whatever the chunk borders: half a letter, CR apart from LF, a thousand events in one read.

Linear in the bytes received: pieces of an unfinished line are collected and joined once. Text is never decoded here,
and JSON is parsed only to tell where one document ends when a vendor left the usual marks out.
"""

import re
from collections.abc import Iterator
from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Event

MAX_LINE_BYTES: Final = 64 * 2**20
"""A line or an event longer than this is a fault of the upstream, not an answer."""

_BOM: Final = b"\xef\xbb\xbf"
_MOST_JUNK: Final = 100
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("|\\?$)', re.DOTALL)
"""A JSON text, or the beginning of one that its line does not end."""


def lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Each line without its end (LF, CRLF or CR), as soon as its end is in; an unfinished last line at the end.

    A byte order mark before the first line is removed. Raises MALFORMED past MAX_LINE_BYTES.
    """
    first = True
    for line in _split(chunks):
        yield line.removeprefix(_BOM) if first else line
        first = False


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pieces: list[bytes] = []
    size = 0
    after_cr = False
    for chunk in chunks:
        fresh = chunk.removeprefix(b"\n") if after_cr else chunk
        after_cr = after_cr and not chunk
        for piece in fresh.splitlines(keepends=True):
            line = piece.rstrip(b"\r\n")
            if len(line) == len(piece):
                pieces.append(piece)
                size += len(piece)
                _check_size(size)
            elif pieces:
                pieces.append(line)
                yield b"".join(pieces)
                pieces, size = [], 0
            else:
                yield line
            after_cr = piece.endswith(b"\r")
    if pieces:
        yield b"".join(pieces)


def _check_size(size: int) -> None:
    if size > MAX_LINE_BYTES:
        raise ProviderError(
            ErrorKind.MALFORMED, f"the upstream sent a line or an event of more than {MAX_LINE_BYTES} bytes"
        )


def ndjson(chunks: Iterator[bytes]) -> Iterator[Event]:
    """One ``BODY`` event per line that is not blank."""
    for line in lines(chunks):
        if line.strip():
            yield Event(BODY, line)


def whole(chunks: Iterator[bytes]) -> Iterator[Event]:
    """The whole reply as one ``BODY`` event; none when it is blank."""
    document = b"".join(chunks).removeprefix(_BOM).strip()
    if document:
        yield Event(BODY, document)


def frames(chunks: Iterator[bytes]) -> Iterator[Event]:
    """One ``BODY`` event per chunk, for transports whose chunks are whole messages."""
    for chunk in chunks:
        yield Event(BODY, chunk)


def sse(chunks: Iterator[bytes]) -> Iterator[Event]:
    """Server-sent events, read tolerantly; JSON without ``data:`` becomes a ``BODY`` event.

    An event is due at its blank line, at the next ``data:`` line when what it holds is already a whole JSON document
    (vendors that leave the blank line out), or at the end of the reply. Comments, ``id:`` and ``retry:`` are passed
    over, and so are events without data. A line ``error: {…}`` is an event of that name: some servers tell a failure
    so, before a ``[DONE]``. A reply that is neither SSE nor JSON comes out as one ``BODY`` event, so that its text can
    be told to the client.
    """
    reader = _SSE()
    for line in lines(chunks):
        yield from reader.feed(line)
    yield from reader.finish()


class _SSE:
    """Where one reply's reading stands. ``blankless`` is set once the vendor is seen to leave blank lines out."""

    def __init__(self) -> None:
        self.name = ""
        self.data = _Lines()
        self.bare = _Lines()
        self.junk: list[bytes] = []
        self.blankless = False

    def feed(self, line: bytes) -> Iterator[Event]:
        if line.startswith(b"data:"):
            yield from self._data(line[5:].lstrip())
        elif not line:
            yield from self._event()
        elif self.bare.lines or line[:1] in b"{[":
            yield from self._bare(line)
        elif line.startswith((b"error:{", b"error: {")):
            yield from self._event()
            yield Event("error", line[6:].lstrip())
        elif line.startswith(b"event:"):
            self.name = line[6:].strip().decode("utf-8", "replace")
        elif not line.startswith((b":", b"id:", b"retry:", b"data")):
            self._junk(line)

    def _data(self, payload: bytes) -> Iterator[Event]:
        if self.data.are_json() or (self.data.lines and payload.startswith(b"[DONE]")):
            self.blankless = True
            yield from self._event()
        if payload:
            self.data.add(payload)
        if self.blankless and self.data.are_json():
            yield from self._event()

    def _event(self) -> Iterator[Event]:
        if self.data.lines:
            self.junk.clear()
            yield Event(self.name, self.data.text())
            self.data = _Lines()
        self.name = ""

    def _bare(self, line: bytes) -> Iterator[Event]:
        """Collect a document that came without ``data:``. What turns out to be none is junk."""
        self.bare.add(line)
        if self.bare.are_json():
            if self.data.are_json():  # it came first, and its blank line was left out
                yield from self._event()
            yield Event(BODY, self.bare.text())
            self.bare = _Lines()
            self.junk.clear()
        elif self.bare.closed:
            for piece in self.bare.lines:
                self._junk(piece)
            self.bare = _Lines()

    def _junk(self, line: bytes) -> None:
        if len(self.junk) < _MOST_JUNK:
            self.junk.append(line)

    def finish(self) -> Iterator[Event]:
        yield from self._event()
        rest = self.bare.lines or self.junk
        if rest:
            yield Event(BODY, b"\n".join(rest))


class _Lines:
    """Lines that may be one JSON document. It ends where its first bracket is closed, and only there it is parsed.

    So each byte is looked at a fixed number of times, however often it is asked. ``closed`` tells that the end has
    come: whatever follows, these lines are a document now or never.
    """

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.closed = False
        self._size = 0
        self._counted = 0
        self._depth = 0

    def add(self, line: bytes) -> None:
        """One more line. Raises MALFORMED where they are larger than any answer."""
        self._size += len(line)
        _check_size(self._size)
        self.lines.append(line)

    def text(self) -> bytes:
        return b"\n".join(self.lines)

    def are_json(self) -> bool:
        if len(self.lines) == 1 and is_json(self.lines[0]):
            return True
        while self._counted < len(self.lines) and not self.closed:
            line = _STRING.sub(b"", self.lines[self._counted])
            self._depth += line.count(b"{") + line.count(b"[") - line.count(b"}") - line.count(b"]")
            self._counted += 1
            self.closed = self._depth <= 0
            if self.closed:
                return self._counted == len(self.lines) and is_json(self.text())
        return False


def is_json(text: bytes) -> bool:
    """Whether ``text`` is one whole JSON object or array."""
    if text[:1] not in (b"{", b"[") or text[-1:] not in (b"}", b"]"):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
