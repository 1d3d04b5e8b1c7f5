"""How WebSockets end: failures of the upstream, closing, killed greenlets, nobody there, nobody to be trusted."""

import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from providers import dial
from providers.errors import ErrorKind
from tests.fakevendor.websocket import PING, TEXT, Peer, frame, serving
from tests.unit.proxying import certificate
from tests.unit.talking import ask, kind_of, messages


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


def reset(peer: Peer) -> None:
    peer.accept(frame(TEXT, b"1"))
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def wrong_proof(peer: Peer) -> None:
    peer.headers["sec-websocket-key"] = "another"
    peer.accept()


FAILURES: list[tuple[str, Callable[[Peer], None], ErrorKind]] = [
    ("no answer", hold, ErrorKind.TIMEOUT),
    ("no message", after_upgrade(), ErrorKind.TIMEOUT),
    ("silence", after_upgrade(frame(TEXT, b"1")), ErrorKind.TIMEOUT),
    ("silence within a frame", after_upgrade(frame(TEXT, b"123")[:3]), ErrorKind.TIMEOUT),
    ("reset", reset, ErrorKind.INCOMPLETE),
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
        assert time.monotonic() - began < 1.0
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
    trusted, context = certificate(tmp_path)
    with serving(lambda peer: peer.accept(frame(TEXT, b"safe")), context) as server:
        named = f"wss://localhost:{server.port}"
        assert kind_of(named) is ErrorKind.CONNECTION
        trusting = ssl.create_default_context(cafile=str(trusted))
        monkeypatch.setattr(dial, "trust", lambda: trusting)
        assert messages(named) == [b"safe"]
        assert kind_of(f"wss://127.0.0.1:{server.port}") is ErrorKind.CONNECTION
