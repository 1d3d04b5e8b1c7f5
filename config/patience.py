"""How long a client may take, and how many of them there may be: what gunicorn leaves open."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import gevent
from gunicorn.http.errors import ParseException

PIECE_BYTES: Final = 64 * 1024
MOST_FILES: Final = 65_536
MOST_CONNECTIONS: Final = 10_000
_RESERVE: Final = 256


class Patient:
    """A request's body, each piece of which has to arrive within ``limit_s``; ``read`` raises TimeoutError otherwise.

    A clock over the whole body would cut large ones on slow lines, and one between two bytes is never over while
    somebody sends one now and then. Raises ValueError where the body's framing is broken, which frameworks take for a
    fault of the client, unlike gunicorn's own exceptions. ``failed`` tells gunicorn that no other request can be read
    behind this one.
    """

    def __init__(self, body: Any, limit_s: float) -> None:
        self._body = body
        self._limit_s = limit_s
        self.failed = False

    def read(self, size: int | None = None) -> bytes:
        """Up to ``size`` bytes, less only at the end of the body."""
        left = sys.maxsize if size is None or size < 0 else size
        pieces: list[bytes] = []
        while left:
            asked = min(left, PIECE_BYTES)
            piece = self._piece(asked)
            pieces.append(piece)
            left -= len(piece)
            if len(piece) < asked:
                break
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        with self._watched():
            piece: bytes = self._body.read(size)
            return piece

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with gevent.Timeout(self._limit_s, TimeoutError("the body of the request did not arrive in time")):
                yield
        except ParseException as error:
            self.failed = True
            raise ValueError("the body of the request is badly framed") from error
        except BaseException:
            self.failed = True
            raise

    def readline(self, size: int | None = None) -> bytes:
        """The next line, or up to ``size`` bytes of it."""
        with self._watched():
            line: bytes = self._body.readline(size)
            return line

    def readlines(self, _hint: int | None = None) -> list[bytes]:
        """All lines."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line


def raised_files() -> int:
    """How many files a process may have open from now on, after asking for as many as it is allowed to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_FILES if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections(files: int) -> int:
    """How many clients one worker may be connected to where it may have ``files`` open: each may need an upstream."""
    return max(100, min(MOST_CONNECTIONS, (files - _RESERVE) // 2))
