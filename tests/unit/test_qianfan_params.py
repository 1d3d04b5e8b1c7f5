"""Parameters and tools in V1's words, what is lost of them, and what V2 takes."""

import orjson
import pytest

from providers.types import ChatRequest, Destination, Json
from providers.vendors.qianfan import V2
from tests.unit.ernie import SYSTEM, TOOL, USER, encoded


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


@pytest.mark.parametrize("model", ["ERNIE-Speed-8K", "Qianfan-Dynamic-8K", "yi_34b_chat"])
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


@pytest.mark.parametrize(
    ("model", "given", "sent"),
    [("ernie-5.1", 1.5, 1), ("ernie-5.1", 0, 0.01), ("deepseek-v3", 1.5, 1.5), ("glm-5", 0, 0)],
)
def test_v2_temperature(model: str, given: float, sent: float) -> None:
    """Broken: ERNIE gets a temperature it refuses, or a hosted model of others is held to ERNIE's bounds."""
    to = Destination(model, "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", [USER], False, {"temperature": given}), to)
    assert orjson.loads(wire.body)["temperature"] == sent
    assert bool(wire.changes) is (sent != given)


def test_v2_stop_of_x1_turbo() -> None:
    """Broken: a model that takes no stop texts is sent some."""
    to = Destination("ernie-x1-turbo-32k", "https://qianfan.baidubce.com/v2", {})
    wire = V2.encode(ChatRequest("m", [USER], False, {"stop": ["a"]}), to)
    assert "stop" not in orjson.loads(wire.body)
    assert wire.changes == ("dropped stop",)
