"""Gemini's generateContent, on Google AI and on Vertex AI, where Claude's own wire stands beside it."""

from typing import Any, Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.conformance.speakers import anthropic
from tests.fakevendor.gemini_replies import events
from tests.fakevendor.replies import event

_ROWS: Final = ("gemini", "vertexai")
_REASONS: Final = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
BROKEN: Final = event({"error": {"code": 500, "message": "it broke q7", "status": "INTERNAL"}})


def speaks(row: Vendor) -> bool:
    """Whether a row is one of this wire."""
    return row.name in _ROWS


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as the address asks."""
    if "awPredict" in wire.url:
        return anthropic.reply(wire, script)
    answer = whole(script)
    if ":streamGenerateContent" not in wire.url:
        return [orjson.dumps(answer)]
    return [event(told) for told in events(answer, stop_on_each=False)]


def whole(script: Script) -> Json:
    """The whole answer; its calls carry the signature that newer models give."""
    parts: list[dict[str, Any]] = []
    if script.thoughts:
        parts.append({"text": script.thought, "thought": True})
    if script.texts:
        parts.append({"text": script.text})
    parts += [
        {"functionCall": {"name": call.name, "args": call.arguments, "id": call.id}, "thoughtSignature": "c2lnbmVk"}
        for call in script.calls
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": _REASONS[script.finish], "index": 0}
    counts = {"promptTokenCount": script.prompt, "candidatesTokenCount": script.completion}
    return {
        "candidates": [candidate],
        "usageMetadata": {**counts, "totalTokenCount": script.total},
        "modelVersion": "gemini",
        "responseId": "resp-q7",
    }
