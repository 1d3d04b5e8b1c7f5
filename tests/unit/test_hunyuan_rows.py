"""Which of Hunyuan's surfaces an entry means, and what its OpenAI surface changes."""

from typing import Any

import orjson
import pytest

from app import parse
from providers.types import Destination, Json, WireRequest
from providers.vendor import choose, load_vendors

ROWS = load_vendors()
CLOUD = frozenset({"secret_id", "secret_key"})
KEY = frozenset({"api_key"})


@pytest.mark.parametrize(
    ("server_url", "fields", "name"),
    [
        ("", CLOUD, "hunyuan"),
        ("", KEY, "hunyuan-openai"),
        ("", CLOUD | KEY, "hunyuan"),
        ("", CLOUD | {"region"}, "hunyuan"),
        ("", frozenset({"secret_id", "api_key"}), "hunyuan-openai"),
        ("", frozenset({"secret_id"}), "hunyuan"),
        ("", frozenset(), "hunyuan"),
        ("https://hunyuan.tencentcloudapi.com", KEY, "hunyuan"),
        ("https://hunyuan.ap-guangzhou.tencentcloudapi.com/", CLOUD, "hunyuan"),
        ("https://hunyuan.intl.tencentcloudapi.com", CLOUD, "hunyuan"),
        ("https://api.hunyuan.cloud.tencent.com", CLOUD, "hunyuan-openai"),
        ("https://api.hunyuan.cloud.tencent.com/v1/chat/completions", KEY, "hunyuan-openai"),
        ("https://hunyuan.cloud.tencent.com/openai/v1/chat/completions", KEY, "hunyuan-openai"),
        ("https://tokenhub.tencentmaas.com/v1", KEY, "tokenhub"),
        ("https://api.lkeap.cloud.tencent.com/plan/v3", KEY, "tokenhub"),
        ("http://127.0.0.1:81", CLOUD, "hunyuan"),
        ("http://127.0.0.1:81/", KEY, "hunyuan-openai"),
        ("http://127.0.0.1:81/v1", CLOUD, "hunyuan-openai"),
        ("http://127.0.0.1:81/plan/v3", KEY, "hunyuan-openai"),
    ],
)
def test_pick(server_url: str, fields: frozenset[str], name: str) -> None:
    """An entry is spoken to in the wrong protocol."""
    row = choose(ROWS, "hunyuan", "", server_url, fields)
    assert row is not None
    assert row.name == name


def test_under_the_openai_service() -> None:
    """An entry under openai that names one of the hosts is taken for an unknown relay."""
    for url, name in (
        ("https://api.hunyuan.cloud.tencent.com/v1", "hunyuan-openai"),
        ("https://tokenhub.tencentmaas.com/v1", "tokenhub"),
    ):
        row = choose(ROWS, "openai", "", url, KEY)
        assert row is not None
        assert row.name == name


def encoded(row: str, **body: Any) -> WireRequest:
    request = parse.chat(orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], **body}))
    return ROWS[row].encode(request, Destination("m", ROWS[row].base_url))


@pytest.mark.parametrize(
    ("params", "sent", "losses"),
    [
        ({"temperature": 3, "top_p": 2}, {"temperature": 2, "top_p": 1}, 2),
        ({"seed": 0}, {"seed": 1}, 1),
        ({"seed": 7, "max_tokens": 5, "stop": "a"}, {"seed": 7, "max_tokens": 5, "stop": "a"}, 0),
        ({"enable_enhancement": True}, {"enable_enhancement": True}, 0),
        ({"n": 2, "logprobs": True}, {}, 2),
    ],
)
def test_parameters_of_the_openai_surface(params: Json, sent: Json, losses: int) -> None:
    """The OpenAI surface refuses a value, or a loss is not told."""
    wire = encoded("hunyuan-openai", **params)
    body = orjson.loads(wire.body)
    assert {name: body[name] for name in body.keys() - {"model", "messages"}} == sent
    assert len(wire.changes) == losses


def test_turns_of_the_openai_surface() -> None:
    """The OpenAI surface, as strict as the native one, gets an order it refuses."""
    messages = [{"role": role, "content": role[0]} for role in ["assistant", "user", "user", "assistant", "developer"]]
    sent = orjson.loads(encoded("hunyuan-openai", messages=messages).body)["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]


def test_long_conversations_of_the_openai_surface() -> None:
    """More than 40 messages are refused."""
    turn = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    wire = encoded("hunyuan-openai", messages=[*turn * 30, turn[0]])
    assert len(orjson.loads(wire.body)["messages"]) == 39
    assert wire.changes == ("dropped messages before the newest 39",)


def test_stops_of_the_openai_surface() -> None:
    """Its answers end with the stop text, which the client sees."""
    assert encoded("hunyuan-openai", stop=["a"]).stops == ("a",)
    assert encoded("tokenhub", stop=["a"]).stops == ()


def test_reasoning_does_not_go_back() -> None:
    """The vendor refuses a history that holds reasoning."""
    history = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "y", "reasoning_content": "z"},
        {"role": "user", "content": "x"},
    ]
    assert b"reasoning" not in encoded("hunyuan-openai", messages=history).body
    assert b"easoning" not in encoded("hunyuan", messages=history).body


def test_older_words_on_the_openai_surface() -> None:
    """Functions of old go up beside a history in today's words, or what the assistant refused is lost."""
    history = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "user", "content": "y"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "r"},
    ]
    wire = encoded("hunyuan-openai", messages=history, functions=[{"name": "f"}], function_call="none")
    body = orjson.loads(wire.body)
    assert body.keys() == {"model", "messages", "tools", "tool_choice"}
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert body["messages"][1] == {"role": "assistant", "content": "no"}
    assert body["messages"][4] == {"role": "tool", "tool_call_id": "call_f", "content": "r"}
    assert wire.changes == ()
