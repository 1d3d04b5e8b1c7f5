"""Replies on the Messages wire: every event, whole messages, cuts at any place, and what is noted for the next turn."""

import random
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from app import render
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Event, Json
from providers.vendors.claude import VENDOR

START = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [],
    "stop_reason": None,
    "usage": {"input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 1},
}
THOUGHT = {"type": "thinking", "thinking": "hm, hm", "signature": "c2ln"}
HIDDEN = {"type": "redacted_thinking", "data": "ZGF0YQ=="}


def sse(events: Iterable[Json]) -> list[bytes]:
    return [b"event: %s\ndata: %s\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events]


def block_events(index: int, block: Json) -> list[Json]:
    """A block as the API streams it: an empty one, its pieces, and its end."""
    empty: Json = {
        "text": {"type": "text", "text": ""},
        "thinking": {"type": "thinking", "thinking": "", "signature": ""},
        "tool_use": {**block, "input": {}},
    }.get(block["type"], block)
    pieces: list[Json] = []
    if block["type"] == "text":
        pieces = [{"type": "text_delta", "text": letter} for letter in block["text"]]
    elif block["type"] == "thinking":
        pieces = [
            {"type": "thinking_delta", "thinking": block["thinking"][:3]},
            {"type": "thinking_delta", "thinking": block["thinking"][3:]},
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    elif block["type"] == "tool_use" and block["input"]:
        told = orjson.dumps(block["input"]).decode()
        pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", told[:4], told[4:])]
    return [
        {"type": "content_block_start", "index": index, "content_block": empty},
        *({"type": "content_block_delta", "index": index, "delta": piece} for piece in pieces),
        {"type": "content_block_stop", "index": index},
    ]


def end_events(stop: str | None = "end_turn", **details: Any) -> list[Json]:
    delta = {"stop_reason": stop, "stop_sequence": None, **details}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]


def stream(*blocks: Json, stop: str | None = "end_turn", **details: Any) -> list[bytes]:
    events = [{"type": "message_start", "message": START}]
    for index, block in enumerate(blocks):
        events += block_events(index, block)
    return sse([*events, *end_events(stop, **details)])


def message(*blocks: Json, stop: str | None = "end_turn", **further: Any) -> bytes:
    usage = {**START["usage"], "output_tokens": 9}
    return orjson.dumps({**START, "content": list(blocks), "stop_reason": stop, "usage": usage, **further})


def decoded(chunks: Iterable[bytes]) -> list[Delta]:
    return list(VENDOR.decode(VENDOR.frame(iter(chunks))))


def folded(chunks: Iterable[bytes]) -> Json:
    return render.fold(decoded(chunks), "m")


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def use(call: str, arguments: Json, name: str = "f") -> Json:
    return {"type": "tool_use", "id": call, "name": name, "input": arguments}


BLOCKS = (THOUGHT, HIDDEN, text("Zwölf 天气"), use("t_1", {"a": "ü"}), use("t_2", {}))


def test_stream_and_message_say_the_same() -> None:
    """A plain reply and a streamed one of the same content differ, or lose part of it."""
    streamed, whole = folded(stream(*BLOCKS, stop="tool_use")), folded([message(*BLOCKS, stop="tool_use")])
    (choice,) = whole["choices"]
    assert [c["function"]["arguments"] for c in streamed["choices"][0]["message"]["tool_calls"]] == ['{"a":"ü"}', "{}"]
    assert [c["function"]["arguments"] for c in choice["message"]["tool_calls"]] == ['{"a": "ü"}', "{}"]
    for found in (streamed, whole):
        told = found["choices"][0]["message"]
        assert (told["content"], told["reasoning_content"]) == ("Zwölf 天气", "hm, hm")
        assert [(c["id"], c["function"]["name"]) for c in told["tool_calls"]] == [("t_1", "f"), ("t_2", "f")]
        assert found["choices"][0]["finish_reason"] == "tool_calls"
        assert found["id"] == "msg_1"
        assert found["usage"] == {
            "prompt_tokens": 17,
            "completion_tokens": 9,
            "total_tokens": 26,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        }


def test_any_chunking() -> None:
    """A reply reads otherwise when its bytes come in other pieces."""
    data = b"".join(stream(*BLOCKS, stop="tool_use"))
    expected = folded([data])
    rng = random.Random(7)
    cuts = [[data[i : i + 1] for i in range(len(data))], data.splitlines(keepends=True)]
    for _ in range(40):
        marks = sorted(rng.choices(range(len(data)), k=9))
        cuts.append([data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)])
    for pieces in cuts:
        assert {**folded(pieces), "created": 0} == {**expected, "created": 0}


