"""Replies: lines of JSON, or the one line of a whole answer, as deltas.

Source: https://docs.ollama.com/api/chat, https://docs.ollama.com/api/streaming, checked 2026-08.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from providers import ids
from providers.types import Delta, Event, Json, ToolCallDelta, Usage
from providers.wires.ollama import faults

_REASONS: Final = {"stop": "stop", "length": "length", "load": "stop", "unload": "stop"}


@dataclass(slots=True)
class _Reply:
    """One reply so far: the ids of its tool calls and the thoughts that led to them."""

    calls: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas, which end with the line that says ``done``; without one the reply was cut.

    Raises the vendor's error wherever it stands, and MALFORMED for what is no JSON.
    """
    reply = _Reply()
    for event in events:
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            raise faults.of_text(event.data) from None
        if not isinstance(doc, dict) or doc.get("error"):
            raise faults.in_reply(event.data)
        yield from _line(doc, reply)
        if doc.get("done") is True:
            yield _end(doc, reply)
            return


def _line(doc: Json, reply: _Reply) -> Iterator[Delta]:
    message = doc.get("message") or {}
    thoughts, text = message.get("thinking"), message.get("content")
    calls = tuple(_call(call, reply) for call in message.get("tool_calls") or ())
    logprobs = [_logprob(one) for one in doc.get("logprobs") or ()]
    if thoughts:
        reply.thoughts.append(thoughts)
    if thoughts or text or calls or logprobs:
        extra = {"logprobs": {"content": logprobs, "refusal": None}} if logprobs else None
        yield Delta(text=text or None, reasoning=thoughts or None, tool_calls=calls, extra=extra)


def _call(call: Json, reply: _Reply) -> ToolCallDelta:
    """A call, which always comes whole. Older servers give it no id."""
    function = call["function"]
    identity = str(call.get("id") or ids.call_id())
    reply.calls.append(identity)
    return ToolCallDelta(len(reply.calls) - 1, identity, function["name"], _arguments(function.get("arguments")))


def _arguments(told: Any) -> str:
    """Arguments as JSON text; models that are weak at this make texts of them."""
    if isinstance(told, str):
        return told or "{}"
    return json.dumps({} if told is None else told, ensure_ascii=False)


def _logprob(told: Json) -> Json:
    """One token in OpenAI's form, whose bytes are those of its text where the server does not tell them."""
    others = [_logprob(other) for other in told.get("top_logprobs") or ()]
    token = told["token"]
    data = told.get("bytes") or list(token.encode())
    return {"token": token, "logprob": told["logprob"], "bytes": data, "top_logprobs": others}


def _end(doc: Json, reply: _Reply) -> Delta:
    word = doc.get("done_reason") or "stop"
    reason = _REASONS.get(word)
    note = None if reason else f"unknown finish reason {str(word)[:40]}"
    if reply.calls and reason != "length":
        reason = "tool_calls"
    usage = Usage(doc.get("prompt_eval_count") or 0, doc.get("eval_count") or 0)
    return Delta(finish_reason=reason or "stop", usage=usage, note=note, memo=_memo(reply))


def _memo(reply: _Reply) -> dict[str, Json] | None:
    """The thoughts that led to tool calls, under each call's id: models go on from them when the results are in."""
    if not reply.thoughts or not reply.calls:
        return None
    note: Json = {"thinking": "".join(reply.thoughts)}
    return dict.fromkeys(reply.calls, note)
