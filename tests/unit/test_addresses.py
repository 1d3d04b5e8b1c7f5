"""Which addresses a client may make the gateway call: every way in that is known, refused by how it is written."""

import pytest

from providers.addresses import MAX_URL_CHARS, Place, Unfetchable, check_public, is_public, place

PRIVATE = "its host has no public address"
MALFORMED = "well formed"

HOSTILE = {
    # Schemes, forms, ports.
    "file:///etc/passwd": "not an http",
    "gopher://example.com/_x": "not an http",
    "ftp://example.com/a.png": "not an http",
    "data:image/png;base64,AAAA": "not an http",
    "//example.com/a.png": "not an http",
    "http:/127.0.0.1/": MALFORMED,
    "http://": MALFORMED,
    "http://example.com:22/": "port",
    "http://example.com:6379/": "port",
    "http://example.com:0/": "port",
    "http://example.com:99999/": MALFORMED,
    "http://example.com:x/": MALFORMED,
    "http://user@example.com/": "user name",
    "http://user:pw@example.com/": "user name",
    "http://example.com@127.0.0.1/": "user name",
    "http://example.com\\@127.0.0.1/": MALFORMED,
    "http://127.0.0.1\\.example.com/": MALFORMED,
    "http://example.com/a\r\nX-Evil: 1": MALFORMED,
    "http://exa\tmple.com/": MALFORMED,
    "http://127.0.0.1\x00.example.com/": MALFORMED,
    "http://exa mple.com/": MALFORMED,
    "http://%31%32%37.0.0.1/": MALFORMED,
    "http://example..com/": MALFORMED,
    f"http://{'a' * 64}.com/": MALFORMED,
    f"http://{'ä.' * 200}com/": MALFORMED,
    f"http://example.com/{'a' * MAX_URL_CHARS}": MALFORMED,
    # Addresses of the machine and its network.
    "http://127.0.0.1/": PRIVATE,
    "http://127.8.9.10/": PRIVATE,
    "http://127.0.0.1./": PRIVATE,
    "http://0.0.0.0/": PRIVATE,
    "http://0.1.2.3/": PRIVATE,
    "http://10.0.0.1/": PRIVATE,
    "http://172.16.0.1/": PRIVATE,
    "http://172.31.255.255/": PRIVATE,
    "http://192.168.1.1/": PRIVATE,
    "http://255.255.255.255/": PRIVATE,
    "http://224.0.0.1/": PRIVATE,
    "http://240.0.0.1/": PRIVATE,
    "http://198.18.0.1/": PRIVATE,
    "http://192.0.2.1/": PRIVATE,
    # Clouds.
    "http://169.254.169.254/latest/meta-data/": PRIVATE,
    "http://169.254.0.23/": PRIVATE,
    "http://100.100.100.200/latest/meta-data/": PRIVATE,
    "http://100.64.0.1/": PRIVATE,
    "http://192.0.0.192/": PRIVATE,
    "http://168.63.129.16/": PRIVATE,
    "http://[fd00:ec2::254]/": PRIVATE,
    "http://metadata.google.internal/": PRIVATE,
    "http://metadata/": PRIVATE,
    # The same in other words.
    "http://2130706433/": MALFORMED,
    "http://0x7f000001/": MALFORMED,
    "http://0x7f.1/": MALFORMED,
    "http://017700000001/": MALFORMED,
    "http://0177.0.0.1/": MALFORMED,
    "http://127.1/": MALFORMED,
    "http://127.0.1/": MALFORMED,
    "http://127.0.0.0x1/": MALFORMED,
    "http://1.2.3.4.5/": MALFORMED,
    "http://example.0x7f/": MALFORMED,
    "http://１２７.０.０.１/": PRIVATE,
    "http://①②⑦.0.0.1/": PRIVATE,
    "http://127。0。0。1/": PRIVATE,
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/": PRIVATE,
    # IPv6.
    "http://[::1]/": PRIVATE,
    "http://[::]/": PRIVATE,
    "http://[0:0:0:0:0:0:0:1]/": PRIVATE,
    "http://[fe80::1]/": PRIVATE,
    "http://[fe80::1%25eth0]/": PRIVATE,
    "http://[2606:4700::1%25eth0]/": PRIVATE,
    "http://[fc00::1]/": PRIVATE,
    "http://[ff02::1]/": PRIVATE,
    "http://[2001:db8::1]/": PRIVATE,
    "http://[::ffff:127.0.0.1]/": PRIVATE,
    "http://[::ffff:7f00:1]/": PRIVATE,
    "http://[::ffff:8.8.8.8]/": PRIVATE,
    "http://[::127.0.0.1]/": PRIVATE,
    "http://[64:ff9b::7f00:1]/": PRIVATE,
    "http://[64:ff9b:1::a00:1]/": PRIVATE,
    "http://[2002:7f00:1::]/": PRIVATE,
    "http://[2001::1]/": PRIVATE,
    "http://[::1/": MALFORMED,
    "http://::1/": MALFORMED,
    "http://[v1.x]/": MALFORMED,
    # Names that mean the inside.
    "http://localhost/": PRIVATE,
    "http://LOCALHOST./": PRIVATE,
    "http://foo.localhost/": PRIVATE,
    "http://redis/": PRIVATE,
    "http://nas.local/": PRIVATE,
    "http://router.lan/": PRIVATE,
    "http://1.0.0.127.in-addr.arpa/": PRIVATE,
}


