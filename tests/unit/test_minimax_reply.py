"""MiniMax's replies: what the vectors do not show."""

from typing import Any

import orjson
import pytest

from app import errors, render
from providers import framing
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Json, Usage
from providers.vendor import load_vendors

ROWS = load_vendors()
CALL = {"name": "f", "arguments": '{"a":1}'}


def packet(text: str, reply: str = "", call: Json | None = None, word: str = "", **more: Any) -> bytes:
    message = {"sender_type": "BOT", "sender_name": "b", "text": text, **({"function_call": call} if call else {})}
    choice = {"messages": [message], **({"finish_reason": word} if word else {})}
    doc = {"created": 7, "model": "m", "reply": reply, "choices": [choice], **more}
    return b"data: " + orjson.dumps(doc) + b"\n\n"


def decoded(data: bytes, row: str = "minimax-pro") -> list[Delta]:
    return list(ROWS[row].decode(framing.sse(iter([data]))))


def choice(data: bytes, row: str = "minimax-pro") -> Json:
    told: Json = render.fold(decoded(data, row), "m")["choices"][0]
    return told


def end(text: str, word: str = "stop", **more: Any) -> bytes:
    return packet(text, text, word=word, usage={"total_tokens": 9}, id="i", **more)


def test_the_last_packet_repeats_the_text() -> None:
    """The answer comes twice."""
    assert choice(packet("I ") + packet("am") + end("I am"))["message"]["content"] == "I am"


def test_the_last_packet_alone() -> None:
    """An answer that comes in one packet is empty."""
    assert choice(end("I am"))["message"]["content"] == "I am"
    whole = end("I am").removeprefix(b"data: ")
    assert choice(whole)["message"]["content"] == "I am"


def test_texts_of_several_messages() -> None:
    """Only the first of several messages is passed on, or what a plugin returned is taken for the answer."""
    messages = [
        {"sender_type": "BOT", "text": "a"},
        {"sender_type": "FUNCTION", "text": "{}"},
        {"sender_type": "BOT", "text": "b"},
    ]
    doc = {"reply": "", "choices": [{"messages": messages, "finish_reason": "stop"}], "usage": {"total_tokens": 1}}
    assert choice(orjson.dumps(doc))["message"]["content"] == "ab"


@pytest.mark.parametrize("word", ["stop", "length", "max_output"])
def test_finish_reasons(word: str) -> None:
    """A cut answer looks complete."""
    assert choice(packet("x") + end("x", word))["finish_reason"] == ("stop" if word == "stop" else "length")


def test_odd_ends() -> None:
    """An end without a reason, or with an unknown one, is no end."""
    for last in (packet("x", "x"), end("x", "vanished"), packet("", usage={"total_tokens": 3})):
        delta = decoded(packet("x") + last)[-1]
        assert (delta.finish_reason, bool(delta.note)) == ("stop", True)


def test_zero_usage_is_no_end() -> None:
    """A packet in the middle that counts nothing yet cuts the answer."""
    assert choice(packet("a", usage={"total_tokens": 0}) + packet("b") + end("ab"))["message"]["content"] == "ab"


def test_a_cut_stream_has_no_finish() -> None:
    """A stream that broke off is taken for a whole answer."""
    for data in (b"", packet("I "), packet("I ") + packet("am")):
        assert not any(delta.finish_reason for delta in decoded(data))


@pytest.mark.parametrize(
    "data",
    [
        packet("", call=CALL, word="stop", usage={"total_tokens": 3}),
        packet("", call=CALL, word="stop", function_call=CALL),
        packet("", word="stop", function_call=CALL),
        packet("", call=CALL) + packet("", word="stop"),
        packet("", call=CALL) + packet("", call=CALL, word="stop"),
        packet("", call={"name": "f", "arguments": '{"a"'})
        + packet("", call={"arguments": ":1}"})
        + packet("", word="stop"),
        packet("", call={"name": "f", "arguments": {"a": 1}}, word="stop"),
    ],
)
def test_calls(data: bytes) -> None:
    """A call is lost, comes twice, or its turn does not end with tool_calls."""
    told = choice(data)
    calls = [call["function"] for call in told["message"]["tool_calls"]]
    assert calls == [CALL]
    assert told["message"]["tool_calls"][0]["id"]
    assert told["finish_reason"] == "tool_calls"


def test_a_filtered_answer() -> None:
    """An answer that the vendor's filter emptied looks like a good one."""
    assert choice(end("", output_sensitive=True))["finish_reason"] == "content_filter"
    assert choice(packet("x") + end("x", output_sensitive=True))["finish_reason"] == "stop"
    assert choice(packet("x") + end("", output_sensitive=True))["finish_reason"] == "content_filter"


