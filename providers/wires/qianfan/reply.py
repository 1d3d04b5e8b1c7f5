"""V1's replies as deltas: one decoder for streams and whole documents, which have the same fields.

In a stream ``result`` is a piece, ``usage`` counts from the start, and ``finish_reason`` says "normal" in every chunk:
only the one with ``is_end`` means it. No ``[DONE]`` follows.
Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t, checked 2026-08.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from providers.types import BODY, Delta, Event, Head, Json, ToolCallDelta, Usage
from providers.wires.openai import usage
from providers.wires.qianfan import faults

_REASONS: Final = {
    "normal": "stop",
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "function_call": "tool_calls",
}

_ANSWER: Final = frozenset({"result", "function_call", "is_end"})
"""Fields of which a chunk of an answer has at least one."""


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas: head, text, calls, then a finish reason with the last counts; none of that if it was cut.

    Raises the vendor's error wherever it stands, and MALFORMED for a body that is no JSON.
    """
    reply = _Reply()
    for event in events:
        if event.data.startswith(b"[DONE]"):
            if reply.begun and not reply.ended:
                yield reply.end({})
            return
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY and not reply.begun:
                raise faults.of_text(event.data) from None
            yield Delta(note="skipped a malformed event")
            continue
        yield from reply.read(doc, event.name)
        if reply.ended and event.name != BODY:
            # Nothing follows but the end of the connection, which some servers take their time for.
            return


@dataclass(slots=True)
class _Reply:
    """One reply so far."""

    begun: bool = False
    ended: bool = False
    filtered: bool = False
    called: int = 0

    def read(self, doc: Any, name: str) -> Iterator[Delta]:
        """The deltas of one chunk or document."""
        error = faults.in_document(doc)
        if error:
            raise error
        if self.ended:
            return
        if not isinstance(doc, dict) or _ANSWER.isdisjoint(doc):
            if name == BODY and not self.begun:
                raise faults.no_answer(doc)
            return
        if not self.begun:
            self.begun = True
            yield Delta(head=_head(doc))
        self.filtered = self.filtered or doc.get("need_clear_history") is True
        text, calls, counts = doc.get("result") or None, self._calls(doc), _usage(doc)
        if text or calls or counts:
            yield Delta(text=text, tool_calls=calls, usage=counts)
        if doc.get("is_end", name == BODY):
            yield self.end(doc)

    def _calls(self, doc: Json) -> tuple[ToolCallDelta, ...]:
        """The call in a chunk, whole as it always comes. What the model thought of it is not passed on."""
        call = doc.get("function_call")
        if not isinstance(call, dict) or not call.get("name"):
            return ()
        self.called += 1
        told = call.get("arguments")
        arguments = told if isinstance(told, str) else orjson.dumps(told or {}).decode()
        return (ToolCallDelta(self.called - 1, None, call["name"], arguments or "{}"),)

    def end(self, doc: Json) -> Delta:
        """The finish reason, from the chunk that ends the reply."""
        self.ended = True
        told = str(doc.get("finish_reason") or "normal").lower()
        reason, note = _REASONS.get(told), None
        if reason is None:
            reason, note = "stop", f"unknown finish reason {told[:40]}"
        if doc.get("is_truncated") is True:
            reason = "length"
        if self.called:
            reason = "tool_calls"
        elif reason == "tool_calls":
            reason = "stop"
        if self.filtered:
            reason = "content_filter"
        return Delta(finish_reason=reason, note=note)


def _head(doc: Json) -> Head:
    found = doc.get("search_info")
    results = found.get("search_results") if isinstance(found, dict) else None
    created = doc.get("created")
    return Head(
        id=str(doc["id"]) if doc.get("id") else None,
        created=created if isinstance(created, int) else None,
        extra={"search_results": results} if results else {},
    )


def _usage(doc: Json) -> Usage | None:
    told = doc.get("usage")
    counts = usage.of_object(told) if isinstance(told, dict) else None
    return counts if counts and counts.total_tokens else None
