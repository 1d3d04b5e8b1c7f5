"""Keys and Entra tokens: which header carries what, and a token for an application's secret.

Source: https://learn.microsoft.com/azure/ai-foundry/openai/reference and
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, checked 2026-08.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import orjson

from providers import auth
from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, Token, WireRequest
from providers.vendor import CredentialFields, Exchange
from providers.wires.openai import shapes

LOGIN_URL: Final = "https://login.microsoftonline.com"
SCOPE: Final = "https://cognitiveservices.azure.com/.default"
APPLICATION: Final = ("tenant_id", "client_id", "client_secret")
AHEAD_S: Final = 300.0
_LIFETIME_S: Final = 3599.0
_JWT: Final = "eyJ"
"""How every Entra token begins, and no key does."""


def sign(request: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with its key in ``api-key``, or in the header that stands there empty; or with a token as bearer."""
    key = credential.get("api_key") or credential.get("token")
    if key is None:
        return request
    if "api_key" not in credential or key.reveal().startswith(_JWT):
        return auth.bearer(_without_place(request), {"api_key": key}, _now)
    name = next((name for name, value in request.headers.items() if not value), "api-key")
    return auth.with_headers(request, **{name: key.reveal()})


def _without_place(request: WireRequest) -> WireRequest:
    return replace(request, headers={name: value for name, value in request.headers.items() if value})


def _token_request(credential: Mapping[str, Secret], auth_url: str | None, _now: float) -> WireRequest | None:
    """The call that gives an application's token, None for a credential that is a key or a token already.

    ``auth_url`` may be an origin, as of a national cloud, or the whole address.
    """
    if credential.get("api_key") or credential.get("token") or not credential.get("client_secret"):
        return None
    scheme, host, path, query, _ = urlsplit(auth_url or LOGIN_URL)
    if not path.strip("/"):
        path = f"/{quote(credential['tenant_id'].reveal(), safe='')}/oauth2/v2.0/token"
    scope = credential.get("scope")
    fields = {
        "grant_type": "client_credentials",
        "client_id": credential["client_id"].reveal(),
        "client_secret": credential["client_secret"].reveal(),
        "scope": scope.reveal() if scope else SCOPE,
    }
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return WireRequest("POST", urlunsplit((scheme, host, path, query, "")), kind, urlencode(fields).encode())


def _token(status: int, _headers: Mapping[str, str], body: bytes, now: float) -> Token:
    """The application's token. Raises UPSTREAM_AUTH with the directory's own words."""
    try:
        doc: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        doc = None
    value = doc.get("access_token") if isinstance(doc, dict) else None
    if status < 300 and value:
        return Token(Secret(str(value)), now + _lifetime_s(doc.get("expires_in")))
    kind = ErrorKind.SERVER_ERROR if status >= 500 or status < 300 else ErrorKind.UPSTREAM_AUTH
    told = (doc.get("error_description") or doc.get("error")) if isinstance(doc, dict) else None
    raise ProviderError(kind, str(told or shapes.parse(body).message or f"no token: status {status}"))


def _lifetime_s(told: Any) -> float:
    try:
        return float(told)
    except (TypeError, ValueError):
        return _LIFETIME_S


EXCHANGE: Final = Exchange(_token_request, _token, ahead_s=AHEAD_S)


def _advise(_server_url: str, fields: frozenset[str]) -> str:
    used = next((name for name in ("api_key", "token") if name in fields), "")
    idle = [name for name in (*APPLICATION, "token") if name in fields and name != used]
    return f"{', '.join(idle)}: no effect beside {used}" if used and idle else ""


CREDENTIALS: Final = CredentialFields(
    required=(("api_key",), ("token",), APPLICATION),
    optional=("scope",),
    note="a key of the resource, an Entra token, or an Entra application with the role Cognitive Services OpenAI User",
    advise=_advise,
)
