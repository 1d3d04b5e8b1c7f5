"""Which of the vendor's protocols an address or a model means, where it lives, and how its requests are signed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from providers import auth
from providers.types import Secret, WireRequest
from providers.wires.openai.urls import EMBEDDINGS, endpoint

BASE_URL: Final = "https://api.minimaxi.com/v1"
V2_URL: Final = f"{BASE_URL}/text/chatcompletion_v2"
PRO_URL: Final = "https://api.minimax.chat/v1/text/chatcompletion_pro"
EMBEDDINGS_URL: Final = "https://api.minimax.chat/v1/embeddings"
"""Where each protocol is without a ``server_url``: the old host is the one that is documented for the old ones."""


def protocol_of(server_url: str) -> str:
    """``pro``, ``v2`` or ``openai``."""
    path = urlsplit(server_url).path
    return next((name for name in ("pro", "v2") if f"chatcompletion_{name}" in path), "openai")


def protocol_for(model: str, grouped: bool) -> str:
    """The protocol of a model where no address says it; ``grouped`` tells whether the credential has a group."""
    name = model.lower()
    if name.startswith("abab") and grouped:
        return "pro"
    # That M2-her is served by v2 only is in the vendor's list of models.
    return "v2" if name in ("minimax-text-01", "m2-her") else "openai"


def names_group(server_url: str) -> bool:
    """Whether the address has the group in its query."""
    return any(name.casefold() == "groupid" for name, _ in parse_qsl(urlsplit(server_url).query))


def surface_url(server_url: str, _model: str) -> str:
    """The base of the OpenAI surface on the same host, for addresses of the older protocols too."""
    scheme, host, path, query, _ = urlsplit(server_url)
    before, older, _ = path.partition("/chatcompletion")
    return urlunsplit((scheme, host, before.removesuffix("/text") if older else path, query, ""))


def embeddings_url(server_url: str) -> str:
    """The address of the embeddings on the same host."""
    return endpoint(surface_url(server_url, ""), EMBEDDINGS)


def sign(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the key as bearer; where its address takes a group and the credential has one, with that too."""
    signed = auth.bearer(request, credential, now)
    group = credential.get("group_id")
    if not group or not _takes_group(request.url):
        return signed
    return auth.with_query(_without_open_group(signed), GroupId=group.reveal())


def _takes_group(url: str) -> bool:
    return protocol_of(url) != "openai" or urlsplit(url).path.endswith(EMBEDDINGS)


def _without_open_group(request: WireRequest) -> WireRequest:
    """The request without a ``GroupId=`` that names no group, as addresses copied from the reference end with."""
    if names_group(request.url):
        return request
    scheme, host, path, query, _ = urlsplit(request.url)
    kept = [field for field in query.split("&") if field.partition("=")[0].casefold() != "groupid"]
    return replace(request, url=urlunsplit((scheme, host, path, "&".join(kept), "")))
