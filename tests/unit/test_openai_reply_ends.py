"""How replies of the OpenAI wire end: finish reasons, ``[DONE]``, late counts, and ends that are none."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.types import BODY, Event
from providers.wires.openai.reply import decode
from tests.unit.openai_chunks import DONE, PLAIN, STOP, chunk, event, folded, kind_of, only, read


@pytest.mark.parametrize("word", ["", "null", None, "NULL"])
def test_finish_that_says_go_on(word: Any) -> None:
    """A finish reason that is empty or the word null ends the answer."""
    assert not any(delta.finish_reason for delta in read(chunk({"content": "a"}, word)))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("eos", "stop"),
        ("end_turn", "stop"),
        ("completed", "stop"),
        ("normal", "stop"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("model_context_window_exceeded", "length"),
        ("safety", "content_filter"),
        ("guardrail_intervened", "content_filter"),
        ("high_risk", "content_filter"),
        ("function_call", "stop"),
        ("insufficient_system_resource", "length"),
        ("network_error", "stop"),
    ],
)
def test_finish_words(word: str, reason: str) -> None:
    """A vendor's finish reason reaches the client as another one than it means."""
    assert only(chunk({"content": "a"}), chunk({}, word))["finish_reason"] == reason


def test_unknown_finish_is_noted() -> None:
    """A finish reason that nobody knows goes by without a trace."""
    last = read(chunk({"content": "a"}), chunk({}, "bored"))[-1]
    assert (last.finish_reason, last.note) == ("stop", "unknown finish reason bored")


@pytest.mark.parametrize(
    ("word", "kind"),
    [("error", ErrorKind.SERVER_ERROR), ("insufficient_system_resource", ErrorKind.OVERLOADED)],
)
def test_failure_before_anything_is_an_error(word: str, kind: ErrorKind) -> None:
    """An upstream that gave up at once looks like one that answered with nothing."""
    assert kind_of(chunk({"role": "assistant", "content": ""}), chunk({}, word)) is kind


def test_failure_beside_empty_fields_is_an_error() -> None:
    """Empty fields beside an answer that failed make it look like an empty answer that went well."""
    message = {"role": "assistant", "content": "", "refusal": "", "annotations": []}
    doc = {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "error"}]}
    assert kind_of(event(doc, BODY)) is ErrorKind.SERVER_ERROR
    assert kind_of(chunk(message), chunk({}, "error")) is ErrorKind.SERVER_ERROR


def test_stop_after_tool_calls_means_tool_calls() -> None:
    """A client does not run the tools because the finish said only stop."""
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    assert only(chunk({"tool_calls": [call]}), STOP)["finish_reason"] == "tool_calls"
    assert only(chunk({"content": "a"}), chunk({}, "tool_calls"))["finish_reason"] == "stop"


def test_only_the_first_finish_counts() -> None:
    """A second finish, or text behind the first one, reaches the client."""
    deltas = read(chunk({"content": "a"}), chunk({}, "length"), chunk({"content": "b"}), chunk({}, "stop"))
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["length"]
    assert "".join(delta.text or "" for delta in deltas) == "a"


def test_cleared_history_is_a_filter() -> None:
    """An answer that the vendor judged unsafe looks like an ordinary one."""
    unsafe = {"choices": [{"message": {"content": "No."}, "need_clear_history": True, "finish_reason": "stop"}]}
    assert only(event(unsafe, BODY))["finish_reason"] == "content_filter"


def test_is_end_decides_over_the_finish() -> None:
    """A vendor that says normal in every chunk ends the answer with the first, or never."""
    first = event({"choices": [{"delta": {"content": "a"}, "finish_reason": "normal", "is_end": False}]})
    last = event({"choices": [{"delta": {"content": "b"}, "is_end": True}]})
    assert only(first, last)["message"]["content"] == "ab"


def test_done_makes_up_a_finish() -> None:
    """A stream that ended in order but without a finish reason is taken for a broken one, without a note."""
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    last = read(chunk({"content": "a"}), DONE)[-1]
    assert (last.finish_reason, last.note) == ("stop", "the vendor gave no finish reason")
    assert read(chunk({"tool_calls": [call]}), DONE)[-1].finish_reason == "tool_calls"


def test_done_after_nothing_is_no_answer() -> None:
    """A stream that ended without saying anything is taken for an empty answer."""
    assert not any(delta.finish_reason for delta in read(chunk({"role": "assistant", "content": ""}), DONE))
    assert read(DONE) == []


def test_nothing_is_read_after_done() -> None:
    """The decoder waits for an end that some vendors never send."""

    def events() -> Iterator[Event]:
        yield from (chunk({"content": "a"}), STOP, DONE)
        raise AssertionError("read on")

    assert list(decode(events(), PLAIN))[-1].finish_reason == "stop"


def test_end_without_finish_or_done_is_left_unfinished() -> None:
    """A cut stream looks complete."""
    assert not any(delta.finish_reason for delta in read(chunk({"content": "a"})))


def test_choices_that_break_off_beside_one_that_ended() -> None:
    """A reply of several choices, cut when the first of them had ended, looks complete."""
    begun = (chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk({}, "stop", index=1))
    assert kind_of(*begun) is ErrorKind.INCOMPLETE
    assert [delta.choice for delta in read(*begun, DONE) if delta.finish_reason] == [1, 0]
    assert [delta.choice for delta in read(*begun, STOP) if delta.finish_reason] == [1, 0]


def test_late_usage_is_read() -> None:
    """The counts that follow the finish are lost."""
    late = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    assert folded(chunk({"content": "a"}), STOP, late, DONE)["usage"]["total_tokens"] == 5


def test_zeros_after_numbers_are_no_news() -> None:
    """Zeros at the end wipe out the counts that were told before."""
    told = chunk({"content": "a"}, usage={"prompt_tokens": 3, "completion_tokens": 2})
    zeros = chunk({}, "stop", usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})
    assert folded(told, zeros)["usage"]["total_tokens"] == 5
