"""One accepted connection: reads requests, plays answers, and notices when the other side leaves too early."""

import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gevent import socket

from tests.fakevendor.journal import Entry
from tests.fakevendor.wire import Answer, End

HOLD_S: Final = 30.0
"""How long a silent answer is kept open when nobody ends it."""


class PeerLeft(Exception):  # noqa: N818 - it is news, not an error
    """The other side closed its end."""


@dataclass(frozen=True, slots=True)
class Request:
    """The bytes of one request, taken apart. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    arrived_s: float


Respond = Callable[[Request, int], tuple[Answer, Entry | None]]


class Connection:
    """Serves one socket until either side has had enough."""

    def __init__(self, sock: socket.socket, number: int, respond: Respond) -> None:
        self._sock = sock
        self._number = number
        self._respond = respond
        self._buffer = bytearray()

    def serve(self) -> None:
        """Answer requests one after another; returns when the connection is closed."""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(PeerLeft, OSError, ValueError):
            while self._answer_one():
                pass
        self._sock.close()

    def _answer_one(self) -> bool:
        """Whether the connection stays open for another request."""
        request = self._read_request()
        steps, entry = self._respond(request, self._number)
        try:
            end = self._play(steps)
        except (PeerLeft, OSError):
            if entry:
                entry.closed_by_peer_s = time.monotonic()
            raise
        if entry and end in (None, End.FINISH):
            entry.finished_s = time.monotonic()
        return end is None

    def _play(self, steps: Answer) -> End | None:
        """How the answer ended, None when its steps ran out."""
        for step in steps:
            if isinstance(step, End):
                self._end(step)
                return step
            self._take(step)
        return None

    def _take(self, step: bytes | float) -> None:
        if isinstance(step, bytes):
            self._sock.sendall(step)
        else:
            self._watch(step)

    def _end(self, end: End) -> None:
        if end is End.HOLD:
            self._watch(HOLD_S)
        if end is End.RESET:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def _watch(self, wait_s: float) -> None:
        """Wait, and raise PeerLeft as soon as the other side closes."""
        deadline_s = time.monotonic() + wait_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            self._sock.settimeout(left_s)
            try:
                self._receive()
            except TimeoutError:
                break
        self._sock.settimeout(None)

    def _receive(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise PeerLeft
        self._buffer += data

    def _read_request(self) -> Request:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._receive()
            if not self._buffer[:1].isalpha():
                raise ValueError("this is no HTTP; TLS perhaps")
        head = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        method, path, _ = head[0].split(" ", 2)
        pairs = (line.partition(":") for line in head[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        while len(self._buffer) < length:
            self._receive()
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return Request(method, path, headers, body, time.monotonic())
