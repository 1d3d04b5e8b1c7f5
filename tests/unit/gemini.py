"""What the tests of Gemini's wire share: requests encoded, replies decoded."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from app.memory import Memory
from providers.types import ChatRequest, Delta, Destination, Json, Secret, WireRequest
from providers.vendor import load_vendors
from tests.vectorfile import VECTORS

VENDORS = load_vendors()
GEMINI, VERTEX = VENDORS["gemini"], VENDORS["vertexai"]
OLD, FLASH, PRO, NEW = "gemini-2.0-flash", "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview"
USER = [{"role": "user", "content": "Hello"}]
PLACE = {"project_id": Secret("example-project"), "location": Secret("us-central1")}


def encoded(
    model: str = FLASH,
    messages: list[Json] | None = None,
    params: Json | None = None,
    *,
    stream: bool = False,
    vertex: bool = False,
    memory: Memory | None = None,
    **options: Any,
) -> WireRequest:
    """A request, not signed yet, for either door."""
    row = VERTEX if vertex else GEMINI
    fields = PLACE if vertex else {"api_key": Secret("test-key")}
    to = Destination(model, row.base_url, fields, options=options, recall=(memory or Memory()).recall)
    return row.encode(ChatRequest(model, USER if messages is None else messages, stream, params or {}), to)


def body(wire: WireRequest) -> Json:
    found: Json = orjson.loads(wire.body)
    return found


def sent(model: str = FLASH, **params: Any) -> tuple[Json, tuple[str, ...]]:
    """``generationConfig`` of a request of one message, and the changes."""
    wire = encoded(model, params=params)
    return body(wire).get("generationConfig", {}), wire.changes


def answer(parts: Iterable[Json], finish: str | None = "STOP", **more: Any) -> Json:
    """A response with one candidate."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {}) | more]}


def streamed(*documents: Json) -> bytes:
    return b"".join(b"data: " + orjson.dumps(one) + b"\r\n\r\n" for one in documents)


def decoded(data: bytes, wire: WireRequest | None = None) -> list[Delta]:
    """The deltas of a reply, read as the request wants it."""
    return list(((wire and wire.decode) or GEMINI.decode)(GEMINI.frame(iter([data]))))


def vector(name: str, section: str) -> list[Any]:
    found: list[Any] = json.loads((VECTORS / f"{name}.json").read_text())[section]
    return found


def call(identity: str = "c1", name: str = "f", arguments: str = "{}", **more: Any) -> Json:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def tool(identity: str, content: Any, **more: Any) -> Json:
    return {"role": "tool", "tool_call_id": identity, "content": content, **more}


def told(deltas: Iterable[Delta]) -> Mapping[str, Any]:
    """What deltas add up to."""
    found = list(deltas)
    return {
        "text": "".join(delta.text or "" for delta in found),
        "reasoning": "".join(delta.reasoning or "" for delta in found),
        "calls": [(one.name, one.arguments) for delta in found for one in delta.tool_calls],
        "reasons": [delta.finish_reason for delta in found if delta.finish_reason],
    }
