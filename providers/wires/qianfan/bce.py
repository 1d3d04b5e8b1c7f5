"""The cloud's signature ``bce-auth-v1``: a function of the request, a key pair and the time.

Source: https://cloud.baidu.com/doc/Reference/s/njwvz1yfu, checked 2026-08; the same results as the vendor's SDK.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

VALID_S: Final = 300
_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}


def signed_headers(method: str, url: str, access_key: str, secret_key: str, now: float) -> dict[str, str]:
    """The headers that sign a JSON request: host, content-type, x-bce-date and authorization. ``now`` is Unix seconds.

    The host is among them because it is signed: what is sent must not depend on the transport.
    """
    date = f"{datetime.fromtimestamp(int(now), timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    headers = {"host": _host(url), "content-type": "application/json", "x-bce-date": date}
    prefix = f"bce-auth-v1/{access_key}/{date}/{VALID_S}"
    # The key of the second step is the hex text of the first, not its bytes.
    signature = _hmac_hex(_hmac_hex(secret_key, prefix), canonical(method, url, headers))
    return {**headers, "authorization": f"{prefix}/{';'.join(headers)}/{signature}"}


def canonical(method: str, url: str, headers: Mapping[str, str]) -> str:
    """The text that is signed: method, path, query and headers (names in lower case), percent-encoded and sorted."""
    parts = urlsplit(url)
    path = quote(unquote(parts.path), safe="/~")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs if _counts(name)))
    lines = sorted(f"{_encoded(name)}:{_encoded(value.strip())}" for name, value in headers.items() if value.strip())
    return "\n".join((method, path, query, *lines))


def _counts(name: str) -> bool:
    return name.lower() != "authorization"


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _hmac_hex(key: str, message: str) -> str:
    return hmac.digest(key.encode(), message.encode(), "sha256").hex()


def _host(url: str) -> str:
    scheme, place, *_ = urlsplit(url)
    return place.rpartition("@")[2].lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":"))
