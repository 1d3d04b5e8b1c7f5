"""The WebSocket transport against real sockets: messages, refusals, timeouts, and the end of everything."""

from contextlib import closing

import pytest

from providers import websocket
from providers.errors import ErrorKind
from tests.fakevendor.websocket import BINARY, CLOSE, PING, PONG, TEXT, Peer, frame, serving
from tests.unit.talking import PATIENT, ask, kind_of, messages


def test_conversation() -> None:
    """Broken: the upgrade, the first message or the answer's messages are not what both sides mean."""

    def handle(peer: Peer) -> None:
        assert (peer.method, peer.path, peer.query) == ("GET", "/v1/chat", {"signature": "hidden"})
        assert peer.headers["x-one"] == "1"
        assert peer.headers["host"] == f"127.0.0.1:{server.port}"
        assert "cookie" not in peer.headers
        peer.accept()
        assert peer.hear() == (TEXT, "你好".encode() * 40_000)
        peer.say("eins")
        peer.send(frame(TEXT, b"zw", fin=False) + frame(PING, b"?") + frame(0, b"e", fin=False))
        peer.send(frame(0, "iß".encode()[:2], fin=False) + frame(0, "iß".encode()[2:]))
        assert peer.hear() == (PONG, b"?")
        peer.send(frame(BINARY, b"\x00\xff") + frame(TEXT, b""))
        peer.goodbye()
        assert peer.hear()[0] == CLOSE

    with serving(handle) as server, closing(ask(server.url, body="你好".encode() * 40_000)) as reply:
        assert (reply.status, reply.headers["x-sid"]) == (200, "s")
        assert list(reply.chunks) == [b"eins", "zweiß".encode(), b"\x00\xff", b""]


def test_frames_in_the_packet_of_the_upgrade() -> None:
    """Broken: what a server sends at once with its 101 is lost."""

    def handle(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"early"), frame(TEXT, b"bird" * 5000), frame(CLOSE, b""))

    with serving(handle) as server:
        assert messages(server.url) == [b"early", b"bird" * 5000]


def test_each_message_comes_at_once_and_byte_by_byte() -> None:
    """Broken: frames are misread when they come in the smallest pieces, or held back."""

    def handle(peer: Peer) -> None:
        peer.accept()
        for byte in frame(TEXT, "für 你".encode()) + frame(TEXT, b"x" * 300):
            peer.send(bytes([byte]))
        assert peer.hear()[0] == TEXT
        assert peer.gone(5)

    with serving(handle) as server, closing(ask(server.url)) as reply:
        assert next(reply.chunks) == "für 你".encode()
        assert next(reply.chunks) == b"x" * 300


def test_nothing_to_say() -> None:
    """Broken: an empty body is sent as an empty message."""

    def handle(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hi"))
        assert peer.hear()[0] == CLOSE

    with serving(handle) as server, closing(ask(server.url, body=b"")) as reply:
        assert next(reply.chunks) == b"hi"


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 15\r\n\r\n" + b'{"message":"x"}',
        b"Transfer-Encoding: chunked\r\n\r\n" + b'8\r\n{"messag\r\n7\r\ne":"x"}\r\n0\r\n\r\n',
        b"\r\n" + b'{"message":"x"}',
    ],
    ids=["length", "chunked", "until close"],
)
def test_refusal(answer: bytes) -> None:
    """Broken: the vendor's own text for a refused upgrade is lost."""

    def handle(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 401 Unauthorized\r\nServer: Kong\r\n" + answer)

    with serving(handle) as server, closing(ask(server.url)) as reply:
        assert (reply.status, reply.headers["server"]) == (401, "Kong")
        assert b"".join(reply.chunks) == b'{"message":"x"}'


def test_redirects_are_not_followed() -> None:
    """Broken: a redirect sends the signed request to another place."""

    def handle(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with serving(handle) as server:
        assert ask(server.url).status == 302
        assert server.accepted == 1


def test_cookies_are_not_kept() -> None:
    """Broken: what one reply's server sets is told to the next one's."""

    def handle(peer: Peer) -> None:
        assert "cookie" not in peer.headers
        peer.send(b"HTTP/1.1 401 No\r\nSet-Cookie: a=b; Domain=127.0.0.1\r\nContent-Length: 0\r\n\r\n")

    with serving(handle) as server:
        assert [ask(server.url).status for _ in range(2)] == [401, 401]


@pytest.mark.parametrize("code", [None, 1000, 1006, 1011])
def test_peer_closes(code: int | None) -> None:
    """Broken: a peer that closes, with or without a word, is an error by itself or leaves us hanging."""

    def handle(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"one"))
        peer.hear()
        if code not in (None, 1006):
            peer.goodbye(code)

    with serving(handle) as server:
        assert messages(server.url) == [b"one"]


def test_message_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a peer can fill the memory, with one frame or with many."""
    monkeypatch.setattr(websocket, "MAX_MESSAGE_BYTES", 100_000)

    def one(peer: Peer) -> None:
        peer.accept(b"\x81\x7f" + (1 << 40).to_bytes(8))
        while True:
            peer.send(b"x" * 65536)

    def many(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"x", fin=False))
        while True:
            peer.send(frame(0, b"x" * 1000, fin=False))

    for handle in (one, many):
        with serving(handle) as server:
            assert kind_of(server.url, PATIENT) is ErrorKind.MALFORMED


def test_large_messages() -> None:
    """Broken: one frame of a megabyte, or one in thousands of pieces, does not come through or takes too long."""
    piece = frame(0, b"y" * 100, fin=False)

    def handle(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"x" * 2**20))
        peer.send(frame(TEXT, b"", fin=False) + piece * 10_000 + frame(0, b""))
        peer.hear()
        peer.goodbye()

    with serving(handle) as server:
        assert messages(server.url) == [b"x" * 2**20, b"y" * 1_000_000]
