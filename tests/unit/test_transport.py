"""The transport against real sockets: what every way of failing becomes, and how soon bytes come through."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.transport import HTTPTransport, transport_for
from providers.types import Secret, Timeouts, WireRequest

QUICK = Timeouts(connect_s=0.5, first_event_s=0.3, idle_s=0.3)
Answer = Callable[[socket.socket], None]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """One connection's server: reads a request's head and body, then does what ``answer`` says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            data = b""
            while not (b"\r\n\r\n" in data and data.endswith(b"{}")) and not data.startswith(b"\x16"):
                data += connection.recv(65536)
            answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1?key=hidden"
    thread.join(5)
    listener.close()


def says(*pieces: bytes, pause_s: float = 0.0) -> Answer:
    def answer(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)

    return answer


def read(url: str, timeouts: Timeouts = QUICK) -> bytes:
    transport = HTTPTransport(timeouts)
    try:
        with closing(transport.send(WireRequest("POST", url, {"X-One": "1"}, b"{}"))) as reply:
            return b"".join(reply.chunks)
    finally:
        transport.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        says(HEAD, b"Content-Length: 5\r\n\r\n", b"hello"),
        says(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        says(HEAD, b"\r\n", b"hel", b"lo"),
    ],
    ids=["length", "chunked", "until close"],
)
def test_bodies(answer: Answer) -> None:
    """Broken: one of HTTP's three ways to end a body is misread."""
    with server(answer) as url:
        assert read(url) == b"hello"


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_bytes_come_through_at_once(framing: str) -> None:
    """Broken: a stream is held back until a buffer is full."""
    go = threading.Event()

    def answer(connection: socket.socket) -> None:
        if framing == "chunked":
            connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        else:
            connection.sendall(HEAD + b"\r\none")
        assert go.wait(5)
        connection.sendall(b"3\r\ntwo\r\n0\r\n\r\n" if framing == "chunked" else b"two")

    with server(answer) as url, closing(HTTPTransport(Timeouts()).send(WireRequest("POST", url, {}, b"{}"))) as reply:
        assert next(reply.chunks) == b"one"
        go.set()
        assert b"".join(reply.chunks) == b"two"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(pause_s=0.0), ErrorKind.CONNECTION),
        (says(b"", pause_s=0.5), ErrorKind.TIMEOUT),
        (says(HEAD + b"\r\n", b"", pause_s=0.5), ErrorKind.TIMEOUT),
        (says(HEAD + b"\r\nhi", b"", pause_s=0.5), ErrorKind.TIMEOUT),
        (says(HEAD + b"Content-Length: 50\r\n\r\nhello"), ErrorKind.INCOMPLETE),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), ErrorKind.INCOMPLETE),
        (says(b"nonsense\r\n\r\n"), ErrorKind.CONNECTION),
    ],
    ids=["closed", "no head", "no body", "silence", "short", "cut chunk", "no HTTP"],
)
def test_failures(answer: Answer, kind: ErrorKind) -> None:
    """Broken: a failure of the upstream has another name, hangs, or shows the URL's query."""
    with server(answer) as url, pytest.raises(ProviderError) as caught:
        read(url)
    assert caught.value.kind is kind
    assert "hidden" not in caught.value.message


def test_answer_that_comes_whole_may_take_its_time() -> None:
    """Broken: a plain answer that a model thinks about is given up as if a stream had stalled."""

    def answer(connection: socket.socket) -> None:
        time.sleep(0.4)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nhi")

    with server(answer) as url:
        transport = HTTPTransport(Timeouts(connect_s=1, first_event_s=0.1, idle_s=5))
        with closing(transport.send(WireRequest("POST", url, {}, b"{}", whole=True))) as reply:
            assert b"".join(reply.chunks) == b"hi"
        transport.close()


def test_sending_is_told_when_it_is_done() -> None:
    """Broken: a request counts from before its connection was open, or its body is sent in another way for that."""
    order: list[str] = []
    whole = threading.Event()

    def answer(connection: socket.socket) -> None:
        order.append("arrived")
        whole.wait(2)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")

    def sent() -> None:
        order.append("sent")
        whole.set()

    transport = HTTPTransport(QUICK)
    with server(answer) as url, closing(transport.send(WireRequest("POST", url, {}, b"{}", sent=sent))) as reply:
        assert b"".join(reply.chunks) == b"ok"
    transport.close()
    assert sorted(order) == ["arrived", "sent"] and whole.is_set()


def test_nobody_listens() -> None:
    """Broken: a refused connection has no name."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProviderError, match="refused") as caught:
        read(f"http://127.0.0.1:{port}/")
    assert caught.value.kind is ErrorKind.CONNECTION


def test_plain_server_where_tls_is_expected() -> None:
    """Broken: a TLS failure ends in a crash."""
    with server(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url, pytest.raises(ProviderError) as caught:
        read(url.replace("http:", "https:"))
    assert caught.value.kind is ErrorKind.CONNECTION


def test_proxy_that_is_not_there_hides_its_password() -> None:
    """Broken: a dead proxy ends in a crash, or its password in the message."""
    transport = HTTPTransport(QUICK, Secret("http://user:proxypass@127.0.0.1:9"))
    with pytest.raises(ProviderError) as caught:
        transport.send(WireRequest("POST", "http://example.invalid/", {}, b""))
    assert caught.value.kind is ErrorKind.CONNECTION
    assert "proxypass" not in caught.value.message


def test_unknown_host() -> None:
    """Broken: a name that does not resolve has no name as a failure."""
    with pytest.raises(ProviderError) as caught:
        read("http://nobody.invalid/")
    assert caught.value.kind is ErrorKind.CONNECTION


def test_close_works_twice() -> None:
    """Broken: closing a reply that is closed fails."""
    with server(says(HEAD + b"\r\nhi")) as url:
        reply = HTTPTransport(QUICK).send(WireRequest("POST", url, {}, b"{}"))
        assert next(reply.chunks) == b"hi"
        reply.close()
        reply.close()


@pytest.mark.parametrize(("rest", "reused"), [(b"0\r\n\r\n", True), (b"", False)], ids=["ended", "left open"])
def test_connection_is_kept_after_the_last_word(rest: bytes, reused: bool) -> None:
    """Broken: every stream costs a new connection, or a vendor that ends no stream holds the client up."""
    listener = socket.create_server(("127.0.0.1", 0))
    accepted = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            accepted.append(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                if line != b"\r\n":
                    continue
                assert reader.read(2) == b"{}"  # it may come in a segment of its own
                connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nDONE\r\n" + rest)

    threading.Thread(target=serve, daemon=True).start()
    transport = HTTPTransport(Timeouts())
    for _ in range(2):
        with closing(
            transport.send(WireRequest("POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, b"{}"))
        ) as reply:
            assert next(reply.chunks) == b"DONE"
            reply.settle()
    transport.close()
    listener.close()
    assert len(accepted) == (1 if reused else 2)


def test_unknown_transport() -> None:
    """Broken: a misspelt transport in a vendor's row is taken for HTTP."""
    with pytest.raises(ValueError, match="carrier pigeon"):
        transport_for("carrier pigeon", Timeouts(), None)
