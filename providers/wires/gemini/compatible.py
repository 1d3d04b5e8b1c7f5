"""What the vendor's OpenAI surfaces have beside OpenAI's wire: Google's own errors, and signatures of tool calls.

The newest models refuse a history in which a call lacks the ``extra_content`` it came with, and OpenAI's clients drop
that: it is kept by the call's id and put back.
Source: https://ai.google.dev/gemini-api/docs/thought-signatures#openai, checked 2026-08.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

import orjson

from providers.types import ChatRequest, Delta, Destination, Event, Json, WireRequest
from providers.vendor import Decode, Encode
from providers.wires.gemini import faults, models
from providers.wires.gemini.signatures import PLACEHOLDER_WORD

PLACEHOLDER: Final[Json] = {"google": {"thought_signature": PLACEHOLDER_WORD}}
"""What the vendor takes for a call whose signature is lost."""


def encode(request: ChatRequest, to: Destination, own: Encode, decode_own: Decode) -> WireRequest:
    """The request as ``own`` writes it, the calls of its history with what they came with; the reply is noted."""
    losses: list[str] = []
    messages = [_signed(message, to, losses) for message in request.messages]
    wire = own(replace(request, messages=messages), to)
    read = partial(decode, own=decode_own, source=to.model)
    return replace(wire, changes=(*wire.changes, *dict.fromkeys(losses)), decode=read)


def _signed(message: Json, to: Destination, losses: list[str]) -> Json:
    """An assistant's message with the signatures that its calls came with, as far as they are this model's."""
    calls = message.get("tool_calls")
    if message["role"] != "assistant" or not calls:
        return message
    found = [_recalled(call, to) for call in calls]
    if not found[0].get("extra_content") and models.traits(to.model).signed:
        found[0] = {**found[0], "extra_content": PLACEHOLDER}
        losses.append("put a placeholder for a thought signature that is not known")
    return {**message, "tool_calls": found}


def _recalled(call: Json, to: Destination) -> Json:
    note = None if call.get("extra_content") else to.recall(_key(call["id"]))
    return {**call, "extra_content": note["extra_content"]} if note and note["source"] == to.model else call


def decode(events: Iterator[Event], own: Decode, source: str = "") -> Iterator[Delta]:
    """The reply as ``own`` reads it, with notes of what its calls came with; ``source`` is the model they are good for.

    Raises the errors that Google tells in its own form.
    """
    notes: dict[str, Json] = {}
    for delta in own(_noted(faults.checked(events), source, notes)):
        yield replace(delta, memo={**(delta.memo or {}), **notes}) if notes else delta
        notes.clear()


def _noted(events: Iterator[Event], source: str, notes: dict[str, Json]) -> Iterator[Event]:
    for event in events:
        if b'"extra_content"' in event.data:
            for call in _calls(event.data):
                notes[_key(call["id"])] = {"source": source, "extra_content": call["extra_content"]}
        yield event


def _calls(data: bytes) -> list[Json]:
    """The calls in a payload that have an id to keep a note by, and something to be noted."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return []
    choices = _listed(document, "choices")
    told = [choice.get(place) for choice in choices for place in ("delta", "message") if isinstance(choice, dict)]
    calls = [call for message in told for call in _listed(message, "tool_calls") if isinstance(call, dict)]
    return [call for call in calls if call.get("id") and isinstance(call.get("extra_content"), dict)]


def _listed(document: Any, name: str) -> list[Any]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, list) else []


def _key(call_id: Any) -> str:
    return f"google:{call_id}"
