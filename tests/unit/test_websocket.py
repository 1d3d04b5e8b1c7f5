"""The WebSocket transport against real sockets: messages, refusals, timeouts, and the end of everything."""

import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from providers import dial, websocket
from providers.errors import ErrorKind, ProviderError
from providers.transport import transport_for
from providers.types import Timeouts, WireReply, WireRequest
from tests.fakevendor.websocket import BINARY, CLOSE, PING, PONG, TEXT, Peer, frame, serving

QUICK = Timeouts(connect_s=0.5, first_event_s=0.3, idle_s=0.3)
PATIENT = Timeouts(connect_s=5, first_event_s=5, idle_s=5)


def ask(url: str, timeouts: Timeouts = PATIENT, body: bytes = b"{}") -> WireReply:
    wire = WireRequest("GET", f"{url}/v1/chat?signature=hidden", {"X-One": "1"}, body)
    return transport_for("websocket", timeouts, None).send(wire)


def messages(url: str, timeouts: Timeouts = PATIENT) -> list[bytes]:
    with closing(ask(url, timeouts)) as reply:
        return list(reply.chunks)


def kind_of(url: str, timeouts: Timeouts = QUICK) -> ErrorKind:
    """What the failure is called; none may show the URL's query."""
    with pytest.raises(ProviderError) as caught:
        messages(url, timeouts)
    assert "hidden" not in caught.value.message
    return caught.value.kind


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


def hold(peer: Peer) -> None:
    assert peer.gone(5), "the client keeps a dead connection"


def after_upgrade(*data: bytes) -> Callable[[Peer], None]:
    def handle(peer: Peer) -> None:
        peer.accept(*data)
        hold(peer)

    return handle


def broken_off(peer: Peer) -> None:
    peer.accept(frame(TEXT, b"x" * 100)[:50])
    peer.hear()


def wrong_proof(peer: Peer) -> None:
    peer.headers["sec-websocket-key"] = "another"
    peer.accept()


FAILURES: list[tuple[str, Callable[[Peer], None], ErrorKind]] = [
    ("no answer", hold, ErrorKind.TIMEOUT),
    ("no message", after_upgrade(), ErrorKind.TIMEOUT),
    ("silence", after_upgrade(frame(TEXT, b"1")), ErrorKind.TIMEOUT),
    ("silence within a frame", after_upgrade(frame(TEXT, b"123")[:3]), ErrorKind.TIMEOUT),
    ("closed", lambda _peer: None, ErrorKind.CONNECTION),
    ("no HTTP", lambda peer: peer.send(b"nonsense\r\n\r\n"), ErrorKind.CONNECTION),
    ("plain 200", lambda peer: peer.refuse(200, b"<html>"), ErrorKind.MALFORMED),
    ("wrong proof", wrong_proof, ErrorKind.MALFORMED),
    ("reserved bits", after_upgrade(b"\xf1\x01x"), ErrorKind.MALFORMED),
    ("continuation of nothing", after_upgrade(frame(0, b"x")), ErrorKind.MALFORMED),
]


@pytest.mark.parametrize(("handle", "kind"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_failures(handle: Callable[[Peer], None], kind: ErrorKind) -> None:
    """Broken: a failure of the upstream has another name, hangs, or leaves the connection open."""
    began = time.monotonic()
    with serving(handle) as server:
        assert kind_of(server.url) is kind
    assert time.monotonic() - began < 2


def test_frame_that_breaks_off() -> None:
    """Broken: half a message is handed on as a whole one."""
    with serving(broken_off) as server:
        assert messages(server.url) == []


def test_pings_do_not_put_off_the_first_message() -> None:
    """Broken: a server that only pings is waited for without end."""

    def handle(peer: Peer) -> None:
        peer.accept()
        for _ in range(40):
            peer.send(frame(PING, b""))
            time.sleep(0.05)

    with serving(handle) as server:
        assert kind_of(server.url) is ErrorKind.TIMEOUT


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


def test_close_works_twice_and_does_not_wait() -> None:
    """Broken: closing waits for a peer that reads nothing, or fails the second time."""

    def handle(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hi"), *[frame(TEXT, b"x" * 60_000)] * 200)
        hold(peer)

    with serving(handle) as server:
        reply = ask(server.url)
        assert next(reply.chunks) == b"hi"
        began = time.monotonic()
        reply.close()
        reply.close()
        assert time.monotonic() - began < 0.2
        with pytest.raises(StopIteration):
            next(reply.chunks)


KILLED = """
from gevent import monkey; monkey.patch_all()
import sys, gevent
from providers.types import Timeouts, WireRequest
from providers.transport import transport_for
from contextlib import closing
def run():
    wire = WireRequest("GET", sys.argv[1], {}, b"{}")
    with closing(transport_for("websocket", Timeouts(), None).send(wire)) as reply:
        for chunk in reply.chunks:
            pass
greenlet = gevent.spawn(run)
gevent.sleep(0.4)
assert not greenlet.ready()
greenlet.kill(timeout=0.2)
assert greenlet.ready()
print("killed", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "stage", ["before the upgrade", "before the first message", "between messages", "within a frame"]
)
def test_killed_greenlet(stage: str) -> None:
    """Broken: under gevent a killed greenlet leaves its upstream connection open."""

    def handle(peer: Peer) -> None:
        if stage != "before the upgrade":
            peer.accept()
            peer.hear()
        if stage == "between messages":
            peer.say("one")
        if stage == "within a frame":
            peer.send(frame(TEXT, b"one")[:3])
        assert peer.gone(3)
        seen.append(time.monotonic())

    seen: list[float] = []
    with (
        serving(handle) as server,
        subprocess.Popen(
            [sys.executable, "-c", KILLED, f"{server.url}/"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        ) as process,
    ):
        assert process.stdout
        assert process.stdout.readline() == b"killed\n"
        killed = time.monotonic()
        while not seen and time.monotonic() - killed < 3:
            time.sleep(0.01)
        assert seen and seen[0] - killed < 1
        process.communicate(b"", timeout=5)
        assert process.returncode == 0


def test_nobody_there() -> None:
    """Broken: a refused connection, an unknown host or another scheme ends in a crash."""
    with serving(hold) as server:
        pass
    assert kind_of(server.url) is ErrorKind.CONNECTION
    assert kind_of("ws://nobody.invalid") is ErrorKind.CONNECTION
    assert kind_of("https://127.0.0.1:9") is ErrorKind.CONNECTION


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a certificate nobody vouches for, or one for another host, is believed; or a good one is not."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(lambda peer: peer.accept(frame(TEXT, b"safe")), context) as server:
        named = f"wss://localhost:{server.port}"
        assert kind_of(named) is ErrorKind.CONNECTION
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(dial, "trust", lambda: trusting)
        assert messages(named) == [b"safe"]
        assert kind_of(f"wss://127.0.0.1:{server.port}") is ErrorKind.CONNECTION
