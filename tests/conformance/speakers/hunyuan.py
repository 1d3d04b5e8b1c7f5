"""Hunyuan's native words: an envelope around a whole answer, bare blocks in a stream."""

from typing import Any, Final

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Call, Script
from tests.fakevendor.hunyuan_replies import head
from tests.fakevendor.replies import event

BROKEN: Final = event({"ErrorMsg": {"Msg": "it broke q7", "Code": 4001}, "Note": "", "Id": "q7"})


def speaks(row: Vendor) -> bool:
    """Whether a row is the native one."""
    return row.name == "hunyuan"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as the request asks."""
    if not orjson.loads(wire.body)["Stream"]:
        return [orjson.dumps({"Response": _whole(script)})]
    pieces: list[Json] = [{"ReasoningContent": piece} for piece in script.thoughts]
    pieces += [{"Content": piece} for piece in script.texts]
    pieces += [{"ToolCalls": [_call(call, place)]} for place, call in enumerate(script.calls)]
    told = [(piece, "") for piece in pieces] + [({}, _word(script))]
    return [event(_block(piece, word, script)) for piece, word in told]


def _whole(script: Script) -> Json:
    message: Json = {"Role": "assistant", "Content": script.text}
    if script.thoughts:
        message["ReasoningContent"] = script.thought
    if script.calls:
        message["ToolCalls"] = [_call(call, place) for place, call in enumerate(script.calls)]
    choice = {"Index": 0, "Message": message, "FinishReason": _word(script)}
    return {**head(), "RequestId": "r", "Choices": [choice], "Usage": _usage(script)}


def _block(piece: Json, word: str, script: Script) -> Json:
    choice = {"FinishReason": word, "Delta": {"Role": "assistant", "Content": "", **piece}}
    return {**head(), "Choices": [choice], "Usage": _usage(script)}


def _call(call: Call, place: int) -> dict[str, Any]:
    function = {"Name": call.name, "Arguments": call.json}
    return {"Id": call.id, "Type": "function", "Index": place, "Function": function}


def _usage(script: Script) -> dict[str, int]:
    return {"PromptTokens": script.prompt, "CompletionTokens": script.completion, "TotalTokens": script.total}


def _word(script: Script) -> str:
    return script.finish
