"""Coze's older chat: messages with a mark on the last, or a list of them; it counts no tokens."""

import json
from typing import Any, Final

from providers.types import WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.fakevendor.coze_replies import FOLLOW_UP, whole_v2

BROKEN: Final = b'data:{"event":"error","error_information":{"code":702093016,"msg":"it broke q7"}}\n\n'


def speaks(row: Vendor) -> bool:
    """Whether a row is one of v2."""
    return row.name.endswith("-v2") and row.name.startswith("coze")


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as the request asks."""
    if not json.loads(wire.body)["stream"]:
        return [json.dumps(whole_v2(script.text)).encode()]
    said = [_event("answer", piece) for piece in script.texts]
    return [*said, _event("follow_up", FOLLOW_UP, end=True), b'data:{"event":"done"}\n\n']


def _event(kind: str, text: str, *, end: bool = False) -> bytes:
    said: dict[str, Any] = {"role": "assistant", "type": kind, "content": text, "content_type": "text"}
    doc = {"event": "message", "message": said, "is_finish": end, "index": 0, "conversation_id": "123"}
    return f"data:{json.dumps(doc)}\n\n".encode()
