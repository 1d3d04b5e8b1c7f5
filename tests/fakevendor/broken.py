"""Answers that break off, hang or lie about their length. None of them is ever a whole answer."""

from collections.abc import Callable, Mapping
from typing import Final

import orjson

from tests.fakevendor import replies
from tests.fakevendor.wire import JSON, Answer, Ask, End, Step, document, framed, head, whole


def _cut(ask: Ask, end: End) -> Answer:
    """A reply that ends in the middle of an event, or of the document, in the way of ``end``."""
    if not ask.stream:
        body = orjson.dumps(replies.completion(ask))
        fields = {"content-type": JSON, "content-length": str(len(body))}
        return [head(200, fields) + body[: len(body) // 2], end]
    events = replies.opening(ask)
    return framed([*events[:-1], events[-1][:40], end], ask.params.get("framing", "chunked"))


def close_mid_event(ask: Ask) -> Answer:
    """Closed in the middle of an event; ``framing=close`` makes that look like a proper end."""
    return _cut(ask, End.CLOSE)


def stall_mid(ask: Ask) -> Answer:
    """Silence in the middle of an event."""
    return _cut(ask, End.HOLD)


def reset_mid(ask: Ask) -> Answer:
    """A reset in the middle; the pause lets the bytes arrive, which a reset would overtake."""
    steps = list(_cut(ask, End.RESET))
    return [*steps[:-1], 0.1, End.RESET]


def close_after_event(ask: Ask) -> Answer:
    """Closed at the border between two events, without the end that chunks have."""
    if not ask.stream:
        return close_mid_event(ask)
    return framed([*replies.opening(ask), End.CLOSE], ask.params.get("framing", "chunked"))


def stall_first_event(ask: Ask) -> Answer:
    """Headers at once, then silence."""
    return framed([End.HOLD], content_type="text/event-stream" if ask.stream else JSON)


def stall_headers(_ask: Ask) -> Answer:
    """Silence."""
    return [End.HOLD]


def stall_status_line(_ask: Ask) -> Answer:
    """Half a status line, then silence."""
    return [b"HTTP/1.1 20", End.HOLD]


def comments_forever(ask: Ask) -> Answer:
    """Headers, then nothing but comments, so that the connection is never silent; six seconds of it."""
    if not ask.stream:
        return stall_first_event(ask)
    return framed([*replies.spaced([b": waiting\n\n"] * 60, 0.1), End.CLOSE])


def close_before_headers(_ask: Ask) -> Answer:
    """Closed without a byte."""
    return [End.CLOSE]


def reset_before_headers(_ask: Ask) -> Answer:
    """Reset without a byte."""
    return [End.RESET]


def reset_after_headers(ask: Ask) -> Answer:
    """Headers, then a reset."""
    return framed([0.1, End.RESET], content_type="text/event-stream" if ask.stream else JSON)


def long_length(ask: Ask) -> Answer:
    """A ``content-length`` larger than what comes before the close."""
    body = b"".join(replies.opening(ask)) if ask.stream else orjson.dumps(replies.completion(ask))
    content_type = "text/event-stream" if ask.stream else JSON
    return [head(200, {"content-type": content_type, "content-length": str(len(body) + 100)}) + body, End.CLOSE]


def short_length(ask: Ask) -> Answer:
    """A ``content-length`` smaller than the body, so that its end is never read."""
    body = b"".join(replies.stream(ask)) if ask.stream else orjson.dumps(replies.completion(ask))
    content_type = "text/event-stream" if ask.stream else JSON
    return [head(200, {"content-type": content_type, "content-length": str(len(body) // 2)}) + body, End.CLOSE]


def bad_chunk(ask: Ask) -> Answer:
    """A chunk size that is no number."""
    start: list[Step] = [step for step in framed(replies.opening(ask)) if step != b"0\r\n\r\n"]
    return [*start, b"zz\r\nrubbish\r\n", End.CLOSE]


def no_terminal(ask: Ask) -> Answer:
    """A stream that ends without a finish reason and without ``[DONE]``; a document without a finish reason."""
    if not ask.stream:
        body = replies.completion(ask)
        return document({**body, "choices": [{**body["choices"][0], "finish_reason": None}]})
    return framed(replies.opening(ask), ask.params.get("framing", "chunked"))


def done_no_finish(ask: Ask) -> Answer:
    """Text and ``[DONE]``, but no finish reason."""
    return framed([*replies.opening(ask), replies.DONE]) if ask.stream else no_terminal(ask)


def only_done(ask: Ask) -> Answer:
    """``[DONE]`` and nothing else; a document without choices."""
    return framed([replies.DONE]) if ask.stream else document(replies.completion(ask, choices=[]))


def bad_json(ask: Ask) -> Answer:
    """An event whose JSON is broken, with good events around it."""
    if not ask.stream:
        return whole(orjson.dumps(replies.completion(ask))[:-1])
    return framed([*replies.opening(ask), b'data: {"choices":[{"index":0,"del\n\n', *replies.closing(ask)])


def wrong_shape(ask: Ask) -> Answer:
    """JSON that is no completion at all."""
    return framed([replies.event({"hello": ["world"]})]) if ask.stream else document({"hello": ["world"]})


BROKEN: Final[Mapping[str, Callable[[Ask], Answer]]] = {
    "close-mid-event": close_mid_event,
    "close-after-event": close_after_event,
    "stall-mid": stall_mid,
    "stall-first-event": stall_first_event,
    "stall-headers": stall_headers,
    "stall-status-line": stall_status_line,
    "comments-forever": comments_forever,
    "close-before-headers": close_before_headers,
    "reset-before-headers": reset_before_headers,
    "reset-after-headers": reset_after_headers,
    "reset-mid": reset_mid,
    "long-length": long_length,
    "short-length": short_length,
    "bad-chunk": bad_chunk,
    "no-terminal": no_terminal,
    "done-no-finish": done_no_finish,
    "only-done": only_done,
    "bad-json": bad_json,
    "wrong-shape": wrong_shape,
}
