"""MiniMax: ``chatcompletion_pro`` in its own words, and the OpenAI wire for the models that speak that."""

from typing import Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.conformance.speakers import openai
from tests.fakevendor.minimax import FINE
from tests.fakevendor.replies import event

_ROWS: Final = ("minimax", "minimax-pro", "minimax-pro-grouped")
_REASONS: Final = {"stop": "stop", "length": "max_output", "tool_calls": "stop"}
BROKEN: Final = event({"base_resp": {"status_code": 1000, "status_msg": "it broke q7"}, "choices": None, "reply": ""})


def speaks(row: Vendor) -> bool:
    """Whether a row speaks the old protocol, always or for some models."""
    return row.name in _ROWS


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """Packets whose last holds the whole again, or that one alone."""
    if "chatcompletion_pro" not in wire.url:
        return openai.reply(wire, script)
    body = orjson.loads(wire.body)
    bot = {"sender_type": "BOT", "sender_name": body["reply_constraints"]["sender_name"]}
    head = {"created": 1689747645, "model": body["model"], "reply": ""}
    packets: list[Json] = [{**head, "choices": [{"messages": [{**bot, "text": text}]}]} for text in script.texts]
    message: Json = {**bot, "text": script.text}
    for call in script.calls:
        message["function_call"] = {"name": call.name, "arguments": call.json}
    choice = {"finish_reason": _REASONS[script.finish], "messages": [message]}
    told = {**head, "reply": script.text, "id": "q7", "choices": [choice], "usage": openai.usage(script), **FINE}
    return [event(packet) for packet in (*packets, told)] if body.get("stream") else [orjson.dumps(told)]
