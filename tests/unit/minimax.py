"""What the tests of MiniMax's requests share."""

from typing import Any

import orjson

from app import parse
from providers.types import Destination, Json, WireRequest
from providers.vendor import load_vendors

ROWS = load_vendors()
USER = {"role": "user", "content": "x"}
FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {}}}}
TOOL = {"type": "function", "function": FUNCTION}
BARE = {"type": "function", "function": {"name": "g"}}
NOTHING = {"type": "object", "properties": {}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
LENGTH = "set max_tokens to 2048"


def encoded(row: str, model: str = "m", **body: Any) -> WireRequest:
    request = parse.chat(orjson.dumps({"model": model, "messages": [USER], **body}))
    return ROWS[row].encode(request, Destination(model, ROWS[row].base_url))


def sent(row: str, model: str = "m", **params: Any) -> tuple[Json, list[str]]:
    """The body beside what every request has, and the losses."""
    wire = encoded(row, model, **params)
    body = orjson.loads(wire.body)
    same = {"model", "messages", "bot_setting", "reply_constraints", "mask_sensitive_info"}
    return {name: value for name, value in body.items() if name not in same}, list(wire.changes)
