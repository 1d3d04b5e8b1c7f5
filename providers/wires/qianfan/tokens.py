"""Credentials to tokens: V1's OAuth exchange, and the short-lived bearer of V2 for a key pair of the cloud account.

Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/Ilkkrb0i5 (OAuth) and the vendor's Python SDK 0.4.12.3
(BCE-BEARER), checked 2026-08.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, Token, WireRequest
from providers.wires.openai import shapes
from providers.wires.qianfan import bce, faults

OAUTH_URL: Final = "https://aip.baidubce.com/oauth/2.0/token"
BEARER_URL: Final = "https://iam.bj.baidubce.com/v1/BCE-BEARER/token"
OAUTH_LIFETIME_S: Final = 2_592_000.0
BEARER_LIFETIME_S: Final = 43_200.0
AHEAD_S: Final = 600.0

V1_HINT: Final = "a key that begins with bce-v3/ is one of V2: use it without secret_key and without V1's server_url"


def oauth_request(credential: Mapping[str, Secret], auth_url: str | None, _now: float) -> WireRequest | None:
    """The call that gives V1's access token, None for a key pair of the cloud account, which signs instead.

    ``auth_url`` may be an origin or the whole address.
    """
    if not credential.get("api_key"):
        return None
    fields = {
        "grant_type": "client_credentials",
        "client_id": credential["api_key"].reveal(),
        "client_secret": credential["secret_key"].reveal(),
    }
    url = _address(auth_url, OAUTH_URL, urlencode(fields))
    return WireRequest("POST", url, {"content-type": "application/json"}, b"")


def oauth_token(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Token:
    """V1's access token. Raises UPSTREAM_AUTH with the vendor's words, whatever the status says."""
    doc = _document(status, headers, body)
    value = doc.get("access_token")
    if value and not doc.get("error"):
        return Token(Secret(str(value)), now + _seconds(doc.get("expires_in"), OAUTH_LIFETIME_S))
    if not isinstance(doc.get("error"), str):
        raise _without_token(status, headers, body, doc)
    told = str(doc.get("error_description") or doc["error"])
    hint = f" ({V1_HINT})" if told == "unknown client id" else ""
    raise ProviderError(ErrorKind.SERVER_ERROR if status >= 500 else ErrorKind.UPSTREAM_AUTH, told + hint)


def bearer_request(credential: Mapping[str, Secret], auth_url: str | None, now: float) -> WireRequest | None:
    """The signed call that gives a bearer for V2, None for a credential that has a key already."""
    if credential.get("api_key") or not credential.get("access_key"):
        return None
    url = _address(auth_url, BEARER_URL, f"expireInSeconds={BEARER_LIFETIME_S:.0f}")
    pair = credential["access_key"].reveal(), credential["secret_key"].reveal()
    return WireRequest("GET", url, bce.signed_headers("GET", url, *pair, now), b"")


def bearer_token(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Token:
    """V2's bearer. Raises what the vendor said; the shape of its errors is unverified, so any is read."""
    doc = _document(status, headers, body)
    value = doc.get("token")
    if value:
        return Token(Secret(str(value)), now + (_span_s(doc) or BEARER_LIFETIME_S))
    if 400 <= status < 500:
        raise ProviderError(ErrorKind.UPSTREAM_AUTH, shapes.parse(body).message)
    raise _without_token(status, headers, body, doc)


def _without_token(status: int, headers: Mapping[str, str], body: bytes, doc: dict[str, Any]) -> ProviderError:
    """The error of an answer without a token. One that tells of none is not quoted: there may be secrets in it."""
    if status < 400 and shapes.of_document(doc) is None:
        return ProviderError(ErrorKind.SERVER_ERROR, "the answer to the token exchange holds no token")
    return faults.fault(status, headers, body)


def _document(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise (faults.fault(status, headers, body) if status >= 400 else faults.of_text(body)) from None
    if not isinstance(doc, dict):
        raise ProviderError(ErrorKind.MALFORMED, "the answer to the token exchange is no JSON object")
    return doc


def _address(auth_url: str | None, default: str, query: str) -> str:
    """``auth_url`` with the default's path where it has none, and with ``query`` behind its own."""
    scheme, host, path, own, _ = urlsplit(auth_url or default)
    path = path if path.strip("/") else urlsplit(default).path
    return urlunsplit((scheme, host, path, "&".join(filter(None, (own, query))), ""))


def _seconds(value: Any, default: float) -> float:
    try:
        return float(value) if float(value) > 0 else default
    except (TypeError, ValueError):
        return default


def _span_s(doc: Mapping[str, Any]) -> float | None:
    """The lifetime between the vendor's own two times, so that no clock but its own counts; None if it is not told."""
    try:
        began, ends = (datetime.fromisoformat(str(doc[name]).replace("Z", "+00:00")) for name in _TIMES)
        return max(1.0, (ends - began).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None


_TIMES: Final = ("createTime", "expireTime")
