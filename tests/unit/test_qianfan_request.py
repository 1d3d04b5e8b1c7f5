"""Requests to V1: the model's path, messages in strict turns, and what is lost of them."""

from collections.abc import Iterator

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from tests.unit.ernie import CALL, FILE, OTHER_CALL, SYSTEM, USER, encoded, told


@pytest.mark.parametrize(("model", "path"), [*FILE["v1_model_paths"].items(), ("completions_pro", "completions_pro")])
def test_paths(model: str, path: str) -> None:
    """Broken: a model is asked for under a path that belongs to none or another."""
    for spelling in (model, model.upper(), model.lower()):
        assert encoded(model=spelling)[0] == f"/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/{path}"


@pytest.mark.parametrize("field", ["addresss", "address"])
def test_own_deployment(field: str) -> None:
    """Broken: a deployed model is not reached under its address, or the address takes a known model's place."""
    assert encoded(model="mine", credential={field: "/abc_1"})[0].endswith("/chat/abc_1")
    assert encoded(model="ERNIE-Speed-8K", credential={field: "abc_1"})[0].endswith("/chat/ernie_speed")


@pytest.mark.parametrize(
    ("server_url", "model", "path"),
    [
        ("http://127.0.0.1:1/", "ERNIE-Bot", "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions"),
        ("http://h/front", "ERNIE-Bot", "/front/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions"),
        (
            "http://h/rpc/2.0/ai_custom/v1/wenxinworkshop",
            "ERNIE-Bot",
            "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions",
        ),
        (
            "http://h/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/mine",
            "ERNIE-Bot",
            "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions",
        ),
        (
            "http://h/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/mine",
            "other",
            "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/mine",
        ),
    ],
)
def test_addresses(server_url: str, model: str, path: str) -> None:
    """Broken: a form of server_url leads elsewhere."""
    assert encoded(model=model, server_url=server_url)[0] == path


def shape(turns: list[Json]) -> list[tuple[str, str]]:
    return [(turn["role"], turn["content"]) for turn in turns]