def test_cut_anywhere_is_no_end() -> None:
    """A stream that broke off before message_stop is taken for a whole answer."""
    entries = stream(*BLOCKS, stop="tool_use")
    for count in range(len(entries)):
        assert not any(delta.finish_reason for delta in decoded(entries[:count])), count
    assert not decoded([])


@pytest.mark.parametrize(
    ("stop", "reason", "noted"),
    [
        ("end_turn", "stop", False),
        ("stop_sequence", "stop", False),
        ("pause_turn", "stop", False),
        ("max_tokens", "length", False),
        ("model_context_window_exceeded", "length", False),
        ("refusal", "content_filter", False),
        ("tool_use", "stop", False),
        ("compaction", "stop", True),
        ("something_new", "stop", True),
        (None, "stop", True),
    ],
)
def test_stop_reason(stop: str | None, reason: str, noted: bool) -> None:
    """An answer's end is told to the client as another one."""
    for chunks in (stream(text("x"), stop=stop), [message(text("x"), stop=stop)]):
        last = decoded(chunks)[-1]
        assert (last.finish_reason, bool(last.note)) == (reason, noted)


def test_calls_decide_between_stop_and_tool_calls() -> None:
    """Calls come with a reason that makes clients overlook them; a cut call looks complete."""
    assert decoded(stream(use("t", {}), stop="end_turn"))[-1].finish_reason == "tool_calls"
    assert decoded(stream(use("t", {}), stop="max_tokens"))[-1].finish_reason == "length"


def test_refusal_is_explained() -> None:
    """The vendor's explanation of a refusal does not reach the client."""
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    for chunks in (
        stream(text("x"), stop="refusal", stop_details=details),
        [message(text("x"), stop="refusal", stop_details=details)],
    ):
        choice = folded(chunks)["choices"][0]
        assert (choice["message"]["refusal"], choice["finish_reason"]) == ("No.", "content_filter")
    assert folded([message(stop="refusal", stop_details=None)])["choices"][0]["message"]["refusal"] is None


def test_empty_content() -> None:
    """An answer without any block, as it comes after tool results, is an error or null."""
    for chunks in (stream(), [message()], [message(content=None)]):
        assert folded(chunks)["choices"][0]["message"]["content"] == ""


def test_unknown_kinds_are_passed_over() -> None:
    """An event, block or delta kind of tomorrow ends the answer of today."""
    odd = [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "server_tool_use", "id": "s", "name": "w"},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"q"'}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {}}},
        {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "lost"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_stop", "index": 9},
        {"type": "ping"},
        {"type": "future_event", "error": None},
    ]
    chunks = sse([{"type": "message_start", "message": START}, *odd, *block_events(1, text("ok")), *end_events()])
    choice = folded([*chunks[:3], b": comment\n\n", b"data: [DONE]\n\n", *chunks[3:]])["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("ok", "stop")
    assert "tool_calls" not in choice["message"]
    blocks = [{"type": "web_search_tool_result", "content": []}, {"type": "fallback"}, text("ok")]
    assert folded([message(*blocks)])["choices"][0]["message"]["content"] == "ok"


def test_malformed_event_is_noted_and_passed_over() -> None:
    """One broken line loses the whole answer, or nobody hears of it."""
    entries = stream(text("ab"))
    deltas = decoded([*entries[:3], b"event: x\ndata: {broken\n\n", b"data: [1]\n\n", *entries[3:]])
    assert [delta.note for delta in deltas if delta.note] == ["skipped a malformed event"] * 2
    assert render.fold(deltas, "m")["choices"][0]["message"]["content"] == "ab"


def test_text_that_stands_in_the_start() -> None:
    """A block that begins with text, as some relays send it, loses that text."""
    events = [
        {"type": "message_start", "message": START},
        {"type": "content_block_start", "index": 0, "content_block": text("He")},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "llo"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": use("t", {"a": 1})},
        {"type": "content_block_stop", "index": 1},
        *end_events("tool_use"),
    ]
    told = folded(sse(events))["choices"][0]["message"]
    assert (told["content"], told["tool_calls"][0]["function"]["arguments"]) == ("Hello", '{"a": 1}')


def test_blocks_that_nobody_ends() -> None:
    """A call without arguments whose end a relay leaves out has arguments that are no JSON, and is not noted."""
    events = [
        {"type": "message_start", "message": START},
        *block_events(0, use("t_1", {}))[:1],
        *end_events("tool_use"),
    ]
    deltas = decoded(sse(events))
    assert "".join(one.arguments for delta in deltas for one in delta.tool_calls) == "{}"
    assert deltas[-1].finish_reason == "tool_calls"
    assert deltas[-1].memo is not None


def test_call_ids_are_unique() -> None:
    """Two calls of one reply have the same id, or none, and their results cannot be told apart."""
    told = folded(stream(use("t", {}), use("t", {}), use("", {}), stop="tool_use"))["choices"][0]["message"]
    found = [call["id"] for call in told["tool_calls"]]
    assert found[0] == "t" and len({*found}) == 3 and all(found)


def test_usage_of_the_end_wins() -> None:
    """Counts that the end corrects stay as the start guessed them, or are added up."""
    usage = {"input_tokens": 20, "cache_read_input_tokens": 5, "cache_creation_input_tokens": None, "output_tokens": 30}
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {**usage, "output_tokens_details": {"thinking_tokens": 12}},
    }
    chunks = sse([{"type": "message_start", "message": START}, end, {**end, "delta": {}}, {"type": "message_stop"}])
    assert folded(chunks)["usage"] == {
        "prompt_tokens": 28,
        "completion_tokens": 30,
        "total_tokens": 58,
        "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 12},
    }


