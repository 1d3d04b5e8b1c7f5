"""Replies of Coze's v3: what is told and what is not, ends, usage, errors in streams, chats that are asked after."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Usage, WireRequest
from tests.unit.cozing import event, read, text, to, user, wire

IDS = {"id": "2", "conversation_id": "1", "bot_id": "3"}
DONE = event("done", "[DONE]")
ENDED = event("conversation.chat.completed", {**IDS, "status": "completed"})
WIRE = wire(user("a"), stream=True)
POLLED = wire(user("a"), at=to(options={"poll": True}))


def message(kind: str, content: str, name: str = "completed", **more: Any) -> bytes:
    doc = {"id": "9", "role": "assistant", "type": kind, "content": content, "content_type": "text", **more}
    return event(f"conversation.message.{name}", doc)


def chat(name: str, **more: Any) -> bytes:
    return event(f"conversation.chat.{name}", {**IDS, "status": name, **more})


def whole(made: WireRequest, doc: Any) -> list[Delta]:
    return read(made, orjson.dumps(doc))


def test_an_answer_is_told_once() -> None:
    """Broken: a message's full text is told after its pieces, or is lost where there were none."""
    pieces = message("answer", "a", "delta") + message("answer", "b", "delta") + message("answer", "ab")
    assert text(read(WIRE, pieces, message("answer", "c", id="10"), ENDED)) == "abc"


def test_what_is_no_answer() -> None:
    """Broken: a bot's notes, calls, finds, suggestions or speech are told as its answer."""
    kinds = ("verbose", "function_call", "tool_output", "tool_response", "knowledge", "follow_up", "unheard-of")
    noise = [message(kind, "{}", name) for kind in kinds for name in ("delta", "completed")]
    sound = event("conversation.audio.delta", {**IDS, "type": "answer", "content": "UklGRg==", "content_type": "audio"})
    spoken = message("answer", "UklGRg==", id="11", content_type="audio")
    deltas = read(WIRE, *noise, sound, spoken, event("unheard-of", {"content": "x"}), message("answer", "a"), ENDED)
    assert text(deltas) == "a"


def test_thoughts() -> None:
    """Broken: thoughts are lost, told twice, or told as text."""
    pieces = message("answer", "", "delta", reasoning_content="hm") + message("answer", "a", "delta")
    deltas = read(WIRE, pieces, message("answer", "a", reasoning_content="hm"), ENDED)
    assert ([d.reasoning for d in deltas if d.reasoning], text(deltas)) == (["hm"], "a")
    deltas = read(WIRE, message("answer", "a", "delta"), message("answer", "a", reasoning_content="hm"), ENDED)
    assert ([d.reasoning for d in deltas if d.reasoning], text(deltas)) == (["hm"], "a")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"input_count": 4, "output_count": 5, "token_count": 9}, Usage(4, 5)),
        ({"input_tokens": 4, "output_tokens": 5, "token_count": 9}, Usage(4, 5)),
        ({"input_count": 0, "output_count": 0, "token_count": 0}, None),
        (None, None),
    ],
)
def test_usage(told: Any, expected: Usage | None) -> None:
    """Broken: counts are lost under one of their names, or zeros are told as if they had been counted."""
    deltas = read(WIRE, chat("created", usage={"input_count": 0}), chat("completed", usage=told))
    assert [delta.usage for delta in deltas if delta.usage] == ([expected] if expected else [])