@pytest.mark.parametrize(
    ("messages", "turns", "loss"),
    [
        ([USER], [("user", "hi")], ""),
        ([USER, told("user", "2")], [("user", "hi\n2")], "merged neighbouring messages of one role"),
        (
            [told("assistant", "a"), USER],
            [("user", "你好"), ("assistant", "a"), ("user", "hi")],
            "added a user message",
        ),
        ([USER, told("assistant", "a")], [("user", "hi"), ("assistant", "a"), ("user", "continue")], "at the end"),
        (
            [USER, told("assistant", "a"), told("assistant", "b"), USER],
            [("user", "hi"), ("assistant", "a\nb"), ("user", "hi")],
            "merged",
        ),
        ([told("user", "")], [("user", "/")], ""),
        ([told("user", " "), told("user", "x")], [("user", " \nx")], "merged"),
        ([USER, told("assistant", None), USER], [("user", "hi"), ("assistant", "/"), ("user", "hi")], ""),
        ([told("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], [("user", "a\nb")], ""),
        (
            [USER, told("assistant", None, refusal="No."), USER],
            [("user", "hi"), ("assistant", "No."), ("user", "hi")],
            "",
        ),
        ([told("user", "x", name="bob")], [("user", "x")], "dropped messages[].name"),
    ],
)
def test_turns(messages: list[Json], turns: list[tuple[str, str]], loss: str) -> None:
    """Broken: V1 refuses the order or emptiness of messages (336003, 336006), or a change of them is not said."""
    _, body, changes = encoded(messages)
    assert shape(body["messages"]) == turns
    assert bool(changes) is bool(loss)
    assert not loss or loss in changes[0]


def histories() -> Iterator[list[Json]]:
    """All sequences of up to four messages, tool calls with their results among them."""
    pieces: list[list[Json]] = [
        [USER],
        [told("assistant", "a")],
        [SYSTEM],
        [told("assistant", None, tool_calls=[CALL]), told("tool", "r", tool_call_id="c1")],
        [told("assistant", "", tool_calls=[CALL, OTHER_CALL]), told("tool", "r", tool_call_id="c2")],
        [told("assistant", None, function_call=CALL["function"]), told("function", None, name="f")],
    ]
    level: list[list[Json]] = [[]]
    for _ in range(4):
        level = [[*before, *piece] for before in level for piece in pieces]
        yield from level


def test_every_history_comes_out_in_turns() -> None:
    """Broken: some order of messages that OpenAI takes breaks V1's rules."""
    for messages in histories():
        for model in ("ERNIE-3.5-8K", "Yi-34B-Chat"):
            _, body, _ = encoded(messages, model)
            turns = body["messages"]
            assert len(turns) % 2 == 1
            for place, turn in enumerate(turns):
                assert turn["role"] in (("user", "function") if place % 2 == 0 else ("assistant",))
                assert turn["content"].strip()
                assert turn["role"] != "function" or orjson.loads(turn["content"])
            assert "system" not in body or model == "ERNIE-3.5-8K"


def test_system_texts() -> None:
    """Broken: only the first system message counts, or a model without the field gets it."""
    messages = [SYSTEM, USER, told("developer", [{"type": "text", "text": "D"}])]
    assert encoded(messages)[1] == {"messages": [USER], "system": "S\nD"}
    _, body, changes = encoded(messages, model="llama_2_7b")
    assert body == {"messages": [told("user", "S\nD\nhi")]}
    assert encoded([SYSTEM])[1] == {"messages": [told("user", "S")]}
    assert changes


def test_tool_round_trip() -> None:
    """Broken: a function's result does not reach the model under its name, as JSON."""
    messages = [
        USER,
        told("assistant", None, tool_calls=[CALL]),
        told("tool", "sunny", tool_call_id="c1"),
        told("assistant", "so", tool_calls=[OTHER_CALL]),
        told("tool", '{"t": 1}', tool_call_id="c2"),
    ]
    _, body, changes = encoded(messages)
    assert body["messages"] == [
        USER,
        {"role": "assistant", "content": "/", "function_call": {"name": "f", "arguments": '{"x":1}'}},
        {"role": "function", "name": "f", "content": '{"result":"sunny"}'},
        {"role": "assistant", "content": "so", "function_call": {"name": "g", "arguments": "{}"}},
        {"role": "function", "name": "g", "content": '{"t": 1}'},
    ]
    assert changes == ()


def test_parallel_calls_keep_the_first() -> None:
    """Broken: a second call at once is sent, or its result stays without a call."""
    messages = [
        USER,
        told("assistant", None, tool_calls=[CALL, OTHER_CALL]),
        told("tool", "1", tool_call_id="c1"),
        told("tool", "2", tool_call_id="c2"),
    ]
    _, body, changes = encoded(messages)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "function"]
    assert changes == ("dropped messages[].tool_calls after the first of a message, and their results",)


def test_user_after_function() -> None:
    """Broken: a function's result and a user's text, which stand on one side, break the alternation."""
    messages = [
        USER,
        told("assistant", None, tool_calls=[CALL]),
        told("tool", "1", tool_call_id="c1"),
        told("user", "and?"),
    ]
    _, body, changes = encoded(messages)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "function", "assistant", "user"]
    assert changes == ("added a message of role assistant between two of one side",)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (told("user", [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]), ErrorKind.UNSUPPORTED),
        (told("tool", "1", tool_call_id="lost"), ErrorKind.INVALID_REQUEST),
    ],
)
def test_refused_messages(message: Json, kind: ErrorKind) -> None:
    """Broken: what V1 cannot take is lost without a word."""
    with pytest.raises(ProviderError) as raised:
        encoded([USER, message])
    assert (raised.value.kind, raised.value.param) == (kind, "messages")
