"""What V2 has beside the OpenAI wire: ends and flags of its replies, and turns of messages in parts."""

from typing import Any

import orjson
import pytest

from app import render
from providers.types import ChatRequest, Delta, Destination, Json
from providers.vendors.qianfan import V2
from tests.unit.ernie import CALL, OTHER_CALL, SYSTEM, USER, told

IMAGE = {"type": "image_url", "image_url": {"url": "https://x.example/y.png"}}
TEXT = {"type": "text", "text": "t"}
CALLING = told("assistant", None, tool_calls=[CALL])
CALLS = [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def piece(text: str = "", **more: Any) -> Json:
    return {"id": "as-1", "choices": [{"index": 0, "delta": {"content": text}, **more}]}


def read(*docs: Json, done: bool = True) -> list[Delta]:
    data = b"".join(b"data: " + orjson.dumps(doc) + b"\n\n" for doc in docs)
    return list(V2.decode(V2.frame(iter([data + b"data: [DONE]\n\n" * done]))))


def answer(*docs: Json) -> tuple[Any, Any]:
    """(text, finish reason) of a stream."""
    (choice,) = render.fold(read(*docs), "m")["choices"]
    return choice["message"]["content"], choice["finish_reason"]


def test_normal_in_every_piece_does_not_end_the_stream() -> None:
    """Broken: what comes after the first piece is lost, since that one says "normal" already."""
    docs = [piece(text, finish_reason="normal") for text in ("a", "b", "")]
    assert answer(*docs) == ("ab", "stop")
    assert answer(*docs[:2], piece("c", finish_reason="length")) == ("abc", "length")
    assert answer(piece("a", finish_reason="normal", is_end=True)) == ("a", "stop")


def test_normal_alone_is_no_end() -> None:
    """Broken: a stream that was cut after a piece with "normal" looks complete."""
    assert not any(delta.finish_reason for delta in read(piece("a", finish_reason="normal"), done=False))


def test_normal_beside_calls() -> None:
    """Broken: tool calls end with another reason than theirs."""
    doc = piece(finish_reason="normal")
    doc["choices"][0]["delta"] = {"tool_calls": CALLS}
    assert answer(doc)[1] == "tool_calls"


@pytest.mark.parametrize(
    "docs",
    [
        [piece("a"), piece("b", need_clear_history=True)],
        [piece("a", need_clear_history=True), piece("b", finish_reason="stop", need_clear_history=False)],
        [piece("a", need_clear_history=True, finish_reason="normal"), piece("b", is_end=True)],
        [piece("a"), piece("b", finish_reason="stop", need_clear_history=True)],
    ],
)
def test_unsafe_wherever_it_is_told(docs: list[Json]) -> None:
    """Broken: an answer that was judged unsafe looks like a good one."""
    assert answer(*docs) == ("ab", "content_filter")


def test_the_words_inside_a_text() -> None:
    """Broken: an answer that speaks of these fields is changed or stopped by them."""
    text = '{"finish_reason":"normal","need_clear_history":true}'
    assert answer(piece(text), piece(finish_reason="stop")) == (text, "stop")


def test_odd_events() -> None:
    """Broken: an event of another shape that holds one of the words is an exception of ours."""
    for odd in (
        b'"normal"',
        b'["normal"]',
        b'{"choices":"normal","x":"normal"}',
        b'{"choices":["normal"]}',
        b'{"normal"',
    ):
        data = b"data: " + orjson.dumps(piece("a")) + b"\n\ndata: " + odd + b"\n\ndata: [DONE]\n\n"
        deltas = list(V2.decode(V2.frame(iter([data]))))
        assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["stop"]


@pytest.mark.parametrize(
    ("messages", "sent"),
    [
        ([told("user", [TEXT, IMAGE]), told("user", "b")], [("user", [TEXT, IMAGE, {"type": "text", "text": "b"}])]),
        ([told("user", "a"), told("user", [IMAGE])], [("user", [{"type": "text", "text": "a"}, IMAGE])]),
        (
            [told("user", "a"), told("assistant", "b"), told("user", [TEXT, IMAGE])],
            [("user", "a"), ("assistant", "b"), ("user", [TEXT, IMAGE])],
        ),
    ],
)
def test_turns_of_messages_in_parts(messages: list[Json], sent: list[tuple[str, Any]]) -> None:
    """Broken: two messages of one role in a row, which V2 refuses, go up where one of them holds parts."""
    to = Destination("ernie-4.5-turbo-vl", "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", messages, False, {}), to)
    assert [(m["role"], m["content"]) for m in orjson.loads(wire.body)["messages"]] == sent
    merged = len(sent) < len(messages)
    assert wire.changes == (("merged neighbouring messages of one role",) if merged else ())


def turns(*messages: Json) -> tuple[list[Json], tuple[str, ...]]:
    to = Destination("ernie-5.1", "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", list(messages), False, {}), to)
    return orjson.loads(wire.body)["messages"], wire.changes


def test_calls_beside_words() -> None:
    """Broken: a client that keeps an assistant's words and calls apart sends two turns in a row, which V2 refuses."""
    both = [told("tool", "1", tool_call_id="c1"), told("tool", "2", tool_call_id="c2")]
    asked = (USER, told("assistant", "let me"), CALLING, told("assistant", None, tool_calls=[OTHER_CALL]), *both)
    sent, changes = turns(*asked)
    assert sent == [USER, told("assistant", "let me", tool_calls=[CALL, OTHER_CALL]), *both]
    assert changes == ("merged neighbouring messages of one role",)
    assert turns(USER, CALLING, {**CALLING, "tool_calls": [OTHER_CALL]}, *both)[0][1]["content"] is None


@pytest.mark.parametrize("before", [[], [SYSTEM], [SYSTEM, told("assistant", "Hello")]])
def test_a_history_that_begins_with_calls(before: list[Json]) -> None:
    """Broken: a shortened history begins with a tool's result whose call is gone, which V2 refuses."""
    result = told("tool", "1", tool_call_id="c1")
    sent, changes = turns(*before, CALLING, result, USER)
    assert [message["role"] for message in sent][-4:] == ["user", "assistant", "tool", "user"]
    assert sent[-3]["tool_calls"] == [CALL]
    assert sent[:-4] == before[:1]
    assert changes[-1] == "added a user message before the first tool call"


def test_an_opening_of_the_assistant() -> None:
    """Broken: an assistant's greeting goes first, which V2 refuses."""
    assert turns(told("assistant", "Hello"), USER)[0] == [USER]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("ERNIE-Speed-8K", "ernie-speed-8k"),
        ("ERNIE-Character-8K", "ernie-char-8k"),
        ("ERNIE-Character-Fiction-8K", "ernie-char-fiction-8k"),
        ("ernie-char-8k", "ernie-char-8k"),
    ],
)
def test_names(model: str, name: str) -> None:
    """Broken: a model's name on V1 is one that V2 does not know."""
    to = Destination(model, "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", [told("user")], False, {}), to)
    assert orjson.loads(wire.body)["model"] == name
