"""What tests of the Coze wire share: a destination, requests, and replies read to their end."""

from collections.abc import Mapping
from typing import Any

import orjson

from app import parse
from providers import framing
from providers.types import ChatRequest, Delta, Destination, Json, Secret, WireRequest
from providers.wires.coze import request

BOT = "7379462189365198898"
URL = "https://api.coze.cn/v3/chat"
PAT = {"token": Secret("pat_test")}


def to(memory: Mapping[str, Json] | None = None, credential: Mapping[str, Secret] = PAT, **more: Any) -> Destination:
    return Destination(**{"model": BOT, "server_url": URL, "credential": credential, **more}, recall=(memory or {}).get)


def asked(messages: list[Json], **more: Any) -> ChatRequest:
    return parse.chat(orjson.dumps({"model": "m", "messages": messages, **more}))


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def wire(*messages: Json, at: Destination | None = None, **more: Any) -> WireRequest:
    return request.encode(asked(list(messages), **more), at or to())


def body(*messages: Json, at: Destination | None = None, **more: Any) -> Json:
    found: Json = orjson.loads(wire(*messages, at=at, **more).body)
    return found


def told(*messages: Json, at: Destination | None = None) -> list[tuple[str, Any]]:
    """Role and content of each entry; a content of items is decoded."""
    entries = body(*messages, at=at)["additional_messages"]
    return [
        (entry["role"], entry["content"] if entry["content_type"] == "text" else orjson.loads(entry["content"]))
        for entry in entries
    ]


def event(name: str, doc: Any) -> bytes:
    return f"event:{name}\ndata:".encode() + orjson.dumps(doc) + b"\n\n"


def read(made: WireRequest, *data: bytes) -> list[Delta]:
    assert made.decode is not None
    return list(made.decode(framing.sse(iter([b"".join(data)]))))


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text or "" for delta in deltas)
