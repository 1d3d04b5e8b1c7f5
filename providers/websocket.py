"""WebSocket to one upstream through the same door as HTTP: one message up, the answer's messages as chunks.

The upgrade is asked for here, by plain HTTP; websocket-client reads and writes the frames after it. Its own handshake
would keep cookies for the whole process, follow redirects, heed ``no_proxy`` of the environment and lose the text of
refusals without a ``content-length``. Everything blocks, and under gevent that blocks one greenlet.
"""

import hashlib
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from websocket import (
    ABNF,
    WebSocket,
    WebSocketConnectionClosedException,
    WebSocketException,
    WebSocketTimeoutException,
)

from providers.dial import dial, faults, port_of
from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, Timeouts, WireReply, WireRequest

MAX_MESSAGE_BYTES: Final = 64 * 2**20
"""A message longer than this is a fault of the upstream, not an answer."""

_REFUSAL_BYTES: Final = 256 * 1024
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What the server must hash together with the client's key (RFC 6455)."""


class WebSocketTransport:
    """A WebSocket for each request. ``proxy_url`` is ``http``, ``https`` or ``socks5h``, user and password included."""

    def __init__(self, timeouts: Timeouts, proxy_url: Secret | None = None) -> None:
        self._timeouts = timeouts
        self._proxy = urlsplit(proxy_url.reveal()) if proxy_url else None

    def send(self, wire: WireRequest) -> WireReply:
        """The reply once the upgrade is answered; if it is granted, its status is 200 and the body has been sent.

        The body is the first message, as text; an empty one is none. ``chunks`` are whole messages, text as UTF-8,
        and end when the peer closes, whatever its reason. A refusal is a reply with its status, headers and body.
        Raises TIMEOUT when there is no answer within ``connect_s`` and CONNECTION when none is to be had. The chunks
        raise TIMEOUT without a message within ``first_event_s`` or a byte within ``idle_s``, INCOMPLETE when the
        connection breaks, MALFORMED for what is no WebSocket and for messages past MAX_MESSAGE_BYTES.
        """
        url, limit_s = urlsplit(wire.url), self._timeouts.connect_s
        deadline_s = time.monotonic() + limit_s
        sock = dial(url, self._proxy, limit_s)
        made = HTTPConnection(url.hostname or "", port_of(url))
        made.sock = sock
        try:
            sock.settimeout(max(0.05, deadline_s - time.monotonic()))
            answer = _upgraded(made, url, wire)
            if answer.status != 101:
                return _refusal(answer, made)
            stream = _Stream(made, sock, answer, self._timeouts)
            stream.say(wire.body)
            if wire.sent:
                wire.sent()
        except BaseException:
            # A greenlet that is killed here must not leave its socket to the garbage collector.
            made.close()
            sock.close()
            raise
        return WireReply(200, _headers(answer), stream.messages(), stream.close)

    def close(self) -> None:
        """Nothing is ever idle: a WebSocket closes with its reply."""


def _upgraded(made: HTTPConnection, url: SplitResult, wire: WireRequest) -> HTTPResponse:
    """The answer to the request for a WebSocket. Raises MALFORMED where it is no proper answer to that."""
    key = b64encode(os.urandom(16)).decode()
    headers = {
        "Host": url.netloc.rpartition("@")[2],
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
        "User-Agent": "simple-one-api",
        **wire.headers,
    }
    try:
        with faults(made.host):
            made.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""), headers=headers)
            answer = made.getresponse()
    except HTTPException:
        raise ProviderError(ErrorKind.CONNECTION, f"{made.host} does not speak HTTP") from None
    proof = b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()  # noqa: S324 - RFC 6455's choice
    proven = answer.headers.get("sec-websocket-accept", "").strip() == proof
    if answer.status < 300 and not (answer.status == 101 and proven):
        message = f"{made.host} answered with status {answer.status}, but not as a WebSocket"
        raise ProviderError(ErrorKind.MALFORMED, message)
    return answer


