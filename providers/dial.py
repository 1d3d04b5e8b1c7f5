"""A connected socket: directly, through an HTTP tunnel or through SOCKS 5, with TLS where it is asked for.

By hand, since libraries leave a socket to the garbage collector when the greenlet that is connecting it is killed,
and the other side would go on working for a client that has left. Here every socket has an owner at every step.
"""

import ipaddress
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import SplitResult, unquote

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssltransport import SSLTransport

from providers.errors import ErrorKind, ProviderError

_PORTS: Final = {"ws": 80, "wss": 443, "http": 80, "https": 443, "socks5h": 1080}
_HEAD_BYTES: Final = 64 * 1024


def dial(url: SplitResult, proxy: SplitResult | None, limit_s: float, *, at: str = "") -> Any:
    """A socket to the host of ``url`` (``ws``, ``wss``, ``http`` or ``https``), its TLS done; a step takes ``limit_s``.

    ``proxy`` is ``http``, ``https`` or ``socks5h``, the host's name is left to it. Without one, ``at`` is the IP
    address to connect to where the name must not be resolved anew; the certificate is still checked by the name.
    Raises TIMEOUT and CONNECTION.
    """
    host = url.hostname or ""
    if url.scheme not in ("ws", "wss", "http", "https") or not host:
        raise ProviderError(ErrorKind.CONNECTION, "the upstream's address is not a URL that can be connected to")
    first = proxy or url
    sock: Any = None
    try:
        with faults(f"the proxy for {host}" if proxy else host):
            sock = socket.create_connection((at or first.hostname or "", port_of(first)), limit_s)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if proxy and proxy.scheme == "https":
                sock = _secured(sock, proxy.hostname or "")
            if proxy:
                (_socks if proxy.scheme.startswith("socks") else _tunnel)(sock, proxy, host, port_of(url))
        if url.scheme in ("wss", "https"):
            with faults(host):
                sock = _secured(sock, host)
    except BaseException:
        if sock is not None:
            sock.close()
        raise
    return sock


def port_of(url: SplitResult) -> int:
    """The port of a URL, its scheme's own when it names none."""
    return url.port or _PORTS[url.scheme]


def basic_auth(proxy: SplitResult) -> str:
    """The header value that names a proxy's user and password."""
    pair = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _secured(sock: Any, host: str) -> Any:
    """The socket with TLS on it. Closes it when that fails, however it fails."""
    try:
        if not isinstance(sock, socket.socket) or isinstance(sock, ssl.SSLSocket):
            return SSLTransport(sock, trust(), host)
        secured = trust().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    except BaseException:
        sock.close()
        raise
    try:
        secured.do_handshake()
    except BaseException:
        secured.close()
        raise
    return secured


@lru_cache(1)
def trust() -> ssl.SSLContext:
    """The authorities that HTTP trusts too, read once: reading them takes longer than a handshake."""
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)


def _tunnel(sock: Any, proxy: SplitResult, host: str, port: int) -> None:
    """Have an HTTP proxy connect ``sock`` to the host."""
    name = f"[{host}]" if ":" in host else host
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if proxy.username is not None:
        lines.append(f"Proxy-Authorization: {basic_auth(proxy)}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    head = bytearray()
    # Byte by byte: what follows the head belongs to the host.
    while not head.endswith(b"\r\n\r\n") and len(head) < _HEAD_BYTES:
        head += _exactly(sock, 1)
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        _refused(host)


def _socks(sock: Any, proxy: SplitResult, host: str, port: int) -> None:
    """Have a SOCKS 5 proxy connect ``sock`` to the host (RFC 1928, RFC 1929)."""
    user, password = unquote(proxy.username or "").encode(), unquote(proxy.password or "").encode()
    sock.sendall(b"\x05\x02\x00\x02" if user else b"\x05\x01\x00")
    method = _exactly(sock, 2)[1]
    if method == 2 and user:
        sock.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if _exactly(sock, 2)[1]:
            _refused(host)
    elif method:
        _refused(host)
    sock.sendall(b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big"))
    _, status, _, kind = _exactly(sock, 4)
    if status:
        _refused(host)
    _exactly(sock, {1: 4, 4: 16}.get(kind) or _exactly(sock, 1)[0])
    _exactly(sock, 2)


def _socks_address(host: str) -> bytes:
    """A host as SOCKS writes it: an address as bytes, a name as it is, for the proxy to resolve."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return b"\x03" + bytes([len(name)]) + name
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def _exactly(sock: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ConnectionResetError("closed")
        data += piece
    return data


def _refused(host: str) -> NoReturn:
    raise ProviderError(ErrorKind.CONNECTION, f"the proxy for {host} refused the connection")


@contextmanager
def faults(peer: str) -> Iterator[None]:
    """Turn what can go wrong with ``peer`` before anything of an answer is there into ProviderError."""
    try:
        yield
    except TimeoutError:
        raise ProviderError(ErrorKind.TIMEOUT, f"no connection to {peer} in time") from None
    except ssl.SSLError as error:
        late = "timed out" in str(error)
        kind = ErrorKind.TIMEOUT if late else ErrorKind.CONNECTION
        raise ProviderError(kind, f"no trusted TLS connection to {peer}{' in time' if late else ''}") from None
    except socket.gaierror:
        raise ProviderError(ErrorKind.CONNECTION, f"{peer}: the host name could not be resolved") from None
    except ConnectionRefusedError:
        raise ProviderError(ErrorKind.CONNECTION, f"{peer}: connection refused") from None
    except (OSError, ValueError):
        message = f"{peer}: the connection failed or was closed before an answer came"
        raise ProviderError(ErrorKind.CONNECTION, message) from None
