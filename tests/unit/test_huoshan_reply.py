"""Ark's answers beyond the vectors: thinking, bots with their references and counts, streams cut anywhere."""

import random
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from app import render
from providers.errors import ProviderError
from providers.types import BODY, Delta, Event, Json, Usage
from providers.vendors.huoshan import VENDORS
from providers.wires.huoshan.references import annotation

ROWS = {row.name: row for row in VENDORS}
HEAD = {"id": "0217", "created": 7, "model": "doubao", "object": "chat.completion.chunk", "service_tier": "default"}
NEWS = {"url": "https://n.example/1", "title": "News", "site_name": "N", "summary": "s", "cover_image": {"url": "c"}}
PAGE = {"doc_id": "d1", "doc_name": "guide.pdf", "chunk_id": "3", "collection_name": "kb"}


def chunk(delta: Json | None = None, finish: str | None = None, **more: Any) -> Json:
    choice: Json = {"index": 0, "delta": {"role": "assistant", **(delta or {})}}
    if finish:
        choice["finish_reason"] = finish
    return {**HEAD, "choices": [choice] if delta is not None else [], "usage": None, **more}


def stream(*docs: Json) -> bytes:
    return b"".join(b"data: " + orjson.dumps(doc) + b"\n\n" for doc in docs) + b"data: [DONE]\n\n"


def deltas(pieces: Iterable[bytes], row: str = "huoshan") -> list[Delta]:
    vendor = ROWS[row]
    return list(vendor.decode(vendor.frame(iter(pieces))))


def complete(data: bytes, row: str) -> bool:
    """Whether the gateway would take this much of a reply for all of it."""
    try:
        return any(delta.finish_reason for delta in deltas([data], row))
    except ProviderError:
        return False


def whole(doc: Json, row: str = "huoshan") -> Json:
    return render.fold(ROWS[row].decode(iter([Event(BODY, orjson.dumps(doc))])), "mine")


