"""Replies of this wire as deltas: one decoder for its events and for whole bodies, which have the same form."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import orjson

from providers import ids
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Head, Json, ToolCallDelta
from providers.wires.gemini import details, faults, signatures
from providers.wires.gemini.usage import Meter
from providers.wires.openai import shapes

_STOP: Final = frozenset({"STOP", "FINISH_REASON_UNSPECIFIED", ""})
_FAILED: Final = frozenset(
    {
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"),
        *("MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE"),
    }
)
_FILTERED: Final = frozenset(
    {
        *("SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER", "NO_IMAGE"),
        *("MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED"),
    }
)
_LENGTH: Final = frozenset({"MAX_TOKENS", "CONTINUATION"})
FINISH_REASONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_STOP | _FAILED, "stop"),
    **dict.fromkeys(_LENGTH, "length"),
    **dict.fromkeys(_FILTERED, "content_filter"),
}
"""Source: https://ai.google.dev/api/generate-content#FinishReason, checked 2026-08."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a reply comes from: the door and the model, and the client's names of its tools by those that were sent."""

    name: str = ""
    tools: Mapping[str, str] = field(default_factory=dict)


_UNKNOWN: Final = Source()


class EmptyAnswerError(ProviderError):
    """The model ended without a word. It does so now and then, and the next try usually gives an answer."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorKind.SERVER_ERROR, message)


@dataclass(slots=True)
class _Choice:
    """One candidate so far. ``finish`` is the vendor's word; ``said`` tells whether a client would see anything."""

    finish: str | None = None
    message: str = ""
    said: bool = False
    call_ids: list[str] = field(default_factory=list)
    grounding: Any = None


def decode(events: Iterable[Event], source: Source = _UNKNOWN, *, again: bool = False) -> Iterator[Delta]:
    """The reply's deltas. It ends with its last event, whatever earlier ones say: many say STOP in each.

    With ``again`` an answer without anything in it raises EmptyAnswerError, so that another one can be asked for;
    otherwise only one that the model failed to give does. Raises the vendor's own error wherever it stands, INCOMPLETE
    for a stream that was cut, MALFORMED for a body that is no answer.
    """
    reply = _Reply(source)
    for event in events:
        for document in _documents(event, reply):
            yield from reply.read(document)
    yield from reply.end(again)


def _documents(event: Event, reply: "_Reply") -> Iterator[Json]:
    """The documents of an event: one, or several where a stream came as one JSON array."""
    try:
        told = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        if event.name == BODY:
            text = f"the upstream's answer is not JSON: {shapes.extract(event.data)}"
            raise ProviderError(ErrorKind.MALFORMED, text) from None
        # The last event of a stream that broke off; what would follow a broken one elsewhere cannot be trusted either.
        reply.broken = not event.data.startswith(b"[DONE]") or reply.broken
        return
    if error := faults.in_document(told):
        raise error
    reply.whole = reply.whole or event.name == BODY
    for one in told if isinstance(told, list) else [told]:
        if isinstance(one, dict):
            yield one


def _numbered(candidates: list[Json]) -> Iterator[tuple[int, Json]]:
    """The candidates with their numbers. This JSON leaves 0 out; where several tell none, it is their places."""
    told = {candidate.get("index") for candidate in candidates}
    free = (number for number in count() if number not in told)
    for candidate in candidates:
        index = candidate.get("index")
        yield index if type(index) is int else next(free), candidate


