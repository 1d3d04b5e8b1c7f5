"""What the unit tests of DashScope share: how a request goes up, and how bytes come down."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from app import parse, render
from providers.types import BODY, ChatRequest, Delta, Destination, Event, Json, Secret, WireRequest
from providers.vendors.dashscope import VENDORS

ROWS: Final = {row.name: row for row in VENDORS}
KEY: Final = {"api_key": Secret("sk-test")}
HOST: Final = "https://dashscope.aliyuncs.com"


def asked(model: str, messages: Any = "hi", *, stream: bool = False, **params: Any) -> ChatRequest:
    """A request as the gateway reads it; a text stands for one message of the user."""
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    return parse.chat(orjson.dumps({"model": model, "messages": listed, "stream": stream, **params}))


def to(model: str, url: str = HOST, **fields: Any) -> Destination:
    return Destination(model, url, KEY, **fields)


def encoded(
    model: str, messages: Any = "hi", row: str = "dashscope", destination: Destination | None = None, **params: Any
) -> WireRequest:
    return ROWS[row].encode(asked(model, messages, **params), destination or to(model))


def body(wire: WireRequest) -> Json:
    read: Json = orjson.loads(wire.body)
    return read


def parameters(model: str, **params: Any) -> Json:
    found: Json = body(encoded(model, **params))["parameters"]
    return found


def sse(*docs: Json, name: str = "result", status: int = 200) -> bytes:
    """A stream in the vendor's form: four lines an event, and nothing at its end."""
    lines = (
        f"id:{number}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:".encode() + orjson.dumps(doc) + b"\n\n"
        for number, doc in enumerate(docs, 1)
    )
    return b"".join(lines)


def frame(message: Mapping[str, Any] | None, finish: str | None = "null", **more: Any) -> Json:
    """One payload of the text endpoint."""
    choice = {"message": {"role": "assistant", "content": "", **(message or {})}, "finish_reason": finish}
    return {"output": {"choices": [choice]}, "usage": {}, "request_id": "r-1", **more}


def deltas(pieces: Iterable[bytes], row: str = "dashscope", wire: WireRequest | None = None) -> list[Delta]:
    vendor = ROWS[row]
    decode = (wire and wire.decode) or vendor.decode
    return list(decode(vendor.frame(iter(pieces))))


def folded(data: bytes, row: str = "dashscope", wire: WireRequest | None = None) -> Json:
    return render.fold(deltas([data], row, wire), "mine")


def whole(doc: Json, row: str = "dashscope") -> Json:
    return render.fold(ROWS[row].decode(iter([Event(BODY, orjson.dumps(doc))])), "mine")
