"""Deltas and vectors as ``providers/types.py`` promises them: a vendor may put anything into the place of a text.

Here, once for all vendors, and before anything of the reply is sent: rendering would fail on it in the middle.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from providers.types import Delta, EmbeddingReply, Head, ToolCallDelta, Usage

_TEXT: Final = (str, type(None))
_NUMBERS: Final = {float, int}
_MOST: Final = 2**53
"""Whole numbers beyond this are no longer exact in every reader of JSON."""


def checked(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """``deltas`` as they are. Raises TypeError, which the gateway makes MALFORMED, for what is not of its type."""
    for delta in deltas:
        texts = type(delta.text) in _TEXT and type(delta.reasoning) in _TEXT and type(delta.finish_reason) in _TEXT
        if not texts or not _whole(delta.choice):
            raise TypeError("a delta holds something else than texts")
        for call in delta.tool_calls:
            _check_call(call)
        if delta.usage is not None:
            _check_usage(delta.usage)
        if delta.head is not None:
            _check_head(delta.head)
        if not isinstance(delta.extra, Mapping | None) or not isinstance(delta.beside, Mapping | None):
            raise TypeError("a delta's further fields are no object")
        yield delta


def checked_vectors(reply: EmbeddingReply) -> EmbeddingReply:
    """``reply`` as it is. Raises TypeError where its vectors are not lists of numbers."""
    for vector in reply.vectors:
        if type(vector) is not list or not set(map(type, vector)) <= _NUMBERS:
            raise TypeError("a vector holds something else than numbers")
    _check_usage(reply.usage)
    return reply


def _texts(*values: object) -> bool:
    return all(type(value) in _TEXT for value in values)


def _whole(value: object) -> bool:
    return type(value) is int and -_MOST < value < _MOST


def _check_call(call: ToolCallDelta) -> None:
    if not _whole(call.index) or not _texts(call.id, call.name) or type(call.arguments) is not str:
        raise TypeError("a tool call holds something else than texts")


def _check_usage(usage: Usage) -> None:
    details = (*usage.prompt_details.values(), *usage.completion_details.values())
    if not all(map(_whole, (usage.prompt_tokens, usage.completion_tokens, *details))):
        raise TypeError("usage holds something else than whole numbers")


def _check_head(head: Head) -> None:
    if not _texts(head.id) or not (head.created is None or _whole(head.created)):
        raise TypeError("a reply's id or time is of another type")
