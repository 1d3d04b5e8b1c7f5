"""What both proxies share: accepting in threads that end with the block, and passing bytes on."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

_PATIENCE_S: Final = 10.0


@dataclass(slots=True)
class Proxy:
    """A running proxy. ``targets`` lists ``host:port`` of each request it agreed to, ``refused`` counts the others.

    ``names`` are host names it resolves by itself, so that a test can see who resolves: nobody else knows them.
    """

    port: int = 0
    targets: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    refused: int = 0
    user: str = ""
    password: str = ""
    names: dict[str, str] = field(default_factory=dict)

    @property
    def credentials(self) -> str:
        """``user:password``, or an empty text where none are asked for."""
        return f"{self.user}:{self.password}" if self.user else ""

    def dial(self, host: str, port: int) -> socket.socket:
        """A connection to the target, which is written down. Raises OSError."""
        self.targets.append(f"{host}:{port}")
        return socket.create_connection((self.names.get(host, host), port), timeout=_PATIENCE_S)


Serve = Callable[[socket.socket, Proxy], None]


@contextmanager
def listening(serve: Serve, proxy: Proxy) -> Iterator[Proxy]:
    """``proxy`` at work; its threads and connections end with the block."""
    clients: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.settimeout(_PATIENCE_S)
                clients.append(client)
                threads.append(threading.Thread(target=_serve_one, args=(serve, client, proxy), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        proxy.port = listener.getsockname()[1]
        acceptor = threading.Thread(target=accept, args=(listener,), daemon=True)
        acceptor.start()
        try:
            yield proxy
        finally:
            for sock in (listener, *clients):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(_PATIENCE_S)


def _serve_one(serve: Serve, client: socket.socket, proxy: Proxy) -> None:
    with client, suppress(OSError, EOFError, ValueError):
        serve(client, proxy)


def read_exactly(sock: socket.socket, count: int) -> bytes:
    """``count`` bytes. Raises EOFError when there are fewer."""
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until one side closes; then close the other, as the end of the tunnel."""
    to = {one: other, other: one}
    while True:
        readable, _, _ = select.select([one, other], [], [], _PATIENCE_S)
        for sock in readable:
            data = sock.recv(65536)
            if not data:
                with suppress(OSError):
                    to[sock].shutdown(socket.SHUT_RDWR)
                return
            to[sock].sendall(data)
