"""An HTTP proxy: ``CONNECT`` for tunnels and absolute addresses for plain requests, with basic auth if wanted."""

import base64
import select
import socket
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import urlsplit

from tests.proxies.server import Proxy, listening, tunnel

_DENIED: Final = (
    b'HTTP/1.1 407 No\r\nproxy-authenticate: Basic realm="x"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
)
_UNREACHABLE: Final = b"HTTP/1.1 502 Unreachable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def http_proxy(
    user: str = "", password: str = "", names: dict[str, str] | None = None
) -> AbstractContextManager[Proxy]:
    """A running HTTP proxy."""
    return listening(_serve, Proxy(user=user, password=password, names=names or {}))


def _serve(client: socket.socket, proxy: Proxy) -> None:
    head, rest = _read_head(client, b"")
    if not _allowed(head, proxy):
        proxy.refused += 1
        client.sendall(_DENIED)
        _drain(client)
        return
    method, address, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
    proxy.methods.append(method)
    host, port = _target(method, address)
    try:
        upstream = proxy.dial(host, port)
    except OSError:
        client.sendall(_UNREACHABLE)
        return
    with upstream:
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            tunnel(client, upstream)
        else:
            _forward(client, upstream, head, rest)


def _target(method: str, address: str) -> tuple[str, int]:
    if method == "CONNECT":
        host, _, port = address.rpartition(":")
        return host, int(port)
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or 80


def _allowed(head: bytes, proxy: Proxy) -> bool:
    wanted = b"basic " + base64.b64encode(proxy.credentials.encode()).lower()
    return not proxy.user or b"proxy-authorization: " + wanted in head.lower()


def _read_head(sock: socket.socket, data: bytes) -> tuple[bytes, bytes]:
    """The next request's head, and what came after it."""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            raise EOFError
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _drain(client: socket.socket) -> None:
    """Read what is still coming: closing before would reset the connection, and the answer could be lost with it."""
    client.shutdown(socket.SHUT_WR)
    client.settimeout(2.0)
    while client.recv(65536):
        pass


def _forward(client: socket.socket, upstream: socket.socket, head: bytes, rest: bytes) -> None:
    """Pass on this request and further ones to the same target on the same connection, each in origin form."""
    while True:
        upstream.sendall(_origin_form(head) + rest)
        data = _pass_answers(client, upstream)
        if not data:
            return
        if b" http://" in data.split(b"\r\n", 1)[0]:
            head, rest = _read_head(client, data)
        else:
            head, rest = b"", data


def _pass_answers(client: socket.socket, upstream: socket.socket) -> bytes:
    """Pass on what the target says until the client speaks again: its bytes, or none when either side has closed."""
    while True:
        readable, _, _ = select.select([client, upstream], [], [], 10.0)
        if upstream in readable:
            answer = upstream.recv(65536)
            client.sendall(answer)
            if not answer:
                return b""
        if client in readable:
            return client.recv(65536)


def _origin_form(head: bytes) -> bytes:
    if not head:
        return head
    line, _, fields = head.partition(b"\r\n")
    method, address, version = line.split(b" ", 2)
    path = address.split(b"/", 3)[3] if address.count(b"/") > 2 else b""
    kept = [field for field in fields.split(b"\r\n") if not field.lower().startswith(b"proxy-")]
    return b" ".join((method, b"/" + path, version)) + b"\r\n" + b"\r\n".join(kept)
