"""The two ways in which servers of this wire take a key. Never both in one request."""

from collections.abc import Mapping

from providers import auth
from providers.types import Secret, WireRequest


def sign(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with its key, in ``authorization`` where that header is there (empty), else in ``x-api-key``."""
    if "authorization" in request.headers:
        return auth.bearer(request, credential, now)
    return auth.with_headers(request, x_api_key=credential["api_key"].reveal())
