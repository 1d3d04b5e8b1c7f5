"""Signed thinking across turns, although the client drops it: noted by one reply, put back by the next request."""

from typing import Any

import orjson
import pytest

from app.memory import Memory
from providers.types import ChatRequest, Destination, Json
from providers.vendors.claude import VENDOR

BUDGET, ADAPTIVE, ALWAYS = "claude-sonnet-4-5", "claude-opus-4-8", "claude-opus-5-5"
FIRST = {"type": "thinking", "thinking": "I need the weather.", "signature": "c2lnMQ=="}
SECOND = {"type": "redacted_thinking", "data": "b3BhcXVl"}
THIRD = {"type": "thinking", "thinking": "", "signature": "c2lnMw=="}
SWITCHED = "switched reasoning off for this turn: the signed thinking before the last tool calls is not known"


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def use(call: str) -> Json:
    return {"type": "tool_use", "id": call, "name": "f", "input": {}}


def remembered(*blocks: Json, model: str = BUDGET) -> Memory:
    """The gateway's memory after a reply with these blocks."""
    message = {"type": "message", "model": model, "content": list(blocks), "stop_reason": "tool_use", "usage": {}}
    memory = Memory()
    for delta in VENDOR.decode(VENDOR.frame(iter([orjson.dumps(message)]))):
        memory.keep(delta.memo or {})
    return memory


