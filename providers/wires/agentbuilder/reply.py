"""An agent's answer as deltas: whole, or as a stream that ends with ``endTurn`` and tells no usage.

The shape is that of public clients and one capture of a stream, checked 2026-08; unverified.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from providers.types import BODY, Delta, Event, Head, Json
from providers.wires.agentbuilder import faults
from providers.wires.agentbuilder.items import Sections
from providers.wires.agentbuilder.request import THREAD


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The answer's deltas, of one choice. Raises the vendor's error, MALFORMED for a whole reply that is no answer."""
    sections, named = Sections(), False
    for event in events:
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY:
                raise faults.of_text(event.data) from None
            yield Delta(note="skipped a malformed event")
            continue
        message = _message(doc, event.name)
        head = None if named else _head(message)
        if head:
            named = True
            yield Delta(head=head)
        yield from filter(None, map(sections.read, message.get("content") or ()))
        if _ends(message, event.name):
            yield Delta(finish_reason="stop")
            return


def _message(doc: Any, name: str) -> Json:
    """The message in a payload, empty where there is none. Raises the error that the payload is."""
    error = faults.in_document(doc) if isinstance(doc, dict) else None
    if error:
        raise error
    data = doc.get("data") if isinstance(doc, dict) else None
    message = (data.get("message") or data) if isinstance(data, dict) else None
    if isinstance(message, dict):
        return message
    if name == BODY:
        raise faults.no_answer(doc)
    return {}


def _head(message: Json) -> Head | None:
    identity, thread = message.get("msgId"), message.get(THREAD)
    if not identity and not thread:
        return None
    return Head(f"chatcmpl-{identity}" if identity else None, extra={THREAD: thread} if thread else {})


def _ends(message: Json, name: str) -> bool:
    """Whether the answer is complete: a stream says so, a whole answer is."""
    if name == BODY and "endTurn" not in message:
        return True
    return message.get("endTurn") is True
