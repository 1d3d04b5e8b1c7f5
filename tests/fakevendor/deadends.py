"""Addresses where nobody answers: a port that refuses, one that never accepts, one that accepts and never speaks."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_MOST_FILLERS: Final = 16


@contextmanager
def refusing() -> Iterator[int]:
    """A port that refuses connections: bound, so that nobody else gets it, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def never_speaking() -> Iterator[int]:
    """A port whose connections are made by the kernel and never read."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener.getsockname()[1]


@contextmanager
def never_connecting() -> Iterator[int]:
    """A port on which connecting hangs.

    The listener's queue is full, so Linux drops every further SYN, which a client sees as silence. It needs no address
    outside 127.0.0.1 and no rights; it does need ``tcp_abort_on_overflow`` to be 0, as it is by default.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(_MOST_FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
            _, connected, _ = select.select([], [filler], [], 0.05)
            if not connected:
                yield address[1]
                return
        raise AssertionError("the queue of the listener never filled up")
