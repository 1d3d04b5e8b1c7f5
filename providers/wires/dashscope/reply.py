"""Replies of text and multimodal generation as deltas: events of a stream, or one document."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from providers.types import Delta, Event, Json, Usage
from providers.wires.dashscope import events as walk
from providers.wires.dashscope.calls import Calls
from providers.wires.openai import usage


def decode(events: Iterable[Event], cumulative: bool = False) -> Iterator[Delta]:
    """The reply's deltas. ``cumulative`` says that every event repeats the text from its beginning.

    That is never guessed from the text: a piece may well repeat what came before it.
    """
    return walk.deltas(events, _Reply(cumulative))


@dataclass(slots=True)
class _Choice:
    """One choice so far: its calls, and how many letters of text and reasoning are out."""

    calls: Calls = field(default_factory=Calls)
    text_chars: int = 0
    reasoning_chars: int = 0
    finished: bool = False


class _Reply:
    """One reply so far."""

    def __init__(self, cumulative: bool) -> None:
        self.cumulative = cumulative
        self.headed = False
        self.choices: dict[int, _Choice] = {}

    @property
    def ended(self) -> bool:
        """Whether every choice seen has its finish reason, and at least one was seen."""
        return bool(self.choices) and all(choice.finished for choice in self.choices.values())

    def read(self, doc: Json, output: Json) -> Iterator[Delta]:
        counts = counted(doc.get("usage"))
        if counts:
            yield Delta(usage=counts)
        for place, choice in enumerate(_choices(output)):
            index = choice.get("index")
            yield from self._choice(index if type(index) is int else place, choice)

    def _choice(self, number: int, choice: Json) -> Iterator[Delta]:
        state = self.choices.setdefault(number, _Choice())
        if state.finished:
            return
        said = choice.get("message") or {}
        text, reasoning = text_of(said.get("content")), text_of(said.get("reasoning_content"))
        if self.cumulative:
            text, state.text_chars = _rest(text, state.text_chars)
            reasoning, state.reasoning_chars = _rest(reasoning, state.reasoning_chars)
        reason, note = walk.reason(choice.get("finish_reason"))
        calls = state.calls.read(said.get("tool_calls"), reason is not None)
        state.finished = reason is not None
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if state.calls.calls else "stop"
        if text or reasoning or calls or reason:
            extra = _logprobs(choice.get("logprobs"))
            yield Delta(number, text or None, reasoning or None, calls, reason, extra=extra, note=note)


def _choices(output: Json) -> list[Json]:
    """The choices; old models have one only, and it stands beside where the list should be."""
    choices = output.get("choices")
    if choices:
        return [choice for choice in choices if isinstance(choice, dict)]
    if output.get("text") is None and not output.get("finish_reason"):
        return []
    return [{"message": {"content": output.get("text")}, "finish_reason": output.get("finish_reason")}]


def _rest(text: str, told_chars: int) -> tuple[str, int]:
    """What of a text is new, and how much of it is out now."""
    return text[told_chars:], max(told_chars, len(text))


def _logprobs(told: Any) -> Json | None:
    return {"logprobs": told} if isinstance(told, dict) and "content" in told else None


def text_of(content: Any) -> str:
    """The text of a content: a text, a list of parts of which some may hold text, or nothing."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "".join(text for text in texts if isinstance(text, str))


def counted(told: Any) -> Usage | None:
    """The counts of one usage object, or None; they are running totals and the total may be missing."""
    return usage.of_object(told) if isinstance(told, dict) else None
