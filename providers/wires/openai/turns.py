"""The order of messages, for vendors that are strict about who may speak after whom."""

from collections.abc import Iterator
from typing import Final

from providers.types import Json
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.messages import text_of

_INSTRUCTING: Final = ("system", "developer")


def arrange(messages: list[Json], dialect: Dialect, model: str, losses: list[str]) -> list[Json]:
    """The messages in an order this speaker takes. What had to be moved, merged or added is named in ``losses``."""
    if not dialect.empty_assistant:
        messages = _speaking(messages, losses)
    if dialect.fold_system.match(model):
        messages = folded(messages)
    elif dialect.merge_system:
        messages = _one_system(messages, losses)
    if dialect.alternate:
        messages = _taking_turns(messages, losses)
    return messages


def _speaking(messages: list[Json], losses: list[str]) -> list[Json]:
    kept = [m for m in messages if m["role"] != "assistant" or m.get("content") or m.get("tool_calls")]
    if len(kept) < len(messages):
        losses.append("dropped empty assistant messages")
    return kept


def folded(messages: list[Json]) -> list[Json]:
    """The messages with all system text in front of the first user text, for models that know no system role."""
    system = "\n".join(text_of(m.get("content")) for m in messages if m["role"] in _INSTRUCTING)
    others = [m for m in messages if m["role"] not in _INSTRUCTING]
    first = next((i for i, m in enumerate(others) if m["role"] == "user"), None)
    if not system:
        return others
    if first is None:
        return [{"role": "user", "content": system}, *others]
    return [*others[:first], _with_text(others[first], system), *others[first + 1 :]]


def _with_text(message: Json, text: str) -> Json:
    """The message with ``text`` put before its content, string or array."""
    content = message.get("content")
    if isinstance(content, list):
        return {**message, "content": [{"type": "text", "text": text}, *content]}
    return {**message, "content": f"{text}\n\n{content or ''}"}


def _one_system(messages: list[Json], losses: list[str]) -> list[Json]:
    systems = [m for m in messages if m["role"] == "system"]
    if not systems or (len(systems) == 1 and messages[0]["role"] == "system"):
        return messages
    losses.append("merged system messages into the first")
    merged = {**systems[0], "content": "\n".join(text_of(m.get("content")) for m in systems)}
    return [merged, *(m for m in messages if m["role"] != "system")]


def _taking_turns(messages: list[Json], losses: list[str]) -> list[Json]:
    """System first, then user and assistant by turns, beginning and ending with the user's side."""
    systems = [m for m in messages if m["role"] == "system"]
    turns = list(_merged(m for m in messages if m["role"] != "system"))
    if turns and turns[0]["role"] == "assistant":
        turns = turns[1:]
        losses.append("dropped an assistant message before the first user message")
    if not turns or turns[-1]["role"] == "assistant":
        turns.append({"role": "user", "content": "Continue."})
        losses.append("added a user message at the end")
    if len(systems) + len(turns) < len(messages) and not any("dropped an assistant" in loss for loss in losses):
        losses.append("merged neighbouring messages of one role")
    return [*systems, *turns]


def _merged(messages: Iterator[Json]) -> Iterator[Json]:
    """Neighbours of one role as one message; tool calls and tool results stay apart."""
    last: Json | None = None
    for message in messages:
        if last and _alike(last, message):
            last = {**last, "content": f"{text_of(last.get('content'))}\n{text_of(message.get('content'))}"}
            continue
        if last:
            yield last
        last = message
    if last:
        yield last


def _alike(one: Json, other: Json) -> bool:
    both_text = all(isinstance(m.get("content"), str) and not m.get("tool_calls") for m in (one, other))
    return one["role"] == other["role"] != "tool" and both_text
