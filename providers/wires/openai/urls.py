"""Addresses: whatever form of ``server_url`` an operator wrote, the endpoint that is meant."""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

CHAT: Final = "/chat/completions"
EMBEDDINGS: Final = "/embeddings"

_OPERATIONS: Final = (CHAT, EMBEDDINGS, "/completions", "/responses", "/models")
_HAS_VERSION: Final = re.compile(r"/v\d[^/]*(/|$)")
_BASES: Final = ("/openai", "/inference", "/beta")


def endpoint(server_url: str, operation: str, root: str = "/v1") -> str:
    """The URL of ``operation`` for a ``server_url`` that is an origin, a base or a full endpoint.

    ``root`` is the path under a bare origin. A query stays. A path that names a version anywhere, or ends as a known
    base does, is taken as the base; any other path is a prefix in front of ``/v1``.
    """
    scheme, host, path, query, _ = urlsplit(server_url)
    return urlunsplit((scheme, host, base_path(path, root) + operation, query, ""))


def base_path(path: str, root: str = "/v1") -> str:
    """The path without the operation it may end with, and with ``root`` where it is empty."""
    path = path.rstrip("/")
    for operation in _OPERATIONS:
        if path.endswith(operation):
            return path.removesuffix(operation)
    if not path:
        return root
    if _HAS_VERSION.search(path) or path.endswith(_BASES):
        return path
    return path + "/v1"
