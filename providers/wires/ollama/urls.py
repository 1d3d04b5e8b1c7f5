"""Addresses: the native endpoints, or the base of the OpenAI surface, for whatever form of ``server_url``.

Source: https://docs.ollama.com/api and https://docs.ollama.com/api/openai-compatibility, checked 2026-08.
"""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

CHAT: Final = "/api/chat"
EMBED: Final = "/api/embed"
EMBEDDINGS: Final = "/api/embeddings"

_API: Final = re.compile(r"/api(/(chat|generate|embed|embeddings|tags|show|version))?$")
_OPENAI: Final = re.compile(r"(^|/)v1(/|$)")


def is_openai(server_url: str) -> bool:
    """Whether the address is one of the OpenAI surface."""
    return bool(_OPENAI.search(urlsplit(_with_scheme(server_url)).path))


def native(server_url: str, operation: str) -> str:
    """The URL of a native ``operation``, from an origin, a prefix, ``…/api`` or any endpoint below it."""
    scheme, host, path, query, _ = urlsplit(_with_scheme(server_url))
    return urlunsplit((scheme, host, _API.sub("", path.rstrip("/")) + operation, query, ""))


def surface(server_url: str, _model: str) -> str:
    """The base of the OpenAI surface: beside ``/api`` where the address is a native one."""
    scheme, host, path, query, _ = urlsplit(_with_scheme(server_url))
    before, found, _ = f"{path}/".partition("/api/")
    return urlunsplit((scheme, host, f"{before}/v1" if found else path, query, ""))


def _with_scheme(server_url: str) -> str:
    """``http`` where no scheme is given, as in the variable OLLAMA_HOST."""
    return server_url if "://" in server_url else f"http://{server_url}"