class _Reply:
    """One reply so far. Nothing is told of it before there is something that a client would see."""

    def __init__(self, source: Source) -> None:
        self.broken = False
        self.whole = False
        self._source = source
        self._meter = Meter()
        self._choices: dict[int, _Choice] = {}
        self._head: Head | None = None
        self._begun = False
        self._blocked: Json = {}

    def read(self, document: Json) -> Iterator[Delta]:
        """The deltas of one document."""
        self._note_head(document)
        feedback = document.get("promptFeedback")
        if isinstance(feedback, dict) and feedback.get("blockReason"):
            self._blocked = feedback
        usage = self._meter.add(document.get("usageMetadata"))
        for index, candidate in _numbered(document.get("candidates") or []):
            yield from self._candidate(candidate, index)
        if usage and self._begun:
            yield Delta(usage=usage)

    def _note_head(self, document: Json) -> None:
        identity, created = document.get("responseId"), details.seconds(document.get("createTime"))
        if (identity or created) and not (self._head and self._head.id):
            self._head = Head(f"chatcmpl-{identity}" if identity else None, created)

    def _candidate(self, candidate: Json, index: int) -> Iterator[Delta]:
        choice = self._choices.setdefault(index, _Choice())
        content = candidate.get("content")
        for part in (content.get("parts") if isinstance(content, dict) else None) or ():
            delta = self._part(part, choice, index)
            if delta is not None:
                choice.said = True
                yield from self._beginning()
                yield delta
        found = details.logprobs(candidate.get("logprobsResult"))
        if found and choice.said:
            yield Delta(index, extra={"logprobs": found})
        choice.finish = candidate.get("finishReason") or choice.finish
        choice.message = candidate.get("finishMessage") or choice.message
        choice.grounding = candidate.get("groundingMetadata") or choice.grounding

    def _beginning(self) -> Iterator[Delta]:
        if not self._begun and self._head:
            yield Delta(head=self._head)
        self._begun = True

    def _part(self, part: Json, choice: _Choice, index: int) -> Delta | None:
        """What a part says; None for kinds that are not known, and for parts that only carry a signature."""
        if isinstance(part.get("functionCall"), dict):
            return self._call(part, choice, index)
        if part.get("text"):
            thought = part.get("thought") is True
            return Delta(index, reasoning=part["text"]) if thought else Delta(index, part["text"])
        if isinstance(part.get("inlineData"), dict) and part.get("thought") is not True:
            return details.media(part["inlineData"], index)
        if isinstance(part.get("executableCode"), dict):
            told = part["executableCode"]
            return Delta(index, details.fenced(str(told.get("language") or "").lower(), told.get("code")))
        if isinstance(part.get("codeExecutionResult"), dict):
            return Delta(index, details.fenced("", part["codeExecutionResult"].get("output")))
        return None

    def _call(self, part: Json, choice: _Choice, index: int) -> Delta:
        """A call, which always comes whole; its signature is noted for the next turn."""
        told = part["functionCall"]
        vendors_id = told.get("id")
        identity = vendors_id
        if not identity or identity in choice.call_ids:
            identity = ids.call_id()
        name = str(told.get("name") or "")
        call = ToolCallDelta(
            len(choice.call_ids),
            identity,
            self._source.tools.get(name, name),
            json.dumps(told.get("args") or {}, ensure_ascii=False),
        )
        choice.call_ids.append(identity)
        note = signatures.memo(identity, self._source.name, part.get("thoughtSignature"), vendors_id)
        return Delta(index, tool_calls=(call,), memo=note)

    def end(self, again: bool) -> Iterator[Delta]:
        """The finish of each choice. Raises what the answer lacks to be one."""
        self._check_end()
        if not self._choices:
            yield from self._beginning()
            yield Delta(extra={"refusal": _refusal(self._blocked)})
            yield Delta(finish_reason="content_filter", usage=self._meter.total())
            return
        if not self._begun:
            self._check_empty(again)
        yield from self._beginning()
        for index, choice in sorted(self._choices.items()):
            yield from self._finish(choice, index)
        if usage := self._meter.total():
            yield Delta(usage=usage)

    def _check_end(self) -> None:
        finished = all(choice.finish for choice in self._choices.values()) or self.whole or bool(self._blocked)
        if self._choices and finished and not self.broken:
            return
        if self._blocked and not self.broken:
            return
        if self.whole:
            raise ProviderError(ErrorKind.MALFORMED, "the upstream's answer holds no candidates")
        raise ProviderError(ErrorKind.INCOMPLETE, "the upstream's stream broke off before its end")

    def _check_empty(self, again: bool) -> None:
        """Raises where the model gave up, or where another try may give more than nothing."""
        choice = next(iter(self._choices.values()))
        word = choice.finish or ""
        if word in _FAILED:
            text = choice.message or f"the model gave up before it said anything ({word})"
            raise EmptyAnswerError(text)
        if again and word in _STOP and not self._blocked:
            raise EmptyAnswerError("the model's answer is empty")

    def _finish(self, choice: _Choice, index: int) -> Iterator[Delta]:
        word = choice.finish or ("SAFETY" if self._blocked else "")
        reason = FINISH_REASONS.get(word, "stop")
        if reason == "stop" and choice.call_ids:
            reason = "tool_calls"
        if found := details.annotations(choice.grounding):
            yield Delta(index, extra={"annotations": found})
        if reason == "content_filter":
            told = choice.message or (_refusal(self._blocked) if self._blocked else f"the answer was withheld: {word}")
            yield Delta(index, extra={"refusal": told})
        note = None if word in FINISH_REASONS else f"unknown finish reason {word[:40]}"
        yield Delta(index, finish_reason=reason, note=note)


def _refusal(feedback: Json) -> str:
    told = feedback.get("blockReasonMessage")
    reason = f"the prompt was blocked: {feedback['blockReason']}"
    return f"{reason} ({told})" if told else reason
