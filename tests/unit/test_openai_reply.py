"""The decoder of the OpenAI wire: heads, texts, reasoning and choices, as no vector file shows them."""

from typing import Any

import pytest

from providers.types import BODY, Json
from providers.wires.openai.dialect import Dialect
from tests.unit.openai_chunks import DONE, STOP, chunk, event, folded, only, read


def test_short_path_gives_what_the_long_way_gives() -> None:
    """An event of plain text is read otherwise once the reply has begun."""
    first, second = chunk({"role": "assistant", "content": "a"}), chunk({"content": "a"})
    assert [delta.text for delta in read(first, second)] == [None, "a", "a"]


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "b", "reasoning_content": "r"},
        {"content": "b", "tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]},
        {"content": "b", "refusal": "no"},
    ],
)
def test_short_path_leaves_nothing_out(delta: Json) -> None:
    """What stands beside the text of a later event is lost."""
    late = read(chunk({"content": "a"}), chunk(delta))[-1]
    assert late.text == "b"
    assert late.reasoning or late.tool_calls or late.extra


def test_first_id_and_time_win() -> None:
    """A reply changes its id or time half way, or has none although a later event brought them."""
    document = folded(
        event({"id": "", "created": 0, "choices": []}),
        event({"id": "one", "created": "1700000000.9", "choices": [{"delta": {"content": "a"}}]}),
        event({"id": "two", "created": 5, "choices": [{"delta": {}, "finish_reason": "stop"}]}),
    )
    assert (document["id"], document["created"]) == ("one", 1700000000)


def test_sid_stands_for_an_id() -> None:
    """A reply whose only name is ``sid`` gets a made-up id."""
    assert folded(event({"sid": "s@1", "code": 0, "choices": [{"message": {"content": "a"}}]}, BODY))["id"] == "s@1"


def test_nonsense_time_is_no_time() -> None:
    """A ``created`` that is no number breaks the reply."""
    assert folded(event({"created": "soon", "choices": [{"message": {"content": "a"}}]}, BODY))["created"] > 1e9


def test_further_fields_of_the_reply_pass() -> None:
    """Fields of the reply as a whole that clients read are lost, or empty ones stand in for them."""
    document = folded(
        chunk({"content": "a"}, system_fingerprint="", service_tier="default"),
        chunk({}, "stop", system_fingerprint="fp", citations=["u"], search_results=[{"t": 1}]),
    )
    assert document["system_fingerprint"] == "fp"
    assert document["service_tier"] == "default"
    assert document["citations"] == ["u"]
    assert document["search_results"] == [{"t": 1}]


def test_tiers_of_others_do_not_pass() -> None:
    """A typed client breaks on a tier of service that OpenAI does not have."""
    assert "service_tier" not in folded(chunk({"content": "a"}, service_tier="on_demand"), STOP)
    assert folded(chunk({"content": "a"}, service_tier="flex"), STOP)["service_tier"] == "flex"


@pytest.mark.parametrize("choices", [None, [], "absent"])
def test_events_without_choices_are_passed_over(choices: Any) -> None:
    """A chunk that has neither choices nor usage disturbs the reply."""
    odd: Json = {"id": "x", "object": "chat.completion.chunk"}
    if choices != "absent":
        odd["choices"] = choices
    assert only(event(odd), chunk({"content": "a"}), STOP)["message"]["content"] == "a"


@pytest.mark.parametrize("delta", [None, "absent"])
def test_delta_that_is_null_or_missing(delta: Any) -> None:
    """A choice without a delta breaks the reply."""
    choice: Json = {"index": 0, "finish_reason": "stop"}
    if delta is None:
        choice["delta"] = None
    assert only(chunk({"content": "a"}), event({"choices": [choice]}))["finish_reason"] == "stop"


def test_message_stands_for_a_missing_delta() -> None:
    """A relay that streams messages instead of deltas gives an empty answer."""
    first = event({"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": None}]})
    assert only(first, STOP)["message"]["content"] == "a"


def test_full_message_before_the_finish_is_not_said_twice() -> None:
    """A whole message that repeats the streamed text doubles the answer."""
    again = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"content": "ab"}, "finish_reason": "stop"}],
    }
    choice = only(chunk({"content": "a"}), chunk({"content": "b"}), event(again))
    assert (choice["message"]["content"], choice["finish_reason"]) == ("ab", "stop")


