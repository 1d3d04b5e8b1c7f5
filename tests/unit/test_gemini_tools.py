"""Tools for Gemini: names, choices, and JSON Schema in the narrower form that deployed models take."""

import time
from typing import Any

import pytest

from providers.types import Json
from providers.wires.gemini import schemas
from providers.wires.gemini.names import Names
from tests.fakevendor.gemini_schema import check, check_schema
from tests.unit.gemini import FLASH, USER, body, encoded, vector

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def function(name: str = "f", **more: Any) -> Json:
    return {"type": "function", "function": {"name": name, **more}}


def sent(*tools: Json, **params: Any) -> tuple[Json, tuple[str, ...]]:
    wire = encoded(FLASH, USER, {"tools": list(tools), **params})
    return {name: value for name, value in body(wire).items() if name in ("tools", "toolConfig")}, wire.changes


def reduced(schema: Any) -> tuple[Json, set[str]]:
    """A schema reduced, which the fake vendor takes, and what was lost of it."""
    lost: set[str] = set()
    found = schemas.reduced(schema, lost)
    check(found, "schema", "")
    check_schema(found, "")
    return found, lost


@pytest.mark.parametrize("case", vector("gemini", "schema_reduction"))
def test_vectors(case: Json) -> None:
    """Broken: a schema becomes another one than the vendor's reference allows."""
    assert reduced(case["in"])[0] == case["out"]


@pytest.mark.parametrize(
    ("schema", "expected", "lost"),
    [
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": "string", "nullable": True, "enum": ["a"]}, ""),
        ({"type": ["string", "integer"], "description": "d"},
         {"anyOf": [{"type": "string", "description": "d"}, {"type": "integer", "description": "d"}]}, ""),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}, ""),
        ({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
         {"anyOf": [{"type": "string", "nullable": True}, {"type": "number", "nullable": True}]}, ""),
        ({"type": "array", "items": {"type": "string"}, "anyOf": [{"minItems": 1}, {"maxItems": 0}]},
         {"anyOf": [{"type": "array", "items": {"type": "string"}, "minItems": 1},
                    {"type": "array", "items": {"type": "string"}, "maxItems": 0}]}, ""),
        ({"allOf": [{"$ref": "#/$defs/A"}, {"required": ["b"], "properties": {"b": {"type": "string"}}}],
          "$defs": {"A": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}},
         {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}}, "required": ["a", "b"]},
         ""),
        ({"enum": [1, 2], "description": "Size."}, {"type": "integer", "description": "Size. One of: 1, 2."},
         "enum (told in the description)"),
        ({"const": True}, {"type": "boolean", "description": "One of: true."}, "enum (told in the description)"),
        ({"enum": [1.5, None]}, {"type": "number", "description": "One of: 1.5, null.", "nullable": True},
         "enum (told in the description)"),
        ({"anyOf": [{"type": "string"}, {"const": None}]}, {"type": "string", "nullable": True}, ""),
        ({"anyOf": [{"type": "STRING"}, {"type": "NULL"}]}, {"type": "STRING", "nullable": True}, ""),
        ({"oneOf": [{"type": ["null"]}, {"enum": [None]}, {"type": "string"}]}, {"type": "string", "nullable": True},
         "oneOf (as anyOf)"),
        ({"type": "array", "items": [{"type": "string"}, {"type": "number"}]},
         {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "number"}]}}, "items (by place)"),
        ({"type": "object", "patternProperties": {"x": {}}, "minProperties": 1}, {"type": "object", "minProperties": 1},
         "patternProperties"),
        ({"type": "number", "format": "double", "multipleOf": 2}, {"type": "number", "format": "double"}, "multipleOf"),
        ({"type": "any", "title": "t"}, {"title": "t"}, "type"),
        ({"properties": {"enum": {"type": "string"}, "$ref": {"type": "string"}}, "required": ["enum"]},
         {"type": "object", "required": ["enum"],
          "properties": {"enum": {"type": "string"}, "$ref": {"type": "string"}}},
         ""),
        ({"type": "object", "properties": [], "allOf": 1, "required": "a", "anyOf": {}}, {"type": "object"}, ""),
        ({"type": ["array", "string"], "items": {"type": "string"}},
         {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}, ""),
        ({"type": "STRING", "nullable": True}, {"type": "STRING", "nullable": True}, ""),
        ({"type": "array", "items": {}}, {"type": "array", "items": {"type": "string"}}, ""),
        (True, {}, ""),
    ],
)  # fmt: skip
def test_reductions(schema: Any, expected: Json, lost: str) -> None:
    """Broken: what the message can say is lost, or what it cannot is not named."""
    assert reduced(schema) == (expected, {lost} - {""})