def asked(*ids: str, content: Any = None, **more: Any) -> list[Json]:
    """The next turn of a client that sends text and calls back and nothing else."""
    calls = [{"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}} for i in ids]
    results = [{"role": "tool", "tool_call_id": i, "content": "18"} for i in ids]
    turn = {"role": "assistant", "content": content, "tool_calls": calls, **more}
    return [{"role": "user", "content": "Weather?"}, turn, *results]


def sent(memory: Memory, messages: list[Json], model: str = BUDGET, **params: Any) -> tuple[Json, tuple[str, ...]]:
    params = {"reasoning_effort": "low", "max_tokens": 5000, **params}
    to = Destination(model, VENDOR.base_url, recall=memory.recall)
    wire = VENDOR.encode(ChatRequest(model, messages, False, params), to)
    return orjson.loads(wire.body), wire.changes


def test_thinking_comes_back() -> None:
    """The second turn lacks the signed thinking, and the API refuses it."""
    memory = remembered(FIRST, SECOND, text("Let me see."), use("t1"), use("t2"))
    body, changes = sent(memory, asked("t1", "t2", content="Let me see."))
    assert body["messages"][1]["content"] == [FIRST, SECOND, text("Let me see."), use("t1"), use("t2")]
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert changes == ()


def test_thinking_between_calls_keeps_its_place() -> None:
    """Thinking between two texts or calls comes back in another place, where its signature does not hold."""
    blocks = [FIRST, text("One. "), use("t1"), THIRD, text("Two."), use("t2")]
    memory = remembered(*blocks)
    assert sent(memory, asked("t1", "t2", content="One. Two."))[0]["messages"][1]["content"] == blocks


def test_changed_turns() -> None:
    """A client that edits its history gets a broken turn."""
    memory = remembered(FIRST, text("One. "), use("t1"), THIRD, text("Two."), use("t2"))
    body, _ = sent(memory, asked("t1", "t2", content="Changed"))
    assert body["messages"][1]["content"] == [FIRST, text("Changed"), use("t1"), THIRD, use("t2")]
    body, _ = sent(memory, asked("t2", "t9"))
    assert body["messages"][1]["content"] == [FIRST, THIRD, use("t2"), use("t9")]
    without_text = remembered(FIRST, use("t1"))
    body, _ = sent(without_text, asked("t1", content="New"))
    assert body["messages"][1]["content"] == [FIRST, text("New"), use("t1")]


def test_blank_text_between_blocks_is_left_out() -> None:
    """A blank text of the reply goes up again, which the API refuses."""
    memory = remembered(FIRST, text("\n\n"), use("t1"), THIRD, text("Two."), use("t2"))
    body, _ = sent(memory, asked("t1", "t2", content="\n\nTwo."))
    assert body["messages"][1]["content"] == [FIRST, use("t1"), THIRD, text("Two."), use("t2")]


def test_blocks_that_the_client_kept() -> None:
    """A client that does keep thinking blocks is not listened to."""
    body, changes = sent(Memory(), asked("t1", content="x", thinking_blocks=[FIRST, {"type": "text"}, "odd"]))
    assert body["messages"][1]["content"] == [FIRST, text("x"), use("t1")]
    assert changes == ()


@pytest.mark.parametrize(
    ("model", "thinking", "changes"),
    [
        (BUDGET, None, (SWITCHED,)),
        (ADAPTIVE, {"type": "disabled"}, (SWITCHED,)),
        ("claude-sonnet-5-5", {"type": "between_tools"}, (SWITCHED,)),
        (ALWAYS, {"type": "adaptive", "display": "summarized"}, ()),
    ],
)
def test_unknown_thinking(model: str, thinking: Json | None, changes: tuple[str, ...]) -> None:
    """A history whose thinking nobody kept makes the API refuse the request."""
    body, told = sent(Memory(), asked("t1"), model)
    assert (body.get("thinking"), told) == (thinking, changes)
    assert body["messages"][1]["content"] == [use("t1")]


def test_only_the_last_turn_of_the_assistant_decides() -> None:
    """Reasoning is switched off because of tool calls that are long answered."""
    told = [*asked("t1"), {"role": "assistant", "content": "18"}, {"role": "user", "content": "Thanks"}]
    body, changes = sent(Memory(), told)
    assert body["thinking"]["type"] == "enabled"
    assert changes == ()


def test_turn_without_thinking() -> None:
    """A model that chose not to think about a call is told never to think again; one that must is not believed."""
    memory = remembered(text("x"), use("t1"), model=ADAPTIVE)
    assert sent(memory, asked("t1"), ADAPTIVE)[0]["thinking"]["type"] == "adaptive"
    assert sent(remembered(use("t1")), asked("t1"))[1] == (SWITCHED,)


def test_no_thinking_goes_up_where_none_is_wanted() -> None:
    """Thinking blocks go up with thinking switched off, or are missing where the model thinks unasked."""
    memory = remembered(FIRST, use("t1"))
    assert sent(memory, asked("t1"), reasoning_effort=None)[0]["messages"][1]["content"] == [use("t1")]
    memory = remembered(FIRST, use("t1"), model=ADAPTIVE)
    assert sent(memory, asked("t1"), ADAPTIVE, reasoning_effort="none")[0]["messages"][1]["content"] == [use("t1")]
    unasked = sent(memory, asked("t1"), ADAPTIVE, reasoning_effort=None)[0]["messages"][1]["content"]
    assert unasked == [FIRST, use("t1")]


@pytest.mark.parametrize(
    ("then", "now", "fits"),
    [
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", True),
        ("claude-sonnet-4-5-20250929", "my-alias", True),
        ("", "claude-sonnet-4-5", True),
        ("claude-opus-4-5", "claude-sonnet-4-5", False),
        ("claude-sonnet-4-20250514", "claude-sonnet-4-5", False),
    ],
)
def test_signatures_are_good_for_one_model(then: str, now: str, fits: bool) -> None:
    """Thinking of one model goes up to another, which refuses its signature."""
    body, _ = sent(remembered(FIRST, use("t1"), model=then), asked("t1"), now)
    assert (FIRST in body["messages"][1]["content"]) is fits


def test_prefill_is_no_use_to_thinking() -> None:
    """The beginning of an answer goes up with thinking on, and the API misses its thinking."""
    told = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    body, _ = sent(Memory(), told)
    assert body["messages"][-1]["role"] == "user"


def test_same_id_twice_in_a_turn() -> None:
    """A turn with two calls of one id loses one of them."""
    body, _ = sent(remembered(FIRST, use("t1")), asked("t1", "t1"))
    assert [block["id"] for block in body["messages"][1]["content"]] == ["t1", "t1_2"]
