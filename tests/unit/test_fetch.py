"""Images from addresses that clients name, over real sockets: what is called, what is believed, what is too much."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from providers import dial, fetch
from providers.addresses import Unfetchable
from providers.fetch import Bounds, Image
from providers.types import Secret
from tests.unit.hosting import PNG, Host, answer, hosting, redirect
from tests.unit.proxying import Greeting, certificate, proxy, socks, tunnel

PRIVATE = "its host has no public address"
LATE = "its host did not answer in time"


def bounds(*allowed: str, max_bytes: int = 64 * 1024, within_s: float = 5.0) -> Bounds:
    return Bounds(max_bytes, time.monotonic() + within_s, allowed)


def reason(url: str, told: Bounds, **more: object) -> str:
    with pytest.raises(Unfetchable) as refused:
        fetch.fetch(url, told, **more)  # type: ignore[arg-type]
    return refused.value.reason


class Names:
    """A resolver that gives one answer after the other, and notes what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int, _limit_s: float) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0)


def test_an_image() -> None:
    """Broken: an image is not got as it is, or more is said to its host than what is wanted."""
    with hosting({"/a%20b.png?x=1": answer(content_type="image/jpeg")}) as host:
        assert fetch.fetch(host.url("/a b.png?x=1#y"), bounds(host.name)) == Image("image/png", PNG)
    lines = host.heads[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b.png?x=1 HTTP/1.1"
    assert {line.split(":")[0] for line in lines[1:-2]} == {
        *("Host", "User-Agent", "Accept", "Accept-Encoding", "Connection")
    }
    assert f"Host: {host.name}" in lines and "Accept-Encoding: identity" in lines


KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff\xe0": "image/jpeg",
    b"GIF89a": "image/gif",
    b"RIFF\0\0\0\0WEBPVP8 ": "image/webp",
    b"BM" + bytes(12) + b"\x28\0\0\0": "image/bmp",
    b"II*\0": "image/tiff",
    b"\0\0\0\x18ftypheic": "image/heic",
    b"\0\0\0\x18ftypmif1": "image/heif",
    b"\0\0\0\x18ftypavif": "image/avif",
}


@pytest.mark.parametrize("head", KINDS, ids=KINDS.get)
def test_kinds(head: bytes) -> None:
    """Broken: a kind of image is told wrongly: what vendors are told must be what the bytes are."""
    with hosting({"/": answer(head + bytes(64), content_type="image/whatever; charset=x")}) as host:
        assert fetch.fetch(host.url("/"), bounds(host.name)).type == KINDS[head]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (answer(b"secret text"), "it is no PNG"),
        (answer(b"<svg/>", content_type="image/svg+xml"), "it is no PNG"),
        (answer(b"BMW is a maker of cars"), "it is no PNG"),
        (answer(b"\0\0\0\x18ftypisom"), "it is no PNG"),
        (answer(b""), "it is no PNG"),
        (answer(content_type="text/html"), "not served as an image"),
        (answer(content_type=""), "not served as an image"),
        (answer(content_type="application/octet-stream"), "not served as an image"),
        (answer(content_encoding="gzip"), "compressed"),
        (answer(content_encoding="br"), "compressed"),
        (answer(b"secret text", "404 Not Found"), "status 404"),
        (answer(b"secret text", "500 Oops"), "status 500"),
        (answer(status="206 Partial Content"), "status 206"),
        (answer(b"", "302 Found"), "status 302"),
        (answer(content_length=str(2**40)), "larger than 0.0625 MiB"),
        (answer(PNG * 40), "larger than 0.0625 MiB"),
        (answer(PNG * 40, content_length=""), "larger than 0.0625 MiB"),
        (answer(content_length=str(len(PNG) + 1)), "broke the answer off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n", "does not speak HTTP"),
        (b"", "does not speak HTTP"),
        (
            answer(b"5\r\n\x89PNG\r\nzz\r\n", content_length="", transfer_encoding="chunked"),
            "broke the answer off",
        ),
    ],
)
def test_bad_answers(told: bytes, why: str) -> None:
    """Broken: something that is no image, or too much of one, is taken; or its text is handed to the client."""
    with hosting({"/": told}) as host:
        said = reason(host.url("/"), bounds(host.name))
    assert why in said and "secret" not in said and "127.0.0.1" not in said


