"""WebSockets through proxies: HTTP tunnels and SOCKS, with and without a password, and proxies that refuse."""

import select
import socket
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from providers import dial
from providers.errors import ErrorKind, ProviderError
from providers.transport import transport_for
from providers.types import Secret, Timeouts, WireRequest
from tests.fakevendor.websocket import TEXT, Peer, PeerLeft, frame, serving

QUICK = Timeouts(connect_s=1, first_event_s=1, idle_s=1)
Greeting = Callable[[socket.socket], tuple[str, int] | None]


def relay(client: socket.socket, upstream: socket.socket) -> None:
    """Carry bytes both ways in one thread: two must not use one TLS connection at the same time."""
    sides = {client: upstream, upstream: client}
    while True:
        waiting = isinstance(client, ssl.SSLSocket) and client.pending()
        for source in [client] if waiting else select.select(list(sides), [], [], 10)[0]:
            data = source.recv(65536)
            if not data:
                return
            sides[source].sendall(data)


@contextmanager
def proxy(greet: Greeting, seen: list[tuple[str, int]], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A proxy on a port of its own that asks ``greet`` where to go, and goes to 127.0.0.1 whatever the name."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(accepted: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(accepted, server_side=True) if tls else accepted as client:
            client.settimeout(10)
            target = greet(client)
            if target is None:
                return
            seen.append(target)
            with socket.create_connection(("127.0.0.1", target[1]), 5) as upstream:
                relay(client, upstream)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def tunnel(user: str) -> Greeting:
    """An HTTP proxy that wants ``user:password``."""

    def greet(client: socket.socket) -> tuple[str, int] | None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        method, target, _ = head.decode().split("\r\n")[0].split(" ")
        assert method == "CONNECT"
        if user and f"basic {b64encode(user.encode()).decode()}" not in head.decode().replace("Basic", "basic"):
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return None
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = target.rpartition(":")
        return host, int(port)

    return greet


def socks(user: str) -> Greeting:
    """A SOCKS 5 proxy that wants ``user:password`` and takes host names only."""

    def greet(client: socket.socket) -> tuple[str, int] | None:
        reader = client.makefile("rb", 0)
        methods = reader.read(reader.read(2)[1])
        if not user:
            client.sendall(b"\x05\x00")
        elif b"\x02" in methods:
            client.sendall(b"\x05\x02")
            name = reader.read(reader.read(2)[1])
            password = reader.read(reader.read(1)[0])
            good = f"{name.decode()}:{password.decode()}" == user
            client.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return None
        else:
            client.sendall(b"\x05\xff")
            return None
        kind = reader.read(4)[3]
        assert kind == 3, "the name was resolved before it came to the proxy"
        host = reader.read(reader.read(1)[0]).decode()
        port = int.from_bytes(reader.read(2))
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return host, port

    return greet


def hello(peer: Peer) -> None:
    peer.accept(frame(TEXT, b"through"))
    with suppress(PeerLeft):
        peer.hear()
        peer.hear()


def through(proxy_url: str, port: int, origin: str = "ws://vendor.invalid") -> list[bytes]:
    transport = transport_for("websocket", QUICK, Secret(proxy_url))
    with closing(transport.send(WireRequest("GET", f"{origin}:{port}/chat", {}, b"{}"))) as reply:
        return [next(reply.chunks)]


WAYS = [("http", tunnel), ("socks5h", socks)]


@pytest.mark.parametrize(("scheme", "make"), WAYS, ids=["http", "socks5h"])
@pytest.mark.parametrize("user", ["", "me:p%40ss"], ids=["open", "password"])
def test_proxies(scheme: str, make: Callable[[str], Greeting], user: str) -> None:
    """Broken: a WebSocket goes past the proxy, or not through it with its password, or names are resolved here."""
    seen: list[tuple[str, int]] = []
    with serving(hello) as server, proxy(make(user.replace("%40", "@")), seen) as port:
        address = f"{scheme}://{user}{'@' if user else ''}127.0.0.1:{port}"
        assert through(address, server.port) == [b"through"]
    assert seen == [("vendor.invalid", server.port)]


@pytest.mark.parametrize(("scheme", "make"), WAYS, ids=["http", "socks5h"])
def test_wrong_password(scheme: str, make: Callable[[str], Greeting]) -> None:
    """Broken: a proxy's refusal ends in a crash, in a direct connection, or tells the password."""
    seen: list[tuple[str, int]] = []
    with proxy(make("me:right"), seen) as port, pytest.raises(ProviderError, match="proxy") as caught:
        through(f"{scheme}://me:wrongpass@127.0.0.1:{port}", 9)
    assert caught.value.kind is ErrorKind.CONNECTION
    assert "wrongpass" not in caught.value.message
    assert not seen


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_dead_proxy(scheme: str) -> None:
    """Broken: a proxy that is not there ends in a crash or a direct connection."""
    with pytest.raises(ProviderError, match="proxy") as caught:
        through(f"{scheme}://me:secret@127.0.0.1:9", 9)
    assert caught.value.kind is ErrorKind.CONNECTION


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_silent_proxy(scheme: str) -> None:
    """Broken: a proxy that says nothing is waited for without end."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ProviderError) as caught:
        through(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}", 9)
    assert caught.value.kind is ErrorKind.TIMEOUT


@pytest.mark.parametrize("inner", ["ws", "wss"])
def test_tls_to_the_proxy(inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a proxy that speaks TLS cannot be used, or is talked to in plain text."""
    context = certified(tmp_path, monkeypatch)
    seen: list[tuple[str, int]] = []
    with serving(hello, context if inner == "wss" else None) as server, proxy(tunnel("me:pw"), seen, context) as port:
        address = f"https://me:pw@localhost:{port}"
        assert through(address, server.port, f"{inner}://localhost") == [b"through"]
    assert seen == [("localhost", server.port)]


def certified(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context with a certificate for localhost, which is trusted from now on."""
    certificate, key = folder / "c.pem", folder / "k.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(dial, "trust", lambda: trusting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


KILLED = """
from gevent import monkey; monkey.patch_all()
import sys, gevent
from providers.types import Secret, Timeouts, WireRequest
from providers.transport import transport_for
transport = transport_for("websocket", Timeouts(), Secret(sys.argv[1]))
greenlet = gevent.spawn(transport.send, WireRequest("GET", "ws://vendor.invalid/", {}, b"{}"))
gevent.sleep(0.3)
assert not greenlet.ready()
greenlet.kill(timeout=0.2)
print("killed", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_killed_greenlet(scheme: str) -> None:
    """Broken: under gevent a greenlet killed while a proxy is silent leaves its connection open."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [sys.executable, "-c", KILLED, f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as process:
            assert process.stdout
            connection, _ = silent.accept()
            assert process.stdout.readline() == b"killed\n"
            connection.settimeout(1)
            while connection.recv(4096):
                pass
            connection.close()
            process.communicate(b"", timeout=5)
