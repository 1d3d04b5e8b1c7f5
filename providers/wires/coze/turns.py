"""A conversation as the messages of a chat: two roles, system text in front of a user's, the last a user's.

Source: https://www.coze.cn/open/docs/developer_guides/chat_v3 and .../message_type, checked 2026-08.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import orjson

from providers.losses import nameless
from providers.types import Json
from providers.wires.coze.files import Uploads, attachment, refused
from providers.wires.openai import legacy
from providers.wires.openai.messages import text_of

MOST: Final = 100
CONTINUE: Final = "Go on."


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said by ``user`` or ``assistant``; ``items`` are what else there is than text.

    ``place`` tells how many of them stand before the text.
    """

    role: str
    text: str
    items: tuple[Json, ...] = ()
    place: int = 0


@dataclass(slots=True)
class _Reader:
    """``system`` is text that waits for the next user; ``names`` are the functions of the calls so far."""

    uploads: Uploads | None
    losses: list[str]
    system: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def read(self, message: Json, path: str) -> Iterator[Turn]:
        role, content = message["role"], message.get("content")
        if role == "system":
            self.system.append(_text(content, path))
        elif role == "user":
            yield self._user(content, path)
        elif role == "tool":
            called = self.names.get(message["tool_call_id"]) or message["tool_call_id"]
            self._lose("told tool results in words")
            yield Turn("user", f"{called} returned: {_text(content, path)}")
        else:
            text = "\n".join(filter(None, (_text(content, path), *self._calls(message))))
            if text:
                yield Turn("assistant", text)

    def _calls(self, message: Json) -> Iterator[str]:
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            self.names[call["id"]] = str(function.get("name"))
            self._lose("told tool calls in words")
            yield f"{function.get('name')}({function.get('arguments')})"

    def _user(self, content: object, path: str) -> Turn:
        parts = content if isinstance(content, list) else []
        places = [(part, f"{path}.content[{place}]") for place, part in enumerate(parts) if part["type"] != "text"]
        if places and self.uploads is None:
            raise refused(places[0][1], "this model takes text only")
        texts = [*self.system, text_of(content)]
        self.system.clear()
        items = tuple(self.uploads.item(attachment(*one)) for one in places) if self.uploads else ()
        first = next((place for place, part in enumerate(parts) if part["type"] == "text"), 0)
        return Turn("user", "\n".join(filter(None, texts)), items, first)

    def _lose(self, loss: str) -> None:
        if loss not in self.losses:
            self.losses.append(loss)


def _text(content: object, path: str) -> str:
    """The text of a content that may hold text only. Raises UNSUPPORTED."""
    for place, part in enumerate(content if isinstance(content, list) else ()):
        if part["type"] not in ("text", "refusal"):
            raise refused(f"{path}.content[{place}]", f"only a user may send a part of type {part['type']}")
    return text_of(content)


def told(messages: list[Json], uploads: Uploads | None, losses: list[str]) -> list[Turn]:
    """What was said, ending with a user; without ``uploads`` text only. What is lost is added to ``losses``.

    Raises UNSUPPORTED, naming the place, for what cannot be said.
    """
    turns = [legacy.message(message) for message in messages]
    losses += nameless(messages)
    skipped = _surplus(turns, losses)
    reader = _Reader(uploads, losses)
    said = [
        turn
        for place, message in enumerate(turns)
        if place not in skipped
        for turn in reader.read(message, f"messages[{place}]")
    ]
    if any(reader.system):
        said.append(Turn("user", "\n".join(filter(None, reader.system))))
    if not said or said[-1].role != "user":
        losses.append("added a question at the end")
        said.append(Turn("user", CONTINUE))
    return said


def _surplus(turns: list[Json], losses: list[str]) -> frozenset[int]:
    """The places of the oldest messages that are too many. System text is not among them: it joins what is left."""
    spoken = [place for place, turn in enumerate(turns) if turn["role"] != "system"]
    added = turns[-1]["role"] in ("system", "assistant")
    surplus = len(spoken) + added - MOST
    if surplus <= 0:
        return frozenset()
    losses.append(f"dropped messages (the oldest {surplus}: {MOST} are taken)")
    return frozenset(spoken[:surplus])


def joined(said: list[Turn]) -> list[Turn]:
    """The conversation as one message of the user's: what was said before, then the last text, and all items."""
    *earlier, last = said
    lines = [f"{turn.role.capitalize()}: {turn.text}" for turn in earlier if turn.text]
    before = "\n".join(("The conversation so far:", *lines)) if lines else ""
    items = tuple(item for turn in said for item in turn.items)
    return [Turn("user", "\n\n".join(filter(None, (before, last.text))), items)]


def entry(turn: Turn) -> Json:
    """The turn as an entry of ``additional_messages``."""
    kind = "question" if turn.role == "user" else "answer"
    if not turn.items:
        return {"role": turn.role, "type": kind, "content": turn.text, "content_type": "text"}
    # Of texts one is taken at the most (unverified), so all of a message's stand where its first one stood.
    text = [{"type": "text", "text": turn.text}] if turn.text else []
    content = orjson.dumps([*turn.items[: turn.place], *text, *turn.items[turn.place :]]).decode()
    return {"role": turn.role, "type": kind, "content": content, "content_type": "object_string"}


def entry_v2(turn: Turn) -> Json:
    """The turn as an entry of v2's ``chat_history``, where only answers have a type."""
    kind = {} if turn.role == "user" else {"type": "answer"}
    return {"role": turn.role, **kind, "content": turn.text, "content_type": "text"}
