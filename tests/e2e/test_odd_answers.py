"""Answers in an odd form that are whole all the same: they must reach the client whole, in OpenAI's own form."""

import time
from itertools import pairwise

import openai
import pytest

from tests.e2e import calls, schemas
from tests.e2e.calls import DONE, MESSAGES, Reply
from tests.e2e.process import Gateway
from tests.e2e.schemas import Judge
from tests.e2e.shared import MASTER
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.odd import ODD
from tests.fakevendor.replies import TEXT, USAGE

pytestmark = pytest.mark.e2e

FORMS = sorted(
    {
        *(f"fault:{name}" for name in ODD),
        *("ok", "ok?framing=close", "ok?framing=length", "ok?framing=chunked", "ok?delay=1"),
        *("fault:finish-no-done?framing=chunked", "org/family/large", "everyday", "nickname"),
    }
)


def check_stream(reply: Reply, model: str, judge: Judge) -> str:
    """The text of a good stream, after all that must be true of each of its chunks."""
    assert reply.status == 200, reply.body
    assert reply.events[-1] == DONE and reply.body.count(DONE) == 1
    chunks = reply.chunks
    for chunk in chunks:
        judge.check(schemas.CHUNK, chunk)
    assert {chunk["model"] for chunk in chunks} == {model}
    assert len({(chunk["id"], chunk["created"]) for chunk in chunks}) == 1
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert [choice["delta"].get("role") for choice in choices] == ["assistant"] + [None] * (len(choices) - 1)
    assert [choice["finish_reason"] for choice in choices][:-1] == [None] * (len(choices) - 1)
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.mark.parametrize("model", FORMS)
def test_a_stream_comes_through_whole(shared: Gateway, judge: Judge, model: str) -> None:
    """A vendor's odd way to stream costs the client text, the end, or the shape of a chunk."""
    reply = calls.chat(shared, model, stream=True, key=MASTER)
    assert check_stream(reply, model, judge) == TEXT
    assert reply.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in reply.chunks[-1]


@pytest.mark.parametrize("model", FORMS)
def test_a_document_comes_through_whole(client: openai.OpenAI, judge: Judge, model: str) -> None:
    """A vendor's odd way to answer costs a plain client text or the shape of the answer."""
    answer = client.chat.completions.with_raw_response.create(model=model, messages=MESSAGES)
    judge.check(schemas.COMPLETION, answer.http_response.json())
    completion = answer.parse()
    assert completion.choices[0].message.content == TEXT
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == model


@pytest.mark.parametrize("model", ["ok", "fault:role-everywhere", "fault:json-for-sse"])
def test_usage_comes_last_and_only_when_asked_for(shared: Gateway, judge: Judge, model: str) -> None:
    """The usage chunk is missing, doubled, or not where clients look for it."""
    reply = calls.chat(shared, model, stream=True, key=MASTER, stream_options={"include_usage": True})
    for chunk in reply.chunks:
        judge.check(schemas.CHUNK, chunk)
    assert reply.chunks[-1]["choices"] == [] and reply.chunks[-1]["usage"] == USAGE
    assert all(chunk["usage"] is None for chunk in reply.chunks[:-1])


def test_the_official_client_reads_a_stream(client: openai.OpenAI) -> None:
    """The official client stumbles over the gateway's stream."""
    with client.chat.completions.create(model="ok", messages=MESSAGES, stream=True) as chunks:
        choices = [chunk.choices[0] for chunk in chunks]
    assert "".join(choice.delta.content or "" for choice in choices) == TEXT
    assert choices[-1].finish_reason == "stop"


def test_two_tool_calls_at_once(client: openai.OpenAI, shared: Gateway, judge: Judge) -> None:
    """Fragments of parallel tool calls are mixed up or lose their ids."""
    plain = client.chat.completions.create(model="fault:tools", messages=MESSAGES)
    expected = [("call_a", '{"city":"Köln"}'), ("call_b", '{"city":"Paris"}')]
    found = [(call.id, call.function.arguments) for call in plain.choices[0].message.tool_calls or []]
    assert found == expected and plain.choices[0].finish_reason == "tool_calls"
    with client.chat.completions.stream(model="fault:tools", messages=MESSAGES) as stream:
        final = stream.get_final_completion()
    assert [(call.id, call.function.arguments) for call in final.choices[0].message.tool_calls or []] == expected
    check_stream(calls.chat(shared, "fault:tools", stream=True, key=MASTER), "fault:tools", judge)


def test_events_leave_as_they_come(shared: Gateway) -> None:
    """The gateway gathers events, and the user waits for a text that is there already."""
    call = calls.chat_call(shared, "ok?gap=0.15", stream=True, key=MASTER)
    times = [at for at, event in call.events() if b'"content":"' in event and b'"content":""' not in event]
    call.close()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) == 5 and all(0.05 < gap < 0.4 for gap in gaps), gaps


def test_scripted_bytes_in_awkward_pieces(shared: Gateway, vendor: FakeVendor) -> None:
    """Text is lost where the borders of reads fall between CR and LF, or inside a chunk's size."""
    body = (
        'data: {"id":"x","choices":[{"index":0,"delta":{"content":"é1"}}]}\r\n\r\n'
        'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\ndata: [DONE]\r\n\r\n'
    ).encode()
    sent = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    borders = [
        1,
        3,
        4,
        sent.index(b"\xc3") + 1,
        sent.index(b"\r\n\r\n") + 1,
        sent.index(b"\r\n\r\n") + 2,
        len(sent) - 3,
    ]
    cuts = [0, *sorted(borders), len(sent)]
    pieces = [(sent[start:end], 0.03) for start, end in pairwise(cuts)]
    vendor.script("script-a", [(head, 0.03), *pieces])
    reply = calls.chat(shared, "script-a", stream=True, key=MASTER)
    assert [chunk["choices"][0]["delta"].get("content") for chunk in reply.chunks] == ["", "é1", None]
    assert reply.events[-1] == DONE


@pytest.mark.parametrize(
    "stream",
    [
        False,
        True,
    ],
)
def test_a_good_connection_is_used_again(shared: Gateway, vendor: FakeVendor, stream: bool) -> None:
    """Every request opens a new connection to the vendor, which costs a TLS handshake each."""
    mark = vendor.mark()
    for _ in range(3):
        calls.chat(shared, "ok", stream=stream, key=MASTER)
    connections = [entry.connection for entry in vendor.entries("ok", mark)]
    assert len(set(connections)) == 1, connections


def test_a_spoilt_connection_is_not_used_again(shared: Gateway, vendor: FakeVendor) -> None:
    """What is left of one answer is read as the next one, perhaps another user's."""
    for model in ("fault:short-length", "fault:sse-for-json", "fault:close-mid-event", "fault:html-200"):
        for stream in (True, False):
            calls.chat(shared, model, stream=stream, key=MASTER)
            time.sleep(0.05)  # a close by the vendor is on its way
            assert calls.chat(shared, "ok", key=MASTER).json["choices"][0]["message"]["content"] == TEXT
