"""Replies of text and multimodal generation: pieces or repetitions, thoughts, ends, and errors among them."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from app import render
from providers.errors import ErrorKind, ProviderError
from providers.types import Usage
from tests.unit.dashing import deltas, encoded, folded, frame, sse, whole

COUNTS = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}


TALK = sse(
    frame({"reasoning_content": "Hm"}),
    frame({"reasoning_content": "m, 好"}),
    frame({"content": "你好"}),
    frame({"content": "你好"}, usage={"input_tokens": 11, "output_tokens": 3}),
    frame({"content": "🌏"}, None),
    frame({"content": ""}, "stop", usage=COUNTS),
)
"""Pieces that repeat each other: they must not be taken for the whole text once more."""


def test_pieces() -> None:
    """Broken: a piece is lost or dropped because it looks like the text so far, or the text "null" ends the reply."""
    told = folded(TALK)
    message = told["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("你好你好🌏", "Hmm, 好")
    assert told["choices"][0]["finish_reason"] == "stop"
    assert (told["id"], told["usage"]["total_tokens"]) == ("chatcmpl-r-1", 18)
    assert [delta.finish_reason for delta in deltas([TALK]) if delta.finish_reason] == ["stop"]


def test_repetitions() -> None:
    """Broken: a model that repeats its text from the beginning gives it to the client several times."""
    data = sse(
        frame({"content": "", "reasoning_content": "a"}),
        frame({"content": "", "reasoning_content": "ab"}),
        frame({"content": "你", "reasoning_content": "ab"}),
        frame({"content": "你好", "reasoning_content": "ab"}),
        frame({"content": "你好", "reasoning_content": ""}, "stop"),
    )
    message = folded(data, wire=encoded("farui-plus", stream=True))["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("你好", "ab")


def complete(data: bytes) -> bool:
    """Whether the gateway would take this much of a reply for all of it."""
    try:
        return any(delta.finish_reason for delta in deltas([data]))
    except ProviderError:
        return False


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_any_cut_of_the_bytes(ends: bytes) -> None:
    """Broken: what a client gets depends on how the bytes arrived, or a cut stream looks complete."""
    data = TALK.replace(b"\n", ends)
    expected = folded(TALK)
    rng = random.Random(5)
    marks = [sorted(rng.choices(range(len(data)), k=9)) for _ in range(50)]
    cuts = [[data[a:b] for a, b in zip([0, *m], [*m, len(data)], strict=True)] for m in marks]
    for pieces in [[data[i : i + 1] for i in range(len(data))], *cuts]:
        assert render.fold(deltas(pieces), "mine") == {**expected, "created": pytest.approx(expected["created"], abs=5)}
    before_the_end = data.index(b'"finish_reason":"stop"')
    assert not any(complete(data[:length]) for length in range(0, before_the_end, 7))


def test_content_of_the_multimodal_endpoint() -> None:
    """Broken: a list of parts is not read, an empty one is an error, or counts without a total are lost."""
    data = sse(
        frame({"content": []}),
        frame({"content": [{"text": "这是"}]}),
        frame({"content": [{"text": "一"}, {"image": "x"}, {"text": "狗"}]}),
        frame({"content": []}, "stop", usage={"input_tokens": 5, "output_tokens": 3, "image_tokens": 4}),
    )
    told = folded(data)
    assert told["choices"][0]["message"]["content"] == "这是一狗"
    assert told["usage"] == {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


def test_details_of_usage() -> None:
    """Broken: cached or reasoning tokens are lost, or counted twice."""
    usage = {
        **COUNTS,
        "prompt_tokens_details": {"cached_tokens": 4},
        "output_tokens_details": {"reasoning_tokens": 5},
    }
    found = [delta.usage for delta in deltas([sse(frame({"content": "a"}, "stop", usage=usage))]) if delta.usage]
    assert found == [Usage(11, 7, {"cached_tokens": 4}, {"reasoning_tokens": 5})]


@pytest.mark.parametrize(
    ("word", "seen", "note"),
    [
        ("stop", "stop", None),
        ("length", "length", None),
        ("content_filter", "content_filter", None),
        ("tool_calls", "stop", None),
        ("wormhole", "stop", "unknown finish reason wormhole"),
    ],
)
def test_ends(word: str, seen: str, note: str | None) -> None:
    """Broken: a reply ends for another reason than the vendor gave."""
    last = deltas([sse(frame({"content": "a"}, word))])[-1]
    assert (last.finish_reason, last.note) == (seen, note)


@pytest.mark.parametrize("word", ["null", "", None, "NULL"])
def test_no_end_yet(word: Any) -> None:
    """Broken: a reply that goes on is taken for one that has ended."""
    assert not any(delta.finish_reason for delta in deltas([sse(frame({"content": "a"}, word))]))


def test_answers_of_old_models() -> None:
    """Broken: a text that stands beside where the choices should be is not read."""
    told = whole({"output": {"text": "好", "finish_reason": "stop"}, "usage": COUNTS, "request_id": "r"})
    assert told["choices"][0]["message"]["content"] == "好"
    data = sse({"output": {"text": "好", "finish_reason": "null"}}, {"output": {"text": "", "finish_reason": "length"}})
    assert folded(data)["choices"][0]["finish_reason"] == "length"


def test_several_choices() -> None:
    """Broken: two choices are glued together."""
    choices = [{"index": n, "finish_reason": "stop", "message": {"content": text}} for n, text in enumerate(("a", "b"))]
    told = whole({"output": {"choices": choices}, "request_id": "r"})
    assert [choice["message"]["content"] for choice in told["choices"]] == ["a", "b"]
    data = sse({"output": {"choices": [choices[1]]}}, {"output": {"choices": [choices[0]]}})
    assert [choice["message"]["content"] for choice in folded(data)["choices"]] == ["a", "b"]


def test_logprobs() -> None:
    """Broken: logprobs are lost, or an empty object for them passes."""
    told = {"content": [{"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}]}
    choice = {"finish_reason": "stop", "message": {"content": "a"}, "logprobs": told}
    assert whole({"output": {"choices": [choice]}})["choices"][0]["logprobs"] == told
    assert whole({"output": {"choices": [{**choice, "logprobs": {}}]}})["choices"][0]["logprobs"] is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (sse({"code": "Throttling.RateQuota", "message": "told"}, name="error", status=429), ErrorKind.RATE_LIMITED),
        (sse({"code": "Made.Up", "message": "told"}, name="error", status=503), ErrorKind.OVERLOADED),
        (sse({"code": "Made.Up", "message": "told"}, name="error", status=401), ErrorKind.UPSTREAM_AUTH),
        (sse({"code": "InternalError.Algo", "message": "told"}), ErrorKind.SERVER_ERROR),
        (sse({"error": {"code": "Arrearage", "message": "told"}}), ErrorKind.QUOTA),
        (b'{"code":"Arrearage","message":"told","request_id":"r"}', ErrorKind.QUOTA),
        (b'{"request_id":"r","message":"told"}', ErrorKind.MALFORMED),
        (b'["told"]', None),
        (b"<html><title>told</title></html>", ErrorKind.MALFORMED),
    ],
)
@pytest.mark.parametrize("before", [b"", sse(frame({"content": "a"}))])
def test_errors_inside_a_success(data: bytes, kind: ErrorKind | None, before: bytes) -> None:
    """Broken: an error event or document inside a 200 passes for an answer, or loses its status or words."""
    if kind is None:
        assert not any(delta.finish_reason for delta in deltas([before + data]))
        return
    with pytest.raises(ProviderError, match="told") as raised:
        deltas([before + data])
    assert raised.value.kind is kind


def test_what_comes_after_the_end() -> None:
    """Broken: counts behind the end are lost, or an event behind it makes a failure of a good answer."""
    late = [{"output": {"choices": []}, "usage": COUNTS}, frame({"content": "more"}, "stop"), {"request_id": "r"}]
    error = sse({"code": "InternalError", "message": "late"}, name="error", status=500)
    told = folded(sse(frame({"content": "a"}, "stop"), *late) + error)
    assert (told["choices"][0]["message"]["content"], told["usage"]["total_tokens"]) == ("a", 18)


@pytest.mark.parametrize("row", ["dashscope", "bailian"])
def test_connection_that_breaks(row: str) -> None:
    """Broken: a connection that breaks behind the end spoils a whole answer, or one before it passes for the end."""

    def broken(*docs: Any) -> Iterator[bytes]:
        yield sse(*docs)
        raise ProviderError(ErrorKind.INCOMPLETE, "closed")

    def told(text: str, finish: str) -> Any:
        both = {**frame({"content": text}, finish)["output"], "text": text, "finish_reason": finish}
        return {"output": both, "request_id": "r"}

    assert [d.finish_reason for d in deltas(broken(told("a", "null"), told("", "stop")), row)][-1] == "stop"
    with pytest.raises(ProviderError, match="closed"):
        deltas(broken(told("a", "null")), row)


def test_events_that_say_nothing() -> None:
    """Broken: a heartbeat, a broken event or a foreign end disturbs the stream."""
    broken = b'id:9\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"cho\n\n'
    data = b": ping\n\n" + sse(frame({"content": "a"})) + broken + sse({}, frame({"content": "b"}, "stop"))
    found = deltas([data + b"data:[DONE]\n\n"])
    assert "".join(delta.text or "" for delta in found) == "ab"
    assert [delta.note for delta in found if delta.note] == ["skipped a malformed event"]
