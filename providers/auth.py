"""Signatures: functions of a request, a credential and the time that return the signed request.

The only room where a ``Secret`` is revealed. No sockets, no clock of its own.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from providers.types import Secret, WireRequest


def with_headers(request: WireRequest, **headers: str) -> WireRequest:
    """The request with further headers; underscores in names become hyphens."""
    added = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(request, headers={**request.headers, **added})


def unsigned(request: WireRequest, _credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request as it is, for upstreams that ask for nothing."""
    return request


def bearer(request: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with ``Authorization: Bearer <api_key>``, or as it is where the credential has no key."""
    key = credential.get("api_key")
    return with_headers(request, authorization=f"Bearer {key.reveal()}") if key else request


def with_query(request: WireRequest, **fields: str) -> WireRequest:
    """The request with further fields in its URL's query; one that is there already, in any case, stays as it is."""
    scheme, host, path, query, _ = urlsplit(request.url)
    there = {name.casefold() for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = [f"{name}={quote(value, safe='')}" for name, value in fields.items() if name.casefold() not in there]
    return replace(request, url=urlunsplit((scheme, host, path, "&".join(filter(None, (query, *added))), "")))


def tc3(request: WireRequest, credential: Mapping[str, Secret], now: float, *, service: str) -> WireRequest:
    """The request signed with TC3-HMAC-SHA256 by ``secret_id`` and ``secret_key`` for a Tencent Cloud ``service``.

    ``now`` is Unix seconds; the vendor refuses a clock that is off by more than five minutes. ``token`` of temporary
    keys and ``region`` are sent where the credential has them.
    Source: https://cloud.tencent.com/document/api/1729/101843, checked 2026-08.
    """
    url = urlsplit(request.url)
    at = datetime.fromtimestamp(int(now), timezone.utc)
    scope = f"{at:%Y-%m-%d}/{service}/tc3_request"
    content_type = request.headers.get("content-type", "application/json").lower()
    signed = {"content-type": content_type, "host": _host(request.url)}
    lines = [f"{name}:{value}\n" for name, value in signed.items()]
    parts = (request.method, url.path or "/", url.query, "".join(lines), ";".join(signed), _sha256(request.body))
    told = f"TC3-HMAC-SHA256\n{int(now)}\n{scope}\n{_sha256(chr(10).join(parts).encode())}"
    key = b"TC3" + credential["secret_key"].reveal().encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    grant = f"{credential['secret_id'].reveal()}/{scope}, SignedHeaders={';'.join(signed)}"
    signature = hmac.digest(key, told.encode(), "sha256").hex()
    fields = {f"X-TC-{name.title()}": credential[name].reveal() for name in ("token", "region") if credential.get(name)}
    return with_headers(
        request,
        host=signed["host"],
        content_type=content_type,
        x_tc_timestamp=str(int(now)),
        authorization=f"TC3-HMAC-SHA256 Credential={grant}, Signature={signature}",
        **fields,
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _host(url: str) -> str:
    """The Host header of a URL: what is signed must be what is sent, so it does not depend on the transport."""
    scheme, place, *_ = urlsplit(url)
    host = place.rpartition("@")[2].lower()
    return host.removesuffix({"https": ":443", "http": ":80"}.get(scheme, ":"))
