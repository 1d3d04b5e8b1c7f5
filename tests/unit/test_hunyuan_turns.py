"""The order of messages that Hunyuan demands, on both of its surfaces."""

import random
from typing import Any

import pytest

from providers.wires.hunyuan.turns import BETWEEN, CONTINUE, arrange

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def said(text: str) -> list[dict[str, Any]]:
    """Messages in short: s, u, a, c (a call) and t (its result), each with its number as text."""
    made: dict[str, dict[str, Any]] = {
        "s": {"role": "system"},
        "u": {"role": "user"},
        "a": {"role": "assistant"},
        "c": {"role": "assistant", "tool_calls": [CALL]},
        "t": {"role": "tool", "tool_call_id": "1"},
    }
    return [{**made[letter], "content": str(number)} for number, letter in enumerate(text)]


def short(messages: list[dict[str, Any]]) -> str:
    letters = {"system": "s", "user": "u", "assistant": "a", "tool": "t"}
    return "".join("c" if message.get("tool_calls") else letters[message["role"]] for message in messages)


@pytest.mark.parametrize(
    ("given", "arranged", "losses"),
    [
        ("u", "u", []),
        ("suau", "suau", []),
        ("uctt", "uctt", []),
        ("uctau", "uctau", []),
        ("uu", "u", ["merged neighbouring messages of one role"]),
        ("uaau", "uau", ["merged neighbouring messages of one role"]),
        ("ucca", "ucu", ["merged neighbouring messages of one role", "added a user message at the end"]),
        ("us", "su", ["merged system messages into the first"]),
        ("ssus", "su", ["merged system messages into the first"]),
        ("au", "u", ["dropped messages of the assistant before the first of the user"]),
        ("sct", "suct", ["added a user message before the first tool call"]),
        ("ctau", "uctau", ["added a user message before the first tool call"]),
        ("cu", "u", ["dropped messages of the assistant before the first of the user"]),
        ("ua", "uau", ["added a user message at the end"]),
        ("s", "su", ["added a user message at the end"]),
        ("uctu", "uctau", ["added an assistant message between a tool result and a user message"]),
    ],
)
def test_order(given: str, arranged: str, losses: list[str]) -> None:
    """The vendor refuses the order of roles, or the client is not told what was done about it."""
    told: list[str] = []
    assert short(arrange(said(given), told)) == arranged
    assert told == losses


def test_texts_of_merged_messages() -> None:
    """Text is lost where messages are merged or added."""
    assert [message["content"] for message in arrange(said("usuas"), [])] == ["1\n4", "0\n2", "3", CONTINUE]
    assert arrange(said("uctu"), [])[3]["content"] == BETWEEN


def test_merged_parts_and_calls() -> None:
    """An image or a call of one of two merged messages is lost."""
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    messages = [
        {"role": "user", "content": "look"},
        {"role": "user", "content": [image]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "assistant", "content": "so", "tool_calls": [{**CALL, "id": "2"}]},
        {"role": "tool", "tool_call_id": "1", "content": "r"},
    ]
    user, assistant, _ = arrange(messages, [])
    assert user["content"] == [{"type": "text", "text": "look"}, image]
    assert (assistant["content"], [call["id"] for call in assistant["tool_calls"]]) == ("so", ["1", "2"])


def test_empty_texts_of_the_user_go() -> None:
    """The vendor refuses an empty text of the user, or its loss is not told."""
    losses: list[str] = []
    empty = {"role": "user", "content": ""}
    assert short(arrange([*said("ua"), empty, *said("u")], losses)) == "uau"
    assert short(arrange([empty], losses)) == "u"
    assert losses.count("dropped empty user messages") == 2


def test_an_empty_system_message_goes() -> None:
    """The vendor refuses empty system text."""
    assert short(arrange([{"role": "system", "content": ""}, *said("u")], [])) == "u"


@pytest.mark.parametrize("role", ["user", "system"])
def test_empty_parts_are_empty_too(role: str) -> None:
    """An array of parts without a letter of text goes up, and is refused as empty."""
    empty = [{"type": "text", "text": ""}, {"type": "text", "text": ""}]
    for content in (empty, empty[:1], []):
        assert arrange([{"role": role, "content": content}, *said("u")], []) == said("u")
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    assert arrange([{"role": "user", "content": [image]}], [])[0]["content"] == [image]


@pytest.mark.parametrize(
    ("given", "count", "first"),
    [
        ("s" + "ua" * 30 + "u", 40, "s"),
        ("ua" * 30 + "u", 39, "u"),
        ("u" + "ct" * 30, 39, "u"),
        ("s" + "u" + "ct" * 30, 40, "s"),
        ("u" + "ct" * 40 + "u", 39, "u"),
        ("u" + "ctt" * 30, 40, "u"),
    ],
)
def test_forty_messages(given: str, count: int, first: str) -> None:
    """A long conversation is refused, or more of it is given up than must be."""
    losses: list[str] = []
    messages = said(given)
    arranged = arrange(messages, losses)
    assert (len(arranged), short(arranged)[0]) == (count, first)
    assert arranged[-1] == messages[-1]
    assert losses[-1] == f"dropped messages before the newest {count - (first == 's')}"
    assert_order(short(arranged))


def assert_order(arranged: str) -> None:
    turns = arranged.removeprefix("s").replace("c", "a")
    while "tt" in turns:
        turns = turns.replace("tt", "t")
    sides = turns.replace("t", "u")
    assert sides[0] == sides[-1] == "u"
    assert "uu" not in sides
    assert "aa" not in sides


def test_any_order_becomes_the_vendor_s() -> None:
    """Some order of a client's roles is still refused by the vendor."""
    rng = random.Random(1)
    for _ in range(300):
        given = "".join(rng.choices(["u", "a", "s", "ct", "ctt"], k=rng.randint(1, 60)))
        arranged = arrange(said("u" + given), [])
        assert len(arranged) <= 40
        assert_order(short(arranged))
