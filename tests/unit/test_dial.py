"""WebSockets through proxies: HTTP tunnels and SOCKS, with and without a password, and proxies that refuse."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from providers import dial
from providers.errors import ErrorKind, ProviderError
from providers.transport import transport_for
from providers.types import Secret, Timeouts, WireRequest
from tests.fakevendor.websocket import TEXT, Peer, PeerLeft, frame, serving
from tests.unit.proxying import Greeting, certificate, proxy, socks, tunnel

QUICK = Timeouts(connect_s=1, first_event_s=1, idle_s=1)


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
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_kinds_of_hosts(scheme: str, make: Callable[[str], Greeting], host: str) -> None:
    """Broken: an address is told to the proxy in a form it does not know."""
    seen: list[tuple[str, int]] = []
    written = f"[{host}]" if ":" in host else host
    with serving(hello) as server, proxy(make(""), seen) as port:
        assert through(f"{scheme}://127.0.0.1:{port}", server.port, f"ws://{written}") == [b"through"]
    assert seen[0][0].strip("[]") == host


@pytest.mark.parametrize(("user", "target"), [("", "refused.invalid"), ("me:pw", "vendor.invalid")])
def test_socks_refuses(user: str, target: str) -> None:
    """Broken: a SOCKS proxy that refuses the host, or wants a password where there is none, is believed to connect."""
    with proxy(socks(user), []) as port, pytest.raises(ProviderError, match="refused the connection"):
        through(f"socks5h://127.0.0.1:{port}", 9, f"ws://{target}")


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_proxy_hangs_up(scheme: str) -> None:
    """Broken: a proxy that closes without a word ends in a crash, or in no end."""
    with proxy(lambda _client: None, []) as port, pytest.raises(ProviderError) as caught:
        through(f"{scheme}://127.0.0.1:{port}", 9)
    assert caught.value.kind is ErrorKind.CONNECTION


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
    trusted, context = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(trusted))
    monkeypatch.setattr(dial, "trust", lambda: trusting)
    seen: list[tuple[str, int]] = []
    with serving(hello, context if inner == "wss" else None) as server, proxy(tunnel("me:pw"), seen, context) as port:
        address = f"https://me:pw@localhost:{port}"
        assert through(address, server.port, f"{inner}://localhost") == [b"through"]
    assert seen == [("localhost", server.port)]


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