BOT_STREAM = stream(
    chunk({"content": ""}, references=[NEWS]),
    chunk(None, references=[NEWS, PAGE], metadata={"step": "search"}),
    chunk({"content": ""}, metadata={"step": "read"}),
    chunk({"content": "", "reasoning_content": "\n用户"}),
    chunk({"content": "豆"}),
    chunk({"content": "包", "encrypted_content": "x"}, references=[NEWS]),
    chunk({"content": ""}, "stop", moderation_hit_type="violence"),
    chunk(None, bot_usage={"model_usage": [{"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10}] * 2}),
)


def test_stream_of_a_bot() -> None:
    """Broken: chunks about a search disturb the text, or the references and counts of a bot are lost."""
    for row in ROWS:
        told = render.fold(deltas([BOT_STREAM], row), "mine")
        (choice,) = told["choices"]
        assert (choice["message"]["content"], choice["message"]["reasoning_content"]) == ("豆包", "\n用户")
        assert choice["message"]["annotations"] == [annotation(NEWS), annotation(PAGE)]
        assert choice["finish_reason"] == "stop"
        assert (told["id"], told["model"], told["service_tier"]) == ("0217", "mine", "default")
        assert told["usage"] == {"prompt_tokens": 8, "completion_tokens": 12, "total_tokens": 20}


def test_references_stand_before_the_end() -> None:
    """Broken: a client gets references in a chunk after the last one, or twice."""
    late = stream(chunk({"content": "a"}, "stop"), chunk(None, references=[NEWS], bot_usage={"model_usage": []}))
    assert [delta.extra for delta in deltas([late], "huoshanbot") if delta.extra] == []
    with_the_end = stream(chunk({"content": "a"}, "stop", references=[NEWS]))
    found = deltas([with_the_end], "huoshanbot")
    assert [bool(delta.extra) for delta in found] == [True, False, False]
    assert found[-1].finish_reason == "stop"


def test_head_of_a_bot() -> None:
    """Broken: references in the first event take the place of the reply's id and time."""
    for data in (BOT_STREAM, stream(chunk({"content": "a"}, "stop", references=[NEWS]))):
        events = render.stream(deltas([data], "huoshanbot"), "mine", include_usage=False)
        documents = [orjson.loads(event.removeprefix(b"data: ")) for event in events if b"[DONE]" not in event]
        assert {(document["id"], document["created"]) for document in documents} == {("0217", 7)}
        assert any(document["choices"][0]["delta"].get("annotations") for document in documents)


def test_whole_answer_of_a_bot() -> None:
    """Broken: a plain answer of a bot has no references, or what a bot tells of nothing breaks it."""
    message = {"role": "assistant", "content": "a"}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    told = whole({**HEAD, "choices": choices, "references": [NEWS, NEWS], "bot_usage": None}, "huoshanbot")
    assert told["choices"][0]["message"]["annotations"] == [annotation(NEWS)]
    for nothing in (None, [], [None], "x", {}):
        told = whole({**HEAD, "choices": choices, "references": nothing})
        assert "annotations" not in told["choices"][0]["message"]


def test_annotations() -> None:
    """Broken: a reference has not the shape that OpenAI's clients read, or loses what the vendor told."""
    made = annotation(NEWS)
    assert made["type"] == "url_citation"
    assert made["url_citation"] == {**NEWS, "start_index": 0, "end_index": 0}
    assert annotation(PAGE)["url_citation"] == {
        **PAGE,
        "url": "",
        "title": "guide.pdf",
        "start_index": 0,
        "end_index": 0,
    }
    assert annotation({"mobile_url": "m", "title": None})["url_citation"]["url"] == "m"


def test_references_in_a_text() -> None:
    """Broken: an answer that speaks of references, or a broken event that does, breaks the stream."""
    text = 'say "references": [1]'
    events = [
        Event("", b'{"references": [{"ur'),
        Event("", orjson.dumps(chunk({"content": text}))),
        Event("", b'["references"]'),
    ]
    found = list(ROWS["huoshan"].decode(iter(events)))
    assert "".join(delta.text or "" for delta in found) == text
    assert not any(delta.extra for delta in found)


def test_thinking() -> None:
    """Broken: thoughts are lost, come as text, or are not counted as the vendor counts them."""
    usage = {
        "prompt_tokens": 41,
        "completion_tokens": 89,
        "total_tokens": 130,
        "completion_tokens_details": {"reasoning_tokens": 70},
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    message = {"role": "assistant", "content": "7", "reasoning_content": "\nhm"}
    doc = {**HEAD, "choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": usage}
    told = whole(doc)
    assert told["choices"][0]["message"]["reasoning_content"] == "\nhm"
    assert told["usage"] == usage
    assert [d.usage for d in deltas([orjson.dumps(doc)]) if d.usage] == [
        Usage(41, 89, {"cached_tokens": 8}, {"reasoning_tokens": 70})
    ]


def test_thinking_that_left_no_room() -> None:
    """Broken: an answer whose tokens all went into thinking is taken for a failure."""
    message = {"role": "assistant", "content": "", "reasoning_content": "hm"}
    choice = whole({**HEAD, "choices": [{"index": 0, "finish_reason": "length", "message": message}]})["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "")


@pytest.mark.parametrize("word", ["stop", "length", "content_filter"])
def test_ends(word: str) -> None:
    """Broken: a reply ends for another reason than the vendor gave."""
    assert [d.finish_reason for d in deltas([stream(chunk({"content": "a"}, word))]) if d.finish_reason] == [word]


def test_tool_calls_in_a_stream() -> None:
    """Broken: a call in pieces is not put together."""
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a'}}
    last = {"index": 0, "function": {"arguments": '":1}'}}
    data = stream(
        chunk({"content": "", "tool_calls": [first]}),
        chunk({"tool_calls": [last]}),
        chunk({"content": ""}, "tool_calls"),
    )
    message = render.fold(deltas([data]), "mine")["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]


@pytest.mark.parametrize("row", ROWS)
def test_any_cut_of_the_bytes(row: str) -> None:
    """Broken: what a client gets depends on how the bytes arrived, or a cut stream looks complete."""
    expected = render.fold(deltas([BOT_STREAM], row), "mine")
    rng = random.Random(3)
    marks = [sorted(rng.choices(range(len(BOT_STREAM)), k=9)) for _ in range(50)]
    cuts = [[BOT_STREAM[a:b] for a, b in zip([0, *m], [*m, len(BOT_STREAM)], strict=True)] for m in marks]
    for pieces in [[BOT_STREAM[i : i + 1] for i in range(len(BOT_STREAM))], *cuts]:
        assert render.fold(deltas(pieces, row), "mine") == expected
    end = BOT_STREAM.index(b'"finish_reason"')
    assert not any(complete(BOT_STREAM[:length], row) for length in range(0, end, 7))
