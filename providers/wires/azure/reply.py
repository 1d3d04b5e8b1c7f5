"""Replies: the OpenAI wire's, with what Azure adds to them left out or, on the operator's word, handed on.

The additions are results of content filters, of the prompt in an event of its own before the answer, of the answer
in every choice; and the ``context`` of answers from one's own data, which always passes.
Source: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter, checked 2026-08.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from providers.types import Delta, Event, Head, Json
from providers.wires.openai import reply as common
from providers.wires.openai.dialect import Dialect

_CONTEXT: Final = b'"context"'
_FILTERS: Final = (b'"prompt_filter_results"', b'"prompt_annotations"', b'"content_filter_')
_OF_PROMPT: Final = ("prompt_filter_results", "prompt_annotations")
_OF_CHOICE: Final = ("content_filter_results", "content_filter_offsets", "content_filter_result")


def decode(events: Iterable[Event], dialect: Dialect, keeps: bool = False, note: str = "") -> Iterator[Delta]:
    """The reply's deltas; ``keeps`` hands on what filters said, ``note`` is a remark to begin with."""
    if note:
        yield Delta(note=note)
    found: list[Delta] = []
    for delta in common.decode(_watched(events, found, keeps), dialect):
        yield from found
        found.clear()
        yield delta
    yield from found


def _watched(events: Iterable[Event], found: list[Delta], keeps: bool) -> Iterator[Event]:
    """The events as they are; what is to be handed on beside the answer is put into ``found``."""
    for event in events:
        if _CONTEXT in event.data or (keeps and any(mark in event.data for mark in _FILTERS)):
            found += _additions(event.data, keeps)
        yield event


def _additions(data: bytes, keeps: bool) -> Iterator[Delta]:
    try:
        doc = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if not isinstance(doc, dict):
        return
    told = {name: doc[name] for name in _OF_PROMPT if doc.get(name)} if keeps else {}
    if told:
        yield Delta(head=Head(extra=told))
    for choice in doc.get("choices") or ():
        number = choice["index"] if type(choice.get("index")) is int else 0
        said = choice.get("delta") or choice.get("message") or {}
        extra: Json = {"context": said["context"]} if said.get("context") else {}
        beside = {name: choice[name] for name in _OF_CHOICE if choice.get(name)} if keeps else {}
        if extra or beside:
            yield Delta(number, extra=extra or None, beside=beside or None)
