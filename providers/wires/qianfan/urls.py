"""Addresses of V1 and V2: which protocol a server_url means, and where each call goes."""

import re
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

ROOT: Final = "/rpc/2.0/ai_custom/v1/wenxinworkshop"

_CHAT: Final = re.compile(r"/wenxinworkshop/chat/([^/?#]+)/?$")
_VERSION: Final = re.compile(r"/v\d+(/|$)")


def means_v2(server_url: str) -> bool | None:
    """Whether an address is one of V2 or not, None where it does not say."""
    parts = urlsplit(server_url)
    if parts.hostname == "qianfan.baidubce.com" or "/v2" in parts.path:
        return True
    if parts.hostname == "aip.baidubce.com" or "/rpc/2.0/" in parts.path:
        return False
    return None


def v1(server_url: str, operation: str, path: str) -> str:
    """The URL of a model at ``path``; ``operation`` is ``chat`` or ``embeddings``.

    ``server_url`` may be an origin, have a path in front of V1's own, or be a whole endpoint.
    """
    scheme, host, given, *_ = urlsplit(server_url)
    front = given.partition("/rpc/2.0")[0].rstrip("/")
    return urlunsplit((scheme, host, f"{front}{ROOT}/{operation}/{quote(path)}", "", ""))


def named_path(server_url: str) -> str:
    """The model's path that a whole V1 endpoint ends with, empty when it is none."""
    found = _CHAT.search(urlsplit(server_url).path)
    return found[1] if found else ""


def v2(server_url: str, _model: str) -> str:
    """The address with ``/v2`` at its end when its path names no version, for the common rules to join."""
    scheme, host, path, query, _ = urlsplit(server_url)
    base = path.rstrip("/").removesuffix("/chat/completions").removesuffix("/embeddings")
    return urlunsplit((scheme, host, base if _VERSION.search(base) else f"{base}/v2", query, ""))