@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_hostile(url: str) -> None:
    """Broken: an address that leads inside, or that readers of URLs read differently, is let through."""
    with pytest.raises(Unfetchable) as refused:
        place(url)
    assert HOSTILE[url] in refused.value.reason


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com", Place("http", "example.com", 80, "/")),
        ("HTTPS://Example.COM./A%20b?x=1#part", Place("https", "example.com", 443, "/A%20b?x=1")),
        ("https://img.example.com:8443/a.png", Place("https", "img.example.com", 8443, "/a.png")),
        ("http://example.com:443/a", Place("http", "example.com", 443, "/a")),
        ("https://my_bucket.example.com/é 图.png?q=ü", None),
        ("https://bücher.example/a", Place("https", "xn--bcher-kva.example", 443, "/a")),
        ("https://8.8.8.8/a", Place("https", "8.8.8.8", 443, "/a")),
        ("https://[2606:4700:0::1111]/a", Place("https", "2606:4700::1111", 443, "/a")),
    ],
)
def test_good(url: str, expected: Place | None) -> None:
    """Broken: an ordinary address is refused, or asked for in another form."""
    expected = expected or Place("https", "my_bucket.example.com", 443, "/%C3%A9%20%E5%9B%BE.png?q=%C3%BC")
    assert place(url) == expected


def test_authority() -> None:
    """Broken: the host is told in a form that servers do not know."""
    assert place("https://example.com/").authority == "example.com"
    assert place("http://example.com:8080/").authority == "example.com:8080"
    assert place("https://[2606:4700::1111]:8443/").authority == "[2606:4700::1111]:8443"


@pytest.mark.parametrize(
    ("url", "allowed", "good"),
    [
        ("http://minio:9000/a", ("minio:9000",), True),
        ("http://MINIO:9000/a", ("minio:9000",), True),
        ("http://minio:9001/a", ("minio:9000",), False),
        ("http://minio/a", ("minio:9000",), False),
        ("http://minio/a", ("minio",), True),
        ("http://minio:22/a", ("minio",), False),
        ("http://[::1]:9000/a", ("[::1]:9000",), True),
        ("http://[::1:9000]/a", ("[::1]:9000",), False),
        ("http://user@minio:9000/a", ("minio:9000",), False),
        ("file://minio/a", ("minio",), False),
    ],
)
def test_vouched(url: str, allowed: tuple[str, ...], good: bool) -> None:
    """Broken: a host of the operator's own cannot be had, or more than it is opened."""
    if good:
        assert place(url, allowed).vouched
        return
    with pytest.raises(Unfetchable):
        place(url, allowed)


def test_public_addresses() -> None:
    """Broken: what a resolver says is let through although it is no address of the public, or ordinary ones are not."""
    assert all(map(is_public, ("1.1.1.1", "172.32.0.1", "100.128.0.1", "223.255.255.255", "2606:4700::1111")))
    assert not any(map(is_public, ("", "example.com", "100.127.255.255", "2606:4700::1111%eth0", "fe80::1%2")))
    check_public("1.1.1.1", "8.8.8.8")
    for mixed in ((), ("1.1.1.1", "10.0.0.1")):
        with pytest.raises(Unfetchable, match=PRIVATE):
            check_public(*mixed)
