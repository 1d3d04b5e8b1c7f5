"""DashScope's native protocol: choices under ``output``, pieces where they were asked for, parts for images."""

from typing import Any, Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Call, Script
from tests.fakevendor.dashscope_replies import REQUEST_ID

BROKEN: Final = (
    b'id:9\nevent:error\n:HTTP_STATUS/500\ndata:{"code":"InternalError","message":"it broke q7","request_id":"q7"}\n\n'
)


def speaks(row: Vendor) -> bool:
    """Whether a row is the native one."""
    return row.name == "dashscope"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, of pieces or of ever longer texts, or a document: a header asks for the one, a field for the other."""
    multimodal = "multimodal" in wire.url
    if "X-DashScope-SSE" not in wire.headers:
        message = {**_said(script.text, multimodal), **_more(script)}
        return [orjson.dumps(_document(message, script.finish, script))]
    grows = not orjson.loads(wire.body)["parameters"].get("incremental_output")
    told = list(_pieces(script, multimodal, grows=grows))
    last = _said(script.text if grows else "", multimodal)
    docs = [*(_document(piece, "null", script) for piece in told), _document(last, script.finish, script)]
    return [b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:" + orjson.dumps(doc) + b"\n\n" for doc in docs]


def _pieces(script: Script, multimodal: bool, *, grows: bool) -> list[Json]:
    thoughts, texts = (_growing(part) if grows else part for part in (script.thoughts, script.texts))
    pieces = [{**_said("", multimodal), "reasoning_content": piece} for piece in thoughts]
    pieces += [_said(piece, multimodal) for piece in texts]
    pieces += [{**_said("", multimodal), "tool_calls": [_call(*one)]} for one in enumerate(script.calls)]
    return pieces


def _growing(pieces: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("".join(pieces[: end + 1]) for end in range(len(pieces)))


def _said(text: str, multimodal: bool) -> Json:
    return {"content": [{"text": text}] if multimodal else text}


def _more(script: Script) -> Json:
    thoughts = {"reasoning_content": script.thought} if script.thoughts else {}
    return {**thoughts, **({"tool_calls": [_call(*one) for one in enumerate(script.calls)]} if script.calls else {})}


def _call(place: int, call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.json}
    return {"index": place, "id": call.id, "type": "function", "function": function}


def _document(message: Json, finish: str, script: Script) -> Json:
    choice = {"message": {"role": "assistant", **message}, "finish_reason": finish}
    usage = {"input_tokens": script.prompt, "output_tokens": script.completion, "total_tokens": script.total}
    return {"output": {"choices": [choice]}, "usage": usage, "request_id": REQUEST_ID}