def test_recursion_ends() -> None:
    """Broken: a schema that holds itself keeps the gateway busy for ever."""
    node = {"type": "object", "properties": {"next": {"$ref": "#"}, "all": {"allOf": [{"$ref": "#"}]}}}
    found, lost = reduced(node)
    assert found["properties"]["next"]["properties"]["next"] == {"type": "object"}
    assert lost == {"$ref"}
    assert reduced({"$ref": "https://a.example/schema"}) == ({"type": "object"}, {"$ref"})
    assert reduced({"allOf": [{"$ref": "#"}]})[1] == {"$ref"}


def test_growth_ends() -> None:
    """Broken: a short schema that doubles at each level fills the memory."""
    refs = {
        str(n): {"properties": {"a": {"$ref": f"#/$defs/{n + 1}"}, "b": {"$ref": f"#/$defs/{n + 1}"}}}
        for n in range(60)
    }
    deep: Json = {"type": "string"}
    for _ in range(40):
        deep = {"properties": {"p": deep}, "anyOf": [{"required": ["p"]}, {"title": "x"}]}
    began = time.process_time()
    for schema in ({"$ref": "#/$defs/0", "$defs": refs}, deep):
        lost: set[str] = set()
        schemas.reduced(schema, lost)
        assert lost & {"$ref", "what is beyond its size"}
    assert time.process_time() - began < 5


def test_alternatives_at_the_top() -> None:
    """Broken: parameters that are alternatives are refused, or lose their properties."""
    one = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}
    two = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    lost: set[str] = set()
    found = schemas.of_input({"anyOf": [one, two]}, lost)
    assert found == {"type": "object", "properties": one["properties"], "required": ["a"]}
    assert lost == {"anyOf at the top"}


def test_declarations() -> None:
    """Broken: functions are split over entries, or one without parameters gets an empty object, which is refused."""
    empty: Json = {"type": "object", "properties": {}}
    found, changes = sent(
        function("a", description="d", parameters=CITY), function("b", parameters=empty), function("c")
    )
    declared = [{"name": "a", "description": "d", "parameters": CITY}, {"name": "b"}, {"name": "c"}]
    assert found == {"tools": [{"functionDeclarations": declared}]}
    assert changes == ()


def test_what_is_reduced_is_named() -> None:
    """Broken: a schema loses its meaning in silence, or a client's text gets into a header as it is."""
    parameters = {**CITY, "additionalProperties": False, "x-天气\n": 1, "$schema": "s"}
    found, changes = sent(function(parameters=parameters, strict=True))
    assert found["tools"][0]["functionDeclarations"][0]["parameters"] == CITY
    assert changes == (
        "dropped tools[].function.strict",
        "reduced tools[].function.parameters: without additionalProperties, others",
    )


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        (None, None),
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [function("f")]}},
         {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
        ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
         {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)  # fmt: skip
def test_choices(choice: Any, calling: Json | None) -> None:
    """Broken: a choice becomes another one."""
    found, changes = sent(function("f"), tool_choice=choice)
    assert found.get("toolConfig") == (calling and {"functionCallingConfig": calling})
    assert changes == ()


def test_choice_without_functions() -> None:
    """Broken: a choice among no functions is refused by the API."""
    assert sent(tool_choice="required") == ({}, ("dropped tool_choice",))
    assert sent(tool_choice="auto") == ({}, ())


def test_the_vendors_own_tools() -> None:
    """Broken: the vendor's own tools cannot be asked for, or are mixed with functions, which is refused."""
    search = {"type": "google_search"}
    assert sent(search, {"type": "code_interpreter"}) == ({"tools": [{"googleSearch": {}}, {"codeExecution": {}}]}, ())
    assert sent(web_search_options={}) == ({"tools": [{"googleSearch": {}}]}, ())
    assert sent(search, web_search_options={}) == ({"tools": [{"googleSearch": {}}]}, ())
    found, changes = sent(search, function("f"), {"type": "odd 天"})
    assert found == {"tools": [{"functionDeclarations": [{"name": "f"}]}]}
    assert changes == ("dropped tools of type google_search", "dropped tools of type unknown")


def test_names() -> None:
    """Broken: a name is refused, two become one, or the client gets back another than it gave."""
    names = Names(12)
    given = ["get.weather", "get weather", "get_weather", "1st", "天气", "a" * 20, "a" * 21, "get weather"]
    written = [names.sent(name) for name in given]
    assert written[:4] == ["get.weather", "get_weather", "get_weathe_2", "_1st"]
    assert all(len(name) <= 12 for name in written)
    assert len(set(written)) == 7
    assert [names.told[name] for name in written] == given
