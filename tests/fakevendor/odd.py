"""Answers that are whole and good, in a form one has to be tolerant to read. All of them say ``replies.TEXT``."""

import gzip
from collections.abc import Callable, Mapping
from typing import Final

import orjson

from tests.fakevendor import replies
from tests.fakevendor.replies import chunk_object, event
from tests.fakevendor.wire import JSON, Answer, Ask, Step, document, framed, whole


def good(ask: Ask) -> Answer:
    """The model answer, in the form that its parameters name.

    ``delay`` seconds before the first byte, ``first`` before the first event, ``gap`` between two; ``framing`` one of
    ``chunked``, ``close``, ``length``; ``words`` for a longer text.
    """
    delay: list[Step] = [ask.number("delay", 0)] if "delay" in ask.params else []
    if not ask.stream:
        return [*delay, *_document(ask)]
    first: list[Step] = [ask.number("first", 0)] if "first" in ask.params else []
    events = replies.spaced(replies.stream(ask), ask.number("gap", 0))
    return [*delay, *framed([*first, *events], ask.params.get("framing", "chunked"))]


def good_embedding(ask: Ask) -> Answer:
    """Vectors for every input, ``delay`` seconds later."""
    delay: list[Step] = [ask.number("delay", 0)] if "delay" in ask.params else []
    return [*delay, *document(replies.embedding(ask.body))]


def _document(ask: Ask) -> Answer:
    if "framing" not in ask.params:
        return document(replies.completion(ask))
    body = orjson.dumps(replies.completion(ask))
    return framed([body[:100], body[100:]], ask.params["framing"], JSON)


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[Ask], Answer]:
    """A good answer whose stream, seen as one piece of bytes, has been changed."""

    def answer(ask: Ask) -> Answer:
        return framed([change(b"".join(replies.stream(ask)))]) if ask.stream else good(ask)

    return answer


def half_letter(ask: Ask) -> Answer:
    """One write ends inside a letter, the next comes a while later."""
    body = b"".join(replies.stream(ask)) if ask.stream else orjson.dumps(replies.completion(ask))
    cut = body.index("好".encode()) + 1
    return framed([body[:cut], 0.15, body[cut:]], content_type="text/event-stream" if ask.stream else JSON)


def one_byte_writes(ask: Ask) -> Answer:
    """Every byte in a write and a chunk of its own."""
    body = b"".join(replies.stream(ask)) if ask.stream else orjson.dumps(replies.completion(ask))
    pieces: list[Step] = [body[place : place + 1] for place in range(len(body))]
    return framed(pieces, content_type="text/event-stream" if ask.stream else JSON)


def comments(ask: Ask) -> Answer:
    """Comments between events and inside one, as vendors send to keep a connection warm."""
    if not ask.stream:
        return whole(b"\n\n\n" + orjson.dumps(replies.completion(ask)))
    return framed([b": warm\n\n" + each.replace(b"\n\n", b"\n:\n\n") for each in replies.stream(ask)])


def json_for_sse(ask: Ask) -> Answer:
    """One JSON document, also where a stream was asked for."""
    return document(replies.completion(ask))


def sse_for_json(ask: Ask) -> Answer:
    """A stream, also where a document was asked for."""
    return framed(replies.stream(ask))


def sse_named_json(ask: Ask) -> Answer:
    """A stream that says it is JSON."""
    return framed(replies.stream(ask), content_type=JSON) if ask.stream else good(ask)


def megabyte_line(ask: Ask) -> Answer:
    """One event of more than a megabyte: the text, then as many blanks inside the JSON."""
    if not ask.stream:
        return good(ask)
    padded = event(chunk_object(ask, {"content": ""}))[:-3] + b" " * 2**20 + b"}\n\n"
    events = replies.stream(ask)
    return framed([*events[:2], padded, *events[2:]])


def junk_line(ask: Ask) -> Answer:
    """A line between two events that is no SSE field; SSE readers pass over it."""
    events = replies.stream(ask)
    return framed([*events[:2], b"heartbeat ok\n\n", *events[2:]]) if ask.stream else good(ask)


def role_everywhere(ask: Ask) -> Answer:
    """The role in each delta, and usage in each chunk, growing."""
    if not ask.stream:
        return good(ask)
    usage = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    deltas = [{"role": "assistant", "content": piece} for piece in replies.PIECES]
    texts = [event(chunk_object(ask, delta, usage=usage)) for delta in deltas]
    return framed([*texts, event(chunk_object(ask, {}, "stop", usage=replies.USAGE)), replies.DONE])