def test_answer_by_tool_becomes_text() -> None:
    """The tool that stands in for a schema is shown to the client as a call it never offered."""
    answer = use("t", {"city": "Paris"}, name="json_tool_call")
    for chunks in (stream(answer, stop="tool_use"), [message(answer, stop="tool_use")]):
        choice = folded(chunks)["choices"][0]
        assert orjson.loads(choice["message"]["content"]) == {"city": "Paris"}
        assert choice["finish_reason"] == "stop"
        assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize("place", [0, 1, 3, 6])
def test_error_within_a_stream(place: int) -> None:
    """An error event in a stream with status 200 is passed over, and the answer only looks cut."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}
    entries = stream(text("abc"))
    with pytest.raises(ProviderError) as raised:
        decoded([*entries[:place], *sse([error])])
    assert (raised.value.kind, raised.value.message) == (ErrorKind.OVERLOADED, "Overloaded")


def test_error_after_the_end_changes_nothing() -> None:
    """An answer that is complete is taken back for what comes after it."""
    error = {"type": "error", "error": {"type": "api_error", "message": "late"}}
    assert decoded([*stream(text("x")), *sse([error])])[-1].finish_reason == "stop"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"type":"error","error":{"type":"api_error","message":"Broken"}}', ErrorKind.SERVER_ERROR, "Broken"),
        (b'{"error":{"message":"no such route","type":"x"}}', ErrorKind.SERVER_ERROR, "no such route"),
        (b'event: error\ndata: {"message":"odd one"}\n\n', ErrorKind.SERVER_ERROR, "odd one"),
        (b"<html><title>Bad gateway</title></html>", ErrorKind.MALFORMED, "Bad gateway"),
        (b'{"choices":[{"message":{"content":"x"}}]}', ErrorKind.MALFORMED, "no message"),
    ],
)
def test_no_answer_in_a_success(body: bytes, kind: ErrorKind, words: str) -> None:
    """A reply with status 200 that is no message is taken for an empty answer."""
    with pytest.raises(ProviderError) as raised:
        decoded([body])
    assert raised.value.kind is kind
    assert words in raised.value.message


def test_layout_is_noted() -> None:
    """What the next turn needs of this one is not noted, or only in part."""
    for chunks in (stream(*BLOCKS, stop="tool_use"), [message(*BLOCKS, stop="tool_use")]):
        notes = [delta.memo for delta in decoded(chunks) if delta.memo]
        note = {
            "model": "claude-sonnet-4-5-20250929",
            "blocks": [
                THOUGHT,
                HIDDEN,
                {"type": "text", "chars": 8},
                {"type": "tool_use", "id": "t_1"},
                {"type": "tool_use", "id": "t_2"},
            ],
        }
        assert notes == [{"claude:t_1": note, "claude:t_2": note}]
    assert not any(delta.memo for delta in decoded(stream(THOUGHT, text("x"))))


def test_events_by_their_names_alone() -> None:
    """A relay that leaves the type out of the data, and in the event's name only, is not understood."""
    events = [
        Event(event["type"], orjson.dumps({k: v for k, v in event.items() if k != "type"}))
        for event in [{"type": "message_start", "message": START}, *block_events(0, text("ok")), *end_events()]
    ]
    assert render.fold(VENDOR.decode(iter(events)), "m")["choices"][0]["message"]["content"] == "ok"
