"""Answers of Dify's apps beyond the vectors: every event, ends in either order, whole answers."""

import random
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from app import errors, render
from providers import framing
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Json
from providers.vendors.dify import VENDOR
from providers.wires.dify.reply import decode

ABOUT: Json = {"conversation_id": "c-1", "message_id": "m-1", "created_at": 1705407629, "task_id": "t"}
RUN: Json = {"workflow_run_id": "r-1", "task_id": "t"}
END: Json = {"event": "message_end", **ABOUT, "metadata": {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}}


def say(answer: str, event: str = "message") -> Json:
    return {"event": event, **ABOUT, "answer": answer}


def flow(status: str = "succeeded", about: Json = ABOUT, **more: Any) -> Json:
    return {"event": "workflow_finished", **about, "data": {"id": "r", "status": status, "total_tokens": 9, **more}}


def stream(*docs: Json) -> bytes:
    return b"event: ping\n\n" + b"".join(b"data: " + orjson.dumps(doc) + b"\n\n" for doc in docs)


def decoded(*docs: Json, held: bool = False, output: str = "", chat: bool = False) -> list[Delta]:
    return list(decode(framing.sse(iter([stream(*docs)])), held, output, chat))


def text(found: Iterable[Delta]) -> str:
    return "".join(delta.text or "" for delta in found)


def reasons(found: Iterable[Delta]) -> list[str]:
    return [delta.finish_reason for delta in found if delta.finish_reason]


def total(found: Iterable[Delta]) -> list[int]:
    return [delta.usage.total_tokens for delta in found if delta.usage]


def whole(doc: Any, output: str = "") -> list[Delta]:
    return list(decode(iter([Event(BODY, orjson.dumps(doc))]), output=output))


def test_thoughts_of_a_whole_answer() -> None:
    """Broken: thoughts that a chatflow keeps apart are lost in a whole answer, or told twice in a stream."""
    metadata = {"reasoning": {"llm-1": "hm", "llm-2": "", "llm-3": "so"}, "usage": {"total_tokens": 3}}
    body = whole({"event": "message", **ABOUT, "answer": "a", "metadata": metadata})
    assert [delta.reasoning for delta in body if delta.reasoning] == ["hm\nso"]
    assert text(body) == "a"
    piece = {"event": "reasoning_chunk", **ABOUT, "data": {"reasoning": "hm"}}
    found = decoded(piece, say("a"), {**END, "metadata": metadata})
    assert [delta.reasoning for delta in found if delta.reasoning] == ["hm"]


def test_events_that_say_something() -> None:
    """Broken: an event is lost, or one that repeats or only accompanies the answer is shown."""
    found = decoded(
        {"event": "workflow_started", **ABOUT, "data": {}},
        {"event": "agent_thought", **ABOUT, "thought": "never", "observation": "never"},
        {"event": "reasoning_chunk", **ABOUT, "data": {"reasoning": "hm"}},
        {"event": "reasoning_chunk", **ABOUT, "data": {"reasoning": ""}},
        say("a"),
        say(""),
        say("b", "agent_message"),
        {"event": "node_finished", **ABOUT, "data": {"outputs": {"text": "never"}}},
        {"event": "message_file", **ABOUT, "type": "image", "belongs_to": "user", "url": "https://x/never.png"},
        {"event": "message_file", **ABOUT, "type": "image", "belongs_to": "assistant", "url": "https://x/a.png"},
        {"event": "message_file", **ABOUT, "type": "document", "belongs_to": "assistant", "url": "https://x/a.pdf"},
        {"event": "tts_message", **ABOUT, "audio": "never"},
        {"event": "brand_new", **ABOUT, "answer": "never"},
        {"event": 7, "answer": "never"},
        {"answer": "never"},
        END,
        say("never"),
    )
    assert text(found) == "ab\n![image](https://x/a.png)\n\n[document](https://x/a.pdf)\n"
    assert "".join(delta.reasoning or "" for delta in found) == "hm"
    assert (reasons(found), total(found)) == (["stop"], [3])
    heads = [delta.head for delta in found if delta.head]
    assert [(h.id, h.created, h.extra) for h in heads] == [("chatcmpl-m-1", 1705407629, {"conversation_id": "c-1"})]


@pytest.mark.parametrize(
    ("events", "said", "tokens"),
    [
        ((flow(), END), "ab", [3]),
        ((END, flow()), "ab", [3]),
        ((flow(), {**END, "metadata": {}}), "ab", [9]),
        ((flow(), {**END, "metadata": {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}}), "ab", [9]),
        (({**END, "metadata": None},), "ab", []),
        ((flow(),), "ab", [9]),
        ((flow(outputs={"answer": "ab"}),), "ab", [9]),
        ((flow(total_tokens=None),), "ab", []),
    ],
)
def test_ends_of_chatflows(events: tuple[Json, ...], said: str, tokens: list[int]) -> None:
    """Broken: an answer ends too early or never, depending on which of its two ends comes first or is left out."""
    found = decoded(say("a"), say("b"), *events)
    assert (text(found), reasons(found), total(found)) == (said, ["stop"], tokens)


