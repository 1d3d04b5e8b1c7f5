"""Replies of Gemini: parts, ends, usage, and streams that break, stop too often or say nothing."""

import random
from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Json, Usage
from tests.unit.gemini import GEMINI, answer, decoded, encoded, streamed, told

USAGE = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}


def whole(document: Json) -> list[Delta]:
    return decoded(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def failure(data: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        decoded(data)
    return raised.value


def test_whole_and_streamed_are_alike() -> None:
    """Broken: the same answer is another one when it is streamed, or depends on where its bytes are cut."""
    parts = [{"text": "想", "thought": True}, {"text": "你好"}, {"functionCall": {"name": "f", "args": {"x": "天"}}}]
    events = [answer([part], None) for part in parts[:-1]] + [answer(parts[-1:])]
    expected = {"text": "你好", "reasoning": "想", "calls": [("f", '{"x": "天"}')], "reasons": ["tool_calls"]}
    assert told(whole(answer(parts))) == expected
    data = streamed(*events)
    rng = random.Random(1)
    for _ in range(100):
        marks = sorted(rng.choices(range(len(data) + 1), k=6))
        pieces = [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
        assert told(GEMINI.decode(GEMINI.frame(iter(pieces)))) == expected
    assert told(decoded(b"[" + b",\r\n".join(orjson.dumps(one) for one in events) + b"]")) == expected


def test_stop_in_every_event() -> None:
    """Broken: the first of many STOPs ends the answer."""
    deltas = decoded(streamed(answer([{"text": "a"}]), answer([{"text": "b"}]), answer([])))
    assert told(deltas)["text"] == "ab"
    assert told(deltas)["reasons"] == ["stop"]
    assert deltas[-1].finish_reason == "stop"


def test_usage() -> None:
    """Broken: counts of earlier events hold, or those of thoughts and tools are left out."""
    first = {**answer([{"text": "a"}], None), "usageMetadata": {"promptTokenCount": 7, "cachedContentTokenCount": 2}}
    last: Json = {**answer([]), "usageMetadata": {
        **USAGE, "thoughtsTokenCount": 4, "toolUsePromptTokenCount": 5,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 6}, {"modality": "TEXT", "tokenCount": 1}],
    }}  # fmt: skip
    usages = [delta.usage for delta in decoded(streamed(first, last)) if delta.usage]
    assert usages[-1] == Usage(12, 7, {"cached_tokens": 2, "audio_tokens": 6}, {"reasoning_tokens": 4})
    assert [delta.usage for delta in whole(answer([{"text": "a"}]))] == [None, None]


def test_head() -> None:
    """Broken: the vendor's id and time are lost."""
    document = {**answer([{"text": "a"}]), "responseId": "r1", "createTime": "2026-01-01T00:00:00.123456789Z"}
    head = whole(document)[0].head
    assert head is not None
    assert (head.id, head.created) == ("chatcmpl-r1", 1767225600)
    odd = whole({**document, "createTime": "soon"})[0].head
    assert odd is not None
    assert odd.created is None
    del document["responseId"]
    nameless = whole(document)[0].head
    assert nameless is not None
    assert (nameless.id, nameless.created) == (None, 1767225600)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", "stop"),
        ("FINISH_REASON_UNSPECIFIED", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("MALFORMED_FUNCTION_CALL", "stop"),
        *((word, "content_filter") for word in ("SAFETY", "RECITATION", "LANGUAGE", "OTHER", "SPII", "MODEL_ARMOR")),
        ("SOMETHING_NEW", "stop"),
    ],
)
def test_finish_reasons(word: str, reason: str) -> None:
    """Broken: an end is told as another one."""
    deltas = whole(answer([{"text": "a"}], word, finishMessage="why"))
    assert told(deltas)["reasons"] == [reason]
    refusals = [(delta.extra or {}).get("refusal") for delta in deltas if delta.extra]
    assert refusals == (["why"] if reason == "content_filter" else [])
    assert any(delta.note for delta in deltas) is (word == "SOMETHING_NEW")


