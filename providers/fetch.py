"""An image from an address that a client named, without letting the client reach what only the gateway can reach.

A room of its own beside ``transport.py``: upstreams are the operator's choice and may be anywhere, these hosts are a
stranger's. No cookies, no credentials, no connection used twice, no proxy but the one the upstream has; redirects are
followed by hand, so that each is judged anew. What may be called is said in ``addresses.py``.
"""

import io
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from providers import addresses, images
from providers.addresses import Place, Unfetchable
from providers.dial import basic_auth, dial
from providers.errors import ProviderError
from providers.types import Secret

MAX_REDIRECTS: Final = 3

_READ_BYTES: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_ADDRESSES: Final = 3
_LATE: Final = "its host did not answer in time"

_lookups: Final = threading.BoundedSemaphore(4)
"""Names looked up at the same time. A stranger's name server may let each wait; under gevent they share few threads
with the names of upstreams."""

Resolve = Callable[[str, int, float], list[str]]
"""(host, port, patience in seconds) to the host's IP addresses, none where it has none. Raises Unfetchable."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """``deadline_s`` is a time of the monotonic clock. ``allowed`` are hosts that may be anywhere (see ``place``)."""

    max_bytes: int
    deadline_s: float
    allowed: Collection[str] = ()

    def left_s(self) -> float:
        """The time that is left. Raises Unfetchable when none is."""
        left_s = self.deadline_s - time.monotonic()
        if left_s <= 0:
            raise Unfetchable(_LATE)
        return left_s


@dataclass(frozen=True, slots=True)
class Image:
    """An image as it came, and its media type as its bytes show it."""

    type: str
    data: bytes


def resolved(host: str, port: int, limit_s: float) -> list[str]:
    """The addresses of ``host`` as the system knows them, each once. Raises Unfetchable when they do not come in time.

    In a thread, since nothing else ends a lookup before its own patience does; it keeps its place among ``_lookups``
    until then, whether it is still waited for or not.
    """
    until_s = time.monotonic() + limit_s
    found: list[str] = []

    def look_up() -> None:
        with _lookups, suppress(OSError, UnicodeError):
            if time.monotonic() < until_s:
                found.extend(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        raise Unfetchable(_LATE)
    return list(dict.fromkeys(found))


def fetch(url: str, bounds: Bounds, proxy_url: Secret | None = None, resolve: Resolve = resolved) -> Image:
    """The image at ``url``. Raises Unfetchable, whose reason quotes nothing of what an answer said.

    ``proxy_url`` is as for ``HTTPTransport``. A proxy resolves the names itself, so that only literal addresses and
    names of inner networks are refused then; without one, each name is resolved once and the connection goes to an
    address that was looked at.
    """
    proxy = urlsplit(proxy_url.reveal()) if proxy_url else None
    for _ in range(MAX_REDIRECTS + 1):
        place = addresses.place(url, bounds.allowed)
        found = _visit(place, bounds, proxy, resolve)
        if isinstance(found, Image):
            return found
        try:
            url = urljoin(url, found)
        except ValueError:
            raise Unfetchable("it redirects to an address that is not well formed") from None
    raise Unfetchable(f"it redirects more than {MAX_REDIRECTS} times")


def _visit(place: Place, bounds: Bounds, proxy: SplitResult | None, resolve: Resolve) -> Image | str:
    """The image, or the address that the host sends on to."""
    with closing(_connected(place, bounds, proxy, resolve)) as sock, _faults():
        sock.settimeout(bounds.left_s())
        sock.sendall(_request(place, _forwarder(place, proxy)))
        answer = HTTPResponse(_Clocked(sock, bounds), method="GET")  # type: ignore[arg-type] # it calls makefile only
        with closing(answer):
            answer.begin()
            location = answer.headers.get("location")
            if answer.status in _REDIRECTS and location:
                # Header bytes are read as Latin-1, but meant as UTF-8.
                return str(location).encode("latin-1", "replace").decode("utf-8", "replace")
            return _image(answer, bounds.max_bytes)


def _forwarder(place: Place, proxy: SplitResult | None) -> SplitResult | None:
    """The proxy, where it is asked for the image itself: many refuse tunnels to hosts without TLS."""
    return proxy if proxy and place.scheme == "http" and not proxy.scheme.startswith("socks") else None


def _connected(place: Place, bounds: Bounds, proxy: SplitResult | None, resolve: Resolve) -> Any:
    """A socket to the place, or to the proxy that is asked for it."""
    if forwarder := _forwarder(place, proxy):
        return _dialled(forwarder, None, bounds.left_s())
    if proxy:
        return _dialled(place.url, proxy, bounds.left_s())
    found = [place.host] if place.is_literal else resolve(place.host, place.port, bounds.left_s())
    if not (found and place.vouched):
        addresses.check_public(*found)
    *others, last = found[:_MOST_ADDRESSES]
    for number, address in enumerate(others):
        with suppress(Unfetchable):
            # An address that does not answer must leave time for the next one.
            return _dialled(place.url, None, bounds.left_s() / (len(others) + 1 - number), address)
    return _dialled(place.url, None, bounds.left_s(), last)


def _dialled(url: SplitResult, proxy: SplitResult | None, limit_s: float, at: str = "") -> Any:
    try:
        return dial(url, proxy, limit_s, at=at)
    except ProviderError:
        # One text for all that can happen: the differences would tell of a vouched host's other services.
        raise Unfetchable("no trusted connection to its host could be made") from None


def _request(place: Place, proxy: SplitResult | None) -> bytes:
    """The request's bytes; ``proxy`` is the one that is asked to forward it, if there is one."""
    target = f"http://{place.authority}{place.path}" if proxy else place.path
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {place.authority}",
        "User-Agent: simple-one-api",
        "Accept: image/*",
        # What is compressed all the same is refused, so that nothing is ever unpacked.
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if proxy and proxy.username is not None:
        lines.append(f"Proxy-Authorization: {basic_auth(proxy)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _image(answer: HTTPResponse, max_bytes: int) -> Image:
    if answer.status != 200:
        raise Unfetchable(f"its host answered with status {answer.status}")
    if not answer.headers.get("content-type", "").strip().lower().startswith("image/"):
        raise Unfetchable("it is not served as an image")
    if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Unfetchable("it is compressed, which was not asked for")
    data = _body(answer, max_bytes)
    kind = images.media_type(data)
    if not kind:
        raise Unfetchable(f"it is no {images.KNOWN} image")
    return Image(kind, data)


def _body(answer: HTTPResponse, max_bytes: int) -> bytes:
    """The whole body. Raises Unfetchable as soon as it is known to be too long."""
    if (answer.length or 0) > max_bytes:
        raise _too_large(max_bytes)
    data = bytearray()
    while piece := answer.read(_READ_BYTES):
        data += piece
        if len(data) > max_bytes:
            raise _too_large(max_bytes)
    if answer.length:
        raise ConnectionResetError("closed")
    return bytes(data)


def _too_large(max_bytes: int) -> Unfetchable:
    return Unfetchable(f"it is larger than {max_bytes / 2**20:.3g} MiB")


class _Clocked(io.RawIOBase):
    """A socket as a response reads it: all reads together have until the deadline, however few bytes each brings."""

    def __init__(self, sock: Any, bounds: Bounds) -> None:
        self._sock = sock
        self._bounds = bounds

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The stream that an HTTPResponse reads and closes; the socket stays with its owner."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, at most the buffer's size."""
        self._sock.settimeout(self._bounds.left_s())
        count: int = self._sock.recv_into(buffer)
        return count


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what can go wrong with an answer into Unfetchable."""
    try:
        yield
    except TimeoutError:
        raise Unfetchable(_LATE) from None
    except (HTTPException, OSError, ValueError):
        raise Unfetchable("its host broke the answer off, or does not speak HTTP") from None
