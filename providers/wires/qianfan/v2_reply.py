"""V2's replies: the OpenAI wire, but that "normal" ends no stream, and that a flag beside the words tells of a filter.

Source: https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb, checked 2026-08.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import orjson

from providers.types import Delta, Event
from providers.wires.openai import reply
from providers.wires.openai.dialect import Dialect

_FLAG: Final = "need_clear_history"


def decode(events: Iterable[Event], dialect: Dialect) -> Iterator[Delta]:
    """The reply's deltas as the OpenAI wire reads them; a choice that was ever judged unsafe ends filtered.

    A stream in which nothing but "normal" stands for an end is over at its ``[DONE]``.
    """
    unsafe: set[int] = set()
    for delta in reply.decode(_told(events, unsafe), dialect):
        blocked = delta.finish_reason is not None and delta.choice in unsafe
        yield replace(delta, finish_reason="content_filter") if blocked else delta


def _told(events: Iterable[Event], unsafe: set[int]) -> Iterator[Event]:
    """The events, with no "normal" in the pieces of a stream; choices with the flag are added to ``unsafe``."""
    for event in events:
        # Most events hold neither word, and need not be parsed here for that.
        data = event.data
        if b'"normal"' in data or (b"true" in data and _FLAG.encode() in data):
            yield _looked_at(event, unsafe)
        else:
            yield event


def _looked_at(event: Event, unsafe: set[int]) -> Event:
    try:
        doc = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        return event
    choices: Any = doc.get("choices") if isinstance(doc, dict) else None
    changed = False
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            continue
        if choice.get(_FLAG) is True:
            unsafe.add(choice["index"] if type(choice.get("index")) is int else 0)
        # It may stand in every piece, as it does on V1.
        if choice.get("finish_reason") == "normal" and isinstance(choice.get("delta"), dict):
            choice["finish_reason"] = None
            changed = True
    return Event(event.name, orjson.dumps(doc)) if changed else event
