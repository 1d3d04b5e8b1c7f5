"""Which addresses the gateway may call because a client named them: those of the public internet, and no others.

Pure: a name is judged by how it is written, an address by the registries of special purposes; nothing is resolved.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

PORTS: Final = frozenset({80, 443, 8080, 8443})
"""Where web servers listen. With any other port, public hosts could be searched for services by way of the gateway."""

MAX_URL_CHARS: Final = 8192

_CLOSED_4: Final = tuple(
    IPv4Network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        # Carrier-grade NAT, where Alibaba keeps its metadata too (100.100.100.200).
        "100.64.0.0/10",
        # Link-local, where most clouds keep their metadata (169.254.169.254).
        "169.254.0.0/16",
        # A public address by the registry, but Azure's own services for each machine.
        # Source: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16, checked 2026-08.
        "168.63.129.16/32",
        # Protocol assignments, documentation, the relays of 6to4, benchmarks.
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        # Multicast, reserved, broadcast.
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""Source: https://www.iana.org/assignments/iana-ipv4-special-registry, checked 2026-08."""

_OPEN_6: Final = IPv6Network("2000::/3")
"""All that is assigned to the public; it leaves out loopback, unique local (fd00:ec2::254), link-local and multicast
addresses, and those that hold an IPv4 address (::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48)."""

_CLOSED_6: Final = tuple(
    # Protocol assignments with Teredo, documentation, 6to4, documentation.
    IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Source: https://www.iana.org/assignments/iana-ipv6-special-registry, checked 2026-08."""

_NAME_CHARS: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INNER: Final = frozenset(
    {
        *("localhost", "localdomain", "local", "internal", "intranet"),
        *("private", "corp", "home", "lan", "arpa"),
    }
)
"""Last parts of names that mean something in one's own network only, or nothing."""

_NOT_PUBLIC: Final = "its host has no public address"
"""The same words for a name that is unknown and for one that leads inside: which names exist inside is not told."""

_MALFORMED: Final = "its host is not well formed"


class Unfetchable(Exception):  # noqa: N818 - it names what the address is
    """The address cannot be fetched. ``reason`` goes on after "the image … cannot be fetched: " and tells no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask for what: ``path`` is ASCII and holds the query. ``vouched`` is an operator's word for the host."""

    scheme: str
    host: str
    port: int
    path: str
    vouched: bool = False

    @property
    def authority(self) -> str:
        """The host as the ``Host`` header has it."""
        name = _bracketed(self.host)
        return name if self.port == _own_port(self.scheme) else f"{name}:{self.port}"

    @property
    def url(self) -> SplitResult:
        """The address that is left when path and query are taken away."""
        return SplitResult(self.scheme, self.authority, "", "", "")

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address and not a name."""
        return _literal(self.host) is not None


def place(url: str, allowed: Collection[str] = ()) -> Place:
    """The place that ``url`` means. Raises Unfetchable where its form alone forbids it.

    ``allowed`` are hosts that may be anywhere, as ``host`` or ``host:port``, in lower case, IPv6 addresses in brackets.
    Ports other than PORTS are free only where they are named.
    """
    if len(url) > MAX_URL_CHARS or re.search(r"[\x00-\x1f\x7f\\]", url):
        raise Unfetchable("its address is not well formed")
    scheme, host, port, parts = _split(url)
    name = _bracketed(host)
    vouched = f"{name}:{port}" in allowed or (name in allowed and port in PORTS)
    if not vouched:
        if port not in PORTS:
            raise Unfetchable("its port is none of 80, 443, 8080 and 8443")
        _check_host(host)
    query = f"?{parts.query}" if parts.query else ""
    path = quote(f"{parts.path or '/'}{query}", safe="!$%&'()*+,/:;=?@[]~")
    return Place(scheme, host, port, path, vouched)


def _split(url: str) -> tuple[str, str, int, SplitResult]:
    """Scheme, host, port and all parts of a URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unfetchable("its address is not well formed") from None
    if parts.scheme not in ("http", "https"):
        raise Unfetchable("it is not an http:// or https:// address")
    if "@" in parts.netloc:
        raise Unfetchable("its address holds a user name")
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        raise Unfetchable(_MALFORMED)
    return parts.scheme, _host(parts.hostname or ""), _own_port(parts.scheme) if port is None else port, parts


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _host(name: str) -> str:
    """The host in ASCII and in the one form that is judged: what browsers would read into odd ones is malformed."""
    if ":" in name:
        try:
            return str(IPv6Address(name))
        except AddressValueError:
            raise Unfetchable(_MALFORMED) from None
    if len(name) > _NAME_CHARS:
        raise Unfetchable(_MALFORMED)
    try:
        host = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        raise Unfetchable(_MALFORMED) from None
    labels = host.split(".")
    if len(host) > _NAME_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise Unfetchable(_MALFORMED)
    # A name whose last part is a number is an IPv4 address to most resolvers, octal, hex and short forms included.
    if _NUMBER.fullmatch(labels[-1]) and _literal(host) is None:
        raise Unfetchable(_MALFORMED)
    return host


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _check_host(host: str) -> None:
    """Raises Unfetchable for an address that is not public, and for a name that no public host has."""
    if _literal(host) is not None:
        check_public(host)
        return
    labels = host.split(".")
    if len(labels) == 1 or labels[-1] in _INNER:
        raise Unfetchable(_NOT_PUBLIC)


def check_public(*addresses: str) -> None:
    """Raises Unfetchable unless there are addresses and every one of them is public."""
    if not addresses or not all(is_public(address) for address in addresses):
        raise Unfetchable(_NOT_PUBLIC)


def is_public(text: str) -> bool:
    """Whether ``text`` is the address of one host on the public internet, and no way around to another one."""
    address = _literal(text)
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _CLOSED_4)
    if isinstance(address, IPv6Address):
        inside = address in _OPEN_6 and address.scope_id is None
        return inside and not any(address in block for block in _CLOSED_6)
    return False
