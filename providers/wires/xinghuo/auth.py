"""Spark's credentials: the signed address of a WebSocket, the bearer of HTTP, and who the account is."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import urlencode, urlsplit, urlunsplit

from providers import auth
from providers.types import Secret, WireRequest


def account(credential: Mapping[str, Secret]) -> tuple[str, str]:
    """(appid, domain) of a credential, empty where it has none. Both name an account or a place and sign nothing."""
    appid, domain = credential.get("appid"), credential.get("domain")
    return appid.reveal() if appid else "", domain.reveal() if domain else ""


def sign_socket(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with its address signed by ``api_key`` and ``api_secret``. ``now`` is Unix seconds.

    The vendor takes an address for some minutes, so each connection needs its own.
    Source: https://www.xfyun.cn/doc/spark/Web.html, checked 2026-08.
    """
    scheme, place, path, query, _ = urlsplit(request.url)
    host, path = place.rpartition("@")[2], path or "/"
    date = formatdate(int(now), usegmt=True)
    told = f"host: {host}\ndate: {date}\nGET {path} HTTP/1.1"
    digest = hmac.digest(credential["api_secret"].reveal().encode(), told.encode(), "sha256")
    grant = (
        f'api_key="{credential["api_key"].reveal()}", algorithm="hmac-sha256", headers="host date request-line", '
        f'signature="{b64encode(digest).decode()}"'
    )
    signed = urlencode({"authorization": b64encode(grant.encode()).decode(), "host": host, "date": date})
    return replace(request, url=urlunsplit((scheme, place, path, f"{query}&{signed}" if query else signed, "")))


def sign_http(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the APIPassword as bearer, or ``key:secret`` where the credential has both."""
    key, secret = credential.get("api_key"), credential.get("api_secret")
    if not key or not secret:
        return auth.bearer(request, credential, now)
    return auth.with_headers(request, authorization=f"Bearer {key.reveal()}:{secret.reveal()}")
