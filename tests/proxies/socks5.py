"""A SOCKS5 proxy (RFC 1928, RFC 1929): no authentication or user and password; names are resolved here."""

import socket
import struct
from contextlib import AbstractContextManager
from typing import Final

from tests.proxies.server import Proxy, listening, read_exactly, tunnel

_NONE, _PASSWORD, _NO_METHOD = 0, 2, 255
_IPV4, _NAME, _IPV6 = 1, 3, 4
_OK: Final = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
_UNREACHABLE: Final = b"\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"


def socks5_proxy(
    user: str = "", password: str = "", names: dict[str, str] | None = None
) -> AbstractContextManager[Proxy]:
    """A running SOCKS5 proxy. In ``methods`` stands ``name`` or ``address``: what the client sent to be dialled."""
    return listening(_serve, Proxy(user=user, password=password, names=names or {}))


def _serve(client: socket.socket, proxy: Proxy) -> None:
    if not _greet(client, proxy):
        proxy.refused += 1
        return
    _, command, _, kind = read_exactly(client, 4)
    if command != 1:
        raise ValueError("only CONNECT is spoken here")
    host = _read_host(client, kind)
    (port,) = struct.unpack(">H", read_exactly(client, 2))
    proxy.methods.append("name" if kind == _NAME else "address")
    try:
        upstream = proxy.dial(host, port)
    except OSError:
        client.sendall(_UNREACHABLE)
        return
    with upstream:
        client.sendall(_OK)
        tunnel(client, upstream)


def _greet(client: socket.socket, proxy: Proxy) -> bool:
    """Agree on a method; whether the client may go on."""
    _, count = read_exactly(client, 2)
    wanted = _PASSWORD if proxy.user else _NONE
    if wanted not in read_exactly(client, count):
        client.sendall(bytes((5, _NO_METHOD)))
        return False
    client.sendall(bytes((5, wanted)))
    return not proxy.user or _check_password(client, proxy)


def _check_password(client: socket.socket, proxy: Proxy) -> bool:
    _, size = read_exactly(client, 2)
    user = read_exactly(client, size)
    password = read_exactly(client, read_exactly(client, 1)[0])
    good = f"{user.decode()}:{password.decode()}" == proxy.credentials
    client.sendall(bytes((1, 0 if good else 1)))
    return good


def _read_host(client: socket.socket, kind: int) -> str:
    if kind == _NAME:
        return read_exactly(client, read_exactly(client, 1)[0]).decode()
    family, size = (socket.AF_INET, 4) if kind == _IPV4 else (socket.AF_INET6, 16)
    return socket.inet_ntop(family, read_exactly(client, size))
