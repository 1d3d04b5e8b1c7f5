"""Spark's models: the names clients use, the vendor's own name (``domain``), and where each one lives.

Source: https://www.xfyun.cn/doc/spark/Web.html and the HTTP and X1 pages beside it, checked 2026-08. ``spark-x2`` and
``kjwx`` are unverified.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from providers.errors import ErrorKind, ProviderError

SOCKET_URL: Final = "wss://spark-api.xf-yun.com"
HTTP_HOST: Final = "spark-api-open.xf-yun.com"
HTTP_URL: Final = f"https://{HTTP_HOST}/v1"
HTTP_ONLY: Final = "spark-x2.5"
"""What the names of models begin with that have no WebSocket."""

OFFERED: Final = (
    *("spark-lite", "spark-v2.0", "spark-pro", "spark-max"),
    *("spark-pro-128k", "spark-max-32k", "4.0Ultra", "spark-x"),
)


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its own name, its WebSocket and its HTTP base; empty where it has none that is known."""

    domain: str
    socket_url: str
    http_base: str = HTTP_URL


_V2: Final = f"https://{HTTP_HOST}/v2"

_MODELS: Final = {
    ("spark-lite", "general", "lite"): Model("lite", f"{SOCKET_URL}/v1.1/chat"),
    ("spark-v2.0", "generalv2"): Model("generalv2", f"{SOCKET_URL}/v2.1/chat"),
    ("spark-pro", "generalv3"): Model("generalv3", f"{SOCKET_URL}/v3.1/chat"),
    ("spark-pro-128k", "pro-128k"): Model("pro-128k", f"{SOCKET_URL}/chat/pro-128k"),
    ("spark-max", "spark3.5-max", "generalv3.5"): Model("generalv3.5", f"{SOCKET_URL}/v3.5/chat"),
    ("spark-max-32k", "spark-max32k", "max-32k"): Model("max-32k", f"{SOCKET_URL}/chat/max-32k"),
    ("spark-4.0-ultra", "spark4.0-ultra", "4.0ultra"): Model("4.0Ultra", f"{SOCKET_URL}/v4.0/chat"),
    ("spark-x1", "x1", "spark-x"): Model("spark-x", f"{SOCKET_URL}/v1/x1", _V2),
    ("spark-x2",): Model("spark-x", f"{SOCKET_URL}/x2", f"https://{HTTP_HOST}/x2"),
    ("x1-preview",): Model("x1-preview", "", "https://spark-api-open-preview.xf-yun.com/v2"),
    ("kjwx",): Model("kjwx", "wss://spark-openapi-n.cn-huabei-1.xf-yun.com/v1.1/chat_kjwx", ""),
}
_BY_NAME: Final = {name: model for names, model in _MODELS.items() for name in names}


def socket(name: str, domain: str, server_url: str) -> tuple[str, str]:
    """(URL, domain) for a model over WebSocket. ``domain`` empty means the table's, or the name as it is.

    A ``server_url`` with a path is the URL; one without gets the table's path. Raises MODEL_NOT_FOUND where neither
    the table nor the address tells the way.
    """
    model, chosen = _chosen(name, domain)
    if urlsplit(server_url).path.strip("/"):
        return server_url, chosen
    if name.lower().startswith(HTTP_ONLY):
        raise _nowhere(f'"{name}" is spoken over HTTP only: give its entry the https:// server_url of the model')
    if model is None or not model.socket_url:
        raise _nowhere(f'no WebSocket is known for "{name}": give its entry a server_url, or its credential a domain')
    return _at(server_url, model.socket_url), chosen


def _at(server_url: str, url: str) -> str:
    """``url``, on the host of ``server_url`` if that is another than the vendor's own."""
    scheme, host, *_ = urlsplit(server_url)
    own = not host or server_url.rstrip("/") == SOCKET_URL
    return url if own else urlunsplit((scheme, host, urlsplit(url).path, "", ""))


def http(name: str, domain: str, server_url: str) -> tuple[str, str]:
    """(base, model) for a model over HTTP. On the vendor's own host the model decides which version's base it is."""
    model, chosen = _chosen(name, domain)
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/").removesuffix("/chat/completions")
    if host.lower() == HTTP_HOST and path in ("", "/v1") and model and model.http_base:
        return urlsplit(model.http_base)._replace(query=query).geturl(), chosen
    return urlunsplit((scheme, host, path or "/v1", query, "")), chosen


def _chosen(name: str, domain: str) -> tuple[Model | None, str]:
    """The row whose addresses count, and the name to send. A domain's address goes with it: others would refuse it."""
    model = _BY_NAME.get(name.lower())
    if domain and (model is None or model.domain != domain):
        model = _BY_NAME.get(domain.lower(), model)
    return model, domain or (model.domain if model else name)


def _nowhere(message: str) -> ProviderError:
    return ProviderError(ErrorKind.MODEL_NOT_FOUND, message, param="model")
