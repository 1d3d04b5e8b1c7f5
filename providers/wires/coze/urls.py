"""Addresses of the API's calls, derived from whichever of them an operator wrote down."""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

CHAT: Final = "/v3/chat"
RETRIEVE: Final = "/v3/chat/retrieve"
MESSAGES: Final = "/v3/chat/message/list"
CANCEL: Final = "/v3/chat/cancel"
TOOL_OUTPUTS: Final = "/v3/chat/submit_tool_outputs"
UPLOAD: Final = "/v1/files/upload"
CHAT_V2: Final = "/open_api/v2/chat"

_CALL: Final = re.compile(r"/(?:v[1-9]|open_api|open/api|api/permission)(?:/.*)?$|/+$")
_V2: Final = re.compile(r"^.*?/?v2/chat(?=/|$)")


def means_v2(server_url: str) -> bool:
    """Whether an address asks for the older protocol."""
    return "v2/chat" in server_url


def endpoint(server_url: str, call: str) -> str:
    """The URL of ``call`` for a server_url that is an origin, a prefix or any of the API's addresses."""
    scheme, host, path, query, _ = urlsplit(server_url)
    return urlunsplit((scheme, host, _CALL.sub("", path) + call, query, ""))


def chat_v2(server_url: str) -> str:
    """The URL of v2's chat: the address itself where it is one."""
    scheme, host, path, query, _ = urlsplit(server_url)
    found = _V2.match(path)
    return urlunsplit((scheme, host, found[0], query, "")) if found else endpoint(server_url, CHAT_V2)
