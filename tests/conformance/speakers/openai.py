"""The OpenAI wire: chunks and ``[DONE]``, or one ``chat.completion``. Every row of the wire is spoken for here."""

from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Call, Script
from tests.fakevendor.replies import DONE, event

_CREATED: Final = 1_750_000_000
_ELSEWHERE: Final = ("huoshanbot",)
_UNASKED: Final = ("open.bigmodel.cn", "api.mistral.ai", "spark-api-open.xf-yun.com")
"""Hosts that know no ``stream_options`` and count without being asked."""

MODELS: Final = {"azure": ("gpt-4o",), "vertexai-openai": ("google/gemini-2.5-flash",)}
BROKEN: Final = event({"error": {"message": "it broke q7", "type": "server_error", "param": None, "code": None}})


def speaks(row: Vendor) -> bool:
    """Whether a row is one of the wire, or speaks it without being found by its host."""
    return row.wire == "openai" or row.name in _ELSEWHERE


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as the request asks. Usage comes in a stream only where it is asked for."""
    body = orjson.loads(wire.body)
    if not body.get("stream"):
        return [orjson.dumps(document(body.get("model", "m"), script))]
    asked = (body.get("stream_options") or {}).get("include_usage") or urlsplit(wire.url).hostname in _UNASKED
    return [*map(event, chunks(body.get("model", "m"), script, bool(asked))), DONE]


def document(model: str, script: Script) -> Json:
    """One whole completion."""
    message: Json = {"role": "assistant", "content": script.text or None}
    if script.thoughts:
        message["reasoning_content"] = script.thought
    if script.calls:
        message["tool_calls"] = [_call(call) for call in script.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": script.finish}
    return {**_head("chat.completion", model), "choices": [choice], "usage": usage(script)}


def chunks(model: str, script: Script, with_usage: bool) -> list[Json]:
    """The chunks of a stream: thoughts, text, calls with their arguments in pieces, the end, and perhaps usage."""
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in script.thoughts]
    deltas += [{"content": piece} for piece in script.texts]
    for place, call in enumerate(script.calls):
        told = _call(call)
        begun = {**told, "index": place, "function": {**told["function"], "arguments": ""}}
        deltas.append({"tool_calls": [begun]})
        half = len(call.json) // 2
        for piece in (call.json[:half], call.json[half:]):
            deltas.append({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
    head = _head("chat.completion.chunk", model)
    told_all = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    told_all.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": script.finish}]})
    return [*told_all, *([{**head, "choices": [], "usage": usage(script)}] if with_usage else [])]


def usage(script: Script) -> dict[str, int]:
    """The counts."""
    return {
        "prompt_tokens": script.prompt,
        "completion_tokens": script.completion,
        "total_tokens": script.total,
    }


def _head(kind: str, model: str) -> Json:
    return {"id": "chatcmpl-q7", "object": kind, "created": _CREATED, "model": model}


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.json}}
