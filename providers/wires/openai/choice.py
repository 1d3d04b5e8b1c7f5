"""One choice of a reply: what is known of it so far, and what one payload's piece of it holds."""

from dataclasses import dataclass, field
from typing import Final

from providers.types import Delta, Json
from providers.wires.openai.content import passed, text_and_reasoning
from providers.wires.openai.toolcalls import ToolCalls

_GROWING: Final = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""Kinds of details of reasoning that a stream tells piece by piece, and the field that grows."""


@dataclass(slots=True)
class Choice:
    """One choice so far. ``streamed`` tells whether any of it came as deltas.

    ``thoughts`` and ``details`` (``reasoning_details``) are kept only on demand.
    """

    calls: ToolCalls = field(default_factory=ToolCalls)
    thoughts: list[str] = field(default_factory=list)
    details: list[Json] = field(default_factory=list)
    streamed: bool = False
    finished: bool = False


def message_of(choice: Json) -> tuple[Json, bool]:
    """The delta of a choice, or its message where it has none; and whether that is a whole message."""
    delta, message = choice.get("delta"), choice.get("message")
    if isinstance(delta, dict) and (delta or not isinstance(message, dict)):
        return delta, False
    if isinstance(message, dict):
        return message, True
    return {}, False


def piece(number: int, message: Json, choice: Json, state: Choice) -> Delta:
    """What a message or delta holds of choice ``number``, as one delta without its finish."""
    text, reasoning = text_and_reasoning(message)
    told = message.get("tool_calls") or []
    legacy = message.get("function_call")
    if not told and isinstance(legacy, dict):
        told = [{"index": 0, "function": legacy}]
    calls = state.calls.read(told)
    return Delta(number, text or None, reasoning or None, calls, extra=passed(message, choice) or None)


def keep_details(state: Choice, message: Json, whole: bool) -> None:
    """Take note of a message's ``reasoning_details``; the pieces that deltas hold of one are put together again."""
    told = message.get("reasoning_details")
    for detail in (one for one in told if isinstance(one, dict)) if isinstance(told, list) else ():
        last = state.details[-1] if state.details and not whole else {}
        grows = _GROWING.get(str(detail.get("type")))
        alike = all(last.get(name) == detail.get(name) for name in ("type", "index"))
        if grows and alike and not last.get("signature"):
            fresh = {name: value for name, value in detail.items() if value is not None}
            state.details[-1] = {**last, **fresh, grows: f"{last.get(grows) or ''}{detail.get(grows) or ''}"}
        else:
            state.details.append(detail)


def memo(state: Choice) -> dict[str, Json] | None:
    """The reasoning that led to tool calls, under each call's id: the vendor wants it back with their results."""
    note: Json = {"reasoning_content": "".join(state.thoughts)} if state.thoughts else {}
    if state.details:
        note["reasoning_details"] = state.details
    return {call.id: note for call in state.calls.calls if call.id} if note and state.calls.calls else None


def visible(delta: Delta) -> bool:
    """Whether a client would see anything of the delta; an empty list beside an answer is nothing."""
    return bool(delta.text or delta.reasoning or delta.tool_calls or any((delta.extra or {}).values()))
