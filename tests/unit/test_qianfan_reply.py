"""V1's replies that no vector shows: every cut, every finish."""

import random
from typing import Any

import orjson
import pytest

from app import render
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Json
from providers.vendors.qianfan import V1
from providers.wires.qianfan import reply
from tests.unit.ernie import HEAD, chunk, read, wire


def reasons(deltas: list[Delta]) -> list[str]:
    return [delta.finish_reason for delta in deltas if delta.finish_reason]


def body(**more: Any) -> list[Delta]:
    return list(reply.decode(iter([Event(BODY, orjson.dumps({**HEAD, "result": "x", **more}))])))


STREAM = [chunk("天气，"), chunk("很好 ☀️"), chunk("。", end=True)]


@pytest.mark.parametrize("ending", ["\n\n", "\r\n\r\n", "\n"])
def test_every_chunking(ending: str) -> None:
    """Broken: a stream reads differently when its bytes arrive in other pieces."""
    data = wire(*STREAM, ending=ending)
    whole = render.fold(read(data), "m")
    assert whole["choices"][0]["message"]["content"] == "天气，很好 ☀️。"
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert (whole["id"], whole["created"]) == ("as-1", 1709089502)
    rng = random.Random(1)
    for size in [1, 2, 3, *(rng.randint(4, 200) for _ in range(30))]:
        assert render.fold(read(data, size), "m") == whole


def test_cut_after_every_byte() -> None:
    """Broken: a stream that broke off looks complete."""
    data = wire(*STREAM)
    complete = len(data) - 2
    for length in range(complete):
        try:
            deltas = read(data[:length])
        except ProviderError as error:
            assert error.kind is ErrorKind.MALFORMED
            continue
        assert not reasons(deltas)
    assert reasons(read(data[:complete])) == ["stop"]


def test_normal_in_every_chunk_does_not_end_the_stream() -> None:
    """Broken: the first chunk's finish_reason "normal" ends the client's stream."""
    deltas = read(wire(*STREAM))
    assert [delta.text for delta in deltas if delta.text] == ["天气，", "很好 ☀️", "。"]
    assert deltas[-1].finish_reason == "stop"


def test_last_usage_counts() -> None:
    """Broken: counts are summed, or zeros after numbers win."""
    later = {"prompt_tokens": 5, "completion_tokens": 420, "total_tokens": 425}
    first = {"prompt_tokens": 5, "completion_tokens": 0, "total_tokens": 5}
    deltas = read(wire(chunk("a", usage=first), chunk("b", end=True, usage=later)))
    assert [delta.usage for delta in deltas if delta.usage][-1].completion_tokens == 420
    assert render.fold(deltas, "m")["usage"] == later
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert render.fold(read(wire(chunk("a", usage=later), chunk(end=True, usage=zeros))), "m")["usage"] == later


def test_nothing_is_read_after_the_end() -> None:
    """Broken: the client waits for a server that keeps the connection open after the last chunk."""

    def pieces() -> Any:
        yield wire(*STREAM)
        raise AssertionError("read on")

    assert reasons(list(V1.decode(V1.frame(pieces())))) == ["stop"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "stop"),
        ({"finish_reason": "normal"}, "stop"),
        ({"finish_reason": "stop"}, "stop"),
        ({"finish_reason": "length"}, "length"),
        ({"finish_reason": "content_filter"}, "content_filter"),
        ({"finish_reason": "function_call"}, "stop"),
        ({"is_truncated": True}, "length"),
        ({"need_clear_history": True, "ban_round": -1}, "content_filter"),
        ({"need_clear_history": True, "is_truncated": True}, "content_filter"),
        ({"finish_reason": "function_call", "function_call": {"name": "f", "arguments": "{}"}}, "tool_calls"),
        ({"is_truncated": False, "function_call": {"name": "f", "arguments": "{}"}}, "tool_calls"),
        ({"function_call": {}}, "stop"),
    ],
)
def test_finish_reasons(fields: Json, reason: str) -> None:
    """Broken: how a reply ended is told wrongly, whole or streamed."""
    assert reasons(body(**fields)) == [reason]
    assert reasons(read(wire(chunk("x", end=True, **fields)))) == [reason]


def test_unknown_finish_reason() -> None:
    """Broken: a word that nobody documented fails the reply, or goes unnoticed."""
    deltas = body(finish_reason="tired")
    assert reasons(deltas) == ["stop"]
    assert deltas[-1].note == "unknown finish reason tired"


def test_unsafe_chunk_before_the_end() -> None:
    """Broken: a turn that was judged unsafe midway ends as if nothing had happened."""
    assert reasons(read(wire(chunk("x", need_clear_history=True), chunk(end=True)))) == ["content_filter"]


def test_function_call_in_a_stream() -> None:
    """Broken: a function call, which comes whole in the last chunk, is lost or has no arguments."""
    call = {"name": "f", "thoughts": "…", "arguments": '{"a":"北京"}'}
    document = render.fold(read(wire(chunk("", end=True, function_call=call))), "m")["choices"][0]
    (made,) = document["message"]["tool_calls"]
    assert made["function"] == {"name": "f", "arguments": '{"a":"北京"}'}
    assert made["id"].startswith("call_")
    assert document["message"]["content"] is None
    assert document["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(("told", "arguments"), [({"a": 1}, '{"a":1}'), ("", "{}"), (None, "{}")])
def test_arguments_that_are_no_text(told: Any, arguments: str) -> None:
    """Broken: arguments in another form than JSON text fail the reply or reach the client unreadable."""
    deltas = body(function_call={"name": "f", "arguments": told})
    assert render.fold(deltas, "m")["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == arguments


def test_done_is_accepted() -> None:
    """Broken: a model that ends its stream as OpenAI does looks cut, or one that said nothing looks complete."""
    assert reasons(read(wire(chunk("x")) + b"data: [DONE]\n\n")) == ["stop"]
    assert reasons(read(wire(*STREAM) + b"data: [DONE]\n\n")) == ["stop"]
    assert reasons(read(b"data: [DONE]\n\n")) == []


def test_malformed_and_unknown_events_are_passed_over() -> None:
    """Broken: one event that is no JSON, or none of an answer, fails the whole reply."""
    data = wire(chunk("a")) + b"data: {oops\n\n" + wire({"ping": 1}) + wire(chunk("b", end=True))
    deltas = read(data)
    assert render.fold(deltas, "m")["choices"][0]["message"]["content"] == "ab"
    assert [delta.note for delta in deltas if delta.note] == ["skipped a malformed event"]


def test_search_results_pass() -> None:
    """Broken: sources that the client asked for do not reach it."""
    results = [{"index": 1, "url": "https://x", "title": "t"}]
    assert render.fold(body(search_info={"search_results": results}), "m")["search_results"] == results
