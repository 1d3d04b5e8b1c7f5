"""Proxies for tests, in threads: HTTP tunnels and SOCKS 5, with and without a password, and TLS in front of them."""

import ipaddress
import select
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
        size = {1: 4, 4: 16}.get(kind) or reader.read(1)[0]
        raw = reader.read(size)
        host = raw.decode() if kind == 3 else str(ipaddress.ip_address(raw))
        port = int.from_bytes(reader.read(2))
        if host == "refused.invalid":
            client.sendall(b"\x05\x02\x00\x01" + bytes(6))
            return None
        # The bound address may come as a name or in either kind of bytes.
        bound = {3: b"\x03\x01x", 1: b"\x01" + bytes(4), 4: b"\x04" + bytes(16)}[kind]
        client.sendall(b"\x05\x00\x00" + bound + bytes(2))
        return host, port

    return greet


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost, and a server's context with it."""
    certificate, key = folder / "c.pem", folder / "k.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