def test_calls() -> None:
    """Broken: parallel calls share a number or an id, or absent arguments are no JSON."""
    parts: list[Json] = [
        {"functionCall": {"id": "u", "name": "f", "args": {}}},
        {"functionCall": {"id": "u", "name": "g"}},
        {"functionCall": {"name": "h", "args": {"a": [1, None]}}},
    ]
    calls = [one for delta in decoded(streamed(*(answer([part]) for part in parts))) for one in delta.tool_calls]
    assert [(one.index, one.name, one.arguments) for one in calls] == [
        (0, "f", "{}"), (1, "g", "{}"), (2, "h", '{"a": [1, null]}'),
    ]  # fmt: skip
    assert calls[0].id == "u"
    assert len({one.id for one in calls}) == 3
    assert told(whole(answer(parts, "MAX_TOKENS")))["reasons"] == ["length"]


def test_names_of_tools_come_back() -> None:
    """Broken: a client gets a call of a tool that it does not have."""
    tools = [{"type": "function", "function": {"name": name}} for name in ("get weather", "get_weather")]
    wire = encoded(params={"tools": tools})
    parts = [{"functionCall": {"name": name}} for name in ("get_weather", "get_weather_2", "other")]
    calls = told(decoded(streamed(answer(parts)), wire))["calls"]
    assert [name for name, _ in calls] == ["get weather", "get_weather", "other"]


def test_several_choices() -> None:
    """Broken: texts of several candidates are mixed up, or one that was cut looks whole."""
    document = answer([{"text": "a"}])
    document["candidates"].append({"content": {"parts": [{"text": "b"}]}, "finishReason": "MAX_TOKENS"})
    deltas = whole(document)
    assert [(delta.choice, delta.text) for delta in deltas if delta.text] == [(0, "a"), (1, "b")]
    assert [(delta.choice, delta.finish_reason) for delta in deltas if delta.finish_reason] == [
        (0, "stop"),
        (1, "length"),
    ]
    del document["candidates"][1]["finishReason"]
    assert failure(streamed(document)).kind is ErrorKind.INCOMPLETE


def test_numbers_of_choices() -> None:
    """Broken: two candidates become one, since this JSON leaves the number 0 out, or they are not in order."""
    named, nameless = ({"content": {"parts": [{"text": text}]}, "finishReason": "STOP"} for text in "ba")
    named["index"] = 1
    for document in ({"candidates": [named, nameless]}, {"candidates": [nameless, named]}):
        for deltas in (whole(document), decoded(streamed(document))):
            assert sorted((delta.choice, delta.text) for delta in deltas if delta.text) == [(0, "a"), (1, "b")]


def test_other_parts() -> None:
    """Broken: images, code or what is unknown breaks the answer or is lost."""
    deltas = whole(
        answer(
            [
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"inlineData": {"mimeType": "image/png", "data": "BBBB"}, "thought": True},
                {"executableCode": {"language": "PYTHON", "code": "print(1)\n"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
                {"somethingNew": {}},
                {"text": "", "thoughtSignature": "U0lH"},
            ]
        )
    )
    assert told(deltas)["text"] == "\n```python\nprint(1)\n```\n\n```\n1\n```\n"
    images = [(delta.extra or {}).get("images") for delta in deltas if delta.extra]
    assert images == [[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]]


def test_grounding_and_logprobs() -> None:
    """Broken: the pages an answer rests on, or the probabilities of its tokens, are lost."""
    token = {"token": "天", "logProbability": -0.5}
    document = answer(
        [{"text": "天"}],
        groundingMetadata={"groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}, {"odd": 1}]},
        logprobsResult={"chosenCandidates": [token], "topCandidates": [{"candidates": [token]}]},
    )
    extras: Any = [delta.extra for delta in whole(document) if delta.extra]
    row = {"token": "天", "logprob": -0.5, "bytes": [229, 164, 169]}
    assert extras[0]["logprobs"] == {"content": [{**row, "top_logprobs": [row]}], "refusal": None}
    (citation,) = extras[1]["annotations"]
    assert citation["url_citation"]["url"] == "https://a.example"
