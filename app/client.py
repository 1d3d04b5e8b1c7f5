"""The client's end of the connection, looked at from below WSGI to see whether anybody is still there."""

import select
import socket
from typing import Final, Protocol

from gevent import monkey

_poll, _socket = monkey.get_original("select", "poll"), monkey.get_original("socket", "socket")
"""The plain ones: asked with no wait they never block, and gevent's own would switch greenlets."""

_LEFT: Final = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class HasFileno(Protocol):
    """Anything with a file descriptor."""

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""


class Client:
    """Who waits for the answer. Without a socket (another server than gunicorn) nobody is ever seen to leave."""

    def __init__(self, sock: HasFileno | None) -> None:
        self._sock = sock

    def gone(self) -> bool:
        """Whether the client has closed its side, also while bytes of a further request wait to be read."""
        if self._sock is None:
            return False
        descriptor = self._sock.fileno()
        if descriptor < 0:
            return True
        poller = _poll()
        poller.register(descriptor, _LEFT | select.POLLIN)
        events = poller.poll(0)
        if not events:
            return False
        return bool(events[0][1] & _LEFT) or _at_end(descriptor)


def _at_end(descriptor: int) -> bool:
    """Whether the next read would meet the end: for systems whose poll cannot tell."""
    if getattr(select, "POLLRDHUP", 0):
        return False
    with _socket(fileno=descriptor) as peeked:
        try:
            return not peeked.recv(1, socket.MSG_PEEK | getattr(socket, "MSG_DONTWAIT", 0))
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            peeked.detach()