def test_chatflows_that_fail() -> None:
    """Broken: a failed chatflow passes for a whole answer, or its own error is hidden by the workflow's."""
    with pytest.raises(ProviderError, match="node broke") as raised:
        decoded(say("a"), flow("failed", error="node broke"))
    assert raised.value.kind is ErrorKind.SERVER_ERROR
    told = {"event": "error", **ABOUT, "status": 400, "code": "provider_quota_exceeded", "message": "used up"}
    with pytest.raises(ProviderError, match="used up") as raised:
        decoded(say("a"), flow("failed", error="node broke"), told)
    assert raised.value.kind is ErrorKind.QUOTA


def test_workflows_that_end_before_their_chat() -> None:
    """Broken: a chatflow whose workflow ends first, and names no conversation, has no answer or another's name."""
    started = {"event": "workflow_started", **RUN, "data": {"created_at": 5}}
    first = (started, flow(about=RUN, outputs={"answer": "ab"}), say("a"), say("b"))
    for held in (False, True):
        found = decoded(*first, END, held=held, chat=True)
        assert (text(found), reasons(found), total(found)) == ("ab", ["stop"], [3])
        assert [delta.head.id for delta in found if delta.head] == ["chatcmpl-m-1"]
    for cut in (2, 3, 4):
        assert reasons(decoded(*first[:cut], chat=True)) == []
    told = {"event": "error", "status": 400, "code": "provider_quota_exceeded", "message": "used up"}
    with pytest.raises(ProviderError, match="used up"):
        decoded(started, flow("failed", RUN, error="node broke"), told, chat=True)
    with pytest.raises(ProviderError, match="node broke"):
        decoded(started, flow("failed", RUN, error="node broke"), chat=True)


@pytest.mark.parametrize("end", [[], [say("more")], [{"event": "workflow_started", **ABOUT}]])
def test_no_end(end: list[Json]) -> None:
    """Broken: an answer without its end passes for a whole one."""
    assert reasons(decoded(say("a"), *end)) == []
    assert reasons(decoded(say("a"), *end, held=True)) == []


@pytest.mark.parametrize("event", ["workflow_paused", "human_input_required"])
def test_apps_that_wait(event: str) -> None:
    """Broken: an app that waits for a person has no end."""
    found = decoded(say("a"), {"event": event, **ABOUT, "data": {}})
    assert (text(found), reasons(found)) == ("a", ["stop"])
    found = whole({"event": event, **ABOUT, "answer": "a", "metadata": {"usage": {"total_tokens": 3}}, "data": {}})
    assert (text(found), reasons(found), total(found)) == ("a", ["stop"], [3])


@pytest.mark.parametrize(
    ("events", "shown", "reason", "held"),
    [
        ([say("bad"), say("ly")], "badly", "content_filter", "good"),
        ([], "good", "stop", "good"),
        ([say("go")], "good", "stop", "good"),
    ],
)
def test_moderation(events: list[Json], shown: str, reason: str, held: str) -> None:
    """Broken: a replaced answer looks whole to who read it, or is not replaced for who did not."""
    replaced = [*events, {"event": "message_replace", **ABOUT, "answer": "good"}, END]
    found = decoded(*replaced)
    assert (text(found), reasons(found)) == (shown, [reason])
    found = decoded(*replaced, held=True)
    assert (text(found), reasons(found)) == (held, ["stop"])


@pytest.mark.parametrize(
    ("outputs", "name", "answer"),
    [
        ({"text": "a", "answer": "b"}, "", "a"),
        ({"answer": "b", "result": "c"}, "", "b"),
        ({"result": "c", "x": "y"}, "", "c"),
        ({"summary": "s", "count": 3}, "", "s"),
        ({"text": "a", "summary": "s"}, "summary", "s"),
        ({"text": "a"}, "absent", "a"),
        ({"list": [1, "二"]}, "list", '[1,"二"]'),
        ({"x": "1", "y": "2"}, "", '{"x":"1","y":"2"}'),
        ({"text": {"a": 1}}, "", '{"text":{"a":1}}'),
        ({}, "", ""),
        (None, "", ""),
    ],
)
def test_outputs_of_workflows(outputs: Any, name: str, answer: str) -> None:
    """Broken: a workflow's answer is not found among its outputs, whole or at a stream's end."""
    run = {**RUN, "data": {"id": "r", "status": "succeeded", "outputs": outputs, "created_at": 1705407629}}
    found = whole(run, name)
    assert (text(found), reasons(found)) == (answer, ["stop"])
    (head,) = [delta.head for delta in found if delta.head]
    assert (head.id, head.created) == ("chatcmpl-r-1", 1705407629)
    found = decoded({"event": "workflow_started", **RUN}, flow(about=RUN, outputs=outputs), output=name)
    assert (text(found), reasons(found), total(found)) == (answer, ["stop"], [9])


