"""References of bots as OpenAI's annotations: what a bot read on the web or in a knowledge base.

Source: volcengine-ark-runtime 5.0.54 (``bot_reference.py``), checked 2026-08.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import orjson

from providers.types import Delta, Event, Json

_TITLES: Final = ("title", "doc_title", "doc_name", "site_name")


def annotated(events: Iterable[Event], decode: Callable[[Iterator[Event]], Iterator[Delta]]) -> Iterator[Delta]:
    """The deltas that ``decode`` makes of the events, each reference of the reply once among them.

    They stand before the delta that came with them, with its head, and never behind the end of the answer.
    """
    reading = _Reading()
    for delta in decode(reading.watched(events)):
        fresh = reading.fresh()
        if fresh:
            yield Delta(head=delta.head, extra={"annotations": fresh})
        yield delta
        if delta.finish_reason:
            reading.ended = True


class _Reading:
    """The references of one reply: those seen so far, and those that no delta has told of yet."""

    def __init__(self) -> None:
        self.seen: list[Json] = []
        self.told = 0
        self.ended = False

    def watched(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if b'"references"' in event.data:
                self.read(event.data)
            yield event

    def read(self, data: bytes) -> None:
        """Take note of a payload's references; bots repeat those of earlier payloads."""
        try:
            doc = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        listed = doc.get("references") if isinstance(doc, dict) else None
        for reference in listed if isinstance(listed, list) else ():
            if isinstance(reference, dict) and reference not in self.seen:
                self.seen.append(reference)

    def fresh(self) -> list[Json]:
        """Annotations for the references that are new; none once the answer has ended."""
        new = [] if self.ended else self.seen[self.told :]
        self.told = len(self.seen)
        return [annotation(reference) for reference in new]


def annotation(reference: Json) -> Json:
    """One reference as OpenAI's ``url_citation``, with all that the vendor tells of it.

    The vendor does not say which words it belongs to, hence an empty span at the start. One out of a knowledge base
    has no URL.
    """
    title = next((reference[name] for name in _TITLES if isinstance(reference.get(name), str) and reference[name]), "")
    url = reference.get("url") or reference.get("mobile_url") or ""
    return {
        "type": "url_citation",
        "url_citation": {**reference, "url": url, "title": title, "start_index": 0, "end_index": 0},
    }
