"""Which proxy an upstream is reached through: the addresses of a proxy object and the strategies that choose one.

Addresses are secrets from the moment they are read, since they may hold a password.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from config import urls
from config.model import Proxy
from providers.types import Secret

_SOCKS: Final = {"socks5": "socks5h", "socks5h": "socks5h", "socks": "socks5h"}
_SECURE: Final = ("https", "wss", "")


@dataclass(frozen=True, slots=True)
class Way:
    """How an upstream is reached: through ``url`` or directly. ``connect_s`` is the proxy's own patience."""

    url: Secret | None = None
    connect_s: float | None = None


DIRECT: Final = Way()


def address(text: str, default_scheme: str) -> Secret:
    """A proxy's address with its scheme: http, https or socks5h, which lets the proxy resolve host names.

    ``text`` may lack the scheme, then it is ``default_scheme``; a SOCKS address without a port gets 1080.
    Raises AddressError for what is no address.
    """
    url = text if "://" in text else f"{default_scheme}://{text}"
    parts = urls.checked(url, ("http", "https", *_SOCKS))
    scheme = _SOCKS.get(parts.scheme, parts.scheme)
    port = ":1080" if scheme == "socks5h" and parts.port is None else ""
    return Secret(f"{scheme}://{parts.netloc}{port}")


def one(url: Secret) -> Proxy:
    """The proxy that is nothing but one address."""
    if url.reveal().startswith("socks5h:"):
        return Proxy(type="socks5", socks5_url=url)
    return Proxy(type="http", http_url=url, https_url=url)


def way(rules: Proxy, own: Proxy | None, use_proxy: bool | None, server_url: str, environ: Mapping[str, str]) -> Way:
    """How an upstream at ``server_url`` is reached. An entry's own proxy wins over the global ``rules``.

    Raises AddressError when a proxy is wanted but has no address, or the environment's is none.
    """
    if own is not None:
        active = None if own.strategy == "disabled" else own
    else:
        active = rules if wanted(rules.strategy, use_proxy) else None
    if active is None:
        return DIRECT
    if active.strategy == "environment":
        return Way(from_environment(server_url, environ), active.connect_s)
    return Way(_address_of(active, server_url), active.connect_s)


def wanted(strategy: str, use_proxy: bool | None) -> bool:
    """Whether the global strategy sends an entry with this ``use_proxy`` through the proxy."""
    if strategy == "default":
        return use_proxy is True
    if strategy in ("all", "environment"):
        return use_proxy is not False
    return strategy == "force_all"


def _address_of(proxy: Proxy, server_url: str) -> Secret:
    http = proxy.http_url or proxy.https_url
    if proxy.type == "socks5" or (not proxy.type and not http):
        found, needed = proxy.socks5_url, "socks5_proxy"
    elif urlsplit(server_url).scheme in _SECURE:
        found, needed = proxy.https_url or http, "https_proxy or http_proxy"
    else:
        found, needed = http, "http_proxy or https_proxy"
    if found is None:
        raise urls.AddressError("the proxy has no address", f"give {needed}")
    return found


def from_environment(server_url: str, environ: Mapping[str, str]) -> Secret | None:
    """The address that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names for this upstream, None where NO_PROXY spares it."""
    parts = urlsplit(server_url)
    secure = parts.scheme in _SECURE
    if _spared(parts, _variable("NO_PROXY", environ)):
        return None
    for name in ("HTTPS_PROXY" if secure else "HTTP_PROXY", "ALL_PROXY"):
        if text := _variable(name, environ):
            try:
                return address(text, "http")
            except urls.AddressError as error:
                message = re.sub("^the URL", f"the address in {name}", error.message)
                raise urls.AddressError(message, error.hint) from None
    return None


def _spared(server: SplitResult, no_proxy: str) -> bool:
    """Whether a comma-separated list of hosts, domains, ``host:port`` or ``*`` names the server."""
    host, port = server.hostname or "", f":{server.port}" if server.port else ""
    for name in no_proxy.lower().replace(" ", "").split(","):
        bare = name.removesuffix(port).removeprefix("*").removeprefix(".")
        if name == "*" or (bare and (host == bare or host.endswith(f".{bare}"))):
            return True
    return False


def _variable(name: str, environ: Mapping[str, str]) -> str:
    """A variable in either spelling; lower case wins, as it does for curl and requests."""
    return (environ.get(name.lower()) or environ.get(name) or "").strip()
