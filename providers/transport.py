"""HTTP to upstreams. Sockets are opened here and, for WebSockets and images, in ``dial.py``, and nowhere else.

Everything here blocks; under gevent that blocks one greenlet.

No redirects, no cookies, no proxies or certificates from the environment. Every exception of the libraries below
becomes a ProviderError, and no message holds a URL's query or a proxy's password.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, Timeouts, WireReply, WireRequest
from providers.websocket import WebSocketTransport

READ_BYTES: Final = 64 * 1024
_POOL_SIZE: Final = 256
_SETTLE_S: Final = 0.05
_SETTLE_READS: Final = 4


class Transport(Protocol):
    """Sends requests to one upstream. ``send`` blocks until the answer's head is in, its chunks as they are read."""

    def send(self, wire: WireRequest) -> WireReply:
        """The reply. Raises ProviderError."""

    def close(self) -> None:
        """Close what is idle."""


def transport_for(kind: str, timeouts: Timeouts, proxy_url: Secret | None) -> Transport:
    """The transport that a vendor's ``transport`` field names."""
    if kind == "websocket":
        return WebSocketTransport(timeouts, proxy_url)
    if kind != "http":
        raise ValueError(f'no transport is called "{kind}"')
    return HTTPTransport(timeouts, proxy_url)


class HTTPTransport:
    """HTTP to one upstream through one pool of connections.

    ``proxy_url`` is ``http://``, ``https://`` or ``socks5h://`` with or without user and password.
    """

    def __init__(self, timeouts: Timeouts, proxy_url: Secret | None = None) -> None:
        self._timeouts = timeouts
        self._adapter = _Adapter(pool_connections=64, pool_maxsize=_POOL_SIZE, max_retries=0)
        self._proxies = {"http": proxy_url.reveal(), "https": proxy_url.reveal()} if proxy_url else {}

    def send(self, wire: WireRequest) -> WireReply:
        """The reply once its headers are in. The body comes as ``chunks``, each as soon as its bytes are.

        Raises TIMEOUT when there is no connection within ``connect_s`` or no byte within ``first_event_s`` (or
        ``idle_s``, if that is longer and the answer comes whole), CONNECTION when there is none to be had. The chunks
        raise TIMEOUT after ``idle_s`` without a byte and INCOMPLETE when the connection ends before the body does.
        """
        limits = self._timeouts
        first_s = max(limits.first_event_s, limits.idle_s) if wire.whole else limits.first_event_s
        deadline = time.monotonic() + first_s
        timeout = urllib3.Timeout(connect=limits.connect_s, read=first_s)
        with _faults(wire.url):
            response = self._adapter.send(
                _prepared(wire),
                stream=True,
                timeout=timeout,  # type: ignore[arg-type] # requests hands it on to urllib3; its stubs do not say so
                verify=True,
                proxies=self._proxies,
            )
        raw = response.raw
        headers = {name.lower(): value for name, value in response.headers.items()}
        return WireReply(
            response.status_code, headers, self._chunks(raw, wire.url, deadline), raw.close, partial(_settle, raw)
        )

    def _chunks(self, raw: urllib3.HTTPResponse, url: str, deadline: float) -> Iterator[bytes]:
        _set_timeout(raw, max(0.05, deadline - time.monotonic()))
        with _faults(url):
            chunk = raw.read1(READ_BYTES, decode_content=True)
            _set_timeout(raw, self._timeouts.idle_s)
            while chunk:
                yield chunk
                chunk = raw.read1(READ_BYTES, decode_content=True)

    def close(self) -> None:
        """Close the idle connections; those in use close with their replies."""
        self._adapter.close()


class _Adapter(HTTPAdapter):
    """The adapter without what only browsers need: looking a known pool up anew, and a jar for each reply's cookies.

    Measured: 15 % of the CPU that a plain call costs.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._pools: dict[str, Any] = {}

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """The pool for the request's origin; proxies and TLS settings are the same for all of one upstream's."""
        origin = "/".join(str(request.url).split("/", 3)[:3])
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = super().get_connection_with_tls_context(request, *args, **kwargs)
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """The reply's status, headers and stream."""
        response = requests.Response()
        response.status_code, response.headers, response.raw = resp.status, resp.headers, resp
        return response


def _prepared(wire: WireRequest) -> requests.PreparedRequest:
    """The request ready for an adapter, without the work that ``Request.prepare`` does for browsers' sake."""
    prepared = requests.PreparedRequest()
    prepared.method = wire.method
    prepared.url = wire.url
    prepared.body = wire.body
    if wire.sent and wire.body:
        prepared.body = _telling(wire.body, wire.sent)  # type: ignore[assignment] # urllib3 takes any pieces
    prepared.headers = CaseInsensitiveDict(wire.headers)
    prepared.headers["Content-Length"] = str(len(wire.body))
    # Compressed replies would be held back by the decoder until a block is full.
    prepared.headers["Accept-Encoding"] = "identity"
    prepared.headers.setdefault("User-Agent", "simple-one-api")
    return prepared


def _telling(body: bytes, sent: Callable[[], None]) -> Iterator[bytes]:
    """``body`` in one piece; the next one is asked for when it has been sent, and that is told."""
    yield body
    sent()


def _settle(raw: urllib3.HTTPResponse) -> None:
    """Read on to the end of the body, if that end is here already. Whatever goes wrong only costs the connection."""
    _set_timeout(raw, _SETTLE_S)
    try:
        for _ in range(_SETTLE_READS):
            if not raw.read1(READ_BYTES, decode_content=True):
                return
    except (urllib3.exceptions.HTTPError, OSError):
        return


def _set_timeout(raw: urllib3.HTTPResponse, seconds: float) -> None:
    """Set the read timeout of a reply under way.

    urllib3 offers no way to do this, and a reply that ends with its connection no longer knows its connection, so the
    socket is taken from below the buffered reader.
    """
    buffered: Any = getattr(raw._fp, "fp", None)
    sock = getattr(getattr(buffered, "raw", None), "_sock", None)
    if sock is not None:
        sock.settimeout(seconds)


@contextmanager
def _faults(url: str) -> Iterator[None]:
    """Turn what the libraries raise into ProviderError. The most exact classes come first: they are a family."""
    host = urlsplit(url).hostname or "?"
    try:
        yield
    except (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        raise ProviderError(ErrorKind.TIMEOUT, f"no connection to {host} in time") from None
    except (requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        raise ProviderError(ErrorKind.TIMEOUT, f"{host} sent nothing for too long") from None
    except requests.exceptions.ProxyError:
        raise ProviderError(ErrorKind.CONNECTION, f"the proxy for {host} refused or failed") from None
    except requests.exceptions.SSLError:
        raise ProviderError(ErrorKind.CONNECTION, f"no trusted TLS connection to {host}") from None
    except requests.exceptions.ConnectionError as error:
        raise ProviderError(ErrorKind.CONNECTION, f"{host}: {_reason(error)}") from None
    except (urllib3.exceptions.HTTPError, OSError):
        raise ProviderError(
            ErrorKind.INCOMPLETE, f"{host} closed the connection before its answer was complete"
        ) from None
    except (requests.exceptions.RequestException, ValueError) as error:
        raise ProviderError(ErrorKind.CONNECTION, f"{host}: {type(error).__name__}") from None


def _reason(error: requests.exceptions.ConnectionError) -> str:
    text = str(error)
    if "SOCKS5 authentication" in text:
        return "the proxy refused its user and password"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the host name could not be resolved"
    if "refused" in text:
        return "connection refused"
    return "the connection failed or was closed before an answer came"
