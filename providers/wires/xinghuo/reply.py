"""Spark's replies, frames of its WebSocket or documents and events of HTTP, as deltas."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Event, Head, Json
from providers.wires.openai import reply, usage
from providers.wires.openai.choice import Choice, piece, visible
from providers.wires.openai.dialect import Dialect
from providers.wires.xinghuo import faults

LAST = 2
"""The ``status`` of the last frame; one frame may be the whole answer."""


def decode_frames(events: Iterable[Event]) -> Iterator[Delta]:
    """The deltas of a reply over WebSocket, one frame an event. Nothing is read after the last frame.

    Raises the vendor's error wherever it stands, but for a filter that stops an answer under way. A connection that
    closes before the last frame leaves the reply without a finish reason.
    """
    return _until_filtered(_frames(events))


def _frames(events: Iterable[Event]) -> Iterator[Delta]:
    state, named = Choice(), False
    for event in events:
        frame = _parsed(event)
        if frame is None:
            yield Delta(note="skipped a malformed frame")
            continue
        error = faults.in_frame(frame)
        if error:
            raise error
        header, payload = frame["header"], frame.get("payload") or {}
        if header.get("sid") and not named:
            named = True
            yield Delta(head=Head(str(header["sid"])))
        # Frames of a web search hold plugins and no choices.
        choices = payload.get("choices") or {}
        told = (piece(0, text, {}, state) for text in choices.get("text") or ())
        yield from (delta for delta in told if visible(delta))
        if LAST in (header.get("status"), choices.get("status")):
            counts = usage.of_object((payload.get("usage") or {}).get("text") or {})
            yield Delta(finish_reason="tool_calls" if state.calls.calls else "stop", usage=counts)
            return


def _parsed(event: Event) -> Json | None:
    try:
        frame: Json = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        return None
    return frame


def decode_http(events: Iterable[Event], dialect: Dialect) -> Iterator[Delta]:
    """The deltas of a reply over HTTP, as the OpenAI wire reads it once the vendor's own ``code`` is looked at."""
    return _until_filtered(reply.decode(_checked(events), dialect))


def _checked(events: Iterable[Event]) -> Iterator[Event]:
    """The events up to the first that is an error, which is raised."""
    for event in events:
        # Most events say that all is well, and need not be parsed here for that.
        if b'"code":0' not in event.data or b'"error"' in event.data:
            error = faults.in_document(_json(event.data))
            if error:
                raise error
        yield event


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _until_filtered(deltas: Iterator[Delta]) -> Iterator[Delta]:
    """The deltas; a filter that stops an answer under way is its end and no error: what is out is out."""
    begun = False
    try:
        for delta in deltas:
            begun = begun or visible(delta)
            yield delta
    except ProviderError as error:
        if error.kind is not ErrorKind.CONTENT_FILTER or not begun:
            raise
        yield Delta(finish_reason="content_filter", note="the vendor's filter stopped the answer")
