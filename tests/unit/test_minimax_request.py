"""What goes up to MiniMax in ``chatcompletion_pro``."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from tests.unit.minimax import BARE, FUNCTION, IMAGE, LENGTH, NOTHING, TOOL, USER, encoded, sent


def speakers(*messages: Json) -> tuple[list[Json], list[str]]:
    wire = encoded("minimax-pro", messages=list(messages), max_tokens=9)
    return orjson.loads(wire.body)["messages"], list(wire.changes)


def call(identity: str, arguments: str = "{}") -> Json:
    return {"id": identity, "type": "function", "function": {"name": "f", "arguments": arguments}}


def result(identity: str, content: Any) -> Json:
    return {"role": "tool", "tool_call_id": identity, "content": content}


@pytest.mark.parametrize(
    ("params", "native", "losses"),
    [
        ({}, {"tokens_to_generate": 2048}, [LENGTH]),
        ({"max_tokens": 5}, {"tokens_to_generate": 5}, []),
        ({"max_tokens": 5, "max_completion_tokens": 6}, {"tokens_to_generate": 6}, []),
        (
            {"temperature": 0},
            {"temperature": 0.01, "tokens_to_generate": 2048},
            [LENGTH, "clamped temperature to 0.01"],
        ),
        ({"temperature": 1.5}, {"temperature": 1, "tokens_to_generate": 2048}, [LENGTH, "clamped temperature to 1"]),
        ({"top_p": 0, "max_tokens": 5}, {"top_p": 0.01, "tokens_to_generate": 5}, ["clamped top_p to 0.01"]),
        ({"stream": True, "max_tokens": 5}, {"stream": True, "tokens_to_generate": 5}, []),
        (
            {"stop": "a", "seed": 1, "n": 2, "max_tokens": 5},
            {"tokens_to_generate": 5},
            ["dropped stop", "dropped seed", "dropped n"],
        ),
        ({"response_format": {"type": "json_object"}, "max_tokens": 5}, {"tokens_to_generate": 5}, None),
        ({"presence_penalty": 0, "n": 1, "user": None, "max_tokens": 5}, {"tokens_to_generate": 5}, []),
        ({"plugins": ["p"], "max_tokens": 5}, {"tokens_to_generate": 5, "plugins": ["p"]}, []),
    ],
)
def test_pro_parameters(params: Json, native: Json, losses: list[str] | None) -> None:
    """A parameter goes up in another form than the reference's, or is lost in silence."""
    assert sent("minimax-pro", **params) == (native, ["dropped response_format"] if losses is None else losses)


def test_pro_masks_nothing_unless_asked() -> None:
    """Addresses and numbers in answers come as stars."""
    assert orjson.loads(encoded("minimax-pro").body)["mask_sensitive_info"] is False
    assert orjson.loads(encoded("minimax-pro", mask_sensitive_info=True).body)["mask_sensitive_info"] is True


@pytest.mark.parametrize(
    ("tools", "choice", "native", "losses"),
    [
        ([TOOL], "none", {"type": "none"}, []),
        ([TOOL], "auto", {"type": "auto"}, []),
        ([TOOL], "required", {"type": "specific", "name": "f"}, []),
        ([TOOL, BARE], "required", {"type": "auto"}, ["dropped tool_choice"]),
        ([TOOL, BARE], {"type": "function", "function": {"name": "g"}}, {"type": "specific", "name": "g"}, []),
        ([TOOL], {"type": "function", "function": {"name": "z"}}, {"type": "auto"}, ["dropped tool_choice"]),
    ],
)
def test_pro_tool_choice(tools: list[Json], choice: Any, native: Json, losses: list[str]) -> None:
    """The wrong function is forced, or none."""
    got, told = sent("minimax-pro", tools=tools, tool_choice=choice, max_tokens=5)
    assert (got["function_call"], told) == (native, losses)


