"""The server's side of WebSockets, by plain sockets and threads, so that a test can do whatever a server may do."""

import hashlib
import socket
import ssl
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class PeerLeft(Exception):  # noqa: N818 - it is news, not an error
    """The other side closed its end."""


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """One frame as a server sends it."""
    first = bytes([(0x80 if fin else 0) | opcode])
    if len(payload) < 126:
        return first + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return first + b"\x7e" + struct.pack("!H", len(payload)) + payload
    return first + b"\x7f" + struct.pack("!Q", len(payload)) + payload


class Peer:
    """One accepted connection. Header names are lower case; ``query`` holds decoded values."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""
        line, _, rest = self._until(b"\r\n\r\n").decode().partition("\r\n")
        self.method, target, _ = line.split(" ")
        self.path, self.query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        pairs = (item.partition(":") for item in rest.split("\r\n"))
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _fill(self) -> None:
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            raise PeerLeft from None
        if not data:
            raise PeerLeft
        self._buffer += data

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._fill()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def accept(self, *more: bytes) -> None:
        """Grant the upgrade, with ``more`` in the same packet."""
        proof = b64encode(hashlib.sha1((self.headers["sec-websocket-key"] + GUID).encode()).digest()).decode()  # noqa: S324
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Sid: s\r\n"
        self.send(head.encode() + f"Sec-WebSocket-Accept: {proof}\r\n\r\n".encode() + b"".join(more))

    def refuse(self, status: int, body: bytes) -> None:
        """Answer with a status instead of the upgrade."""
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.send(head.encode() + body)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        try:
            self.sock.sendall(data)
        except ConnectionError:
            raise PeerLeft from None

    def say(self, text: str) -> None:
        """Send one message in one frame."""
        self.send(frame(TEXT, text.encode()))

    def goodbye(self, code: int = 1000) -> None:
        """Send a close frame."""
        self.send(frame(CLOSE, struct.pack("!H", code)))

    def hear(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame from the client. Raises PeerLeft, and AssertionError unmasked."""
        first, second = self._take(2)
        assert second & 0x80, "a client's frame is not masked"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._take(2 if size == 126 else 8))
        mask = self._take(4)
        payload = self._take(size)
        keys = (mask * (size // 4 + 1))[:size]
        return first & 0x0F, (int.from_bytes(payload) ^ int.from_bytes(keys)).to_bytes(size)

    def gone(self, within_s: float) -> bool:
        """Whether the other side closes the connection within so many seconds, politely or not."""
        self.sock.settimeout(within_s)
        with suppress(PeerLeft):
            try:
                while True:
                    self._fill()
            except TimeoutError:
                return False
        return True


@dataclass(slots=True)
class Server:
    """A listening server. ``failures`` are the exceptions of its handlers."""

    port: int
    failures: list[BaseException] = field(default_factory=list)
    accepted: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@contextmanager
def serving(handle: Callable[[Peer], None], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that lets ``handle`` serve each connection in a thread; what handlers raise is raised at the end."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = Server(listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def serve(sock: socket.socket) -> None:
        with suppress(PeerLeft, ssl.SSLError, ConnectionError), sock:
            sock.settimeout(20)
            peer = Peer(tls.wrap_socket(sock, server_side=True) if tls else sock)
            try:
                handle(peer)
            except AssertionError as error:
                server.failures.append(error)
            finally:
                peer.sock.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                server.accepted += 1
                threads.append(threading.Thread(target=serve, args=(sock,), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [acceptor, *threads]:
            thread.join(10)
    if server.failures:
        raise server.failures[0]
