"""Replies as deltas: blocks of a stream, or one document with everything inside ``Response``."""

from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from providers.types import BODY, Delta, Event, Head, Json, Usage
from providers.wires.hunyuan import faults
from providers.wires.openai.toolcalls import ToolCalls

_FINISH: Final = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "sensitive": "content_filter",
    "content_filter": "content_filter",
    "length": "length",
}
"""Source: https://cloud.tencent.com/document/api/1729/101838 (Choice), checked 2026-08; the last two are a guess."""


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas. Text comes in pieces, usage counts up on every block.

    A stream that ends with ``[DONE]``, which the vendor does not promise, needs no finish reason; any other does.
    Raises the vendor's error wherever it stands, and MALFORMED for a body that is no answer at all.
    """
    reply = _Reply()
    for event in events:
        if event.data.startswith(b"[DONE]"):
            yield from reply.done()
            return
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY and not reply.ended:
                raise faults.of_text(event.data) from None
            yield Delta(note="skipped a malformed event")
            continue
        if isinstance(doc, dict):
            yield from reply.read(doc, event)
        else:
            yield Delta(note="skipped an event that is no object")


class _Reply:
    """One reply so far: the calls of each choice, those that ended, and whether its head is told."""

    def __init__(self) -> None:
        self.headed = False
        self.calls: dict[int, ToolCalls] = {}
        self.finished: set[int] = set()

    @property
    def ended(self) -> bool:
        """Whether every choice seen has its finish reason, and at least one was seen."""
        return bool(self.calls) and self.calls.keys() == self.finished

    def read(self, doc: Json, event: Event) -> Iterator[Delta]:
        inner = doc["Response"] if isinstance(doc.get("Response"), dict) else doc
        error = faults.in_answer(inner)
        if error is None and event.name == BODY and "Choices" not in inner:
            error = faults.of_document(doc, event.data)
        if error and not self.ended:
            raise error
        head, counts = self._head(inner), usage(inner.get("Usage"))
        choices = inner.get("Choices") or []
        if head or (counts and not choices):
            yield Delta(head=head, usage=counts)
        for choice in choices:
            yield from self._choice(choice, counts)

    def _head(self, inner: Json) -> Head | None:
        identity = inner.get("Id") or inner.get("RequestId")
        if self.headed or not identity:
            return None
        self.headed = True
        return Head(str(identity), inner.get("Created") or None)

    def _choice(self, choice: Json, counts: Usage | None) -> Iterator[Delta]:
        number = choice.get("Index") or 0
        calls = self.calls.setdefault(number, ToolCalls())
        if number in self.finished:
            yield Delta(number, usage=counts)
            return
        said = choice.get("Delta") or choice.get("Message") or {}
        fragments = calls.read([_call(call) for call in said.get("ToolCalls") or []])
        text, reasoning = said.get("Content") or None, said.get("ReasoningContent") or None
        word = choice.get("FinishReason")
        if not word:
            if text or reasoning or fragments:
                yield Delta(number, text, reasoning, fragments, usage=counts)
            return
        self.finished.add(number)
        reason, note = _reason(word, bool(calls.calls))
        yield Delta(number, text, reasoning, fragments, reason, counts, note=note)

    def done(self) -> Iterator[Delta]:
        """Finish reasons for the choices that got none, once it is said that this is all."""
        for number in sorted(self.calls.keys() - self.finished):
            self.finished.add(number)
            reason = "tool_calls" if self.calls[number].calls else "stop"
            yield Delta(number, finish_reason=reason, note="the vendor gave no finish reason")


def _reason(word: str, called: bool) -> tuple[str, str | None]:
    """OpenAI's word for the vendor's and a remark where there is none; with tool calls it is always about them."""
    reason = _FINISH.get(word)
    note = None if reason else f"unknown finish reason {str(word)[:40]}"
    if reason == "tool_calls" and not called:
        return "stop", "tool_calls as the finish reason, but no calls"
    if called and reason in (None, "stop"):
        return "tool_calls", note
    return reason or "stop", note


def _call(call: Json) -> Json:
    """A tool call in OpenAI's spelling, for the reader of pieces that all share."""
    function = call.get("Function") or {}
    spelt = {"name": function.get("Name"), "arguments": function.get("Arguments")}
    return {"id": call.get("Id"), "index": call.get("Index"), "function": spelt}


def usage(told: Json | None) -> Usage | None:
    """The counts, or None where there are none. The vendor documents the cached count as a text."""
    if not told:
        return None
    cached = (told.get("PromptTokensDetails") or {}).get("CachedTokens")
    details = {"cached_tokens": int(cached)} if cached not in (None, "") else {}
    return Usage(int(told.get("PromptTokens") or 0), int(told.get("CompletionTokens") or 0), details)
