"""Deltas to OpenAI's words: one shape in streams and out of them, whatever the vendor's order was."""

import json
from typing import Any

from app import render
from providers.types import Delta, Head, ToolCallDelta, Usage

TALK = [
    Delta(head=Head("x1", 1700000000, {"system_fingerprint": "fp"})),
    Delta(reasoning="Hm"),
    Delta(text="Hel"),
    Delta(text="lo", usage=Usage(1, 1)),
    Delta(finish_reason="stop"),
    Delta(usage=Usage(3, 2, {"cached_tokens": 1}, {"reasoning_tokens": 1})),
]
CALLS = [
    Delta(tool_calls=(ToolCallDelta(0, "call_1", "f", ""),)),
    Delta(tool_calls=(ToolCallDelta(0, arguments='{"a":'),)),
    Delta(tool_calls=(ToolCallDelta(0, arguments="1}"), ToolCallDelta(1, None, "g", "{}"))),
    Delta(finish_reason="tool_calls"),
]


def chunks(deltas: list[Delta | None], *, include_usage: bool = False) -> list[Any]:
    """The stream's payloads, parsed; comments and [DONE] as text."""
    events = b"".join(render.stream(deltas, "m", include_usage=include_usage)).decode().split("\n\n")[:-1]
    return [json.loads(event[6:]) if event.startswith("data: {") else event for event in events]


