"""OAuth apps: a signed JSON web token in exchange for an access token of a quarter of an hour.

Source: https://www.coze.cn/open/docs/developer_guides/oauth_jwt and the vendor's SDK cozepy 0.20.0, checked 2026-08.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import orjson

from providers import ids, jwt
from providers.errors import ErrorKind, ProviderError, of_exchange
from providers.types import Json, Secret, Token, WireRequest
from providers.wires.coze import faults
from providers.wires.openai import shapes

APP: Final = ("client_id", "public_key_id", "private_key")
AHEAD_S: Final = 60.0

_PATH: Final = "/api/permission/oauth2/token"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_S: Final = 3600
_TOKEN_S: Final = 900
_SITES: Final = ("coze.cn", "coze.com")


def examine(credential: Mapping[str, Secret]) -> Iterator[tuple[str, str]]:
    """What is wrong with a private key, with the field's name."""
    if credential.get("private_key"):
        try:
            jwt.private_key(credential["private_key"].reveal())
        except ValueError as error:
            yield "private_key", f"{error}; put the text of the app's PEM file here, or ${{file:/path/to/it}}"


def request(credential: Mapping[str, Secret], auth_url: str | None, now: float, *, site: str) -> WireRequest | None:
    """The call that gives an app's access token, None for a credential that has a token already.

    ``site`` is the API's host, to which the assertion is addressed unless ``auth_url``, an origin or the whole address,
    is of another of the vendor's. Raises UPSTREAM_AUTH for a private key that is none.
    """
    if credential.get("api_key") or credential.get("token") or not credential.get("private_key"):
        return None
    url = _address(auth_url, site)
    host = urlsplit(url).hostname or ""
    audience = host if host.endswith(tuple(f".{name}" for name in _SITES)) else site
    try:
        bearer = assertion(credential, audience, int(now), ids.call_id())
    except ValueError as error:
        raise ProviderError(ErrorKind.UPSTREAM_AUTH, f"private_key of the Coze app: {error}") from None
    headers = {"authorization": f"Bearer {bearer}", "content-type": "application/json"}
    body = orjson.dumps({"duration_seconds": _TOKEN_S, "grant_type": _GRANT, "scope": None})
    return WireRequest("POST", url, headers, body)


def assertion(credential: Mapping[str, Secret], audience: str, now: int, identity: str) -> str:
    """The app's signed assertion for ``audience``, good for an hour; ``identity`` must be a new one each time.

    Raises ValueError for a private key that is none.
    """
    client, key_id, private_key = (credential[name].reveal() for name in APP)
    claims = {"iss": client, "aud": audience, "iat": now, "exp": now + _ASSERTION_S, "jti": identity}
    return jwt.rs256({"alg": "RS256", "typ": "JWT", "kid": key_id}, claims, jwt.private_key(private_key))


def parse(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Token:
    """The access token. Raises what the vendor said; any refusal is a matter of the app: UPSTREAM_AUTH."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise (of_exchange(faults.fault(status, headers, body)) if status >= 400 else faults.of_text(body)) from None
    value = doc.get("access_token") if isinstance(doc, dict) else None
    if value:
        return Token(Secret(str(value)), _end(doc, now))
    if status >= 500 or status == 429:
        raise of_exchange(faults.fault(status, headers, body))
    told = _words(doc) if isinstance(doc, dict) else ""
    raise ProviderError(ErrorKind.UPSTREAM_AUTH, told or shapes.parse(body).message)


def _end(doc: Json, now: float) -> float:
    """When the token ends. The vendor's ``expires_in`` is a point in time; a span, as others mean it, is taken too."""
    try:
        told = float(doc["expires_in"])
    except (LookupError, TypeError, ValueError):
        return now + _TOKEN_S
    return told if told > now / 2 else now + told


def _words(doc: Json) -> str:
    """The vendor's text with its code, in whichever of its two shapes."""
    code: Any = doc.get("error_code") or doc.get("code") or doc.get("error")
    text = doc.get("error_message") or doc.get("msg") or doc.get("error_description")
    return ": ".join(str(part) for part in dict.fromkeys((code, text)) if part)


def _address(auth_url: str | None, site: str) -> str:
    scheme, host, path, query, _ = urlsplit(auth_url or f"https://{site}")
    base = path.rstrip("/")
    return urlunsplit((scheme, host, base if base.endswith("/token") else base + _PATH, query, ""))