def test_ends() -> None:
    """Broken: a stream looks complete without the chat's own end, or is read on after it."""
    assert [d.finish_reason for d in read(WIRE, message("answer", "a"), DONE) if d.finish_reason] == []
    tail = message("answer", "late", id="77")
    deltas = read(WIRE, chat("created"), ENDED, tail, event("done", {"debug_url": "https://x"}))
    assert (text(deltas), deltas[-1].finish_reason) == ("", "stop")
    assert [(d.head.id, d.head.extra) for d in deltas if d.head] == [("chatcmpl-2", {"conversation_id": "1"})]


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (chat("failed", last_error={"code": 5000, "msg": "event interval error"}), ErrorKind.SERVER_ERROR, "interval"),
        (chat("failed", last_error={"code": 4011, "msg": "no balance"}), ErrorKind.QUOTA, "no balance"),
        (chat("failed"), ErrorKind.SERVER_ERROR, "ended as failed"),
        (chat("canceled"), ErrorKind.SERVER_ERROR, "ended as canceled"),
        (event("error", {"code": 4028, "msg": "used up"}), ErrorKind.QUOTA, "used up"),
        (event("error", {}), ErrorKind.SERVER_ERROR, "without a word"),
        (event("error", "boom"), ErrorKind.SERVER_ERROR, "without a word"),
        (b"event:error\ndata:broken pipe\n\n", ErrorKind.MALFORMED, "broken pipe"),
        (event("", {"code": 4009, "msg": "later"}), ErrorKind.OVERLOADED, "later"),
        (b'{"code":4000,"msg":"bad"}', ErrorKind.INVALID_REQUEST, "bad"),
        (b'{\n  "code": 4101,\n  "msg": "no right"\n}', ErrorKind.UPSTREAM_AUTH, "no right"),
        (b"<html><title>Just a moment</title></html>", ErrorKind.MALFORMED, "Just a moment"),
        (b'{"code":0,"data":{}}', ErrorKind.MALFORMED, "neither an answer nor an error"),
        (b"[]", ErrorKind.MALFORMED, "neither an answer nor an error"),
    ],
)
def test_errors(data: bytes, kind: ErrorKind, words: str) -> None:
    """Broken: an error in place of an answer, or in the middle of one, is taken for another, or for none."""
    for before in (b"", message("answer", "a", "delta")) if data[:5] == b"event" else (b"",):
        with pytest.raises(ProviderError, match=words) as raised:
            read(WIRE, before, data)
        assert raised.value.kind is kind


def test_malformed_event() -> None:
    """Broken: one damaged event ends an answer, or is passed over without a word."""
    deltas = read(WIRE, b"event:conversation.message.delta\ndata:{broken\n\n", message("answer", "a"), ENDED)
    assert (text(deltas), deltas[0].note) == ("a", "skipped a malformed event")


CALL = {"id": "call-1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
QUESTION = {"id": "call-2", "type": "reply_message", "function": {"name": "q", "arguments": "Which city?"}}


def action(*calls: Any) -> dict[str, Any]:
    return {"required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": list(calls)}}}


def test_tool_calls_and_questions() -> None:
    """Broken: a call of the client's tools is lost, or a workflow's question is told as one."""
    deltas = read(WIRE, chat("requires_action", **action(CALL, QUESTION, {**CALL, "id": "call-3"})))
    (called,) = [delta.tool_calls for delta in deltas if delta.tool_calls]
    assert [(call.index, call.id, call.name, call.arguments) for call in called] == [
        (0, "call-1", "f", '{"a":1}'),
        (1, "call-3", "f", '{"a":1}'),
    ]
    assert deltas[-1].finish_reason == "tool_calls"
    deltas = read(WIRE, chat("requires_action", **action(QUESTION)))
    assert (text(deltas), deltas[-1].finish_reason) == ("Which city?", "stop")


def test_arguments_that_are_no_text() -> None:
    """Broken: arguments that came as an object are lost."""
    for told, expected in (({"a": 1}, '{"a":1}'), (None, "{}"), ("", "{}")):
        call = {**CALL, "function": {"name": "f", "arguments": told}}
        deltas = read(WIRE, chat("requires_action", **action(call)))
        assert [call.arguments for delta in deltas for call in delta.tool_calls] == [expected]


def memory(deltas: list[Delta]) -> dict[str, Any]:
    return {key: note for delta in deltas if delta.memo for key, note in delta.memo.items()}


def test_results_go_to_their_chat() -> None:
    """Broken: results reach another chat than the one that waits for them, or one of another credential."""
    kept = memory(read(WIRE, chat("requires_action", **action(CALL, {**CALL, "id": "call-3"}))))
    results = [{"role": "tool", "tool_call_id": name, "content": name[-1]} for name in ("call-1", "call-3")]
    made = wire(user("a"), *results, at=to(kept), temperature=0.5)
    assert made.url == "https://api.coze.cn/v3/chat/submit_tool_outputs?conversation_id=1&chat_id=2"
    assert made.changes == ("dropped temperature",)
    assert orjson.loads(made.body) == {
        "tool_outputs": [{"tool_call_id": name, "output": name[-1]} for name in ("call-1", "call-3")],
        "stream": True,
    }
    other = memory(read(WIRE, event("conversation.chat.requires_action", {**IDS, "id": "5", **action(CALL)})))
    key = next(iter(other))
    for chat_unknown in (to(), to({**kept, key: other[key]}), to(kept, {}), to(kept, server_url="http://h")):
        assert wire(user("a"), *results, at=chat_unknown).url.endswith("/v3/chat")
    assert wire(user("a"), *results, user("b"), at=to(kept)).url.endswith("/v3/chat")


