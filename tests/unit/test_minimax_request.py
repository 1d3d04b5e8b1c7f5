"""What goes up to MiniMax, in each of its protocols."""

from typing import Any

import orjson
import pytest

from app import parse
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json, Secret, WireRequest
from providers.vendor import load_vendors

ROWS = load_vendors()
USER = {"role": "user", "content": "x"}
FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {}}}}
TOOL = {"type": "function", "function": FUNCTION}
BARE = {"type": "function", "function": {"name": "g"}}
NOTHING = {"type": "object", "properties": {}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
LENGTH = "set max_tokens to 2048"


def encoded(row: str, model: str = "m", **body: Any) -> WireRequest:
    request = parse.chat(orjson.dumps({"model": model, "messages": [USER], **body}))
    return ROWS[row].encode(request, Destination(model, ROWS[row].base_url))


def sent(row: str, model: str = "m", **params: Any) -> tuple[Json, list[str]]:
    """The body beside what every request has, and the losses."""
    wire = encoded(row, model, **params)
    body = orjson.loads(wire.body)
    same = {"model", "messages", "bot_setting", "reply_constraints", "mask_sensitive_info"}
    return {name: value for name, value in body.items() if name not in same}, list(wire.changes)


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


@pytest.mark.parametrize(
    ("messages", "said", "losses"),
    [
        ([USER, {"role": "assistant", "content": "y"}], "UBU", ["added a user message at the end"]),
        ([{"role": "system", "content": "s"}], "U", ["added a user message at the end"]),
        ([USER, {"role": "assistant", "content": ""}, USER], "UU", ["dropped empty assistant messages"]),
        ([USER, USER], "UU", []),
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


@pytest.mark.parametrize(
    ("model", "params", "native", "losses"),
    [
        ("MiniMax-M1", {}, {}, []),
        ("MiniMax-M1", {"max_tokens": 9000}, {"max_completion_tokens": 9000}, []),
        (
            "MiniMax-Text-01",
            {"max_tokens": 9000},
            {"max_completion_tokens": 2048},
            ["clamped max_completion_tokens to 2048"],
        ),
        ("M2-her", {"temperature": 0}, {"temperature": 0.01}, ["clamped temperature to 0.01"]),
        ("MiniMax-M1", {"seed": 1, "stop": "a", "presence_penalty": 1}, {}, None),
        ("MiniMax-M1", {"response_format": {"type": "json_schema"}}, {}, ["dropped response_format"]),
        (
            "MiniMax-Text-01",
            {"response_format": {"type": "json_schema"}},
            {"response_format": {"type": "json_schema"}},
            [],
        ),
        ("MiniMax-M1", {"tools": [BARE], "tool_choice": "required"}, None, ["dropped tool_choice"]),
        (
            "MiniMax-M1",
            {"stream": True, "stream_options": {"include_usage": True}},
            {"stream": True, "stream_options": {"include_usage": True}},
            [],
        ),
    ],
)
def test_v2_parameters(model: str, params: Json, native: Json | None, losses: list[str] | None) -> None:
    """A parameter goes up in another form than the reference's, or is lost in silence."""
    got, told = sent("minimax-v2", model, **params)
    bare = {"tools": [{"type": "function", "function": {"name": "g", "parameters": NOTHING}}]}
    assert got == (bare if native is None else native)
    assert told == (["dropped seed", "dropped stop", "dropped presence_penalty"] if losses is None else losses)


@pytest.mark.parametrize("row", ["minimax-openai", "minimax-v2"])
def test_openai_bodies(row: str) -> None:
    """Several system messages, functions of old or thoughts in the history make the vendor refuse or forget."""
    wire = encoded(
        row,
        functions=[{"name": "g"}],
        messages=[
            {"role": "developer", "content": "a"},
            USER,
            {"role": "assistant", "content": "<think>t</think>y", "reasoning_content": "r"},
            {"role": "system", "content": "b"},
            USER,
        ],
    )
    body = orjson.loads(wire.body)
    assert body["messages"][0] == {"role": "system", "content": "a\nb"}
    assert body["messages"][2] == {"role": "assistant", "content": "<think>t</think>y", "reasoning_content": "r"}
    assert body["tools"] == [{"type": "function", "function": {"name": "g", "parameters": NOTHING}}]


@pytest.mark.parametrize(("model", "sent_as"), [("MiniMax-M2", 0.01), ("MiniMax-M3", 0)])
def test_temperature_of_the_openai_surface(model: str, sent_as: float) -> None:
    """A temperature of 0 is refused by all models but the newest."""
    assert sent("minimax-openai", model, temperature=0)[0]["temperature"] == sent_as


@pytest.mark.parametrize(
    ("model", "grouped", "url"),
    [
        ("abab6.5s-chat", True, "https://api.minimax.chat/v1/text/chatcompletion_pro"),
        ("abab6.5s", True, "https://api.minimax.chat/v1/text/chatcompletion_pro"),
        ("abab6.5s-chat", False, "https://api.minimaxi.com/v1/chat/completions"),
        ("MiniMax-Text-01", True, "https://api.minimaxi.com/v1/text/chatcompletion_v2"),
        ("MiniMax-Text-01", False, "https://api.minimaxi.com/v1/text/chatcompletion_v2"),
        ("M2-her", False, "https://api.minimaxi.com/v1/text/chatcompletion_v2"),
        ("MiniMax-M2.5", True, "https://api.minimaxi.com/v1/chat/completions"),
    ],
)
def test_protocol_by_model(model: str, grouped: bool, url: str) -> None:
    """Without an address a model is asked in a protocol that does not serve it."""
    row = ROWS["minimax"]
    key = {"api_key": Secret("k"), **({"group_id": Secret("7")} if grouped else {})}
    request = parse.chat(orjson.dumps({"model": model, "messages": [USER]}))
    wire = row.encode(request, Destination(model, row.base_url, key))
    assert wire.url == url
    assert ("bot_setting" in orjson.loads(wire.body)) is url.endswith("pro")
    assert row.sign(wire, key, 0.0).url == url + ("?GroupId=7" if grouped and "/text/" in url else "")
