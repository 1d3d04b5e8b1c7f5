"""Addresses: what a usable URL looks like, and where to listen. No message quotes a URL: it may hold a password."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

SCHEMES: Final = ("http", "https", "ws", "wss")

_PORT_ONLY: Final = re.compile(r":?(\d+)")
_NUMBERED: Final = re.compile(r"(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):\d+(/.*)?")
_HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^\s:\[\]/]*):(\d+)")


class AddressError(ValueError):
    """An address that nothing can be sent to or bound to. The first argument is the message, the second a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


def completed(url: str) -> str:
    """``url`` with ``http://`` where it is the bare address and port of a server in one's own network."""
    return f"http://{url}" if _NUMBERED.fullmatch(url) else url


def checked(url: str, schemes: tuple[str, ...] = SCHEMES) -> SplitResult:
    """The parts of ``url``. Raises AddressError unless it has one of ``schemes``, a host, a sane port and no blank."""
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise AddressError("the URL holds a blank")
    parts = _split(url)
    if not parts.scheme or "://" not in url:
        raise AddressError("the URL has no scheme", "begin it with https://")
    if parts.scheme not in schemes:
        shown = f' "{parts.scheme}"' if len(parts.scheme) <= 8 else ""
        raise AddressError(f"the URL's scheme{shown} is not one of {', '.join(schemes)}")
    if not parts.hostname:
        raise AddressError("the URL has no host")
    return parts


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressError("the URL's host is not well formed") from None
    try:
        port = parts.port
    except ValueError:
        raise AddressError("the URL's port is not a number from 1 to 65535") from None
    if port == 0:
        raise AddressError("the URL's port is not a number from 1 to 65535")
    return parts


def bind_address(value: str) -> tuple[str, int]:
    """(host, port) of ``9090``, ``:9090``, ``127.0.0.1:9090`` or ``[::1]:9090``; an empty host is every interface.

    Raises AddressError for anything else and for a port outside 1 to 65535.
    """
    text = value.strip()
    found = _PORT_ONLY.fullmatch(text)
    host, port = ("", found[1]) if found else _host_and_port(text)
    if not 1 <= int(port[:9]) <= 65535:
        raise AddressError("the port is not a number from 1 to 65535")
    return host, int(port)


def _host_and_port(text: str) -> tuple[str, str]:
    found = _HOST_PORT.fullmatch(text)
    if not found:
        hint = 'write an IPv6 address in brackets: "[::1]:9090"' if text.count(":") > 1 else ""
        raise AddressError("this is not a port or host:port", hint or 'for example ":9090" or "127.0.0.1:9090"')
    return found[1].strip("[]"), found[2]
