"""Addresses of Google AI: whatever form of ``server_url`` an operator wrote, the method that is meant."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

GENERATE: Final = "generateContent"
STREAM: Final = "streamGenerateContent"
_VERSIONED: Final = re.compile(r"/v1[a-z0-9]*$")
_TUNED: Final = "tunedModels/"
_OPENAI: Final = re.compile(r"/openai(/chat/completions)?/?$|/openai/chat/completions")


def is_openai(server_url: str) -> bool:
    """Whether an address is one of the vendor's OpenAI surface."""
    return bool(_OPENAI.search(urlsplit(server_url).path))


def bare(model: str) -> str:
    """A model's name without the collection it is in."""
    return model.removeprefix("models/")


def method(server_url: str, model: str, verb: str, *, sse: bool = False) -> str:
    """The address of ``verb`` for a model, under an origin, a version or ``…/models``.

    A key in the query is left out: keys go into a header, which nobody logs. ``sse`` asks for events; without it a
    stream is one JSON array.
    """
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/")
    if not path.endswith("/models"):
        path += "/models" if _VERSIONED.search(path) else "/v1beta/models"
    name = bare(model)
    if name.startswith(_TUNED):
        path, name = path.removesuffix("models") + "tunedModels", name.removeprefix(_TUNED)
    fields = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key.lower() not in _OURS]
    asked = urlencode([*fields, ("alt", "sse")] if sse else fields)
    return urlunsplit((scheme, host, f"{path}/{quote(name, safe='@')}:{verb}", asked, ""))


_OURS: Final = frozenset({"key", "alt"})
