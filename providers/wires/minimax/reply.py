"""Replies of ``chatcompletion_pro`` as deltas, and the choice of a decoder where only the reply tells the protocol."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Head, Json, ToolCallDelta, Usage
from providers.wires.minimax import faults

_FINISH: Final = {"stop": "stop", "length": "length", "max_output": "length"}
"""Source: https://platform.minimaxi.com/document/ChatCompletion%20Pro, checked 2026-08."""


def by_shape(events: Iterator[Event], other: Callable[[Iterator[Event]], Iterator[Delta]]) -> Iterator[Delta]:
    """The reply's deltas by ``decode`` if its first event has this protocol's shape, else by ``other``."""
    first = next(events, None)
    if first is not None:
        yield from (decode if _is_pro(first.data) else other)(chain((first,), events))


def _is_pro(data: bytes) -> bool:
    try:
        doc = orjson.loads(data)
        return "reply" in doc or "messages" in doc["choices"][0]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return False


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas. The last packet repeats the whole text, which is passed on only if no piece came before.

    Raises the vendor's error wherever it stands; after some text its filter ends the answer instead.
    """
    reply = _Reply()
    for event in events:
        if event.data.startswith(b"[DONE]"):
            return
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY and not reply.ended:
                raise faults.of_text(event.data) from None
            yield Delta(note="skipped a malformed event")
            continue
        if isinstance(doc, dict) and not reply.ended:
            yield from reply.read(doc, event)


class _Reply:
    """One reply so far: what of it is out, the calls told in pieces, and whether its end has come."""

    def __init__(self) -> None:
        self.headed = False
        self.spoke = False
        self.ended = False
        self.calls: list[Json] = []

    def read(self, doc: Json, event: Event) -> Iterator[Delta]:
        error = faults.in_answer(doc, event.name)
        if error:
            yield from self._failed(error)
            return
        choices = doc.get("choices")
        if not choices and not doc.get("reply") and not doc.get("output_sensitive"):
            if event.name == BODY:
                raise faults.of_text(event.data)
            return
        if not self.headed:
            self.headed = True
            yield Delta(head=Head(doc.get("id") or None, doc.get("created") or None))
        choice = choices[0] if choices else {}
        messages = choice.get("messages") or []
        self.calls += [call for message in messages if (call := message.get("function_call"))]
        text = "".join(message.get("text") or "" for message in messages if message.get("sender_type") != "FUNCTION")
        counted = (doc.get("usage") or {}).get("total_tokens")
        # Without choices it is an answer that the vendor keeps to itself.
        if not choices or doc.get("reply") or choice.get("finish_reason") or counted:
            yield from self._end(doc, choice, doc.get("reply") or text)
        elif text:
            self.spoke = True
            yield Delta(text=text)

    def _end(self, doc: Json, choice: Json, text: str) -> Iterator[Delta]:
        self.ended = True
        whole = [call for message in choice.get("messages") or [] if (call := message.get("function_call"))]
        told = whole or ([doc["function_call"]] if doc.get("function_call") else self.calls)
        calls = (_call(told),) if told else ()
        fresh = None if self.spoke else text or None
        reason, note = _reason(choice.get("finish_reason"))
        if calls:
            reason = "tool_calls"
        elif doc.get("output_sensitive") and not text:
            reason = "content_filter"
        yield Delta(text=fresh, tool_calls=calls, finish_reason=reason, usage=_usage(doc.get("usage")), note=note)

    def _failed(self, error: ProviderError) -> Iterator[Delta]:
        if error.kind is not ErrorKind.CONTENT_FILTER or not self.spoke:
            raise error
        self.ended = True
        yield Delta(finish_reason="content_filter", note="the vendor's filter stopped the answer")


def _reason(word: Any) -> tuple[str, str | None]:
    """OpenAI's word for the vendor's, and a remark where the vendor's is missing or not documented."""
    if word in _FINISH:
        return _FINISH[word], None
    return "stop", f"unknown finish reason {str(word)[:40]}" if word else "the last packet gives no finish reason"


def _call(told: list[Json]) -> ToolCallDelta:
    """The one call of a turn. Earlier packets may hold pieces of it (undocumented), or the whole of it again."""
    name = next((call["name"] for call in told if call.get("name")), "")
    pieces = [_text(call.get("arguments")) for call in told]
    last = pieces[-1]
    return ToolCallDelta(0, None, name, last if _is_json(last) else "".join(pieces))


def _text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else "" if arguments is None else orjson.dumps(arguments).decode()


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _usage(told: Json | None) -> Usage | None:
    """The counts; where the vendor tells a total only it counts as completion, so that the sum is right."""
    if not told:
        return None
    prompt = int(told.get("prompt_tokens") or 0)
    total = int(told.get("total_tokens") or 0)
    return Usage(prompt, int(told.get("completion_tokens") or max(0, total - prompt)))
