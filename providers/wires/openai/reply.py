"""Replies of the wire's many speakers, as deltas: one decoder for streams and whole documents, whatever their habits.

``decode`` is the loop and the short path of the common event; ``_Reply`` keeps what one reply has told so far.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Head, Json, Usage
from providers.wires.openai import faults, finish, usage
from providers.wires.openai.choice import Choice, keep_details, memo, message_of, piece, visible
from providers.wires.openai.dialect import Dialect

_EXTRAS: Final = ("system_fingerprint", "service_tier", "citations", "search_results")
_TIERS: Final = ("auto", "default", "flex", "scale", "priority", "fast")
"""OpenAI's tiers of service; others are a vendor's own, such as ``on_demand``."""
_DULL: Final = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "obfuscation"}
)
"""Top-level keys that tell nothing new after the first event (usage counts only when it is not null)."""
_DULL_CHOICE: Final = frozenset({"index", "delta", "logprobs", "finish_reason", "content_filter_results"})
_WHOLE: Final = frozenset({"chat.completion", "chat.completion.done"})
_SKIPPED: Final = Delta(note="skipped a malformed event")


def decode(events: Iterable[Event], dialect: Dialect) -> Iterator[Delta]:
    """The reply's deltas. It has a finish reason for every choice that ended, and ends without one if it was cut.

    A stream that ends with ``[DONE]`` but without finish reasons gets them made up, with a note. Raises the vendor's
    error wherever it stands in the reply, MALFORMED for a body that is no answer at all, and INCOMPLETE where only some
    of several choices have ended.
    """
    reply = _Reply(dialect)
    try:
        for event in events:
            if event.data.startswith(b"[DONE]"):
                yield from reply.done()
                return
            try:
                doc = orjson.loads(event.data)
            except orjson.JSONDecodeError:
                yield reply.malformed(event)
                continue
            delta = _plain(doc) if reply.open else None
            if delta is not None and delta.choice in reply.open:
                reply.produced = True
                yield delta
            else:
                yield from reply.read(doc, event.name)
        reply.check_any()
        reply.check_all()
    except ProviderError:
        # A connection that breaks after the last finish reason has nothing left to break.
        if not reply.complete:
            raise


def _plain(doc: Any) -> Delta | None:
    """The delta of an event that holds one piece of text and nothing else, or None: it takes the long way."""
    try:
        (choice,) = doc["choices"]
        delta = choice["delta"]
        text = delta["content"]
        if (
            type(text) is str
            and text
            and choice.get("finish_reason") is None
            and choice.get("logprobs") is None
            and doc.get("usage") is None
            and (len(delta) == 1 or not any(value for name, value in delta.items() if name not in ("content", "role")))
            and doc.keys() <= _DULL
            and choice.keys() <= _DULL_CHOICE
        ):
            return Delta(choice.get("index") or 0, text)
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    return None


class _Reply:
    """One reply so far: its head as told, its choices, whether anything of it is out, and what was no answer."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.produced = False
        self.odd = b""
        self.open: set[int] = set()
        self.choices: dict[int, Choice] = {}
        self.head = Head()
        self.usage: Usage | None = None

    @property
    def complete(self) -> bool:
        """Whether every choice seen has finished, and at least one was seen."""
        return bool(self.choices) and not self.open

    def read(self, doc: Any, name: str) -> Iterator[Delta]:
        """The deltas of one payload that is valid JSON."""
        error = faults.in_payload(doc, name, self.dialect)
        if error:
            yield from self._failed(error)
            return
        if not isinstance(doc, dict):
            yield _SKIPPED
            return
        if "choices" not in doc and name == BODY:
            self.odd = orjson.dumps(doc)
        choices = self._choices(doc)
        head, counts = self._head(doc), self._usage(doc, choices)
        if head or counts:
            yield Delta(head=head, usage=counts)
        for choice in choices:
            yield from self._choice(choice, doc, name)

    def _choices(self, doc: Json) -> list[Json]:
        choices = [choice for choice in doc.get("choices") or [] if isinstance(choice, dict)]
        text = None if choices else doc.get(self.dialect.bare_text)
        return [{"delta": {"content": text}}] if isinstance(text, str) else choices

    def _head(self, doc: Json) -> Head | None:
        """What this payload says of the reply as a whole and no earlier one did."""
        identity = None if self.head.id else doc.get("id") or doc.get("sid") or None
        created = None if self.head.created else _seconds(doc.get("created"))
        extra = {key: doc[key] for key in _EXTRAS if _tells(doc, key) and self.head.extra.get(key) != doc[key]}
        if not (identity or created or extra):
            return None
        told = Head(str(identity) if identity else None, created, extra)
        self.head = Head(told.id or self.head.id, created or self.head.created, {**self.head.extra, **extra})
        return told

    def _usage(self, doc: Json, choices: list[Json]) -> Usage | None:
        """The counts, if they are news: zeros after numbers are a habit of some vendors, not a correction."""
        counts = usage.of_reply(doc, choices)
        if counts is None or counts == self.usage or (self.usage and not counts.total_tokens):
            return None
        self.usage = counts
        return counts

    def _choice(self, choice: Json, doc: Json, name: str) -> Iterator[Delta]:
        number = choice["index"] if type(choice.get("index")) is int else 0
        state = self.choices.get(number)
        if state is None:
            state = self.choices[number] = Choice()
            self.open.add(number)
        if state.finished:
            return
        message, whole = message_of(choice)
        # Beside a delta a message tells all that was said so far, and so it does in an event that is no chunk.
        so_far = isinstance(choice.get("delta"), dict) or doc.get("object") in _WHOLE
        repeated = whole and state.streamed and self.produced and so_far
        delta = Delta(number) if repeated else piece(number, message, choice, state)
        word = None if choice.get("is_end") is False else finish.told(choice.get("finish_reason"))
        if word is None and ((whole and name == BODY) or choice.get("is_end") is True):
            word = "stop"
        state.streamed = state.streamed or not whole
        self.produced = self.produced or visible(delta)
        if delta.reasoning and self.dialect.keep_reasoning:
            state.thoughts.append(delta.reasoning)
        if self.dialect.keep_details and not repeated:
            keep_details(state, message, whole)
        if word is None:
            if visible(delta):
                yield delta
            return
        if word in finish.FAILURES and not self.produced:
            raise faults.of_finish(word)
        yield from self._finished(number, state, delta, word, choice)

    def _finished(self, number: int, state: Choice, delta: Delta, word: str, choice: Json) -> Iterator[Delta]:
        state.finished = True
        self.open.discard(number)
        reason = finish.mapped(word)
        note = delta.note
        if reason is None:
            reason, note = "stop", f"unknown finish reason {word[:40]}"
        elif word in finish.FAILURES:
            note = f"the vendor ended with {word}"
        if reason == "stop" and state.calls.calls:
            reason = "tool_calls"
        elif reason == "tool_calls" and not state.calls.calls:
            reason = "stop"
        if choice.get("need_clear_history") is True:
            reason = "content_filter"
        yield replace(delta, finish_reason=reason, note=note, memo=memo(state))

    def done(self) -> Iterator[Delta]:
        """Finish reasons for the choices that got none, once the vendor has said that this is all."""
        if not self.produced and not self.usage:
            return
        for number in sorted(self.open):
            reason = "tool_calls" if self.choices[number].calls.calls else "stop"
            yield Delta(number, finish_reason=reason, note="the vendor gave no finish reason")
        self.open.clear()

    def _failed(self, error: ProviderError) -> Iterator[Delta]:
        """Raise the error, unless the answer is out already or was only stopped by a filter."""
        if self.complete:
            yield Delta(note=f"an error after the end of the answer: {error.kind.value}")
        elif error.kind is ErrorKind.CONTENT_FILTER and self.produced:
            for number in sorted(self.open):
                self.choices[number].finished = True
                yield Delta(number, finish_reason="content_filter", note="the vendor's filter stopped the answer")
            self.open.clear()
        else:
            raise error

    def check_any(self) -> None:
        """Raise MALFORMED when the whole reply was JSON, but neither an answer nor an error."""
        if self.odd and not self.choices:
            raise faults.of_text(self.odd, self.dialect)

    def check_all(self) -> None:
        """Raise INCOMPLETE when only some choices have ended, and the vendor has not said that this is all."""
        if self.open and len(self.open) < len(self.choices):
            raise ProviderError(ErrorKind.INCOMPLETE, "the upstream's answer broke off before all choices had ended")

    def malformed(self, event: Event) -> Delta:
        """A remark on an event that is not JSON. An error or a body raises instead: there is no other answer."""
        if self.complete or event.name not in (BODY, "error"):
            return _SKIPPED
        text = event.data.decode("utf-8", "replace")
        if event.name == "error" and (error := faults.in_payload(text, event.name, self.dialect)):
            raise error
        raise faults.of_text(event.data, self.dialect)


def _tells(doc: Json, key: str) -> bool:
    """Whether a payload has this field, and nothing in it that OpenAI's typed clients would stumble over."""
    value = doc.get(key)
    return bool(value) and (key != "service_tier" or value in _TIERS)


def _seconds(created: Any) -> int | None:
    """Unix seconds; some vendors send a float or a text."""
    try:
        return int(float(created)) or None
    except (TypeError, ValueError, OverflowError):
        return None
