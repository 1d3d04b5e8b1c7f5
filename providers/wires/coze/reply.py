"""A reply of v3 as deltas: a stream of events, or a document that tells where the answer is to be asked for.

Source: https://www.coze.cn/open/docs/developer_guides/chat_v3, checked 2026-08.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from providers.types import BODY, Delta, Event, Json
from providers.wires.coze import chats, faults, polls

_DELTA: Final = "conversation.message.delta"
_WHOLE: Final = "conversation.message.completed"
_CHAT: Final = "conversation.chat."
_ERROR: Final = "error"


def decode(events: Iterable[Event], place: polls.Place | None = None) -> Iterator[Delta]:
    """The reply's deltas, of one choice. Raises the vendor's error wherever it stands."""
    stream = _Stream(place.owner if place else 0)
    for event in events:
        if event.name == BODY:
            yield from polls.state(polls.document(event), place)
            continue
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == _ERROR:
                raise faults.of_text(event.data) from None
            yield Delta(note="skipped a malformed event")
            continue
        yield from stream.read(event.name, doc)
        if stream.ended:
            return


@dataclass(slots=True)
class _Stream:
    """One stream so far: which messages were told in pieces, and whether it has its end."""

    owner: int
    headed: bool = False
    ended: bool = False
    said: set[Any] = field(default_factory=set)
    thought: set[Any] = field(default_factory=set)

    def read(self, name: str, doc: Any) -> Iterator[Delta]:
        """What an event tells. Its data may be a text, as the last one's is."""
        if name == _ERROR:
            raise faults.of_event(doc)
        error = faults.in_document(doc)
        if error:
            raise error
        if not isinstance(doc, dict):
            return
        if name.startswith(_CHAT):
            yield from self._chat(doc, name)
        elif name in (_DELTA, _WHOLE):
            yield from self._message(doc, whole=name == _WHOLE)

    def _chat(self, chat: Json, name: str) -> Iterator[Delta]:
        if not self.headed and chat.get("id"):
            self.headed = True
            yield Delta(head=chats.head(chat))
        for delta in chats.ended(chat, name.removeprefix(_CHAT), self.owner):
            self.ended = self.ended or delta.finish_reason is not None
            yield delta

    def _message(self, message: Json, *, whole: bool) -> Iterator[Delta]:
        """The answer in a piece, or in a message that is told again as a whole unless there was no piece of it."""
        identity = message.get("id")
        text, reasoning = chats.answer(message)
        if whole:
            text = "" if identity in self.said else text
            reasoning = "" if identity in self.thought else reasoning
        if text:
            self.said.add(identity)
        if reasoning:
            self.thought.add(identity)
        if text or reasoning:
            yield Delta(text=text or None, reasoning=reasoning or None)
