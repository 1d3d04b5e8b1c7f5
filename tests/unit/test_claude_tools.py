"""Tools, their choice, and answers with a schema, on the Messages wire."""

import pytest

from providers.types import Json
from tests.unit.claude import BOTH, BUDGET, NEWEST, OLD, sent

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "object", "properties": {"name": {"type": "string"}}}}}
ASKED = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


@pytest.mark.parametrize(
    ("params", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, None),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": {"type": "function", "function": {"name": "weather"}}}, {"type": "tool", "name": "weather"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tool_calls": True}, None),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [WEATHER]}}},
            {"type": "any"},
        ),
    ],
)
def test_tool_choice(params: Json, choice: Json | None) -> None:
    """The client's choice of tools becomes another one."""
    body, told = sent(BUDGET, tools=[WEATHER], **params)
    assert body.get("tool_choice") == choice
    assert told == ()


def test_allowed_tools_narrow_the_list() -> None:
    """The model may call a tool that the client did not allow this time."""
    other = {"type": "function", "function": {"name": "other"}}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [WEATHER]}}
    assert [tool["name"] for tool in sent(BUDGET, tools=[other, WEATHER], tool_choice=allowed)[0]["tools"]] == [
        "weather"
    ]


def test_choice_without_tools() -> None:
    """A tool_choice goes up without tools, which the API refuses."""
    assert sent(BUDGET, tool_choice="none", parallel_tool_calls=False) == ({"max_tokens": 8192}, ())
    assert sent(BUDGET, tool_choice="required", tools=[]) == ({"max_tokens": 8192}, ("dropped tool_choice",))


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (BUDGET, {"reasoning_effort": "low"}),
        (BOTH, {"reasoning_effort": "low"}),
        (NEWEST, {}),
        ("claude-sonnet-5-5", {}),
        ("claude-fable-5-1", {}),
        ("claude-mythos-5-2", {}),
    ],
)
def test_forced_tools_are_asked_for_in_words(model: str, params: Json) -> None:
    """A tool is forced on a model, or beside thinking, where the API refuses it."""
    forced = {"type": "function", "function": {"name": "weather"}}
    body, told = sent(model, tools=[WEATHER], tool_choice=forced, parallel_tool_calls=False, **params)
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "weather" in body["system"]
    assert any("weakened tool_choice" in change for change in told)
    assert sent("claude-haiku-5-5", tools=[WEATHER], tool_choice=forced)[0]["tool_choice"]["type"] == "tool"
    assert sent("claude-fable-5", tools=[WEATHER], tool_choice=forced)[0]["tool_choice"]["type"] == "tool"


@pytest.mark.parametrize(
    ("function", "tool", "changes"),
    [
        ({"name": "f"}, {"name": "f", "input_schema": {"type": "object", "properties": {}}}, ()),
        (
            {"name": "f", "description": "d", "parameters": {"properties": {"a": {}}}, "strict": False},
            {"name": "f", "description": "d", "input_schema": {"properties": {"a": {}}, "type": "object"}},
            (),
        ),
        (
            {"name": "f", "parameters": {"type": ["object", "null"], "$defs": {"x": {"anyOf": []}}}, "strict": True},
            {
                "name": "f",
                "input_schema": {"type": "object", "$defs": {"x": {"anyOf": []}}, "properties": {}},
                "strict": True,
            },
            (),
        ),
        (
            {
                "name": "f",
                "parameters": {
                    "anyOf": [
                        {"properties": {"a": {}, "c": {}}, "required": ["a", "c"]},
                        {"properties": {"b": {}, "c": {}}, "required": ["b", "c"]},
                    ],
                    "allOf": [{"properties": {"d": {}}, "required": ["d"]}],
                    "required": ["e"],
                    "properties": {"e": {"type": "string"}},
                },
            },
            {
                "name": "f",
                "input_schema": {
                    "type": "object",
                    "properties": {"a": {}, "b": {}, "c": {}, "d": {}, "e": {"type": "string"}},
                    "required": ["e", "c", "d"],
                },
            },
            ("loosened tools[].function.parameters: no oneOf, anyOf or allOf at the top",),
        ),
    ],
)
def test_tool(function: Json, tool: Json, changes: tuple[str, ...]) -> None:
    """A tool goes up in a form that the API refuses."""
    body, told = sent(BUDGET, tools=[{"type": "function", "function": function}])
    assert (body["tools"], told) == ([tool], changes)