@pytest.mark.parametrize("delta", [{}, None])
def test_whole_text_at_the_end_is_not_said_twice(delta: Any) -> None:
    """A vendor whose last event repeats the whole message, beside a delta or instead of one, has it said twice."""
    last = {"index": 0, "delta": delta, "message": {"role": "assistant", "content": "ab"}, "finish_reason": "stop"}
    begun = chunk({"content": "a"}), chunk({"content": "b"})
    for kind in ("chat.completion.done", "chat.completion.chunk") if delta == {} else ("chat.completion.done",):
        assert only(*begun, event({"object": kind, "choices": [last]}))["message"]["content"] == "ab"
        silent = chunk({"role": "assistant", "content": ""})
        assert only(silent, event({"object": kind, "choices": [last]}))["message"]["content"] == "ab"


def test_text_beside_no_choices() -> None:
    """A stream whose text stands in a field of the vendor's own comes out empty, or others' fields are read."""
    events = [event({"response": "a"}), event({"response": "b", "usage": {"prompt_tokens": 1}}), DONE]
    reply = folded(*events, dialect=Dialect(bare_text="response"))
    assert (reply["choices"][0]["message"]["content"], reply["choices"][0]["finish_reason"]) == ("ab", "stop")
    assert not any(delta.text for delta in read(*events))


def test_choices_are_told_apart() -> None:
    """Two choices of one reply run together, or share a finish."""
    document = folded(
        chunk({"content": "a"}, index=0),
        chunk({"content": "b"}, index=1),
        chunk({"content": "c"}, index=1),
        chunk({}, "length", index=1),
        chunk({"content": "d"}, index=0),
        chunk({}, "stop", index=0),
    )
    told = [(choice["message"]["content"], choice["finish_reason"]) for choice in document["choices"]]
    assert told == [("ad", "stop"), ("bc", "length")]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_under_its_names(name: str) -> None:
    """Reasoning under one of its names is lost."""
    assert only(chunk({name: "hm"}), chunk({"content": "a"}), STOP)["message"]["reasoning_content"] == "hm"


def test_reasoning_details() -> None:
    """Reasoning that comes only as details is lost, or a strange detail breaks it."""
    details = [{"type": "reasoning.text", "text": "h"}, {"type": "reasoning.encrypted", "data": "?"}, "?"]
    assert only(chunk({"reasoning_details": details}), STOP)["message"]["reasoning_content"] == "h"


def test_content_of_parts() -> None:
    """A content of parts is lost or loses its thoughts."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
        "b",
        {"type": "reference", "reference_ids": [1]},
    ]
    message = only(event({"choices": [{"message": {"content": parts}}]}, BODY))["message"]
    assert (message["content"], message["reasoning_content"]) == ("ab", "hm")


def test_odd_content_is_no_text() -> None:
    """A content that is neither text nor parts breaks the reply."""
    assert (
        only(chunk({"content": 5, "reasoning": {"effort": 1}}), chunk({"content": "a"}), STOP)["message"]["content"]
        == "a"
    )


def test_fields_of_openai_pass() -> None:
    """Logprobs, refusals, annotations or audio are lost; logprobs of another shape reach the client."""
    logprobs = {"content": [{"token": "a", "logprob": -1}], "refusal": None}
    whole = {
        "choices": [
            {
                "message": {"content": None, "refusal": "no", "annotations": [], "audio": {"id": "a"}},
                "logprobs": logprobs,
            }
        ]
    }
    choice = only(event(whole, BODY))
    assert choice["message"] == {
        "role": "assistant",
        "content": "",
        "refusal": "no",
        "annotations": [],
        "audio": {"id": "a"},
    }
    assert choice["logprobs"] == logprobs
    for other in (-0.5, {"tokens": ["a"]}, [1]):
        assert only(event({"choices": [{"message": {"content": "a"}, "logprobs": other}]}, BODY))["logprobs"] is None
    half = {"content": [{"token": "a", "logprob": -1}]}
    told = only(event({"choices": [{"message": {"content": "a"}, "logprobs": half}]}, BODY))["logprobs"]
    assert told == {**half, "refusal": None}
