"""Replies of this wire as deltas: one decoder for its events and for whole messages, which are read as if streamed."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from providers import ids
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Head, Json, ToolCallDelta
from providers.wires.anthropic import faults, layout, names
from providers.wires.anthropic.usage import Meter
from providers.wires.openai import shapes

FINISH_REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons, checked 2026-08."""

_SKIPPED: Final = Delta(note="skipped a malformed event")


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas, ended by its finish reason; without one if it was cut before ``message_stop``.

    Raises the vendor's error wherever it stands, and MALFORMED for a body that is no message.
    """
    reply = _Reply()
    for event in events:
        if event.data.startswith(b"[DONE]"):
            continue
        try:
            document = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY:
                raise _no_answer(event.data) from None
            yield _SKIPPED
            continue
        if not isinstance(document, dict):
            yield _SKIPPED
            continue
        if error := faults.in_document(document, event.name):
            raise error
        yield from reply.read(document, event)
        if reply.ended:
            return


def _no_answer(body: bytes) -> ProviderError:
    return ProviderError(ErrorKind.MALFORMED, f"the upstream's answer is no message: {shapes.extract(body)}")


@dataclass(slots=True)
class _Block:
    """The block under way. ``noted`` is what is remembered of it, ``place`` a call's number among the calls."""

    kind: str
    noted: Json
    place: int = 0
    given: Any = None
    streamed: bool = False


class _Reply:
    """One reply so far."""

    def __init__(self) -> None:
        self.ended = False
        self._model = ""
        self._meter = Meter()
        self._blocks: dict[int, _Block] = {}
        self._layout: list[Json] = []
        self._call_ids: list[str] = []
        self._stop: Json = {}
        self._readers: dict[str, Callable[[Json], Iterator[Delta]]] = {
            "message": self._message,
            "message_start": lambda event: self._start(event["message"]),
            "content_block_start": lambda event: self._open(event["index"], event["content_block"]),
            "content_block_delta": lambda event: self._piece(event["index"], event["delta"]),
            "content_block_stop": lambda event: self._close(event["index"]),
            "message_delta": self._news,
            "message_stop": lambda _event: self._end(),
        }

    def read(self, document: Json, event: Event) -> Iterator[Delta]:
        """The deltas of one payload; none for kinds that are not known, which may come at any time."""
        kind = document.get("type") or event.name
        if kind in self._readers:
            yield from self._readers[kind](document)
        elif event.name == BODY and not document.get("type"):
            raise _no_answer(event.data)

    def _message(self, message: Json) -> Iterator[Delta]:
        """A whole message, read as the events that would have made it."""
        yield from self._start(message)
        for index, block in enumerate(message.get("content") or []):
            yield from self._open(index, block)
            yield from self._close(index)
        yield from self._news({"delta": message})
        yield from self._end()

    def _start(self, message: Json) -> Iterator[Delta]:
        self._model = str(message.get("model") or "")
        yield Delta(head=Head(message.get("id") or None), usage=self._meter.add(message.get("usage")))

    def _news(self, event: Json) -> Iterator[Delta]:
        told = event.get("delta") or {}
        self._stop |= {name: told[name] for name in ("stop_reason", "stop_details") if told.get(name)}
        if usage := self._meter.add(event.get("usage")):
            yield Delta(usage=usage)

    def _open(self, index: int, block: Json) -> Iterator[Delta]:
        kind = block["type"]
        opened = _Block(kind, {"type": kind})
        self._blocks[index] = opened
        if kind == "text":
            opened.noted["chars"] = 0
            yield from self._text(opened, block.get("text"))
        elif kind == "thinking":
            opened.noted = {**block, "thinking": "", "signature": block.get("signature") or ""}
            yield from self._thought(opened, block.get("thinking"))
        elif kind == "redacted_thinking":
            opened.noted = dict(block)
        elif kind == "tool_use":
            opened.given = block.get("input")
            yield from self._call(opened, block)

    def _call(self, opened: _Block, block: Json) -> Iterator[Delta]:
        """The start of a tool call, or of the answer where that comes as the input of our own tool."""
        if block["name"] == names.JSON_TOOL:
            opened.kind = opened.noted["type"] = "answer"
            return
        identity = block.get("id")
        if not identity or identity in self._call_ids:
            identity = ids.call_id()
        opened.place = len(self._call_ids)
        opened.noted["id"] = identity
        self._call_ids.append(identity)
        yield Delta(tool_calls=(ToolCallDelta(opened.place, identity, names.told(block["name"])),))

    def _piece(self, index: int, delta: Json) -> Iterator[Delta]:
        block, kind = self._blocks.get(index), delta.get("type")
        if block is None:
            return
        if kind == "text_delta" and block.kind == "text":
            yield from self._text(block, delta["text"])
        elif kind == "input_json_delta":
            yield from self._input(block, delta["partial_json"])
        elif kind == "thinking_delta" and block.kind == "thinking":
            yield from self._thought(block, delta["thinking"])
        elif kind == "signature_delta" and block.kind == "thinking":
            block.noted["signature"] += delta["signature"]

    def _text(self, block: _Block, text: str | None) -> Iterator[Delta]:
        if text:
            block.noted["chars"] += len(text)
            yield Delta(text=text)

    def _thought(self, block: _Block, text: str | None) -> Iterator[Delta]:
        if text:
            block.noted["thinking"] += text
            yield Delta(reasoning=text)

    def _input(self, block: _Block, fragment: str) -> Iterator[Delta]:
        if not fragment:
            return
        block.streamed = True
        if block.kind == "answer":
            yield Delta(text=fragment)
        elif block.kind == "tool_use":
            yield Delta(tool_calls=(ToolCallDelta(block.place, arguments=fragment),))

    def _close(self, index: int) -> Iterator[Delta]:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        if block.kind in ("tool_use", "answer") and not block.streamed:
            yield from self._input(block, json.dumps(block.given or {}, ensure_ascii=False))
        if block.kind in layout.THINKING or block.kind in ("text", "tool_use"):
            self._layout.append(block.noted)

    def _end(self) -> Iterator[Delta]:
        for index in tuple(self._blocks):
            yield from self._close(index)
        self.ended = True
        told = self._stop.get("stop_reason")
        details = self._stop.get("stop_details")
        explanation = details.get("explanation") if isinstance(details, dict) else None
        if told == "refusal" and explanation:
            yield Delta(extra={"refusal": explanation})
        reason = FINISH_REASONS.get(str(told), "stop")
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if self._call_ids else "stop"
        note = None if told in FINISH_REASONS else f"unknown stop reason {str(told)[:40]}"
        yield Delta(finish_reason=reason, note=note, memo=layout.memo(self._model, self._layout))
