"""The older chat, for configs that name its address: a query and the history before it, text only.

It is no longer in the vendor's reference; the shape is that of public clients. Unverified.
Source: https://github.com/songquanpeng/one-api/tree/main/relay/adaptor/coze, checked 2026-08.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from providers.types import BODY, ChatRequest, Delta, Destination, Event, Json, WireRequest
from providers.wires.coze import chats, faults, params, polls, turns, urls

_CONVERSATION: Final = "123"
"""The vendor wants one; the history comes with each request, so it is always the same."""


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for the bot ``to.model``. Raises UNSUPPORTED for anything but text."""
    told = params.current(request.params)
    losses = params.losses(told)
    *history, last = turns.told(request.messages, None, losses)
    body: Json = {
        "conversation_id": _CONVERSATION,
        "bot_id": to.model,
        "user": params.user(told),
        "query": last.text,
        "chat_history": [turns.entry_v2(turn) for turn in history],
        "stream": request.stream,
    }
    return WireRequest(
        "POST",
        urls.chat_v2(to.server_url),
        {"content-type": "application/json"},
        orjson.dumps(body),
        tuple(losses),
        params.stops(told),
    )


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas, whole or streamed; no usage is told. Raises the vendor's error wherever it stands."""
    for event in events:
        if event.name == BODY:
            yield from _whole(polls.document(event))
            continue
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            yield Delta(note="skipped a malformed event")
            continue
        yield from _piece(doc)
        if isinstance(doc, dict) and doc.get("event") == "done":
            return


def _whole(doc: Any) -> Iterator[Delta]:
    error = faults.in_document(doc)
    if error:
        raise error
    if not isinstance(doc, dict) or not isinstance(doc.get("messages"), list):
        raise faults.no_answer(doc)
    for text, _ in map(chats.answer, doc["messages"]):
        if text:
            yield Delta(text=text)
    yield Delta(finish_reason="stop")


def _piece(doc: Any) -> Iterator[Delta]:
    error = faults.in_document(doc)
    if error:
        raise error
    kind = doc.get("event") if isinstance(doc, dict) else None
    if kind == "error":
        raise faults.of_event(doc.get("error_information"))
    if kind == "message":
        text, _ = chats.answer(doc["message"])
        if text:
            yield Delta(text=text)
    if kind == "done":
        yield Delta(finish_reason="stop")
