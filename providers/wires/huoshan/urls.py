"""Addresses: chat, bots and embeddings under one base, whichever of them an operator wrote."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from providers.wires.openai.urls import CHAT, EMBEDDINGS

ROOT: Final = "/api/v3"
MULTIMODAL: Final = "/embeddings/multimodal"
BOTS: Final = "/bots"
BOT_PREFIX: Final = "bot-"

_OPERATIONS: Final = (BOTS + CHAT, CHAT, MULTIMODAL, EMBEDDINGS, "/responses", "/models", BOTS)


def chat(server_url: str, model: str) -> str:
    """The endpoint for a model: bots have one of their own.

    Source: https://www.volcengine.com/docs/82379/1526787, checked 2026-08.
    """
    is_bot = model.startswith(BOT_PREFIX) or BOTS in urlsplit(server_url).path
    return _under_base(server_url, BOTS + CHAT if is_bot else CHAT)


def bots(server_url: str, _model: str) -> str:
    """The endpoint for bots, whatever their name."""
    return _under_base(server_url, BOTS + CHAT)


def embeddings(server_url: str, _model: str) -> str:
    """The endpoint for embeddings of text."""
    return _under_base(server_url, EMBEDDINGS)


def multimodal(server_url: str) -> str:
    """The endpoint for embeddings of text, images and video."""
    return _under_base(server_url, MULTIMODAL)


def _under_base(server_url: str, operation: str) -> str:
    """``operation`` under the base that an origin, a base or a full endpoint names. Any path is a base: no ``/v1``."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/")
    for known in _OPERATIONS:
        if path.endswith(known):
            path = path.removesuffix(known)
            break
    return urlunsplit((scheme, host, (path or ROOT) + operation, query, ""))
