"""Where the gateway listens, worked out from its settings and from what this machine's network can do."""

import socket

from config.model import Settings


def address(settings: Settings) -> tuple[str, int]:
    """Host and port to bind. An empty host is every interface, IPv6 and IPv4 in one socket or IPv4 alone."""
    return settings.bind_host or ("::" if both_families() else "0.0.0.0"), settings.bind_port  # noqa: S104 - meant


def both_families() -> bool:
    """Whether a socket bound to ``::`` takes IPv4 connections too on this machine."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::", 0))
            return not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False


def notation(host: str, port: int) -> str:
    """``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def fault(host: str, port: int) -> str | None:
    """Why nothing can listen there, in the system's words; None when the address is free."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.strerror or str(error)
    return None
