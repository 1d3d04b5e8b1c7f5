"""What goes up to MiniMax on its OpenAI surface and in ``chatcompletion_v2``, and which model means which."""

import orjson
import pytest

from app import parse
from providers.types import Destination, Json, Secret
from tests.unit.minimax import BARE, NOTHING, ROWS, USER, encoded, sent


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
        ("MiniMax-M1", {"functions": [{"name": "g"}], "function_call": {"name": "g"}}, None, ["dropped tool_choice"]),
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


@pytest.mark.parametrize("row", ["minimax-openai", "minimax-v2"])
def test_calls_in_the_history(row: str) -> None:
    """A call without arguments, whose text is no JSON, makes the vendor refuse the history; or a refusal is lost."""
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}
    history = [
        USER,
        {"role": "assistant", "content": None, "refusal": "no"},
        USER,
        {"role": "assistant", "content": "y", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "r"},
    ]
    wire = encoded(row, messages=history)
    said = orjson.loads(wire.body)["messages"]
    assert said[1] == {"role": "assistant", "content": "no"}
    assert said[3] == {**history[3], "tool_calls": [{**call, "function": {"name": "f", "arguments": "{}"}}]}
    assert said[4] == history[4]
    assert wire.changes == ()


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