def test_chunked() -> None:
    """Broken: an image of unknown length is refused or cut."""
    body = f"{len(PNG):x}\r\n".encode() + PNG + b"\r\n0\r\n\r\n"
    with hosting({"/": answer(body, content_length="", transfer_encoding="chunked")}) as host:
        assert fetch.fetch(host.url("/"), bounds(host.name)).data == PNG


def endless(host: Host) -> Callable[[socket.socket], None]:
    """An answer without end, quick enough to fill a memory."""

    def serve(client: socket.socket) -> None:
        client.sendall(answer(b"", content_length=""))
        with suppress(OSError):
            while True:
                client.sendall(PNG)

    return serve


def test_an_endless_body_is_cut_off() -> None:
    """Broken: a body without end is read until the memory is full."""
    with hosting({}) as host:
        host.answers["/"] = endless(host)
        assert "larger" in reason(host.url("/"), bounds(host.name))


def drip(data: bytes, at_once: int) -> Callable[[socket.socket], None]:
    """The first bytes at once, then one now and then: each in time, all together too late."""

    def serve(client: socket.socket) -> None:
        client.sendall(data[:at_once])
        for byte in data[at_once:]:
            client.sendall(bytes([byte]))
            time.sleep(0.05)

    return serve


@pytest.mark.parametrize("at_once", [0, len(answer()) - 20], ids=["head", "body"])
def test_a_slow_host(at_once: int) -> None:
    """Broken: a host that sends a byte at a time keeps a request for as long as it likes."""
    with hosting({"/": drip(answer(), at_once)}) as host:
        assert reason(host.url("/"), bounds(host.name, within_s=0.2)) == LATE


def test_a_silent_host_and_a_late_start() -> None:
    """Broken: silence is waited for without end, or something is asked for after the deadline."""
    with hosting({"/": lambda client: client.recv(1)}) as host:
        assert reason(host.url("/"), bounds(host.name, within_s=0.1)) == LATE
        assert reason(host.url("/"), bounds(host.name, within_s=-1)) == LATE
    assert len(host.heads) == 1


def test_a_closed_port() -> None:
    """Broken: a refused connection is a crash, or tells more than that there is none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said = reason(f"http://127.0.0.1:{port}/", bounds(f"127.0.0.1:{port}"))
    assert said == "no trusted connection to its host could be made"


def test_the_socket_is_closed() -> None:
    """Broken: connections stay open after an image, or after a refusal."""
    ended = threading.Semaphore(0)

    def serve(told: bytes) -> Callable[[socket.socket], None]:
        def wait(client: socket.socket) -> None:
            client.sendall(told)
            if client.recv(1) == b"":
                ended.release()

        return wait

    with hosting({"/good": serve(answer()), "/bad": serve(answer(b"no"))}) as host:
        fetch.fetch(host.url("/good"), bounds(host.name))
        reason(host.url("/bad"), bounds(host.name))
        assert ended.acquire(timeout=3) and ended.acquire(timeout=3)


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_redirects(status: str) -> None:
    """Broken: an image that has moved is not found."""
    with hosting({"/a": redirect("b/c?d", status), "/b/c?d": answer()}) as host:
        assert fetch.fetch(host.url("/a"), bounds(host.name)).data == PNG
    assert len(host.heads) == 2


def test_too_many_redirects() -> None:
    """Broken: two hosts that send to one another keep the gateway busy for ever."""
    with hosting({"/": redirect("/")}) as host:
        assert reason(host.url("/"), bounds(host.name)) == "it redirects more than 3 times"
    assert len(host.heads) == 4


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://127.0.0.1/", PRIVATE),
        ("http://169.254.169.254/latest/meta-data/", PRIVATE),
        ("//[fd00:ec2::254]/", PRIVATE),
        ("http://[::ffff:10.0.0.1]/", PRIVATE),
        ("http://localhost/", PRIVATE),
        ("http://0x7f.1/", "not well formed"),
        ("http://example.com:22/", "port"),
        ("http://a@example.com/", "user name"),
        ("file:///etc/passwd", "not an http"),
        ("gopher://127.0.0.1:6379/_x", "not an http"),
        ("data:image/png;base64,AAAA", "not an http"),
        ("http://[::1", "not well formed"),
        ("\\\\127.0.0.1\\x", "not well formed"),
    ],
)
def test_redirects_are_judged_anew(location: str, why: str) -> None:
    """Broken: a public host sends the gateway to where a client could not."""
    with hosting({"/": redirect(location)}) as host:
        assert why in reason(host.url("/"), bounds(host.name))
    assert len(host.heads) == 1


def at_home(monkeypatch: pytest.MonkeyPatch, host: Host) -> list[tuple[str, int]]:
    """Let every connection end at ``host``; what was to be connected to comes back."""
    wanted: list[tuple[str, int]] = []
    create = socket.create_connection

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        wanted.append(address)
        return create(("127.0.0.1", host.port), timeout)

    monkeypatch.setattr(dial.socket, "create_connection", connect)
    return wanted


def test_a_name_is_resolved_once_and_the_address_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a name that is public when it is looked at may be private when it is connected to."""
    names = Names(["1.2.3.4"], ["127.0.0.1"])
    with hosting({"/a": answer()}) as host:
        wanted = at_home(monkeypatch, host)
        assert fetch.fetch("http://rebind.example/a", bounds(), resolve=names).data == PNG
    assert (names.asked, wanted) == (["rebind.example"], [("1.2.3.4", 80)])
    assert b"Host: rebind.example\r\n" in host.heads[0]


