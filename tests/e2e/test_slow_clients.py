"""Clients that take their time: they end by themselves, tell who they are, and hold up nobody."""

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Final

import pytest

from tests.e2e.calls import MESSAGES, chat, exchange, get
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor.control import FakeVendor

pytestmark = pytest.mark.e2e

PATIENCE_S: Final = 2
CONNECTIONS: Final = 60
LARGE: Final = "ok?words=100000&gap=0.01"
HEAD: Final = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
KINDS: Final[dict[str, tuple[bytes, bytes]]] = {
    "nothing": (b"", b""),
    "headers": (HEAD, b"X-A: b\r\n" * 100),
    "body": (HEAD + b"Content-Length: 1000000\r\n\r\n{", b" " * 100),
    "chunked": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 100),
}
"""What a client sends at first, and then byte by byte."""


@pytest.fixture(scope="module")
def hasty(vendor: FakeVendor, lasting_gateway: StartGateway) -> Gateway:
    """A gateway that waits for no client longer than two seconds, and for few of them."""
    entry = {"server_url": vendor.url, "models": ["ok", LARGE], "credentials": {"api_key": "good-key-slow-clients"}}
    settings = f"--keep-alive {PATIENCE_S} --worker-connections {CONNECTIONS}"
    return lasting_gateway({"services": {"openai": [entry]}}, environ={"GUNICORN_CMD_ARGS": settings})


class Dripping:
    """A client that sends a byte now and then, until it is let go."""

    def __init__(self, port: int, kind: str) -> None:
        self.kind = kind
        self.received = b""
        self.ended = False
        first, rest = KINDS[kind]
        self._rest = iter(rest)
        self._sock = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._sock.sendall(first)
        self._sock.setblocking(False)

    def drip(self) -> None:
        """One more byte, and a look at what has come."""
        if self.ended:
            return
        try:
            if (byte := next(self._rest, None)) is not None:
                self._sock.send(bytes([byte]))
            while piece := self._sock.recv(65536):
                self.received += piece
        except BlockingIOError:
            return
        except OSError:
            pass
        self.ended = True
        self._sock.close()


def test_who_drips_is_let_go_and_holds_up_nobody(hasty: Gateway) -> None:
    """Broken: a few clients that send a byte now and then keep connections and memory for ever, or stop the others."""
    clients = [Dripping(hasty.port, kind) for kind in KINDS for _ in range(6)]
    began, waits_s = time.monotonic(), []
    while not all(client.ended for client in clients) and time.monotonic() - began < 5 * PATIENCE_S:
        for client in clients:
            client.drip()
        asked_s = time.monotonic()
        assert chat(hasty, "ok").status == 200
        waits_s.append(time.monotonic() - asked_s)
        time.sleep(0.1)
    assert [client.kind for client in clients if not client.ended] == []
    assert len(waits_s) > 10 and sorted(waits_s)[len(waits_s) // 2] < 0.5
    told = {client.kind: client.received for client in clients}
    assert told["nothing"] == told["headers"] == b""
    for kind in ("body", "chunked"):
        head, _, body = told[kind].partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ") and json.loads(body)["error"]["code"] == "request_timeout"
    assert hasty.log.count("status=408") == 12


def test_who_takes_nothing_is_let_go(hasty: Gateway, vendor: FakeVendor) -> None:
    """Broken: a client that asks and never reads keeps its upstream busy, and its slot, for ever."""
    mark = vendor.mark()
    body = json.dumps({"model": LARGE, "messages": MESSAGES, "stream": True}).encode()
    with socket.socket() as sock:
        # A small window, so that little fits into the buffers in between.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", hasty.port))
        sock.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        entry = vendor.wait_for(lambda entry: entry.closed_by_peer_s is not None, 20, since=mark, model=LARGE)
    assert entry.finished_s is None
    assert chat(hasty, "ok").status == 200


def test_the_idlest_makes_room(hasty: Gateway) -> None:
    """Broken: as many idle connections as one worker takes shut everybody else out until their time is over."""
    with ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", hasty.port), timeout=5))
        began = time.monotonic()
        assert chat(hasty, "ok").status == 200
        assert time.monotonic() - began < 0.8 * PATIENCE_S


IDLE: Final = 2000


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Permission for this process to have IDLE sockets open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY,) and hard < IDLE + 500:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_many_files")
def test_thousands_of_idle_clients(vendor: FakeVendor, gateway: StartGateway) -> None:
    """Broken: browsers that keep their connections shut everybody out, or the system's limit of 1024 files holds."""
    entry = {"server_url": vendor.url, "models": ["ok"], "credentials": {"api_key": "good-key-idle"}}
    started = gateway({"services": {"openai": [entry]}}, before_exec=_few_files)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(IDLE)]
        for number, client in enumerate(clients):
            client.settimeout(10)
            client.connect(("127.0.0.1", started.port))
            assert number % 10 or alive(client)
        for _ in range(10):
            assert chat(started, "ok").status == 200
        assert all(alive(client) for client in clients[::20])


def alive(client: socket.socket) -> bool:
    """Whether a connection takes requests."""
    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    received = b""
    while not received.endswith(b"}"):
        piece = client.recv(4096)
        if not piece:
            return False
        received += piece
    return received.startswith(b"HTTP/1.1 200 ")


def _few_files() -> None:
    """What a shell or a service manager allows by default."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))


ODD: Final[dict[str, tuple[bytes, int]]] = {
    "twice the same name": (
        b'{"model":"nobody","model":"ok","messages":[{"role":"user","content":"x"}],"messages":'
        b'[{"role":"user","role":"user","content":"last"}]}',
        200,
    ),
    "letters that are none": (b'{"model":"ok","messages":[{"role":"user","content":"\xff\xfe"}]}', 400),
    "half a pair": (rb'{"model":"ok","messages":[{"role":"user","content":"\udc00"}]}', 400),
    "deeper than any": (b'{"model":"ok","messages":' + b"[" * 200_000, 400),
    "deep, and whole": (b'{"model":"ok","x":' + b'{"x":' * 900 + b"1" + b"}" * 901, 400),
    "wide": (b'{"model":"ok","messages":[{"role":"user","content":"x"}],"x":[' + b"0," * 200_000 + b"0]}", 200),
    "a long number": (b'{"model":"ok","messages":[{"role":"user","content":"x"}],"x":' + b"9" * 100_000 + b"}", 400),
    "a long name": (b'{"model":"' + b"m" * 500_000 + b'","messages":[{"role":"user","content":"x"}]}', 400),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bodies(hasty: Gateway, name: str) -> None:
    """Broken: a body of an unusual kind is a 500, or takes the worker with it."""
    body, status = ODD[name]
    began = time.monotonic()
    received = exchange(
        hasty,
        HEAD + b"Content-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
    )
    head, _, answer = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), (head, answer[:300])
    assert json.loads(answer).get("error" if status >= 400 else "choices")
    assert time.monotonic() - began < 5 and len(received) < 20_000


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nX-Big: " + b"y" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda head: head[:60].decode("latin-1").strip(),
)
def test_what_is_no_proper_http(hasty: Gateway, head: bytes) -> None:
    """Broken: odd framing is carried out in one of its two readings, or ends with a traceback in the log."""
    with suppress(ConnectionResetError):
        received = exchange(hasty, head)
        assert not received or received.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), received[:200]
    assert get(hasty, "/healthz").status == 200
