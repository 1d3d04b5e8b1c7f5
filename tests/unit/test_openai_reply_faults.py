"""Replies of the OpenAI wire that go wrong: broken events, errors inside a success, bodies that are no answer."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from app import render
from providers import framing
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Event
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.reply import decode
from tests.unit.openai_chunks import PLAIN, STOP, chunk, event, folded, kind_of, only, read


def test_break_after_the_finish_is_no_break() -> None:
    """A connection that breaks after the last finish spoils a whole answer; one before it goes unnoticed."""

    def events(*good: Event) -> Iterator[Event]:
        yield from good
        raise ProviderError(ErrorKind.INCOMPLETE, "reset")

    assert list(decode(events(chunk({"content": "a"}), STOP), PLAIN))[-1].finish_reason == "stop"
    with pytest.raises(ProviderError):
        list(decode(events(chunk({"content": "a"})), PLAIN))


@pytest.mark.parametrize(
    "doc",
    [
        {"error": {"message": "Overloaded", "code": 503}},
        {"error": "no room", "status_code": 503},
        {"id": "x", "error": {"code": 503, "message": "gone"}, "choices": [{"delta": {}, "finish_reason": "error"}]},
        {"errors": [{"code": 1, "message": "try again"}], "success": False, "status_code": 503},
        {"object": "error", "message": "busy", "code": 503},
        {"detail": "busy", "status": 503},
        [{"error": {"code": 503, "message": "busy"}}],
        {"x_groq": {"error": "over capacity"}, "status": 503},
        {"code": 503, "message": "busy", "data": None},
        {"success": False, "message": "busy", "status_code": 503},
    ],
)
def test_errors_inside_a_stream(doc: Any) -> None:
    """An error in one of its shapes ends a stream as if it were an answer."""
    assert kind_of(chunk({"content": "a"}), event(doc)) is ErrorKind.OVERLOADED


def test_error_event_of_any_shape() -> None:
    """An event that calls itself an error is passed over because its data has no known shape."""
    assert kind_of(event({"odd": 1}, "error")) is ErrorKind.SERVER_ERROR


def test_error_after_the_end_is_noted() -> None:
    """An error behind a complete answer spoils it."""
    last = read(chunk({"content": "a"}), STOP, event({"error": {"message": "late"}}))[-1]
    assert last.note == "an error after the end of the answer: server_error"


def test_filter_in_mid_stream_ends_the_answer() -> None:
    """A filter that stops a stream half way throws away what the client has read, or looks like a normal end."""
    refused = event({"error": {"code": "data_inspection_failed", "message": "no"}})
    assert only(chunk({"content": "a"}), refused)["finish_reason"] == "content_filter"
    assert kind_of(refused) is ErrorKind.CONTENT_FILTER


def test_malformed_events_are_skipped() -> None:
    """One broken event spoils a stream, or goes by without a note."""
    deltas = read(chunk({"content": "a"}), Event("", b'{"choices":[{'), event([1]), event("ping"), STOP)
    assert [delta.note for delta in deltas if delta.note] == ["skipped a malformed event"] * 3
    assert deltas[-1].finish_reason == "stop"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", ErrorKind.MALFORMED),
        (b"Invalid API key", ErrorKind.UPSTREAM_AUTH),
        (b'error: {"code":503,"message":"Loading model","type":"unavailable_error"}', ErrorKind.OVERLOADED),
        (b'"insufficient balance"', ErrorKind.QUOTA),
        (b'{"object":"list","data":[]}', ErrorKind.MALFORMED),
    ],
)
def test_bodies_that_are_no_answer(body: bytes, kind: ErrorKind) -> None:
    """A body that is no answer gives an empty one, or its text is lost."""
    with pytest.raises(ProviderError) as raised:
        read(Event(BODY, body))
    assert raised.value.kind is kind
    assert "<" not in raised.value.message


def test_error_events_of_plain_text() -> None:
    """An error event that holds plain words is passed over, and its text is lost."""
    assert kind_of(chunk({"content": "a"}), Event("error", b"insufficient balance")) is ErrorKind.QUOTA
    assert kind_of(Event("error", b"boom")) is ErrorKind.SERVER_ERROR


def test_rubbish_after_the_end_is_skipped() -> None:
    """Text behind a complete answer spoils it."""
    assert read(chunk({"content": "a"}), STOP, Event(BODY, b"bye"))[-1].note == "skipped a malformed event"


def test_blank_lines_before_a_body() -> None:
    """A vendor that keeps the connection alive with empty lines before its JSON is not understood."""
    body = b"\n\n\n" + orjson.dumps({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]})
    deltas = list(decode(framing.sse(iter([b"\n", body])), PLAIN))
    assert deltas[-1].text == "a"


def test_bare_lines_of_json() -> None:
    """A stream that leaves ``data:`` out is not understood, or its chunks are taken for whole answers."""
    lines = [{"choices": [{"delta": {"content": "a"}}]}, {"choices": [{"delta": {}, "finish_reason": "stop"}]}]
    text = b"\n".join(orjson.dumps(line) for line in lines)
    assert [d.text for d in decode(framing.ndjson(iter([text])), PLAIN) if d.text] == ["a"]


def test_legacy_function_call_becomes_a_tool_call() -> None:
    """A call in the old form is lost."""
    message = {"content": None, "function_call": {"name": "f", "arguments": "{}"}}
    choice = only(event({"choices": [{"message": message, "finish_reason": "function_call"}]}, BODY))
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}


def test_reasoning_of_tool_calls_is_remembered() -> None:
    """What a vendor wants back with the tools' results is forgotten."""
    keeping = Dialect(keep_reasoning=True)
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
    events = (chunk({"reasoning_content": "h"}), chunk({"reasoning_content": "m"}), chunk({"tool_calls": [call]}), STOP)
    assert read(*events, dialect=keeping)[-1].memo == {"c1": {"reasoning_content": "hm"}}
    assert read(*events)[-1].memo is None


def test_details_of_reasoning_are_remembered() -> None:
    """A vendor that wants its reasoning back as it sent it gets it in pieces, signatures lost, or not at all."""
    keeping = Dialect(keep_details=True)
    call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
    text, sealed = {"type": "reasoning.text", "index": 0}, {"type": "reasoning.encrypted", "data": "x", "index": 1}
    pieces = ({**text, "text": "h", "signature": None}, {**text, "text": "m"}, {**text, "signature": "s"}, sealed)
    wanted = [{**text, "text": "hm", "signature": "s"}, sealed]
    events = (*(chunk({"reasoning_details": [piece]}) for piece in pieces), chunk({"tool_calls": [call]}), STOP)
    assert read(*events, dialect=keeping)[-1].memo == {"c1": {"reasoning_details": wanted}}
    apart = [{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.text", "text": "b"}]
    message = {"tool_calls": [call], "reasoning_details": apart}
    whole = event({"choices": [{"message": message, "finish_reason": "tool_calls"}]}, BODY)
    assert read(whole, dialect=keeping)[-1].memo == {"c1": {"reasoning_details": apart}}
    assert read(whole)[-1].memo is None


def test_empty_lists_are_no_chunks() -> None:
    """A whole reply that becomes a stream has a chunk that tells nothing."""
    whole = {"choices": [{"message": {"content": "a", "annotations": []}, "finish_reason": "stop"}]}
    events = list(render.stream(read(event(whole, BODY)), "m", include_usage=False))
    assert len(events) == 4
    assert folded(event(whole, BODY))["choices"][0]["message"]["annotations"] == []
