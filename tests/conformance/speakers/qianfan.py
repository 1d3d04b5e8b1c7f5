"""Qianfan's V1: one shape for whole answers and for pieces, in which only ``is_end`` tells the end."""

from typing import Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.conformance.speakers.openai import usage
from tests.fakevendor.replies import event

BROKEN: Final = b'{"error_code":336000,"error_msg":"it broke q7","id":"as-q7"}\n'


def speaks(row: Vendor) -> bool:
    """Whether a row is that of V1."""
    return row.name == "qianfan"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as the request asks."""
    if not orjson.loads(wire.body).get("stream"):
        return [orjson.dumps(_document(script, script.text, end=True))]
    texts = [*script.texts, ""]
    return [event(_document(script, text, end=place == len(texts) - 1)) for place, text in enumerate(texts)]


def _document(script: Script, text: str, *, end: bool) -> Json:
    doc: Json = {"id": "as-q7", "object": "chat.completion", "created": 1709089502, "is_end": end}
    doc |= {"is_truncated": end and script.finish == "length", "result": text, "need_clear_history": False}
    doc |= {"finish_reason": "normal", "usage": usage(script)}
    if end and script.calls:
        (call,) = script.calls
        doc["function_call"] = {"name": call.name, "arguments": call.json, "thoughts": "想一想"}
    return doc
