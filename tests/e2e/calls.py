"""Requests at the level of bytes: exact paths, headers and bodies, arrival times of events, clients that hang up."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from typing import Any, Final

from tests.e2e.process import PROMPT, Gateway

MESSAGES: Final[list[dict[str, str]]] = [{"role": "user", "content": PROMPT}]
DONE: Final = b"data: [DONE]"
PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def id(self) -> str:
        """The gateway's name for the request."""
        return self.headers["x-request-id"]

    @property
    def error(self) -> dict[str, Any]:
        """The error object of the body, after a look at its shape."""
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}, error
        assert isinstance(error["message"], str) and error["message"] and isinstance(error["type"], str), error
        return dict(error)

    @property
    def events(self) -> list[bytes]:
        """The events of a stream."""
        assert self.headers["content-type"].startswith("text/event-stream"), (self.headers, self.body)
        return [event for event in self.body.split(b"\n\n") if event]

    @property
    def chunks(self) -> list[Any]:
        """The JSON of a stream's events, without comments and ``[DONE]``."""
        return [json.loads(event[6:]) for event in self.events if event.startswith(b"data: {")]


class Call:
    """One request under way, on a connection of its own."""

    def __init__(
        self,
        port: int,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "",
        context: SSLContext | None = None,
    ) -> None:
        if context:
            self._connection: HTTPConnection = HTTPSConnection("127.0.0.1", port, timeout=PATIENCE_S, context=context)
        else:
            self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._connection.request(method or ("GET" if body is None else "POST"), path, body, dict(headers or {}))
        self._response: HTTPResponse | None = None

    def head(self) -> HTTPResponse:
        """The answer as soon as its headers are in."""
        if self._response is None:
            self._response = self._connection.getresponse()
        return self._response

    def reply(self) -> Reply:
        """The whole answer; the connection is closed."""
        response = self.head()
        body = response.read()
        self.close()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def events(self) -> Iterator[tuple[float, bytes]]:
        """Each event with the time at which its end was in, in seconds of the monotonic clock."""
        response, data = self.head(), b""
        while piece := response.read1(65536):
            now = time.monotonic()
            *whole, data = (data + piece).split(b"\n\n")
            yield from ((now, event) for event in whole)

    def send(self, data: bytes) -> None:
        """Further bytes of the request, as they are."""
        self._connection.send(data)

    def hang_up(self) -> float:
        """Close in the middle of it; the time at which that was done."""
        now = time.monotonic()
        self.close()
        return now

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
        self._connection.close()


def bearer(key: str) -> dict[str, str]:
    """The headers of a JSON request with ``key``."""
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def chat_call(gateway: Gateway, model: str, *, stream: bool = False, key: str = "any", **fields: Any) -> Call:
    """A chat request that has been sent and not yet been answered."""
    asked = {"model": model, "messages": MESSAGES, **({"stream": True} if stream else {}), **fields}
    return Call(gateway.port, "/v1/chat/completions", json.dumps(asked).encode(), bearer(key))


def chat(gateway: Gateway, model: str, *, stream: bool = False, key: str = "any", **fields: Any) -> Reply:
    """The whole answer to a chat request."""
    return chat_call(gateway, model, stream=stream, key=key, **fields).reply()


def post(gateway: Gateway, path: str, asked: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """The whole answer to a POST of ``asked``: bytes as they are, anything else as JSON."""
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    return Call(gateway.port, path, body, headers or bearer("any")).reply()


def get(gateway: Gateway, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
    """The whole answer to a request without a body."""
    return Call(gateway.port, path, None, headers or bearer("any"), method=method).reply()


def exchange(gateway: Gateway, data: bytes) -> bytes:
    """What comes back for raw bytes until the gateway closes."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE_S) as sock:
        sock.sendall(data)
        received = bytearray()
        while piece := sock.recv(65536):
            received += piece
        return bytes(received)
