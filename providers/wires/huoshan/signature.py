"""The cloud's signature, HMAC-SHA256: AWS's V4 but for the secret as it is and the word ``request``.

Source: volcenginesdk-core 5.0.54 (``signv4.py``), checked 2026-08; the same results as the vendor's SDK.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from providers.auth import with_headers
from providers.types import Secret, WireRequest

ALGORITHM: Final = "HMAC-SHA256"
_SIGNED: Final = frozenset({"content-type", "content-md5", "host"})


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, for which service of which region; ``session_token`` belongs to temporary keys."""

    access_key: Secret
    secret_key: Secret
    region: str
    service: str
    session_token: Secret | None = None


def sign(request: WireRequest, signer: Signer, now: float) -> WireRequest:
    """The request with its date, its body's hash, its host and the signature over them. ``now`` is Unix seconds.

    Every ``x-`` header that is there already is signed too.
    """
    date = f"{datetime.fromtimestamp(int(now), timezone.utc):%Y%m%dT%H%M%SZ}"
    fresh = with_headers(request, host=_host(request.url), x_date=date, x_content_sha256=_sha256(request.body))
    if signer.session_token:
        fresh = with_headers(fresh, x_security_token=signer.session_token.reveal())
    signed = _to_sign(fresh.headers)
    scope = f"{date[:8]}/{signer.region}/{signer.service}/request"
    told = "\n".join((ALGORITHM, date, scope, _sha256(canonical(fresh).encode())))
    signature = hmac.digest(_key(signer, scope), told.encode(), "sha256").hex()
    grant = f"Credential={signer.access_key.reveal()}/{scope}, SignedHeaders={';'.join(signed)}"
    return with_headers(fresh, authorization=f"{ALGORITHM} {grant}, Signature={signature}")


def canonical(request: WireRequest) -> str:
    """The text whose hash is signed: method, path, query, headers and the body's hash, each in its one form."""
    url = urlsplit(request.url)
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in parse_qsl(url.query, keep_blank_values=True))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    signed = _to_sign(request.headers)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    return "\n".join((request.method, url.path or "/", query, lines, ";".join(signed), _sha256(request.body)))


def _to_sign(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that count, by name in lower case. The vendor leaves the usual ports out of the host."""
    low = {name.lower(): value.strip() for name, value in headers.items()}
    signed = {name: low[name] for name in sorted(low) if name in _SIGNED or name.startswith("x-")}
    if "host" in signed:
        signed["host"] = signed["host"].removesuffix(":443").removesuffix(":80")
    return signed


def _key(signer: Signer, scope: str) -> bytes:
    # The secret looks like base64, but its text itself is the key.
    key = signer.secret_key.reveal().encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _host(url: str) -> str:
    """The Host header, which is signed: what is sent must not depend on the transport."""
    return urlsplit(url).netloc.rpartition("@")[2]