def _headers(answer: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _refusal(answer: HTTPResponse, made: HTTPConnection) -> WireReply:
    """The refused upgrade as a reply, its connection closed: the body of a refusal is short and is read at once."""
    body = bytearray()
    with suppress(HTTPException, OSError, ValueError):
        while len(body) < _REFUSAL_BYTES and (chunk := answer.read1(_REFUSAL_BYTES)):
            body += chunk
    answer.close()
    made.close()
    return WireReply(answer.status, _headers(answer), iter([bytes(body)]), made.close)


class _Stream:
    """An open WebSocket. For websocket-client it is the socket too: it clocks and counts what is read."""

    def __init__(self, made: HTTPConnection, sock: Any, answer: HTTPResponse, timeouts: Timeouts) -> None:
        self._host = made.host
        self._sock = sock
        self._answer = answer
        self._timeouts = timeouts
        self._deadline_s: float | None = time.monotonic() + timeouts.first_event_s
        self._taken_bytes = 0
        self._closed = False
        self._frames = WebSocket(enable_multithread=False, skip_utf8_validation=True, fire_cont_frame=True)
        self._frames.sock = self  # type: ignore[assignment] # it asks no more of a socket than stands below
        self._frames.connected = True

    def say(self, body: bytes) -> None:
        """Send ``body`` as the first message."""
        if body:
            with self._faults():
                self._sock.settimeout(self._timeouts.first_event_s)
                self._frames.send(body)

    def messages(self) -> Iterator[bytes]:
        """Each message as soon as its last frame is in."""
        with self._faults():
            while (message := self._message()) is not None:
                self._deadline_s = None
                yield message

    def _message(self) -> bytes | None:
        """The next message, or None when the peer has closed. Pings are answered on the way."""
        self._taken_bytes = 0
        pieces: list[bytes] = []
        while not self._closed:
            try:
                opcode, frame = self._frames.recv_data_frame()
            except WebSocketConnectionClosedException:
                return None
            except OSError:
                if self._frames.connected:
                    raise
                # The peer did not wait for the answer to its own goodbye.
                return None
            if opcode == ABNF.OPCODE_CLOSE:
                return None
            pieces.append(frame.data)
            if frame.fin:
                return b"".join(pieces)
        return None

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes, out of as few reads of the socket as possible; none at the end.

        Frames may have come in one packet with the answer: they wait in its buffer, not in the socket.
        """
        wait_s = self._timeouts.idle_s if self._deadline_s is None else self._deadline_s - time.monotonic()
        self._sock.settimeout(max(0.001, wait_s))
        buffer = self._answer.fp
        data = buffer.read1(size) if buffer.peek(1) else b""
        self._taken_bytes += len(data)
        if self._taken_bytes > MAX_MESSAGE_BYTES:
            raise ProviderError(ErrorKind.MALFORMED, f"{self._host} sent more than {MAX_MESSAGE_BYTES} bytes at once")
        return data

    def send(self, data: bytes) -> int:
        """Send all of ``data``."""
        self._sock.sendall(data)
        return len(data)

    def gettimeout(self) -> float | None:
        """The socket's timeout, in seconds."""
        timeout_s: float | None = self._sock.gettimeout()
        return timeout_s

    def close(self) -> None:
        """Say goodbye without waiting for an answer, and close. Works twice."""
        if self._frames.connected:
            with suppress(Exception):
                self._sock.settimeout(0)
                self._frames.send_close()
        self._frames.connected = False
        self._closed = True
        self._answer.close()
        self._sock.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn what can go wrong after the upgrade into ProviderError."""
        try:
            yield
        except (TimeoutError, WebSocketTimeoutException):
            raise ProviderError(ErrorKind.TIMEOUT, f"{self._host} sent nothing for too long") from None
        except WebSocketException:
            raise ProviderError(ErrorKind.MALFORMED, f"{self._host} broke the WebSocket protocol") from None
        except OSError:
            message = f"{self._host} closed the connection before its answer was complete"
            raise ProviderError(ErrorKind.INCOMPLETE, message) from None
