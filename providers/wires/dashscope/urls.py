"""Addresses: from whatever form of ``server_url`` an operator wrote to the endpoint that is meant."""

from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

TEXT: Final = "text-generation"
MULTIMODAL: Final = "multimodal-generation"
HOST: Final = "https://dashscope.aliyuncs.com"

_ROOT: Final = "/api/v1"
_PLACES: Final = ("{app_id}", "YOUR_APP_ID")


def surface(server_url: str) -> str:
    """The endpoint that an address insists on, TEXT or MULTIMODAL; empty where the model decides."""
    path = urlsplit(server_url).path
    return next((kind for kind in (MULTIMODAL, TEXT) if kind in path), "")


def chat(server_url: str, kind: str) -> str:
    """The URL of one kind of generation."""
    return _joined(server_url, f"/services/aigc/{kind}/generation")


def embeddings(server_url: str) -> str:
    """The URL of text embeddings."""
    return _joined(server_url, "/services/embeddings/text-embedding/text-embedding")


def application(server_url: str, app_id: str) -> str:
    """The URL of an application's completion. An address that names an application by itself keeps to it."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path, own = path.rstrip("/"), quote(app_id, safe="")
    for place in _PLACES:
        path = path.replace(place, own)
    before, apps, behind = path.partition("/apps")
    if not apps:
        before = _base(path)
    named = behind.removesuffix("/completion") or f"/{own}"
    return urlunsplit((scheme, host, f"{before}/apps{named}/completion", query, ""))


def _joined(server_url: str, endpoint: str) -> str:
    scheme, host, path, query, _ = urlsplit(server_url)
    return urlunsplit((scheme, host, _base(path) + endpoint, query, ""))


def _base(path: str) -> str:
    """The part of a path before the endpoint: up to the version, which is added where there is none."""
    before = path.partition("/services/")[0].rstrip("/")
    prefix, root, _ = before.partition(_ROOT)
    return prefix + _ROOT if root else before + _ROOT
