"""The walk over a reply's events, for every kind of answer that comes in this envelope."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

import orjson

from providers.errors import ProviderError
from providers.types import BODY, Delta, Event, Head, Json
from providers.wires.dashscope import faults
from providers.wires.openai import finish

_SKIPPED: Final = Delta(note="skipped a malformed event")


class Reader(Protocol):
    """One reply so far: ``headed`` once its name is told."""

    headed: bool

    @property
    def ended(self) -> bool:
        """Whether it has its finish reason."""

    def read(self, doc: Json, output: Json) -> Iterator[Delta]:
        """The deltas of one payload and what is inside it."""


def deltas(events: Iterable[Event], reader: Reader) -> Iterator[Delta]:
    """The reply's deltas. Raises the vendor's error wherever it stands, MALFORMED for a body that is no answer."""
    try:
        yield from _walked(events, reader)
    except ProviderError:
        # A connection that breaks after the last finish reason has nothing left to break.
        if not reader.ended:
            raise


def _walked(events: Iterable[Event], reader: Reader) -> Iterator[Delta]:
    for event in events:
        if event.data.startswith(b"[DONE]"):
            return
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY and not reader.ended:
                raise faults.of_text(event.data) from None
            yield _SKIPPED
            continue
        if isinstance(doc, dict):
            yield from _read(doc, event, reader)
        else:
            yield _SKIPPED


def _read(doc: Json, event: Event, reader: Reader) -> Iterator[Delta]:
    error = faults.in_answer(doc, event.name)
    output = doc.get("output")
    if error is None and event.name == BODY and not isinstance(output, dict):
        error = faults.of_text(event.data)
    if error and not reader.ended:
        raise error
    if error or not isinstance(output, dict):
        return
    identity = doc.get("request_id")
    if identity and not reader.headed:
        reader.headed = True
        # An application's next request may hold it to go on with this talk.
        session = output.get("session_id")
        yield Delta(head=Head(f"chatcmpl-{identity}", extra={"session_id": session} if session else {}))
    yield from reader.read(doc, output)


def reason(word: Any) -> tuple[str | None, str | None]:
    """OpenAI's word for the vendor's, None while there is none (the text ``null`` too); a remark on an unknown one."""
    told = finish.told(word)
    if told is None:
        return None, None
    known = finish.mapped(told)
    return known or "stop", None if known else f"unknown finish reason {told[:40]}"
