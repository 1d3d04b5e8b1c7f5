"""Dify's chat apps: events that name themselves in their payload, or one message."""

from typing import Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.conformance.speakers.openai import usage
from tests.fakevendor.dify import CONVERSATION, MESSAGE
from tests.fakevendor.replies import event

_ABOUT: Final = {
    "conversation_id": CONVERSATION,
    "message_id": MESSAGE,
    "created_at": 1705407629,
    "task_id": "t",
}
BROKEN: Final = event({"event": "error", **_ABOUT, "status": 500, "code": "internal", "message": "it broke q7"})


def speaks(row: Vendor) -> bool:
    """Whether a row is Dify's."""
    return row.name == "dify"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """What the address asks for: a file's id, or an answer, streamed or whole. Thoughts are a chatflow's only."""
    if wire.url.endswith("/files/upload"):
        return [orjson.dumps({"id": "file-q7"})]
    thoughts = {"reasoning": {"llm": script.thought}} if script.thoughts else {}
    end = {"metadata": {"usage": usage(script), "retriever_resources": [], **thoughts}}
    if orjson.loads(wire.body)["response_mode"] == "blocking":
        told: Json = {"event": "message", **_ABOUT, "mode": "chat", "answer": script.text, **end}
        return [orjson.dumps(told)]
    events: list[Json] = [
        {"event": "reasoning_chunk", **_ABOUT, "data": {"reasoning": piece}} for piece in script.thoughts
    ]
    events += [{"event": "message", **_ABOUT, "answer": piece} for piece in script.texts]
    return [event(told) for told in (*events, {"event": "message_end", **_ABOUT, **end})]
