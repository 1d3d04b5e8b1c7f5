"""What the tests of Qianfan share: requests of V1 as they are encoded, chunks of its streams, credentials."""

from typing import Any
from urllib.parse import urlsplit

import orjson

from providers.types import ChatRequest, Delta, Destination, Json, Secret
from providers.vendors.qianfan import V1
from tests.vectorfile import VECTORS

FILE = orjson.loads((VECTORS / "qianfan.json").read_bytes())
USER = {"role": "user", "content": "hi"}
SYSTEM = {"role": "system", "content": "S"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
OTHER_CALL = {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
HEAD = {"id": "as-1", "object": "chat.completion", "created": 1709089502}
NOW = 1_700_000_000.0


def told(role: str, content: Any = "hi", **more: Any) -> Json:
    return {"role": role, "content": content, **more}


def encoded(
    messages: list[Json] | None = None,
    model: str = "ERNIE-4.0-8K",
    server_url: str = "https://aip.baidubce.com",
    credential: dict[str, str] | None = None,
    stream: bool = False,
    **params: Any,
) -> tuple[str, Json, tuple[str, ...]]:
    """Path after the host, body and changes."""
    to = Destination(model, server_url, {name: Secret(value) for name, value in (credential or {}).items()})
    wire = V1.encode(ChatRequest(model, messages or [USER], stream, params), to)
    return urlsplit(wire.url).path, orjson.loads(wire.body), wire.changes


def secrets(**fields: str) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in fields.items()}


def chunk(result: str = "", end: bool = False, **more: Any) -> Json:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    return {**HEAD, "is_end": end, "result": result, "finish_reason": "normal", "usage": usage, **more}


def wire(*docs: Json, ending: str = "\n\n") -> bytes:
    return b"".join(b"data: " + orjson.dumps(doc) + ending.encode() for doc in docs)


def read(data: bytes, size: int = 0) -> list[Delta]:
    pieces = [data[i : i + size] for i in range(0, len(data), size)] if size else [data]
    return list(V1.decode(V1.frame(iter(pieces))))
