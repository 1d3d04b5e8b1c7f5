"""Coze's chat v3: events, or a chat to be asked after until it is done and its messages can be listed."""

import json
from typing import Any, Final

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.fakevendor.coze_replies import FOLLOW_UP, NOISE, chat_object, event, message
from tests.fakevendor.coze_state import Chat

_CHAT: Final = Chat("7382159487131697202", "7381473525342978089", "q7", "")
BROKEN: Final = event("error", {"code": 5000, "msg": "it broke q7"}).encode()


def speaks(row: Vendor) -> bool:
    """Whether a row is one of v3."""
    return row.wire == "coze"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """What the address asks for: a file's id, a chat or its stream, the chat's state, or its messages."""
    path = wire.url.partition("?")[0]
    if path.endswith("/files/upload"):
        return [_answer({"id": "file-q7"})]
    if path.endswith("/retrieve"):
        return [_answer(_state("completed", script))]
    if path.endswith("/message/list"):
        listed = [message(_CHAT, "verbose", NOISE, 4), _said(script.text, script.thought), _next()]
        return [_answer(listed)]
    if not json.loads(wire.body)["stream"]:
        return [_answer(_state("in_progress", script))]
    events = [event("conversation.chat.created", _state("created", script))]
    events += [event("conversation.message.delta", _said("", piece)) for piece in script.thoughts]
    events += [event("conversation.message.delta", _said(piece)) for piece in script.texts]
    events.append(event("conversation.message.completed", _said(script.text, script.thought)))
    events.append(event("conversation.message.completed", _next()))
    events.append(event("conversation.chat.completed", _state("completed", script)))
    return [told.encode() for told in (*events, event("done", "[DONE]"))]


def _said(text: str, thought: str = "") -> Json:
    return message(_CHAT, "answer", text, **({"reasoning_content": thought} if thought else {}))


def _next() -> Json:
    return message(_CHAT, "follow_up", FOLLOW_UP, 5)


def _state(status: str, script: Script) -> Json:
    usage = {"token_count": script.total, "output_count": script.completion, "input_count": script.prompt}
    return {**chat_object(_CHAT), "status": status, "usage": usage}


def _answer(data: Any) -> bytes:
    return json.dumps({"code": 0, "msg": "", "data": data}).encode()
