"""The order the vendor demands: system first, then its user and the assistant by turns, at most 40 messages in all.

Both of its surfaces demand it, so messages are OpenAI's here.
Source: https://cloud.tencent.com/document/api/1729/105701 (Messages), checked 2026-08.
"""

from collections.abc import Iterator
from typing import Any, Final

from providers.types import Json

MOST_MESSAGES: Final = 40
CONTINUE: Final = "Continue."
BETWEEN: Final = "OK."


def arrange(messages: list[Json], losses: list[str]) -> list[Json]:
    """The messages in an order the vendor takes. What was merged, added or left out is named in ``losses``.

    Several tool results may stand in a row; they count as the user's side.
    """
    systems = [message for message in messages if message["role"] == "system" and not _silent(message["content"])]
    others = [message for message in messages if message["role"] != "system" and not _empty(message)]
    if any(map(_empty, messages)):
        losses.append("dropped empty user messages")
    if len(systems) > 1 or (systems and messages[0]["role"] != "system"):
        losses.append("merged system messages into the first")
    turns = _by_turns(others, losses)
    room = MOST_MESSAGES - bool(systems)
    if len(turns) > room:
        turns = _newest(turns, room)
        losses.append(f"dropped messages before the newest {len(turns)}")
    merged = list(_merged(systems))
    return [*merged, *turns]


def _empty(message: Json) -> bool:
    """Whether it is a user message that says nothing, which the vendor refuses."""
    return message["role"] == "user" and _silent(message["content"])


def _silent(content: Any) -> bool:
    """Whether a content holds nothing, be it a text or an array of parts."""
    if isinstance(content, list):
        return all(part["type"] == "text" and not part["text"] for part in content)
    return not content


def _by_turns(messages: list[Json], losses: list[str]) -> list[Json]:
    turns = list(_merged(messages))
    if len(turns) < len(messages):
        losses.append("merged neighbouring messages of one role")
    turns = _between(_begun(turns, losses), losses)
    if not turns or turns[-1]["role"] == "assistant":
        turns.append({"role": "user", "content": CONTINUE})
        losses.append("added a user message at the end")
    return turns


def _begun(turns: list[Json], losses: list[str]) -> list[Json]:
    """The turns without what the assistant says first; calls with results stay, since those would answer nothing."""
    if not turns or turns[0]["role"] != "assistant":
        return turns
    if len(turns) > 1 and turns[1]["role"] == "tool":
        losses.append("added a user message before the first tool call")
        return [{"role": "user", "content": CONTINUE}, *turns]
    losses.append("dropped messages of the assistant before the first of the user")
    return turns[1:]


def _merged(messages: list[Json]) -> Iterator[Json]:
    """Neighbours of one role as one message; tool results stay apart."""
    last: Json | None = None
    for message in messages:
        if last and last["role"] == message["role"] != "tool":
            last = _joined(last, message)
            continue
        if last:
            yield last
        last = message
    if last:
        yield last


def _joined(one: Json, other: Json) -> Json:
    joined = {**one, **other, "content": _joined_content(one.get("content"), other.get("content"))}
    calls = [*(one.get("tool_calls") or ()), *(other.get("tool_calls") or ())]
    return {**joined, "tool_calls": calls} if calls else joined


def _joined_content(one: object, other: object) -> object:
    if isinstance(one, list) or isinstance(other, list):
        return [*_parts(one), *_parts(other)]
    return "\n".join(str(text) for text in (one, other) if text)


def _parts(content: object) -> list[Json]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _between(turns: list[Json], losses: list[str]) -> list[Json]:
    """The turns with a word of the assistant wherever a user message directly follows a tool result."""
    arranged: list[Json] = []
    for turn in turns:
        if arranged and arranged[-1]["role"] == "tool" and turn["role"] == "user":
            arranged.append({"role": "assistant", "content": BETWEEN})
            losses.append("added an assistant message between a tool result and a user message")
        arranged.append(turn)
    return arranged


def _newest(turns: list[Json], room: int) -> list[Json]:
    """The newest turns that fit, beginning with the user's word.

    In a long loop of tools there may be none within reach, or only the very last. Then the last user message before
    them stands in front of the newest whole steps of the loop.
    """
    newest = turns[-room:]
    first = next((place for place, turn in enumerate(newest) if turn["role"] == "user"), room)
    asked = [turn for turn in turns[:-room] if turn["role"] == "user"][-1:]
    step = next((place for place, turn in enumerate(newest[1:], 1) if turn["role"] == "assistant"), room)
    loop = [*asked, *newest[step:]] if asked else []
    return max(newest[first:], loop, key=len) or newest
