"""Replies of the OpenAI wire written by hand, for the tests of its decoder."""

from typing import Any

import orjson
import pytest

from app import render
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Event, Json
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.reply import decode

PLAIN = Dialect()
DONE = Event("", b"[DONE]")


def event(doc: Any, name: str = "") -> Event:
    return Event(name, orjson.dumps(doc))


def chunk(delta: Json | None = None, finish: Any = None, index: int = 0, **more: Any) -> Event:
    """A chunk as OpenAI would send it, with further top-level fields."""
    return event({"id": "x", "choices": [{"index": index, "delta": delta, "finish_reason": finish}], **more})


def read(*events: Event, dialect: Dialect = PLAIN) -> list[Delta]:
    return list(decode(iter(events), dialect))


def folded(*events: Event, dialect: Dialect = PLAIN) -> Json:
    return render.fold(read(*events, dialect=dialect), "m")


def only(*events: Event) -> Json:
    """The one choice of a reply."""
    (choice,) = folded(*events)["choices"]
    return dict(choice)


def kind_of(*events: Event) -> ErrorKind:
    with pytest.raises(ProviderError) as raised:
        read(*events)
    return raised.value.kind


STOP = chunk({}, "stop")
