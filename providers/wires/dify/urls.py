"""Addresses: the kind of app is told by the endpoint that ``server_url`` names, chat where it names none."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from providers.wires.openai.urls import base_path

CHAT: Final = "/chat-messages"
"""For chat apps, agents and chatflows alike."""

COMPLETION: Final = "/completion-messages"
WORKFLOW: Final = "/workflows/run"
UPLOAD: Final = "/files/upload"


def operation(server_url: str) -> str:
    """The endpoint that the address ends with: CHAT, COMPLETION or WORKFLOW."""
    path = urlsplit(server_url).path.rstrip("/")
    return next((known for known in (COMPLETION, WORKFLOW) if path.endswith(known)), CHAT)


def endpoint(server_url: str, wanted: str) -> str:
    """The URL of ``wanted`` for an address that is an origin, a base such as ``…/v1``, or an endpoint."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path, known = path.rstrip("/"), operation(server_url)
    base = path.removesuffix(known) if path.endswith(known) else base_path(path)
    return urlunsplit((scheme, host, base + wanted, query, ""))
