"""Signatures: functions of a request, a credential and the time that return the signed request.

The only room where a ``Secret`` is revealed. No sockets, no clock of its own.
"""

from collections.abc import Mapping
from dataclasses import replace

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
