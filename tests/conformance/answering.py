"""An answer on its way down through one row, without a network: a speaker's bytes read as an attempt does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from app import render
from providers import stops, thinking
from providers.types import Delta, Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.asking import destination, read
from tests.conformance.asks import MODEL
from tests.conformance.script import Script
from tests.conformance.speakers import Speaker

_DONE: Final = b"[DONE]"
_MOST_STEPS: Final = 5


@dataclass(slots=True)
class Talk:
    """One conversation with a row's vendor at one model. ``kept`` is what its replies left in memory."""

    row: Vendor
    model: str
    speaker: Speaker
    kept: dict[str, Json] = field(default_factory=dict)

    def sent(self, body: Json) -> WireRequest:
        """The chat's request; uploads before it are answered by the speaker. Raises ProviderError."""
        row, request = self.row, read(body)
        to = replace(destination(row, self.model), recall=self.kept.get)
        uploads = row.prepare.requests(request, to) if row.prepare else ()
        prepared = []
        for upload in uploads:
            assert row.prepare
            prepared.append(row.prepare.parse(200, {}, b"".join(self.speaker.reply(upload, Script()))))
        return row.encode(request, replace(to, prepared=tuple(prepared)))

    def asked(self, body: Json, script: Script) -> list[Delta]:
        """The deltas of the answer. Raises ProviderError."""
        wire = self.sent(body)
        return list(self.read(wire, self.speaker.reply(wire, script), script))

    def read(self, wire: WireRequest, chunks: list[bytes], script: Script) -> Iterator[Delta]:
        """The deltas of these bytes, and of the replies that they lead to."""
        step: WireRequest | None = wire
        for _ in range(_MOST_STEPS):
            deltas = ((step or wire).decode or self.row.decode)(self.row.frame(iter(chunks)))
            if wire.split_think:
                deltas = thinking.split(deltas)
            step = None
            for delta in stops.cut(deltas, wire.stops):
                self.kept.update(delta.memo or {})
                if delta.later:
                    step = delta.later.request
                else:
                    yield delta
            if step is None:
                return
            chunks = self.speaker.reply(step, script)
        raise AssertionError("the answer is put off for ever")


def finish(deltas: list[Delta]) -> str | None:
    """The finish reason; the gateway takes an answer without one for cut off."""
    return next((delta.finish_reason for delta in deltas if delta.finish_reason), None)


def whole(deltas: list[Delta]) -> Json:
    """The document that a client gets."""
    return render.fold(deltas, MODEL)


def streamed(deltas: list[Delta]) -> list[Json]:
    """The chunks that a client gets, of which the last holds the usage. Fails unless ``[DONE]`` ends them, once."""
    events = list(render.stream(deltas, MODEL, include_usage=True))
    payloads = [event.removeprefix(b"data: ").strip() for event in events]
    assert payloads[-1] == _DONE
    return [orjson.loads(payload) for payload in payloads[:-1]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a client has in the end, however it came."""

    text: str
    thought: str
    calls: tuple[tuple[str, str, Any], ...]
    finish: str | None
    usage: Mapping[str, Any]


def of_document(document: Json) -> Told:
    """What one document tells."""
    (choice,) = document["choices"]
    message = choice["message"]
    calls = [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in _calls(message)]
    return Told(
        message["content"] or "",
        message.get("reasoning_content", ""),
        tuple((identity, name, orjson.loads(arguments)) for identity, name, arguments in calls),
        choice["finish_reason"],
        document["usage"],
    )


def of_chunks(chunks: list[Json]) -> Told:
    """What a stream tells."""
    text, thought, finishes = "", "", []
    calls: dict[int, list[str]] = {}
    for choice in (choice for chunk in chunks for choice in chunk["choices"]):
        delta = choice["delta"]
        text += delta.get("content") or ""
        thought += delta.get("reasoning_content") or ""
        for call in _calls(delta):
            known = calls.setdefault(call["index"], [call.get("id", ""), call["function"].get("name", ""), ""])
            known[2] += call["function"]["arguments"]
        finishes += [choice["finish_reason"]] if choice["finish_reason"] else []
    assert len(finishes) == 1
    told = tuple((identity, name, orjson.loads(arguments)) for identity, name, arguments in calls.values())
    return Told(text, thought, told, finishes[0], chunks[-1]["usage"])


def _calls(message: Json) -> list[Json]:
    return message.get("tool_calls") or []