def test_the_second_answer_of_a_name_is_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: after a redirect to the same name its new address is not looked at."""
    names = Names(["1.2.3.4"], ["127.0.0.1"])
    with hosting({"/a": redirect("/b"), "/b": answer()}) as host:
        wanted = at_home(monkeypatch, host)
        assert reason("http://rebind.example/a", bounds(), resolve=names) == PRIVATE
    assert wanted == [("1.2.3.4", 80)]


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%2"],
        ["1.2.3.4", "192.168.0.1"],
        ["2606:4700::1111", "fd00::1"],
        [],
    ],
    ids=str,
)
def test_names_that_lead_inside(monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    """Broken: one private address among those of a name is enough to get inside."""
    with hosting({}) as host:
        wanted = at_home(monkeypatch, host)
        assert reason("https://inside.example/", bounds(), resolve=Names(found)) == PRIVATE
    assert not wanted and not host.heads


def test_literal_addresses_are_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: an address is looked up as if it were a name, and may become another one."""
    with hosting({"/": answer()}) as host:
        wanted = at_home(monkeypatch, host)
        fetch.fetch("http://[2606:4700::1111]/", bounds(), resolve=Names())
        fetch.fetch("http://1.2.3.4/", bounds(), resolve=Names())
    assert wanted == [("2606:4700::1111", 80), ("1.2.3.4", 80)]


def test_the_next_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a host whose first address does not answer is not reached at its others."""
    tried: list[str] = []
    create = socket.create_connection
    with hosting({"/": answer()}) as host:

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            tried.append(address[0])
            if address[0] != "1.1.1.3":
                raise OSError("unreachable")
            return create(("127.0.0.1", host.port), timeout)

        monkeypatch.setattr(dial.socket, "create_connection", connect)
        names = Names(["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"], ["1.1.1.1"])
        assert fetch.fetch("http://many.example/", bounds(), resolve=names).data == PNG
        assert tried == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]
        assert "no trusted connection" in reason("http://many.example/", bounds(), resolve=names)


def test_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Broken: the certificate is not checked, or by the address that is connected to instead of the name."""
    path, server = certificate(tmp_path)
    pinned = Names(["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"])
    with hosting({"/": answer()}, server) as host:
        allowed = bounds(f"localhost:{host.port}", f"other.example:{host.port}")
        url = f"https://localhost:{host.port}/"
        assert "no trusted connection" in reason(url, allowed, resolve=pinned)
        trusting = ssl.create_default_context(cafile=str(path))
        monkeypatch.setattr(dial, "trust", lambda: trusting)
        assert fetch.fetch(url, allowed, resolve=pinned).data == PNG
        assert "no trusted connection" in reason(f"https://other.example:{host.port}/", allowed, resolve=pinned)
    assert len(host.heads) == 1