def test_text_of_workflows() -> None:
    """Broken: a workflow's text is told twice, or its end is missed."""
    chunks = [{"event": "text_chunk", **RUN, "data": {"text": piece}} for piece in ("a", "", "b")]
    found = decoded(*chunks, flow(about=RUN, outputs={"text": "ab"}))
    assert (text(found), reasons(found), total(found)) == ("ab", ["stop"], [9])
    assert reasons(decoded(*chunks)) == []


@pytest.mark.parametrize("status", ["partial-succeeded", "stopped", "paused"])
def test_statuses_of_workflows(status: str) -> None:
    """Broken: a workflow that ended otherwise than well has no end, or nobody is told."""
    for found in (decoded(flow(status, RUN)), whole({**RUN, "data": {"status": status, "outputs": None}})):
        assert reasons(found) == ["stop"]
        assert [delta.note for delta in found if delta.note] == [f"the workflow's status is {status}"]


@pytest.mark.parametrize("held", [False, True])
def test_workflows_that_fail(held: bool) -> None:
    """Broken: a failed workflow passes for an answer."""
    with pytest.raises(ProviderError, match="no such node"):
        decoded(flow("failed", RUN, error="no such node"), held=held)
    with pytest.raises(ProviderError, match="without a word") as raised:
        whole({**RUN, "data": {"status": "failed", "error": None}})
    assert errors.describe(raised.value).status == 502
    with pytest.raises(ProviderError, match="maximum context") as raised:
        whole({**RUN, "data": {"status": "failed", "error": "This model's maximum context length is 8192 tokens"}})
    assert raised.value.kind is ErrorKind.CONTEXT_LENGTH


def test_whole_answers() -> None:
    """Broken: a whole answer of a text generator, or one without usage, is not read."""
    found = whole({**ABOUT, "event": "message", "mode": "completion", "answer": "a", "metadata": None})
    assert (text(found), reasons(found), total(found)) == ("a", ["stop"], [])
    assert reasons(whole({**ABOUT, "answer": ""})) == ["stop"]


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"code":"unauthorized","message":"Access token is invalid","status":401}', ErrorKind.UPSTREAM_AUTH, "token"),
        (b'{"event":"error","code":"app_unavailable","message":"off","status":400}', ErrorKind.OVERLOADED, "off"),
        (b"<html><title>Dify</title></html>", ErrorKind.MALFORMED, "Dify"),
        (b'{"hello":1}', ErrorKind.MALFORMED, "neither"),
        (b"[]", ErrorKind.MALFORMED, "neither"),
        (b'{"data":[]}', ErrorKind.MALFORMED, "neither"),
    ],
)
def test_bodies_that_are_no_answers(body: bytes, kind: ErrorKind, words: str) -> None:
    """Broken: an error or a web page inside a 200 passes for an answer."""
    with pytest.raises(ProviderError, match=words) as raised:
        list(VENDOR.decode(iter([Event(BODY, body)])))
    assert raised.value.kind is kind


def test_malformed_events() -> None:
    """Broken: one broken event ends the stream."""
    found = list(decode(framing.sse(iter([b'data: {"ev\n\ndata: [1]\n\ndata: ping\n\n' + stream(say("a"), END)]))))
    assert (text(found), reasons(found)) == ("a", ["stop"])
    assert sum(delta.note == "skipped a malformed event" for delta in found) == 3


@pytest.mark.parametrize(
    "docs",
    [
        [say("你"), say("好"), flow(), END],
        [{"event": "text_chunk", **RUN, "data": {"text": "你好"}}, flow(about=RUN, outputs={"text": "你好"})],
    ],
)
def test_any_cut_of_the_bytes(docs: list[Json]) -> None:
    """Broken: what a client gets depends on how the bytes arrived."""
    data = stream(*docs)
    expected = render.fold(decode(framing.sse(iter([data]))), "m")
    rng = random.Random(7)
    cuts = [sorted(rng.choices(range(len(data)), k=9)) for _ in range(50)]
    for marks in [list(range(1, len(data))), *cuts]:
        pieces = [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
        got = render.fold(decode(framing.sse(iter(pieces))), "m")
        assert {**got, "created": 0} == {**expected, "created": 0}
