"""A small web server of images for tests, on 127.0.0.1, in threads: it answers each path as it is told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
"""As much of a PNG as anybody here looks at."""

Answer = bytes | Callable[[socket.socket], None]
"""All bytes of an answer, head included, or what is done with the connection in its stead."""


@dataclass(slots=True)
class Host:
    """The server; ``heads`` are the requests it got, in order, as bytes."""

    port: int
    answers: dict[str, Answer]
    heads: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``host:port``, as ``allow_hosts`` wants it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"


def answer(body: bytes = PNG, status: str = "200 OK", **headers: str) -> bytes:
    """An answer of ``image/png`` with its length, unless ``headers`` (with ``_`` for ``-``) say otherwise."""
    told = {"content-type": "image/png", "content-length": str(len(body))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    """An answer that sends on to another address."""
    return answer(b"", status, location=location, content_type="text/html")


@contextmanager
def hosting(answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None) -> Iterator[Host]:
    """A running server; paths that it does not know are 404."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Host(listener.getsockname()[1], dict(answers))
        threading.Thread(target=_accept, args=(listener, host, tls), daemon=True).start()
        try:
            yield host
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, host: Host, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_serve, args=(listener.accept()[0], host, tls), daemon=True).start()


def _serve(accepted: socket.socket, host: Host, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError), accepted, tls.wrap_socket(accepted, server_side=True) if tls else accepted as client:
        client.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        host.heads.append(head)
        path = head.split(b" ", 2)[1].decode()
        told = host.answers.get(path, answer(b"", "404 Not Found"))
        if callable(told):
            told(client)
        else:
            client.sendall(told)