def test_pro_functions() -> None:
    """A function without a schema is refused (2013), or another tool is lost in silence."""
    got, losses = sent("minimax-pro", tools=[TOOL, BARE, {"type": "web_search"}], max_tokens=5)
    assert got["functions"] == [FUNCTION, {"name": "g", "parameters": NOTHING}]
    assert losses == ["dropped tools of other types than function"]
    assert sent("minimax-pro", functions=[FUNCTION], max_tokens=5)[0]["functions"] == [FUNCTION]


@pytest.mark.parametrize(("model", "takes"), [("abab5.5s-chat", False), ("abab5.5s", False), ("abab5.5-chat", True)])
def test_models_without_functions(model: str, takes: bool) -> None:
    """A model that refuses functions is sent some, or their loss is not told."""
    got, losses = sent("minimax-pro", model, tools=[TOOL], tool_choice="auto", max_tokens=5)
    assert ("functions" in got, "function_call" in got) == (takes, takes)
    assert losses == ([] if takes else ["dropped tools"])


def test_pro_system_text() -> None:
    """Only the first system message counts, or none leaves the setting empty, which is refused."""
    messages = [{"role": "system", "content": "a"}, USER, {"role": "developer", "content": "b"}]
    body = orjson.loads(encoded("minimax-pro", messages=messages).body)
    assert body["bot_setting"] == [{"bot_name": "BOT", "content": "a\nb"}]
    assert [message["sender_type"] for message in body["messages"]] == ["USER"]
    assert orjson.loads(encoded("minimax-pro").body)["bot_setting"][0]["content"]


def test_pro_calls_become_turns() -> None:
    """Parallel calls, of which the vendor knows none, or their results are lost or mixed."""
    said, losses = speakers(
        USER,
        {"role": "assistant", "content": "look", "tool_calls": [call("1", '{"a":1}'), call("2")]},
        result("2", '{"r":2}'),
        result("1", "sunny"),
        result("9", [{"type": "text", "text": "7"}]),
        USER,
    )
    bot = {"sender_type": "BOT", "sender_name": "BOT"}
    function = {"sender_type": "FUNCTION", "sender_name": "BOT"}
    assert said[1:-1] == [
        {**bot, "text": "look", "function_call": {"name": "f", "arguments": '{"a":1}'}},
        {**function, "text": '{"result":"sunny"}'},
        {**bot, "text": "", "function_call": {"name": "f", "arguments": "{}"}},
        {**function, "text": '{"r":2}'},
        {**function, "text": "7"},
    ]
    assert losses == []


def test_pro_calls_without_arguments() -> None:
    """A call's text goes up that is no JSON."""
    said, _ = speakers(USER, {"role": "assistant", "content": None, "tool_calls": [call("1", "")]}, result("1", "{}"))
    assert said[1]["function_call"] == {"name": "f", "arguments": "{}"}


@pytest.mark.parametrize(
    ("messages", "said", "losses"),
    [
        ([USER, {"role": "assistant", "content": "y"}], "UBU", ["added a user message at the end"]),
        ([{"role": "system", "content": "s"}], "U", ["added a user message at the end"]),
        ([USER, {"role": "assistant", "content": ""}, USER], "UU", ["dropped empty assistant messages"]),
        ([USER, USER], "UU", []),
        ([USER, {"role": "user", "content": ""}], "U", ["dropped empty user messages"]),
        ([{**USER, "name": "me"}], "U", ["dropped messages[].name"]),
        ([USER, {"role": "assistant", "content": "y"}, result("1", "{}")], "UBF", []),
        ([result("1", "{}"), USER], "FU", []),
    ],
)
def test_pro_speakers(messages: list[Json], said: str, losses: list[str]) -> None:
    """A conversation goes up in an order the vendor refuses, or loses turns in silence."""
    got, told = speakers(*messages)
    assert "".join(message["sender_type"][0] for message in got) == said
    assert told == losses


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [IMAGE]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "custom", "custom": {}}]},
    ],
)
def test_pro_refusals(message: Json) -> None:
    """An image is dropped in silence."""
    with pytest.raises(ProviderError) as raised:
        speakers(message, USER)
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")
