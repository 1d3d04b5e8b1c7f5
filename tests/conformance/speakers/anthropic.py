"""The Messages API, told by the small Claude's own events."""

from typing import Any, Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.fakevendor.claude_replies import events

_ROWS: Final = ("claude", "dashscope-anthropic")
_REASONS: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
BROKEN: Final = b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"it broke q7"}}\n\n'


def speaks(row: Vendor) -> bool:
    """Whether a row is one of this wire."""
    return row.name in _ROWS


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a message, as the request asks."""
    body = orjson.loads(wire.body)
    whole = message(body.get("model", "claude"), script)
    if not body.get("stream"):
        return [orjson.dumps(whole)]
    return [b"event: " + told["type"].encode() + b"\ndata: " + orjson.dumps(told) + b"\n\n" for told in _paced(whole)]


def message(model: str, script: Script) -> Json:
    """The whole message. The text is one block, whose pieces are those of the fake."""
    content: list[dict[str, Any]] = []
    if script.thoughts:
        content.append({"type": "thinking", "thinking": script.thought, "signature": "c2lnbmVk"})
    if script.texts:
        content.append({"type": "text", "text": script.text})
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in script.calls
    ]
    head = {"id": "msg_q7", "type": "message", "role": "assistant", "model": model, "content": content}
    usage = {"input_tokens": script.prompt, "output_tokens": script.completion}
    return {**head, "stop_reason": _REASONS[script.finish], "stop_sequence": None, "usage": usage}


def _paced(whole: Json) -> list[Json]:
    return list(events(whole))
