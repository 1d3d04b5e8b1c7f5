"""Applications of Bailian: a text under ``output``, thoughts as steps, and usage for each model that was asked."""

from typing import Any, Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.conformance.speakers import dashscope
from tests.fakevendor.dashscope_replies import REQUEST_ID

BROKEN: Final = dashscope.BROKEN
_SESSION: Final = "a0606349b3c34c6fad7cf1d6454e0072"


def speaks(row: Vendor) -> bool:
    """Whether a row is that of applications."""
    return row.name == "bailian"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as a header asks."""
    counts = {"model_id": "qwen-max", "input_tokens": script.prompt, "output_tokens": script.completion}
    usage = {"models": [counts]}
    if "X-DashScope-SSE" not in wire.headers:
        thoughts = [_thought(script.thought)] if script.thoughts else []
        return [orjson.dumps(_document(usage, script.finish, text=script.text, thoughts=thoughts))]
    docs = [_document({}, "null", thoughts=[_thought(piece)]) for piece in script.thoughts]
    docs += [_document({}, "null", text=piece) for piece in script.texts]
    docs.append(_document(usage, script.finish, text=""))
    return [b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:" + orjson.dumps(doc) + b"\n\n" for doc in docs]


def _thought(text: str) -> Json:
    return {"action_type": "reasoning", "thought": text}


def _document(usage: Json, finish: str, **fields: Any) -> Json:
    output = {"session_id": _SESSION, "finish_reason": finish, **fields}
    return {"output": output, "usage": usage, "request_id": REQUEST_ID}