def test_strict_tools_need_a_newer_model() -> None:
    """A model that knows no strict tools is sent one."""
    strict = {"type": "function", "function": {"name": "f", "strict": True}}
    body, told = sent(OLD, tools=[strict])
    assert "strict" not in body["tools"][0]
    assert told == ("dropped tools[].strict",)


@pytest.mark.parametrize("where", ["tool", "function"])
def test_tool_keeps_its_cache_mark(where: str) -> None:
    """A client that marks its tools for the cache pays for them on each request."""
    mark = {"type": "ephemeral", "ttl": "1h"}
    tool: Json = {"type": "function", "function": {"name": "f"}}
    (tool if where == "tool" else tool["function"])["cache_control"] = mark
    assert sent(BUDGET, tools=[tool])[0]["tools"][0]["cache_control"] == mark


def test_tools_of_other_types() -> None:
    """A tool of the vendor's own is lost, or one of OpenAI's own goes up."""
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    body, told = sent(BUDGET, tools=[search, {"type": "custom", "custom": {"name": "x"}}])
    assert body["tools"] == [search]
    assert told == ("dropped tools of type custom",)


def test_functions_become_tools() -> None:
    """OpenAI's older fields reach an API that does not know them."""
    body, told = sent(BUDGET, functions=[{"name": "f"}], function_call={"name": "f"})
    assert body["tools"][0]["name"] == "f"
    assert body["tool_choice"] == {"type": "tool", "name": "f"}
    assert told == ("renamed functions to tools; the reply holds tool_calls",)
    assert sent(BUDGET, functions=[{"name": "f"}], function_call="none")[0]["tool_choice"] == {"type": "none"}


def test_schema_of_the_answer() -> None:
    """A schema is lost, or has open objects, which the API refuses."""
    body, told = sent(BOTH, response_format=ASKED, reasoning_effort="low")
    closed = {
        "type": "object",
        "properties": {
            "city": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": False}
        },
        "additionalProperties": False,
    }
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": closed}}
    assert told == ()


def test_schema_with_names_that_are_keywords() -> None:
    """A property that is called like a keyword, or data inside an enum, is taken for a schema."""
    schema = {
        "type": "object",
        "properties": {"properties": {"type": "string"}, "default": {"type": "object", "additionalProperties": True}},
        "required": ["properties"],
        "enum": [{"properties": 1}],
    }
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body, told = sent(BUDGET, response_format=asked)
    closed = body["output_config"]["format"]["schema"]
    assert closed["enum"] == [{"properties": 1}]
    assert closed["properties"]["properties"] == {"type": "string"}
    assert closed["properties"]["default"] == {"type": "object", "additionalProperties": False}
    assert told == ("closed objects of response_format that allowed further properties",)


def test_schema_for_an_older_model() -> None:
    """A model that knows no schemas answers in any form it likes."""
    body, _ = sent(OLD, response_format=ASKED)
    assert body["tools"][0]["name"] == "json_tool_call"
    assert body["tools"][0]["input_schema"] == SCHEMA
    assert body["tool_choice"] == {"type": "tool", "name": "json_tool_call"}
    body, _ = sent(OLD, response_format=ASKED, tools=[WEATHER])
    assert [tool["name"] for tool in body["tools"]] == ["weather", "json_tool_call"]
    assert body["tool_choice"] == {"type": "any"}
    body, told = sent(OLD, response_format=ASKED, tools=[WEATHER], tool_choice="required")
    assert [tool["name"] for tool in body["tools"]] == ["weather"]
    assert told == ("dropped response_format (a tool is forced)",)
    body, _ = sent(OLD, response_format=ASKED, reasoning_effort="low")
    assert "json_tool_call" in body["system"]
    assert "tool_choice" not in body


def test_json_mode_in_words() -> None:
    """JSON mode, which the API does not have, is lost without a word to the model or to the client."""
    body, told = sent(BUDGET, response_format={"type": "json_object"})
    assert "JSON" in body["system"]
    assert told == ("asked for JSON in the system text: the API has no field for it",)
    assert sent(BUDGET, response_format={"type": "text"}) == ({"max_tokens": 8192}, ())
