"""Hunyuan's native replies: what the vectors do not show."""

import random
from typing import Any

import orjson
import pytest

from app import render
from providers import framing
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Json, Usage
from providers.wires.hunyuan import reply

HEAD = {"Note": "以上内容为AI生成", "Created": 1700549760, "Id": "148b89ef"}


def block(delta: Json, word: str = "", **more: Any) -> bytes:
    """One block of a stream."""
    doc = {**HEAD, "Choices": [{"FinishReason": word, "Delta": {"Role": "assistant", **delta}}], **more}
    return b"data: " + orjson.dumps(doc) + b"\n\n"


def decoded(data: bytes, pieces: list[bytes] | None = None) -> list[Delta]:
    return list(reply.decode(framing.sse(iter(pieces or [data]))))


def folded(data: bytes) -> Json:
    choice: Json = render.fold(decoded(data), "m")["choices"][0]
    return choice


def whole(message: Json, word: str = "stop", **more: Any) -> bytes:
    choice = {"Index": 0, "Message": {"Role": "assistant", **message}, "FinishReason": word}
    return orjson.dumps({"Response": {"RequestId": "r-1", "Created": 7, "Choices": [choice], **more}})


def call(identity: str | None, name: str | None, arguments: str, **more: Any) -> Json:
    told = {"Id": identity, "Type": "function", "Function": {"Name": name, "Arguments": arguments}, **more}
    return {key: value for key, value in told.items() if value is not None}


PARALLEL = b"".join(
    (
        block({"Content": "", "ToolCalls": [call("c1", "f", "", Index=0)]}),
        block({"Content": "", "ToolCalls": [call("c1", "", '{"a":', Index=0)]}),
        block({"Content": "", "ToolCalls": [call("c2", "g", "", Index=1)]}),
        block({"Content": "", "ToolCalls": [call("c1", "", "1}", Index=0), call("c2", "", "{}", Index=1)]}),
        block({"Content": "好的，稍等"}),
        block({"Content": ""}, "tool_calls", Usage={"PromptTokens": 5, "CompletionTokens": 3, "TotalTokens": 8}),
    )
)


def test_parallel_calls_in_any_cutting() -> None:
    """Pieces of two calls get mixed, or text that comes after them is lost."""
    rng = random.Random(3)
    cuttings = [[PARALLEL], [PARALLEL[i : i + 1] for i in range(len(PARALLEL))]]
    for _ in range(40):
        marks = sorted(rng.choices(range(len(PARALLEL) + 1), k=9))
        ends = zip([0, *marks], [*marks, len(PARALLEL)], strict=True)
        cuttings.append([PARALLEL[a:b] for a, b in ends])
    for pieces in cuttings:
        choice = render.fold(decoded(b"", pieces), "m")["choices"][0]
        calls = choice["message"]["tool_calls"]
        assert [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls] == [
            ("c1", "f", '{"a":1}'),
            ("c2", "g", "{}"),
        ]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("好的，稍等", "tool_calls")


def test_a_cut_stream_has_no_finish() -> None:
    """A stream that broke off is taken for a whole answer."""
    blocks = [part + b"\n\n" for part in PARALLEL.split(b"\n\n") if part]
    for count in range(len(blocks)):
        assert not any(delta.finish_reason for delta in decoded(b"".join(blocks[:count])))


def test_whole_calls_without_ids() -> None:
    """Calls without an Id, as in the vendor's own example, get mixed, lost or no id."""
    calls = [call(None, "f", "{}"), call(None, "f", '{"b":2}')]
    choice = folded(whole({"Content": "先查一下", "ToolCalls": calls}, "tool_calls"))
    told = choice["message"]["tool_calls"]
    assert [c["function"] for c in told] == [{"name": "f", "arguments": "{}"}, {"name": "f", "arguments": '{"b":2}'}]
    assert len({c["id"] for c in told}) == 2
    assert choice["message"]["content"] == "先查一下"


def test_head_of_an_answer_without_id() -> None:
    """An answer that names itself by RequestId only loses its name."""
    assert render.fold(decoded(whole({"Content": "x"})), "m")["id"] == "r-1"


def test_reasoning() -> None:
    """Thoughts are lost or mixed with the answer."""
    streamed = block({"ReasoningContent": "想"}) + block({"ReasoningContent": "想", "Content": "答"}, "stop")
    for data in (streamed, whole({"ReasoningContent": "想想", "Content": "答"})):
        message = folded(data)["message"]
        assert (message["reasoning_content"], message["content"]) == ("想想", "答")


