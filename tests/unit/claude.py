"""What the tests of the Messages wire share: a request, encoded."""

from typing import Any

import orjson

from providers.types import ChatRequest, Destination, Json, Secret, WireRequest
from providers.vendors.claude import VENDOR

BUDGET, BOTH, ADAPTIVE, NEWEST = "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-8", "claude-opus-5-5"
OLD = "claude-3-7-sonnet-20250219"
USER = [{"role": "user", "content": "Hello"}]


def encoded(model: str, params: Json, stream: bool = False, **options: Any) -> WireRequest:
    """A request of one message, not signed yet."""
    to = Destination(model, VENDOR.base_url, {"api_key": Secret("test-key")}, options=options)
    return VENDOR.encode(ChatRequest(model, USER, stream, params), to)


def sent(model: str, **params: Any) -> tuple[Json, tuple[str, ...]]:
    """The body without what is the same in all, and the changes."""
    wire = encoded(model, params)
    body = orjson.loads(wire.body)
    for name in ("model", "messages"):
        del body[name]
    return body, wire.changes