@pytest.mark.parametrize("row", ["minimax-pro", "minimax"])
@pytest.mark.parametrize("choices", [None, []])
def test_a_filtered_answer_without_choices(choices: Any, row: str) -> None:
    """An answer of which the filter left nothing is a failure of the upstream, and another credential is asked."""
    fine = {"status_code": 0, "status_msg": ""}
    doc = {"created": 7, "model": "m", "reply": "", "choices": choices, "output_sensitive": True, "base_resp": fine}
    for data in (orjson.dumps(doc), b"data: " + orjson.dumps(doc) + b"\n\n"):
        told = choice(data, row)
        assert (told["message"]["content"], told["finish_reason"]) == ("", "content_filter")


def test_a_status_inside_an_error() -> None:
    """The vendor's own 500 passes as one of the gateway's."""
    body = {"type": "error", "error": {"type": "api_error", "message": "x", "http_code": "500"}}
    for row in ("minimax-pro", "minimax-v2", "minimax-openai"):
        assert errors.describe(failure(orjson.dumps(body), row)).status == 502


def test_usage() -> None:
    """A total is not passed on, or the parts are not where there are some."""
    assert decoded(end("x"))[-1].usage == Usage(0, 9)
    told = {"total_tokens": 9, "prompt_tokens": 4, "completion_tokens": 5}
    assert decoded(packet("x", "x", word="stop", usage=told))[-1].usage == Usage(4, 5)


def test_stray_marks() -> None:
    """[DONE], a broken payload or packets after the end spoil a good answer."""
    data = packet("a") + b"data: {broken\n\ndata: 7\n\n" + end("a") + packet("late") + b"data: [DONE]\n\n"
    assert choice(data)["message"]["content"] == "a"


def failure(data: bytes, row: str = "minimax-pro") -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        decoded(data, row)
    return raised.value


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"<html><title>Bad</title></html>", ErrorKind.MALFORMED, "Bad"),
        (b'{"created":0,"reply":"","choices":null}', ErrorKind.MALFORMED, "created"),
        (b'{"base_resp":{"status_code":1008,"status_msg":"no money"}}', ErrorKind.QUOTA, "no money"),
        (b'{"type":"error","error":{"message":"login fail (1004)","type":"x"}}', ErrorKind.UPSTREAM_AUTH, "login fail"),
    ],
)
@pytest.mark.parametrize("row", ["minimax-pro", "minimax"])
def test_bodies_that_are_no_answer(row: str, body: bytes, kind: ErrorKind, text: str) -> None:
    """What the vendor or a proxy says does not reach the client."""
    error = failure(body, row)
    assert error.kind is kind
    assert text in error.message


def test_a_filter_before_any_text() -> None:
    """A refused answer is taken for an empty one."""
    body = {"reply": "", "choices": None, "base_resp": {"status_code": 1027, "status_msg": "output sensitive"}}
    assert failure(b"data: " + orjson.dumps(body) + b"\n\n").kind is ErrorKind.CONTENT_FILTER


def test_protocol_by_shape() -> None:
    """An entry without an address does not understand one of the protocols its models speak."""
    chunk = {"id": "i", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "x"}}]}
    last = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    openai = b"".join(b"data: " + orjson.dumps(doc) + b"\n\n" for doc in (chunk, last))
    for data in (openai, openai.replace(b"data", b"\n\ndata"), packet("x") + end("x"), end("x")[6:]):
        assert choice(data, "minimax")["message"]["content"] == "x"
    assert decoded(b"", "minimax") == []


@pytest.mark.parametrize("row", ["minimax-openai", "minimax-v2"])
def test_empty_roles_and_extras(row: str) -> None:
    """Fields of the vendor's own, or an empty role, reach typed clients."""
    first = {
        "choices": [{"index": 0, "delta": {"role": "assistant", "name": "b", "audio_content": "", "content": "x"}}]
    }
    last = {
        "choices": [{"index": 0, "delta": {"role": "", "content": ""}, "finish_reason": "stop"}],
        "input_sensitive": False,
        "base_resp": {"status_code": 0, "status_msg": ""},
    }
    data = b"".join(b"data: " + orjson.dumps(doc) + b"\n\n" for doc in (first, last))
    chunks = b"".join(render.stream(decoded(data, row), "m", include_usage=False))
    assert b'"role":""' not in chunks
    assert b"sensitive" not in chunks
    assert b"audio_content" not in chunks
    assert choice(data, row)["message"]["content"] == "x"