def test_stream() -> None:
    """Broken: role, finish or usage are not where OpenAI's own streams have them."""
    *parts, usage, done = chunks(list(TALK), include_usage=True)
    assert [part["choices"][0]["delta"] for part in parts] == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Hm"},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert [part["choices"][0]["finish_reason"] for part in parts] == [None, None, None, None, "stop"]
    assert all(part["usage"] is None and part["choices"][0]["logprobs"] is None for part in parts)
    assert all((part["id"], part["created"], part["model"]) == ("x1", 1700000000, "m") for part in (*parts, usage))
    assert all(part["object"] == "chat.completion.chunk" and part["system_fingerprint"] == "fp" for part in parts)
    assert usage["choices"] == []
    assert usage["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    assert done == "data: [DONE]"


def test_no_usage_unless_asked_for() -> None:
    """Broken: a client that did not ask for usage gets a chunk without choices."""
    parts = chunks(list(TALK))
    assert all("usage" not in part for part in parts[:-1])
    assert parts[-1] == "data: [DONE]"
    assert parts[-2]["choices"]


def test_usage_that_nobody_told_is_zero() -> None:
    """Broken: a client that asked for usage waits for a chunk that never comes."""
    usage = chunks([Delta(text="x"), Delta(finish_reason="stop")], include_usage=True)[-2]
    assert usage["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def test_silence_becomes_a_comment() -> None:
    """Broken: a keep-alive is missing, or is an event that clients try to read."""
    assert chunks([None, Delta(text="x"), None, Delta(finish_reason="stop")])[0] == ": keep-alive"


def test_streamed_tool_calls() -> None:
    """Broken: a fragment lacks its index, or a later one repeats id and name."""
    parts = [part["choices"][0]["delta"] for part in chunks(list(CALLS))[:-1]]
    assert parts[1]["tool_calls"] == [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    ]
    assert parts[2]["tool_calls"] == [{"index": 0, "function": {"arguments": '{"a":'}}]
    second = parts[3]["tool_calls"][1]
    assert second["id"].startswith("call_")
    assert second["type"] == "function"


def test_late_name_brings_no_second_id() -> None:
    """Broken: a call whose name comes after its id gets another id, and clients join the two."""
    late = [
        Delta(tool_calls=(ToolCallDelta(0, "call_1", "", ""),)),
        Delta(tool_calls=(ToolCallDelta(0, None, "f", "{}"),)),
        Delta(1, tool_calls=(ToolCallDelta(0, None, "g", "{}"),)),
    ]
    _, first, second, _, other, _ = chunks(list(late))
    assert first["choices"][0]["delta"]["tool_calls"][0]["id"] == "call_1"
    assert second["choices"][0]["delta"]["tool_calls"] == [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]
    assert other["choices"][0]["delta"]["tool_calls"][0]["id"].startswith("call_")


def test_logprobs_are_told_once() -> None:
    """Broken: a client that adds up a stream has each token's probability twice."""
    told: dict[str, Any] = {
        "content": [{"token": "a", "logprob": -1.0, "bytes": None, "top_logprobs": []}],
        "refusal": None,
    }
    _, thought, text, refusal, _ = chunks([Delta(text="a", reasoning="r", extra={"logprobs": told, "refusal": "no"})])
    assert [part["choices"][0]["logprobs"] for part in (thought, text, refusal)] == [None, told, None]


def test_choices_have_their_own_role_and_end() -> None:
    """Broken: with n > 1 a choice has no role chunk or takes another one's."""
    parts = chunks([Delta(text="a"), Delta(1, text="b"), Delta(finish_reason="stop"), Delta(1, finish_reason="length")])
    roles = [part["choices"][0]["index"] for part in parts[:-1] if "role" in part["choices"][0]["delta"]]
    assert roles == [0, 1]
    assert [part["choices"][0]["finish_reason"] for part in parts[-3:-1]] == ["stop", "length"]


def test_extra_fields_pass() -> None:
    """Broken: a refusal or logprobs are lost."""
    extra = {"refusal": "no", "logprobs": {"content": [{"token": "n"}]}}
    parts = chunks([Delta(extra=extra), Delta(text="x", extra={"logprobs": {"content": []}})])
    assert parts[1]["choices"][0]["delta"] == {"refusal": "no"}
    assert parts[1]["choices"][0]["logprobs"] == extra["logprobs"]
    assert parts[2]["choices"][0]["logprobs"] == {"content": []}


def test_fold() -> None:
    """Broken: the plain answer is not what the stream said."""
    document = render.fold([*TALK, None], "m")
    assert document["object"] == "chat.completion"
    assert document["id"] == "x1"
    assert document["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello", "refusal": None, "reasoning_content": "Hm"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert document["usage"]["total_tokens"] == 5


def test_fold_tool_calls() -> None:
    """Broken: fragments do not add up, or an empty text stands where OpenAI has null."""
    (choice,) = render.fold(CALLS, "m")["choices"]
    first, second = choice["message"]["tool_calls"]
    assert choice["message"]["content"] is None
    assert first == {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert second["function"] == {"name": "g", "arguments": "{}"}


def test_fold_custom_tool_calls() -> None:
    """Broken: a call of a custom tool looks like one of a function, whose arguments would have to be JSON."""
    deltas = [
        Delta(tool_calls=(ToolCallDelta(0, "call_1", "run", "l", custom=True),)),
        Delta(tool_calls=(ToolCallDelta(0, arguments="s"),), finish_reason="tool_calls"),
    ]
    (call,) = render.fold(deltas, "m")["choices"][0]["message"]["tool_calls"]
    assert call == {"id": "call_1", "type": "custom", "custom": {"name": "run", "input": "ls"}}


def test_fold_joins_extra_fields() -> None:
    """Broken: pieces of a refusal, of annotations or of logprobs overwrite each other."""
    pieces: list[dict[str, Any]] = [
        {"refusal": "I ", "annotations": [1], "logprobs": {"content": [1], "refusal": None}, "audio": {"id": "a"}},
        {"refusal": "can't", "annotations": [2], "logprobs": {"content": [2], "refusal": None}, "audio": {"id": "b"}},
        {"logprobs": None},
    ]
    (choice,) = render.fold([Delta(extra=piece) for piece in pieces], "m")["choices"]
    assert choice["message"]["refusal"] == "I can't"
    assert choice["message"]["annotations"] == [1, 2]
    assert choice["message"]["audio"] == {"id": "b"}
    assert choice["logprobs"] == {"content": [1, 2], "refusal": None}


def test_ids_and_times_are_made_where_missing() -> None:
    """Broken: a vendor that names no id or time leaves a hole, or every chunk gets another id."""
    parts = chunks([Delta(text="a"), Delta(head=Head("late", 5)), Delta(text="b"), Delta(finish_reason="stop")])
    assert len({part["id"] for part in parts[:-1]}) == 1
    assert parts[0]["id"].startswith("chatcmpl-")
    assert parts[0]["created"] > 1_700_000_000
