"""Replies that are no stream: a chat's state, to be asked after until it is done, and then its messages.

Source: https://www.coze.cn/open/docs/developer_guides/retrieve_chat and .../list_chat_messages, checked 2026-08.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import orjson

from providers import auth
from providers.types import Delta, Event, Json, Later, WireRequest
from providers.wires.coze import chats, faults, urls

WAIT_S: Final = 1.0
"""The vendor asks not to be asked more often."""

_HEADERS: Final = {"content-type": "application/json"}
"""The vendor's reference wants it of every call, also of one without a body."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chat was begun, and the ``tools.owner`` of the credential that it is of."""

    server_url: str
    owner: int

    def call(self, path: str, chat: Json) -> WireRequest:
        """A call that asks about a chat."""
        url = urls.endpoint(self.server_url, path)
        return auth.with_query(WireRequest("GET", url, _HEADERS, b""), **_ids(chat))

    def cancel(self, chat: Json) -> WireRequest:
        """The call that ends a chat."""
        url = urls.endpoint(self.server_url, urls.CANCEL)
        return WireRequest("POST", url, _HEADERS, orjson.dumps(_ids(chat)))


def _ids(chat: Json) -> dict[str, str]:
    return {chats.CONVERSATION: str(chat[chats.CONVERSATION]), "chat_id": str(chat["id"])}


def state(doc: Any, place: Place | None) -> Iterator[Delta]:
    """What a whole reply tells of its chat: how it ended, or where to ask on. Raises the error that it is."""
    error = faults.in_document(doc)
    if error:
        raise error
    chat = doc.get("data") if isinstance(doc, dict) else None
    if not isinstance(chat, dict) or "status" not in chat or place is None:
        raise faults.no_answer(doc)
    if chat["status"] not in chats.ENDS:
        request = replace(place.call(urls.RETRIEVE, chat), decode=partial(_state, place=place))
        yield Delta(later=Later(request, WAIT_S, place.cancel(chat)))
    elif chat["status"] == chats.COMPLETED:
        request = replace(place.call(urls.MESSAGES, chat), decode=partial(_messages, chat=chat, place=place))
        yield Delta(later=Later(request))
    else:
        yield Delta(head=chats.head(chat))
        yield from chats.ended(chat, chat["status"], place.owner)


def _state(events: Iterable[Event], place: Place) -> Iterator[Delta]:
    for event in events:
        yield from state(document(event), place)


def _messages(events: Iterable[Event], chat: Json, place: Place) -> Iterator[Delta]:
    """The answers among a finished chat's messages, in order, and its end."""
    for event in events:
        doc = document(event)
        error = faults.in_document(doc)
        if error:
            raise error
        yield Delta(head=chats.head(chat))
        for text, reasoning in map(chats.answer, doc["data"]):
            if text or reasoning:
                yield Delta(text=text or None, reasoning=reasoning or None)
        yield from chats.ended(chat, chats.COMPLETED, place.owner)


def document(event: Event) -> Any:
    """The JSON of a whole reply. Raises what a text that is none tells of."""
    try:
        return orjson.loads(event.data)
    except orjson.JSONDecodeError:
        raise faults.of_text(event.data) from None