def test_ids_that_are_numbers() -> None:
    """Broken: a server that tells its ids as numbers never gets the results that its chat waits for."""
    told = {"id": 7382159487131697202, "conversation_id": 7381473525342978089, **action(CALL)}
    kept = memory(read(WIRE, event("conversation.chat.requires_action", told)))
    made = wire(user("a"), {"role": "tool", "tool_call_id": "call-1", "content": "1"}, at=to(kept))
    assert made.url.endswith("?conversation_id=7381473525342978089&chat_id=7382159487131697202")


def state(status: str, **more: Any) -> dict[str, Any]:
    return {"code": 0, "msg": "", "data": {**IDS, "created_at": 7, "status": status, **more}}


def step(deltas: list[Delta]) -> Any:
    (delta,) = deltas
    assert delta.later is not None
    return delta.later


@pytest.mark.parametrize("made", [POLLED, WIRE])
def test_a_chat_is_asked_after(made: WireRequest) -> None:
    """Broken: a chat is asked after at another address or method, too often, or its answers are told amiss."""
    later = step(whole(made, state("created")))
    later = step(whole(later.request, state("in_progress")))
    ids = "conversation_id=1&chat_id=2"
    assert (later.request.method, later.request.url) == ("GET", f"https://api.coze.cn/v3/chat/retrieve?{ids}")
    assert later.request.headers == later.give_up.headers == {"content-type": "application/json"}
    assert (later.wait_s, later.give_up.method) == (1.0, "POST")
    assert later.give_up.url == "https://api.coze.cn/v3/chat/cancel"
    assert orjson.loads(later.give_up.body) == {"conversation_id": "1", "chat_id": "2"}
    usage = {"input_count": 4, "output_count": 5}
    later = step(whole(later.request, state("completed", usage=usage)))
    assert (later.request.url, later.wait_s) == (f"https://api.coze.cn/v3/chat/message/list?{ids}", 0.0)
    assert later.request.headers == {"content-type": "application/json"}
    kinds = (("verbose", "{}"), ("answer", "a"), ("follow_up", "x"), ("answer", "b"))
    listed = [{"id": "9", "role": "assistant", "type": kind, "content": content} for kind, content in kinds]
    deltas = whole(later.request, {"code": 0, "data": listed})
    assert (text(deltas), deltas[-1].finish_reason) == ("ab", "stop")
    assert [delta.usage for delta in deltas if delta.usage] == [Usage(4, 5)]
    assert [delta.head.created for delta in deltas if delta.head] == [7]


def test_states_that_are_no_end() -> None:
    """Broken: a chat in a state of a new name is given up, though only four states are ends."""
    later = step(whole(POLLED, state("queued")))
    later = step(whole(later.request, state("queued")))
    assert later.request.url.endswith("/v3/chat/retrieve?conversation_id=1&chat_id=2")
    assert later.give_up.url == "https://api.coze.cn/v3/chat/cancel"


def test_a_chat_that_ends_otherwise() -> None:
    """Broken: a polled chat that fails, is cancelled, waits for tools or may not be asked after is taken amiss."""
    later = step(whole(POLLED, state("in_progress")))
    failed = state("failed", last_error={"code": 4013, "msg": "model down"})
    for told, words in ((failed, "model down"), (state("canceled"), "canceled"), ({"code": 4101, "msg": "no"}, "no")):
        with pytest.raises(ProviderError, match=words):
            whole(later.request, told)
    deltas = whole(later.request, state("requires_action", **action(CALL)))
    assert (deltas[-1].finish_reason, len(memory(deltas))) == ("tool_calls", 1)
    later = step(whole(later.request, state("completed")))
    with pytest.raises(ProviderError, match="no such message"):
        whole(later.request, {"code": 4005, "msg": "no such message"})