def test_the_systems_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: names are not resolved at all, or twice, or a name that nobody has is a crash."""
    found = fetch.resolved("localhost", 80, 5)
    assert set(found) <= {"127.0.0.1", "::1"} and len(found) == len(set(found)) > 0

    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(fetch.socket, "getaddrinfo", unknown)
    assert fetch.resolved("unknown.example", 80, 5) == []


def test_a_resolver_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a name server that says nothing is waited for past the deadline, or takes all threads there are."""
    asleep = threading.Event()
    calls: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> list[object]:
        calls.append(host)
        asleep.wait(5)
        return []

    monkeypatch.setattr(fetch.socket, "getaddrinfo", getaddrinfo)
    try:
        for number in range(6):
            assert reason(f"http://slow{number}.example/", bounds(within_s=0.05)) == LATE
        assert calls == [f"slow{number}.example" for number in range(4)]
    finally:
        asleep.set()


ENVIRONMENT = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: an image is asked for by way of a proxy that nobody configured."""
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with hosting({"/": answer()}) as host:
        assert fetch.fetch(host.url("/"), bounds(host.name)).data == PNG


WAYS = {"http": tunnel, "https": tunnel, "socks5h": socks}


@pytest.mark.parametrize(("scheme", "make"), WAYS.items(), ids=WAYS)
def test_tunnels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str, make: Callable[[str], Greeting]) -> None:
    """Broken: the service's proxy is passed by, or the name is resolved here, where it may be unknown."""
    path, server = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(dial, "trust", lambda: trusting)
    seen: list[tuple[str, int]] = []
    outer = server if scheme == "https" else None
    with hosting({"/": answer()}, server) as host, proxy(make("me:pw"), seen, outer) as port:
        way = Secret(f"{scheme}://me:pw@localhost:{port}")
        told = bounds(f"localhost:{host.port}")
        assert fetch.fetch(f"https://localhost:{host.port}/", told, way, Names()).data == PNG
        assert seen == [("localhost", host.port)]
        wrong = Secret(f"{scheme}://me:no@localhost:{port}")
        said = reason(f"https://localhost:{host.port}/", told, proxy_url=wrong, resolve=Names())
        assert said == "no trusted connection to its host could be made"


def test_forwarding_proxy() -> None:
    """Broken: an HTTP proxy is asked for a tunnel without TLS, which many refuse, or not told its password."""
    with hosting({"http://img.example/a?b": answer(), "/x": answer(b"", "404 x")}) as host:
        way = Secret(f"http://me:p%40ss@127.0.0.1:{host.port}")
        assert fetch.fetch("http://img.example/a?b", bounds(), way, Names()).data == PNG
    head = host.heads[0]
    assert head.startswith(b"GET http://img.example/a?b HTTP/1.1\r\nHost: img.example\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in head


def test_forwarding_proxy_behind_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Broken: what is said to a proxy behind TLS, its password too, goes over the wire for all to read."""
    path, server = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(dial, "trust", lambda: trusting)
    with hosting({"http://img.example/": answer()}, server) as host:
        way = Secret(f"https://localhost:{host.port}")
        assert fetch.fetch("http://img.example/", bounds(), way, Names()).data == PNG


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "http://2130706433/",
        "http://localhost/",
        "http://redis/",
        "http://metadata.google.internal/",
    ],
)
def test_proxies_do_not_lead_inside(url: str) -> None:
    """Broken: by way of a proxy, which may stand inside, even literal private addresses are asked for."""
    with hosting({url: answer()}) as host:
        assert reason(url, bounds(), proxy_url=Secret(f"http://127.0.0.1:{host.port}"))
    assert not host.heads


def test_password_stays_here_without_forwarding() -> None:
    """Broken: the proxy's password is told to the image's host inside the tunnel."""
    seen: list[tuple[str, int]] = []
    with hosting({"/": answer()}) as host, proxy(socks("me:pw"), seen) as port:
        told = bounds(f"img.example:{host.port}")
        way = Secret(f"socks5h://me:pw@127.0.0.1:{port}")
        assert fetch.fetch(f"http://img.example:{host.port}/", told, way, Names()).data == PNG
    assert b"Authorization" not in host.heads[0] and host.heads[0].startswith(b"GET / HTTP/1.1\r\n")
