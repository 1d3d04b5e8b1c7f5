"""Cloudflare's Workers AI: the account's number stands in the address, and answers are short unless told otherwise."""

from collections.abc import Mapping
from dataclasses import replace as replaced
from urllib.parse import quote, urlsplit, urlunsplit

from providers import auth
from providers.errors import ErrorKind
from providers.types import Json, Secret, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.row import row

DOCS = "https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/"
DEFAULT_MAX_TOKENS = 2048
"""Asked for when the client sets no limit; the vendor's own default of 256 cuts most answers."""

_ACCOUNT = "{account_id}"
_ACCOUNT_NOTE = "account_id takes the place of {account_id} in server_url; without one, put the number there yourself"


def surface_url(server_url: str, _model: str) -> str:
    """The base for an address that ends in ``/ai`` too."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/")
    return urlunsplit((scheme, host, f"{path}/v1" if path.endswith("/ai") else path, query, ""))


def sign(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the token as bearer, and the account's number where the address leaves a place for it."""
    account = credential.get("account_id")
    if account and _ACCOUNT in request.url:
        request = replaced(request, url=request.url.replace(_ACCOUNT, quote(account.reveal(), safe="")))
    return auth.bearer(request, credential, now)


def _advise(server_url: str, fields: frozenset[str]) -> str:
    if "account_id" in fields or (server_url and _ACCOUNT not in server_url):
        return ""
    return _ACCOUNT_NOTE


def _adjust(body: Json, _losses: list[str]) -> None:
    body.setdefault("max_tokens", DEFAULT_MAX_TOKENS)


VENDOR: Vendor = row(
    "cloudflare",
    DOCS,
    f"https://api.cloudflare.com/client/v4/accounts/{_ACCOUNT}/ai/v1",
    Dialect(
        url=surface_url,
        adjust=_adjust,
        # Old streams have the text there, as the native addresses do (unverified).
        bare_text="response",
        # Source: https://developers.cloudflare.com/workers-ai/platform/errors/, checked 2026-08; partly unverified.
        codes={
            "10000": ErrorKind.UPSTREAM_AUTH,
            "7003": ErrorKind.INVALID_REQUEST,
            "5007": ErrorKind.MODEL_NOT_FOUND,
            "3036": ErrorKind.QUOTA,
            "3040": ErrorKind.OVERLOADED,
        },
    ),
    sign=sign,
    credentials=CredentialFields(optional=("account_id",), note=_ACCOUNT_NOTE, advise=_advise),
    hosts=("api.cloudflare.com",),
    models=("@cf/meta/llama-3.1-8b-instruct", "@cf/meta/llama-3.3-70b-instruct-fp8-fast", "@cf/openai/gpt-oss-120b"),
    embedding_models=("@cf/baai/bge-m3", "@cf/baai/bge-base-en-v1.5"),
    title="Cloudflare Workers AI",
)