def finish_with_text(ask: Ask) -> Answer:
    """The last text and the finish reason in one chunk."""
    if not ask.stream:
        return good(ask)
    last = event(chunk_object(ask, {"content": replies.PIECES[-1]}, "stop"))
    return framed([*replies.opening(ask, replies.PIECES[:-1]), last, replies.DONE])


def finish_no_done(ask: Ask) -> Answer:
    """A finish reason, and then the end without ``[DONE]``."""
    if not ask.stream:
        return good(ask)
    return framed([*replies.opening(ask, replies.PIECES), replies.closing(ask)[0]], ask.params.get("framing", "close"))


def empty_choices(ask: Ask) -> Answer:
    """Chunks without choices, first and in between, as content filters send them."""
    if not ask.stream:
        return good(ask)
    bare = event(chunk_object(ask, {}, choices=[], prompt_filter_results=[]))
    events = replies.stream(ask)
    return framed([bare, *events[:3], bare, *events[3:]])


def packed(ask: Ask) -> Answer:
    """A gzip body although plain bytes were asked for."""
    if ask.stream:
        return good(ask)
    body = gzip.compress(orjson.dumps(replies.completion(ask)))
    return whole(body, headers={"content-encoding": "gzip"})


def tools(ask: Ask) -> Answer:
    """Two tool calls at once, arguments in fragments; says no text."""
    calls = [_call(0, "call_a", '{"city":"Köln"}'), _call(1, "call_b", '{"city":"Paris"}')]
    if not ask.stream:
        message = {"role": "assistant", "content": None, "tool_calls": [_whole_call(call) for call in calls]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
        return document(replies.completion(ask, choices=[choice]))
    fragments = [fragment for call in calls for fragment in _fragments(call)]
    chunks = [event(chunk_object(ask, {"tool_calls": [fragment]})) for fragment in fragments]
    end = [event(chunk_object(ask, {}, "tool_calls")), replies.DONE]
    return framed([*replies.opening(ask, ()), *chunks, *end])


def _call(index: int, identity: str, arguments: str) -> dict[str, object]:
    return {"index": index, "id": identity, "name": "get_weather", "arguments": arguments}


def _whole_call(call: dict[str, object]) -> dict[str, object]:
    function = {"name": call["name"], "arguments": call["arguments"]}
    return {"id": call["id"], "type": "function", "function": function}


def _fragments(call: dict[str, object]) -> list[dict[str, object]]:
    text = str(call["arguments"])
    first = {"index": call["index"], **_whole_call({**call, "arguments": ""})}
    pieces = (text[:5], text[5:])
    return [first, *({"index": call["index"], "function": {"arguments": piece}} for piece in pieces)]


ODD: Final[Mapping[str, Callable[[Ask], Answer]]] = {
    "crlf": _rewritten(lambda body: body.replace(b"\n", b"\r\n")),
    "cr": _rewritten(lambda body: body.replace(b"\n", b"\r")),
    "no-blank-lines": _rewritten(lambda body: body.replace(b"\n\n", b"\n")),
    "no-space": _rewritten(lambda body: body.replace(b"data: ", b"data:")),
    "many-spaces": _rewritten(lambda body: body.replace(b"data: ", b"data:   ")),
    "bom": _rewritten(lambda body: b"\xef\xbb\xbf" + body),
    "named-events": _rewritten(lambda body: body.replace(b"data: ", b"event: message\nid: 1\nretry: 3\ndata: ")),
    "two-data-lines": _rewritten(lambda body: body.replace(b',"choices"', b',\ndata: "choices"')),
    "one-write": _rewritten(lambda body: body),
    "half-letter": half_letter,
    "one-byte-writes": one_byte_writes,
    "comments": comments,
    "json-for-sse": json_for_sse,
    "sse-for-json": sse_for_json,
    "sse-named-json": sse_named_json,
    "megabyte-line": megabyte_line,
    "junk-line": junk_line,
    "role-everywhere": role_everywhere,
    "finish-with-text": finish_with_text,
    "finish-no-done": finish_no_done,
    "empty-choices": empty_choices,
    "packed": packed,
}
"""Every one of them must reach the client whole. ``tools`` stands apart, since it says no text."""
