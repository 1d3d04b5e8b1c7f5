"""Addresses: whatever form of ``server_url`` an operator wrote, the endpoint that is meant."""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_MESSAGES: Final = "/messages"
_VERSIONED: Final = re.compile(r"/v\d+$")


def endpoint(server_url: str) -> str:
    """The Messages endpoint of a ``server_url`` that is one already, ends with its version, or is a prefix.

    A query stays.
    """
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/")
    if not path.endswith(_MESSAGES):
        path += _MESSAGES if _VERSIONED.search(path) else f"/v1{_MESSAGES}"
    return urlunsplit((scheme, host, path, query, ""))
