"""Requests to V1: the model's path, messages in strict turns, parameters in V1's words, and what is lost of them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, Secret
from providers.vendors.qianfan import V1, V2
from tests.vectorfile import VECTORS

FILE = orjson.loads((VECTORS / "qianfan.json").read_bytes())
USER = {"role": "user", "content": "hi"}
SYSTEM = {"role": "system", "content": "S"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
OTHER_CALL = {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}


def told(role: str, content: Any = "hi", **more: Any) -> Json:
    return {"role": role, "content": content, **more}


def encoded(
    messages: list[Json] | None = None,
    model: str = "ERNIE-4.0-8K",
    server_url: str = "https://aip.baidubce.com",
    credential: dict[str, str] | None = None,
    stream: bool = False,
    **params: Any,
) -> tuple[str, Json, tuple[str, ...]]:
    """Path after the host, body and changes."""
    to = Destination(model, server_url, {name: Secret(value) for name, value in (credential or {}).items()})
    wire = V1.encode(ChatRequest(model, messages or [USER], stream, params), to)
    return urlsplit(wire.url).path, orjson.loads(wire.body), wire.changes


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


@pytest.mark.parametrize(
    ("params", "body", "changes"),
    [
        ({"temperature": 0}, {"temperature": 0.1}, ("clamped temperature to 0.1",)),
        ({"temperature": 0.05}, {"temperature": 0.05}, ()),
        ({"temperature": 1}, {"temperature": 1}, ()),
        ({"temperature": 1.7}, {"temperature": 1}, ("clamped temperature to 1",)),
        ({"top_p": 1.5}, {"top_p": 1}, ("clamped top_p to 1",)),
        ({"presence_penalty": 1}, {"penalty_score": 1.75}, ()),
        ({"presence_penalty": -2}, {"penalty_score": 1}, ()),
        ({"presence_penalty": 0, "frequency_penalty": 0.0}, {}, ()),
        ({"frequency_penalty": 1.2}, {"penalty_score": 1.2}, ()),
        ({"frequency_penalty": 0.5}, {"penalty_score": 1}, ("clamped frequency_penalty to 1",)),
        ({"presence_penalty": 2, "frequency_penalty": 1}, {"penalty_score": 2}, ("dropped frequency_penalty",)),
        ({"penalty_score": 1.1, "presence_penalty": 2}, {"penalty_score": 1.1}, ()),
        ({"max_tokens": 1}, {"max_output_tokens": 2}, ("clamped max_tokens to 2",)),
        ({"max_tokens": 2048}, {"max_output_tokens": 2048}, ()),
        ({"max_tokens": 9, "max_completion_tokens": 7}, {"max_output_tokens": 7}, ()),
        ({"stop": "END"}, {"stop": ["END"]}, ()),
        ({"stop": ["a", "b", "c", "d", "e"]}, {"stop": ["a", "b", "c", "d"]}, ("dropped stop beyond 4 texts of 20 ",)),
        ({"stop": ["x" * 21]}, {}, ("dropped stop beyond 4 texts of 20 ",)),
        ({"user": "u"}, {"user_id": "u"}, ()),
        ({"response_format": {"type": "json_object"}}, {"response_format": "json_object"}, ()),
        ({"response_format": {"type": "text"}}, {"response_format": "text"}, ()),
        ({"n": 1, "logprobs": False, "stream_options": {}, "parallel_tool_calls": False, "seed": None}, {}, ()),
        ({"n": 2, "seed": 1}, {}, ("dropped n", "dropped seed")),
        ({"logit_bias": {"1": 1}, "logprobs": True}, {}, ("dropped logit_bias", "dropped logprobs")),
        ({"disable_search": True, "enable_citation": True}, {"disable_search": True, "enable_citation": True}, ()),
        ({"reasoning_effort": "low"}, {}, ("dropped reasoning_effort",)),
    ],
)
def test_params(params: Json, body: Json, changes: tuple[str, ...]) -> None:
    """Broken: a parameter goes up in a form V1 refuses, or is lost without a word."""
    _, sent, told_changes = encoded(**params)
    assert sent == {"messages": [USER], **body}
    assert len(told_changes) == len(changes)
    assert all(one.startswith(start) for one, start in zip(told_changes, changes, strict=True))


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("ERNIE-Lite-8K", 2048),
        ("ERNIE-3.5-128K", 4096),
        ("eb-instant", 2048),
        ("my-own", 99999),
        ("yi_34b_chat", 99999),
    ],
)
def test_output_bounds(model: str, most: int) -> None:
    """Broken: max_output_tokens is beyond what a model takes, or bounded where nothing is known."""
    assert encoded(model=model, max_tokens=99999)[1]["max_output_tokens"] == most


def test_stream() -> None:
    """Broken: a stream is not asked for."""
    assert encoded(stream=True)[1]["stream"] is True


@pytest.mark.parametrize("model", ["ERNIE-Speed-8K", "yi_34b_chat"])
def test_formats_that_a_model_lacks(model: str) -> None:
    """Broken: a model is sent a format it refuses, or its loss is not said."""
    _, body, changes = encoded(model=model, response_format={"type": "json_object"})
    assert "response_format" not in body
    assert changes == ("dropped response_format",)


def test_schema_in_words() -> None:
    """Broken: a JSON schema is lost although V1 has no field for it."""
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    _, body, changes = encoded([SYSTEM, USER], response_format=wanted)
    assert body["response_format"] == "json_object"
    assert body["system"].startswith("S\n")
    assert orjson.dumps(schema).decode() in body["system"]
    assert changes == ("replaced response_format json_schema by json_object",)


FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object"}}
NAMED = {"type": "function", "function": {"name": "f"}}
BARE = {"type": "function", "function": {"name": "g", "strict": True}}
BARE_FUNCTION = {"name": "g", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("params", "body", "changes"),
    [
        ({"tools": [TOOL]}, {"functions": [FUNCTION]}, ()),
        ({"tools": [BARE], "tool_choice": "auto"}, {"functions": [BARE_FUNCTION]}, ()),
        ({"tools": [TOOL], "tool_choice": "none"}, {}, ()),
        ({"tools": [TOOL], "tool_choice": NAMED}, {"functions": [FUNCTION], "tool_choice": NAMED}, ()),
        ({"tools": [TOOL], "tool_choice": "required"}, {"functions": [FUNCTION], "tool_choice": NAMED}, ()),
        (
            {"tools": [TOOL, BARE], "tool_choice": "required"},
            {"functions": [FUNCTION, BARE_FUNCTION]},
            ("dropped tool_choice",),
        ),
        ({"tools": [TOOL, {"type": "custom"}]}, {"functions": [FUNCTION]}, ("dropped tools that are no functions",)),
        ({"tools": []}, {}, ()),
        (
            {"functions": [FUNCTION], "function_call": {"name": "f"}},
            {"functions": [FUNCTION], "tool_choice": NAMED},
            (),
        ),
    ],
)
def test_functions(params: Json, body: Json, changes: tuple[str, ...]) -> None:
    """Broken: tools do not reach V1 as the functions it knows."""
    _, sent, told_changes = encoded(**params)
    assert sent == {"messages": [USER], **body}
    assert told_changes == changes


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("ERNIE-3.5-8K", True),
        ("ERNIE-3.5-128K", True),
        ("ERNIE-4.0-8K-0329", True),
        ("ERNIE-4.0-8K-Preview", True),
        ("ERNIE-Functions-8K", True),
        ("Qianfan-Dynamic-8K", True),
        ("my-own", True),
        ("ERNIE-4.0-Turbo-8K", False),
        ("ERNIE-4.0-8K-Latest", False),
        ("ERNIE-4.0-8K-0613", False),
        ("ERNIE-Speed-8K", False),
        ("ERNIE-Speed-128K", False),
        ("ERNIE-Lite-8K-0922", False),
        ("ERNIE-Tiny-8K", False),
        ("Mixtral-8x7B-Instruct", False),
    ],
)
def test_models_that_take_functions(model: str, takes: bool) -> None:
    """Broken: a model gets functions it refuses, or none although it takes them."""
    _, body, changes = encoded(model=model, tools=[TOOL])
    assert ("functions" in body) is takes
    assert changes == (() if takes else ("dropped tools",))


@pytest.mark.parametrize(
    ("params", "body", "changes"),
    [
        ({"max_tokens": 5, "max_completion_tokens": 9}, {"max_tokens": 5, "max_completion_tokens": 9}, 0),
        ({"stop": ["x" * 21, "y"]}, {"stop": ["y"]}, 1),
        ({"stop": "x" * 21}, {}, 1),
        ({"stop": "y"}, {"stop": "y"}, 0),
        ({"seed": 0}, {"seed": 1}, 1),
        ({"temperature": 0}, {"temperature": 0.01}, 1),
        ({"web_search": {"enable": True}}, {"web_search": {"enable": True}}, 0),
        ({"penalty_score": 1.5}, {"penalty_score": 1.5}, 0),
    ],
)
def test_v2_params(params: Json, body: Json, changes: int) -> None:
    """Broken: V2 gets what it refuses, or loses what it takes."""
    to = Destination("ERNIE-Speed-8K", "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", [USER], False, params), to)
    assert orjson.loads(wire.body) == {"model": "ernie-speed-8k", "messages": [USER], **body}
    assert len(wire.changes) == changes


def test_v2_stop_of_x1_turbo() -> None:
    """Broken: a model that takes no stop texts is sent some."""
    to = Destination("ernie-x1-turbo-32k", "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", [USER], False, {"stop": ["a"]}), to)
    assert "stop" not in orjson.loads(wire.body)
    assert wire.changes == ("dropped stop",)
