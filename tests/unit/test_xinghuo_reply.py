"""Spark's replies: frames and HTTP events in every cutting, errors wherever they stand, and every number's meaning."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from app import render
from tests.unit.frames import ANSWER, COUNTS, HTTP, SID, SOCKET, deltas, folded, frame, say


def test_frames() -> None:
    """Text, id, usage or the end of an answer in frames is lost."""
    told = folded(SOCKET, ANSWER)
    assert told["id"] == SID
    assert told["choices"][0]["message"]["content"] == "你好，有什么吗？"
    assert told["choices"][0]["finish_reason"] == "stop"
    assert told["usage"] == {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}


def test_nothing_is_read_after_the_last_frame() -> None:
    """The reply waits for a server that need not close."""

    def pieces() -> Iterator[bytes]:
        yield from ANSWER
        raise AssertionError("read on")

    assert deltas(SOCKET, pieces())[-1].finish_reason == "stop"


@pytest.mark.parametrize("count", range(len(ANSWER)))
def test_a_cut_answer_has_no_end(count: int) -> None:
    """A connection that closes early looks like a whole answer."""
    assert not any(delta.finish_reason for delta in deltas(SOCKET, ANSWER[:count]))


@pytest.mark.parametrize("where", ["header", "choices"])
def test_either_status_ends(where: str) -> None:
    """An answer does not end where only one of the two statuses says so."""
    last = json.loads(frame(2, say("x")))
    (last["header"] if where == "choices" else last["payload"]["choices"])["status"] = 1
    assert folded(SOCKET, [json.dumps(last).encode()])["choices"][0]["finish_reason"] == "stop"


def test_odd_frames() -> None:
    """A frame of a web search, an empty one or a malformed one disturbs the answer."""
    search = frame(0, plugins={"text": [{"name": "ifly_search", "role": "tool", "content": "{}"}]})
    odd = [search, frame(1), b'{"header":', frame(1, say("")), *ANSWER]
    told = deltas(SOCKET, odd)
    assert [delta.note for delta in told if delta.note] == ["skipped a malformed frame"]
    assert render.fold(told, "m")["choices"][0]["message"]["content"] == "你好，有什么吗？"


def test_reasoning() -> None:
    """A thinking model's thoughts are lost or mixed with its text."""
    pieces = [frame(0, say("", reasoning_content="thin")), frame(1, say("", reasoning_content="king")), *ANSWER]
    message = folded(SOCKET, pieces)["choices"][0]["message"]
    assert message["reasoning_content"] == "thinking"
    assert message["content"] == "你好，有什么吗？"


@pytest.mark.parametrize("arguments", ['{"city":"合肥"}', {"city": "合肥"}])
def test_function_call(arguments: Any) -> None:
    """A function call is no tool call, or its arguments are no JSON text."""
    call = {"name": "天气查询", "arguments": arguments}
    told = folded(SOCKET, [frame(2, say("", content_type="text", function_call=call), usage=COUNTS)])
    choice = told["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    (made,) = choice["message"]["tool_calls"]
    assert made["id"].startswith("call_")
    assert made["function"]["name"] == "天气查询"
    assert json.loads(made["function"]["arguments"]) == {"city": "合肥"}


def test_two_function_calls() -> None:
    """Two calls in one answer become one, or share an id."""
    calls = [say("", function_call={"name": name, "arguments": "{}"}) for name in ("a", "b")]
    made = folded(SOCKET, [frame(2, *calls)])["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in made] == ["a", "b"]
    assert len({call["id"] for call in made}) == 2


STREAM = (
    'data:{"code":0,"message":"Success","sid":"s1","id":"s1","created":1719546385,"choices":[{"delta":{"role":'
    '"assistant","content":"你好"},"index":0}]}\n\n'
    'data:{"code":0,"message":"Success","sid":"s1","id":"s1","created":1719546387,"choices":[{"delta":{"role":'
    '"assistant","content":"","reasoning_content":"hm"},"index":0}],"usage":{"prompt_tokens":6,"completion_tokens":68,'
    '"total_tokens":74}}\n\n'
    "data:[DONE]\n\n"
).encode()


def cuttings() -> Iterator[list[bytes]]:
    yield [STREAM[i : i + 1] for i in range(len(STREAM))]
    rng = random.Random(7)
    for _ in range(50):
        marks = sorted(rng.choices(range(len(STREAM) + 1), k=9))
        yield [STREAM[a:b] for a, b in zip([0, *marks], [*marks, len(STREAM)], strict=True)]


def test_http_stream_in_every_cutting() -> None:
    """A stream without the blank after ``data:`` is lost, or read otherwise when its bytes come in other pieces."""
    for pieces in cuttings():
        told = folded(HTTP, pieces)
        assert told["id"] == "s1"
        assert told["created"] == 1719546385
        assert told["choices"][0]["message"]["content"] == "你好"
        assert told["choices"][0]["message"]["reasoning_content"] == "hm"
        assert told["choices"][0]["finish_reason"] == "stop"
        assert told["usage"]["total_tokens"] == 74


def test_http_stream_without_its_end() -> None:
    """A stream that breaks off before ``[DONE]`` looks whole."""
    blocks = STREAM.split(b"\n\n")
    for count in range(3):
        assert not any(delta.finish_reason for delta in deltas(HTTP, [b"\n\n".join(blocks[:count]) + b"\n\n"]))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_http_tool_calls(stream: bool, many: bool) -> None:
    """``tool_calls`` is lost where it is one object, as it is without the switch."""
    call = {"id": "c9", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    message = {"role": "assistant", "content": "", "tool_calls": [call] if many else call}
    doc = {
        "code": 0,
        "message": "Success",
        "sid": "s",
        "choices": [{"delta" if stream else "message": message, "index": 0}],
    }
    data = json.dumps(doc).encode()
    told = folded(HTTP, [b"data:" + data + b"\n\ndata:[DONE]\n\n"] if stream else [data])
    assert told["choices"][0]["finish_reason"] == "tool_calls"
    assert told["choices"][0]["message"]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}