@pytest.mark.parametrize(
    ("word", "calls", "reason", "noted"),
    [
        ("stop", [], "stop", False),
        ("sensitive", [], "content_filter", False),
        ("length", [], "length", False),
        ("tool_calls", [call("1", "f", "{}")], "tool_calls", False),
        ("stop", [call("1", "f", "{}")], "tool_calls", False),
        ("tool_calls", [], "stop", True),
        ("vanished", [], "stop", True),
    ],
)
def test_finish_reasons(word: str, calls: list[Json], reason: str, noted: bool) -> None:
    """The client is told another end than the vendor's."""
    last = decoded(whole({"Content": "x", "ToolCalls": calls}, word))[-1]
    assert (last.finish_reason, bool(last.note)) == (reason, noted)


def test_usage() -> None:
    """Counts are added up instead of replaced, or cached tokens, which come as a text, are lost."""
    told = {"PromptTokens": 9, "CompletionTokens": 2, "TotalTokens": 11, "PromptTokensDetails": {"CachedTokens": "4"}}
    deltas = decoded(block({"Content": "a"}, Usage={**told, "CompletionTokens": 1}) + block({}, "stop", Usage=told))
    assert [delta.usage for delta in deltas if delta.usage][-1] == Usage(9, 2, {"cached_tokens": 4})


def test_stray_marks_are_tolerated() -> None:
    """[DONE], a blank line with a tab, comments or a broken payload end a good answer."""
    data = (
        b": hi\n\n"
        + block({"Content": "a"}).replace(b"\n\n", b"\n\t\n")
        + block({"Content": "b"})
        + b"data: {broken\n\ndata: 7\n\n"
        + block({"Content": ""}, "stop")
        + b"data: [DONE]\n\n"
    )
    assert folded(data)["message"]["content"] == "ab"
    assert sum(bool(delta.note) for delta in decoded(data)) == 2


@pytest.mark.parametrize(
    ("said", "reason"), [({"Content": "a"}, "stop"), ({"ToolCalls": [call("1", "f", "{}")]}, "tool_calls")]
)
def test_the_mark_of_the_end_without_a_finish_reason(said: Json, reason: str) -> None:
    """A stream whose end is told by [DONE] alone is taken for one that broke, or a break for such an end."""
    told = decoded(block(said) + b"data: [DONE]\n\n")
    assert render.fold(told, "m")["choices"][0]["finish_reason"] == reason
    assert [delta.note for delta in told if delta.note] == ["the vendor gave no finish reason"]
    assert not any(delta.finish_reason for delta in decoded(block(said)))
    assert not any(delta.finish_reason for delta in decoded(b"data: [DONE]\n\n"))


def test_several_choices() -> None:
    """A second choice is mixed into the first, or its end ends both."""
    choices = [{"Index": 1, "FinishReason": "stop", "Delta": {"Content": "b"}}]
    data = block({"Content": "a"}) + b"data: " + orjson.dumps({**HEAD, "Choices": choices}) + b"\n\n"
    document = render.fold(decoded(data + block({}, "stop")), "m")
    assert [c["message"]["content"] for c in document["choices"]] == ["a", "b"]


def failure(data: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        decoded(data)
    return raised.value


def test_an_error_where_a_stream_was_asked_for() -> None:
    """The vendor answers a stream's request with JSON, and its text is lost."""
    body = {"Response": {"Error": {"Code": "LimitExceeded", "Message": "并发超限"}, "RequestId": "r"}}
    error = failure(orjson.dumps(body))
    assert (error.kind, error.message) == (ErrorKind.RATE_LIMITED, "并发超限")


def test_an_error_beside_an_answer() -> None:
    """An ErrorMsg beside choices is passed over and half an answer taken for a whole one."""
    assert failure(whole({"Content": "x"}, ErrorMsg={"Code": 4000, "Msg": "m"})).kind is ErrorKind.SERVER_ERROR


def test_an_error_after_the_end() -> None:
    """A complete answer is thrown away for what comes after it."""
    late = b"data: " + orjson.dumps({**HEAD, "Choices": [], "ErrorMsg": {"Code": 4001, "Msg": "m"}}) + b"\n\n"
    assert folded(block({"Content": "x"}, "stop") + late)["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"<html><title>502 Bad Gateway</title></html>", ErrorKind.MALFORMED, "502 Bad Gateway"),
        (b'{"hello": 1}', ErrorKind.MALFORMED, "hello"),
        (b'{"error": {"message": "no such route", "code": "x"}}', ErrorKind.SERVER_ERROR, "no such route"),
        (b'{"Response": {"RequestId": "r"}}', ErrorKind.MALFORMED, "RequestId"),
    ],
)
def test_bodies_that_are_no_answer(body: bytes, kind: ErrorKind, text: str) -> None:
    """What a proxy says in the vendor's place does not reach the client."""
    error = failure(body)
    assert error.kind is kind
    assert text in error.message
