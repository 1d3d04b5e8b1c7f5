"""Deltas to what an OpenAI client reads: the events of a stream or one document. Ids and timestamps are made here.

Whatever a vendor sent, the shape that leaves is OpenAI's: one id and one time per reply, the role once per choice,
the finish reason in a chunk of its own, usage only in its own last chunk, ``[DONE]`` once and only after success.
"""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from providers.types import Delta, Head, Json, ToolCallDelta, Usage

DONE: Final = b"data: [DONE]\n\n"
KEEPALIVE: Final = b": keep-alive\n\n"
_PLAIN: Final = b'"logprobs":null,"finish_reason":null}]'
_NO_USAGE: Final = Usage(0, 0)


def stream(deltas: Iterable[Delta | None], model: str, *, include_usage: bool) -> Iterator[bytes]:
    """The reply as SSE bytes, one event each; None among the deltas becomes a keep-alive comment.

    ``model`` is the name the client asked for. Failures among the deltas pass through; nothing follows them.
    """
    writer = _Writer(model, include_usage)
    for delta in deltas:
        if delta is None:
            yield KEEPALIVE
        else:
            yield from writer.write(delta)
    yield from writer.end()


class _Writer:
    """Where one stream stands: what its chunks share, which choices have begun, and the usage so far."""

    def __init__(self, model: str, include_usage: bool) -> None:
        self.model = model
        self.include_usage = include_usage
        self.tail = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self.head = Head()
        self.opening = b""
        self.begun: set[int] = set()
        self.calls: set[tuple[int, int]] = set()
        self.usage = _NO_USAGE

    def write(self, delta: Delta) -> Iterator[bytes]:
        if delta.head:
            self.head = merge_heads(self.head, delta.head)
        if delta.usage:
            self.usage = delta.usage
        pieces = self._pieces(delta) or ([{}] if delta.beside else [])
        if not pieces and delta.finish_reason is None:
            return
        if delta.choice not in self.begun:
            self.begun.add(delta.choice)
            yield self._chunk(delta.choice, b'{"role":"assistant","content":""}')
        logprobs = (delta.extra or {}).get("logprobs")
        for piece in pieces:
            # Probabilities are the text's where there is one, and are told once.
            mine = None if delta.text and "content" not in piece else logprobs
            logprobs = logprobs if mine is None else None
            yield self._chunk(delta.choice, orjson.dumps(piece), mine, beside=delta.beside)
        if delta.finish_reason is not None:
            yield self._chunk(delta.choice, b"{}", finish_reason=delta.finish_reason)

    def end(self) -> Iterator[bytes]:
        if self.include_usage:
            usage = orjson.dumps(usage_object(self.usage))
            yield b"".join((self._open(), b'"choices":[],"usage":', usage, b"}\n\n"))
        yield DONE

    def _pieces(self, delta: Delta) -> list[Json]:
        """The delta objects of one Delta, in the order in which OpenAI's own streams send them."""
        pieces: list[Json] = []
        if delta.reasoning:
            pieces.append({"reasoning_content": delta.reasoning})
        if delta.text:
            pieces.append({"content": delta.text})
        if delta.tool_calls:
            pieces.append({"tool_calls": [self._tool_call(delta.choice, call) for call in delta.tool_calls]})
        if delta.extra:
            # An empty list, such as a whole reply's annotations, is nothing that a stream would tell.
            passed = {name: value for name, value in delta.extra.items() if name != "logprobs" and value != []}
            if passed or (not pieces and "logprobs" in delta.extra):
                pieces.append(passed)
        return pieces

    def _tool_call(self, choice: int, call: ToolCallDelta) -> Json:
        """A fragment of a call. Its id stands in the first one only: clients join what they get twice.

        OpenAI's chunks know functions alone, so that a custom tool's input stands where arguments do.
        """
        if (choice, call.index) in self.calls:
            named = {} if call.name is None else {"name": call.name}
            return {"index": call.index, "function": {**named, "arguments": call.arguments}}
        self.calls.add((choice, call.index))
        function = {"name": call.name or "", "arguments": call.arguments}
        return {"index": call.index, "id": call.id or new_id("call_"), "type": "function", "function": function}

    def _chunk(
        self,
        choice: int,
        delta: bytes,
        logprobs: Any = None,
        finish_reason: str | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> bytes:
        if logprobs is None and finish_reason is None and not beside:
            rest = _PLAIN
        else:
            rest = orjson.dumps({"logprobs": logprobs, "finish_reason": finish_reason, **(beside or {})})[1:] + b"]"
        index = b"0" if choice == 0 else str(choice).encode()
        return b"".join((self._open(), b'"choices":[{"index":', index, b',"delta":', delta, b",", rest, self.tail))

    def _open(self) -> bytes:
        """The start of every chunk, fixed with the first one so that id and time never change within a stream."""
        if not self.opening:
            envelope = _envelope(self.head, "chat.completion.chunk", self.model)
            self.opening = b"data: " + orjson.dumps(envelope)[:-1] + b","
        return self.opening


@dataclass(slots=True)
class _Choice:
    """One choice of a plain reply while its deltas are added up."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: dict[int, list[ToolCallDelta]] = field(default_factory=dict)
    finish_reason: str | None = None
    extra: Json = field(default_factory=dict)
    beside: Json = field(default_factory=dict)
    logprobs: Json | None = None


def fold(deltas: Iterable[Delta | None], model: str) -> Json:
    """The reply as one ``chat.completion`` object. Usage that no one told stands as zeros."""
    head, usage = Head(), _NO_USAGE
    choices: dict[int, _Choice] = {}
    for delta in deltas:
        if delta is None:
            continue
        head = merge_heads(head, delta.head) if delta.head else head
        usage = delta.usage or usage
        if delta.text or delta.reasoning or delta.tool_calls or delta.finish_reason or delta.extra or delta.beside:
            _add(choices.setdefault(delta.choice, _Choice()), delta)
    envelope = _envelope(head, "chat.completion", model)
    return {
        **envelope,
        "choices": [_choice_object(index, choices[index]) for index in sorted(choices)],
        "usage": usage_object(usage),
    }


def _add(choice: _Choice, delta: Delta) -> None:
    if delta.text:
        choice.text.append(delta.text)
    if delta.reasoning:
        choice.reasoning.append(delta.reasoning)
    for call in delta.tool_calls:
        choice.calls.setdefault(call.index, []).append(call)
    choice.finish_reason = choice.finish_reason or delta.finish_reason
    choice.beside.update(delta.beside or {})
    for name, value in (delta.extra or {}).items():
        if name == "logprobs":
            choice.logprobs = _join_logprobs(choice.logprobs, value)
        else:
            choice.extra[name] = _join(choice.extra.get(name), value)


def _join(old: Any, new: Any) -> Any:
    """Texts and lists grow over a stream; of anything else the last one counts."""
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    return new


def _join_logprobs(old: Json | None, new: Any) -> Json | None:
    if not old or not isinstance(new, dict):
        return new if isinstance(new, dict) else old
    return {name: _join(old.get(name), new.get(name)) for name in {**old, **new}}


def _choice_object(index: int, choice: _Choice) -> Json:
    text = "".join(choice.text)
    message: Json = {
        "role": "assistant",
        "content": None if choice.calls and not text else text,
        "refusal": None,
        **choice.extra,
    }
    if choice.reasoning:
        message["reasoning_content"] = "".join(choice.reasoning)
    if choice.calls:
        message["tool_calls"] = [_tool_call(choice.calls[number]) for number in sorted(choice.calls)]
    return {
        "index": index,
        "message": message,
        "logprobs": choice.logprobs,
        "finish_reason": choice.finish_reason,
        **choice.beside,
    }


def _tool_call(fragments: list[ToolCallDelta]) -> Json:
    name = next((call.name for call in fragments if call.name), "")
    arguments = "".join(call.arguments for call in fragments)
    identity = next((call.id for call in fragments if call.id), None) or new_id("call_")
    if any(call.custom for call in fragments):
        return {"id": identity, "type": "custom", "custom": {"name": name, "input": arguments}}
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def usage_object(usage: Usage) -> Json:
    """OpenAI's usage object; the details stand in it only where the vendor told any."""
    counts: Json = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.prompt_details:
        counts["prompt_tokens_details"] = dict(usage.prompt_details)
    if usage.completion_details:
        counts["completion_tokens_details"] = dict(usage.completion_details)
    return counts


def merge_heads(old: Head, new: Head) -> Head:
    """What is known of the reply: the first id and time that the vendor named, and all further fields."""
    extra: Mapping[str, Any] = {**new.extra, **old.extra} if new.extra else old.extra
    return replace(old, id=old.id or new.id, created=old.created or new.created, extra=extra)


def new_id(prefix: str) -> str:
    """A fresh identifier with ``prefix``."""
    return prefix + uuid.uuid4().hex


def _envelope(head: Head, kind: str, model: str) -> Json:
    return {
        "id": head.id or new_id("chatcmpl-"),
        "object": kind,
        "created": head.created or int(time.time()),
        "model": model,
        **head.extra,
    }
