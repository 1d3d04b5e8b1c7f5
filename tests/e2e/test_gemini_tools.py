"""Tool loops with Gemini through the gateway, from clients that drop thought signatures and reasoning."""

import json
from typing import Any

import openai
import pytest

from tests.e2e.answers import CITY, ask, both
from tests.fakevendor.gemini import CLAUDE, Google
from tests.fakevendor.gemini_rules import MODELS, PLACEHOLDER, sign

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.gemini_gateway"]

FLASH, NEW = "gemini-2.5-flash", "gemini-3-flash-preview"
TOOLS: Any = [{"type": "function", "function": {"name": "get weather!", "description": "天气", "parameters": CITY}}]
QUESTION = "The weather in Paris and Rome?"
DOORS = ("", "vertex/")


def second_turn(first: dict[str, Any], *, question: str = QUESTION) -> list[dict[str, Any]]:
    """The history of a client that keeps text and calls and drops everything else."""
    calls = [
        {"id": identity, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for identity, name, arguments in first["calls"]
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": f"{18 + n}"} for n, call in enumerate(calls)]
    turn = {"role": "assistant", "content": first["text"] or None, "tool_calls": calls}
    return [{"role": "user", "content": question}, turn, *reversed(results)]


@pytest.mark.parametrize("door", DOORS)
def test_two_turns(gemini: openai.OpenAI, google: Google, door: str) -> None:
    """The signature that a client drops is not put back, and the API refuses the next turn of the tool loop."""
    google.placeholders = False
    for model in MODELS:
        for found in both(gemini, door + model, QUESTION, tools=TOOLS, reasoning_effort="low"):
            assert [(name, arguments) for _, name, arguments in found["calls"]] == [
                ("get weather!", {"city": "Paris"}),
                ("get weather!", {"city": "Rome"}),
            ]
            assert (found["reason"], bool(found["reasoning"])) == ("tool_calls", model != "gemini-2.0-flash")
            assert len({identity for identity, _, _ in found["calls"]}) == 2
            for answer in both(gemini, door + model, second_turn(found), tools=TOOLS, reasoning_effort="low"):
                assert (answer["text"], answer["reason"]) == ("Results: 18; 19.", "stop")
            told = google.served[-1]["contents"][1]["parts"][0].get("thoughtSignature")
            signed = sign(f"{'vertexai' if door else 'gemini'}/{model}", "get_weather_")
            assert told == (None if model == "gemini-2.0-flash" else signed)


def test_steps_of_one_turn(gemini: openai.OpenAI, google: Google) -> None:
    """Of several steps in a row only the last keeps its signature."""
    google.placeholders = False
    history: list[dict[str, Any]] = [{"role": "user", "content": "The weather in Paris?"}]
    for _ in range(3):
        (found, _) = both(gemini, NEW, [*history[:1]], tools=TOOLS)
        history += second_turn(found)[1:]
    assert ask(gemini, NEW, history, tools=TOOLS).choices[0].message.content == "Results: 18."
    assert len(google.served[-1]["contents"]) == 7


def test_signature_that_nobody_kept(gemini: openai.OpenAI, google: Google) -> None:
    """A history from another vendor, or from before the gateway's start, is refused, or is changed in silence."""
    unknown = {"text": "", "calls": [("call_elsewhere", "get weather!", {"city": "Paris"})]}
    create = gemini.chat.completions.with_raw_response.create
    for model in (NEW, f"vertex/{NEW}"):
        messages: Any = second_turn(unknown)
        raw = create(model=model, messages=messages, tools=TOOLS)
        assert raw.parse().choices[0].message.content == "Results: 18."
        assert "placeholder for a thought signature" in raw.headers["x-gateway-changes"]
        assert google.served[-1]["contents"][1]["parts"][0]["thoughtSignature"] == PLACEHOLDER


def test_signature_of_another_door(gemini: openai.OpenAI) -> None:
    """A signature is shown to another model, or at another door, where it is not valid."""
    (found, _) = both(gemini, NEW, QUESTION, tools=TOOLS)
    for model in (f"vertex/{NEW}", "gemini-3-pro-preview", FLASH):
        assert ask(gemini, model, second_turn(found), tools=TOOLS).choices[0].message.content == "Results: 18; 19."


def test_signature_that_the_client_kept(gemini: openai.OpenAI, google: Google) -> None:
    """A client that does send the signature, as the vendor's OpenAI surface has it, is not believed."""
    google.placeholders = False
    unknown = {"text": "", "calls": [("call_kept", "get weather!", {"city": "Paris"})]}
    messages = second_turn(unknown)
    kept = {"google": {"thought_signature": sign(f"gemini/{NEW}", "get_weather_")}}
    messages[1]["tool_calls"][0]["extra_content"] = kept
    assert ask(gemini, NEW, messages, tools=TOOLS).choices[0].message.content == "Results: 18."


def test_choices(gemini: openai.OpenAI) -> None:
    """Forced, required or forbidden calls become others on their way."""
    named = {"type": "function", "function": {"name": "get weather!"}}
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named]}}
    cases: list[tuple[str, Any, list[str]]] = [
        ("Hello", "required", ["Paris"]),
        ("Hello", named, ["Paris"]),
        ("Hello", allowed, ["Paris"]),
        (QUESTION, "none", []),
        (QUESTION, "auto", ["Paris", "Rome"]),
    ]
    for asked, choice, cities in cases:
        for found in both(gemini, FLASH, asked, tools=TOOLS, tool_choice=choice):
            assert [arguments["city"] for _, _, arguments in found["calls"]] == cities


def test_odd_schemas(gemini: openai.OpenAI) -> None:
    """A schema as libraries write it is refused by the API."""
    odd: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "city": {"type": ["string", "null"], "format": "uri", "default": None},
            "size": {"type": "integer", "enum": [1, 2], "exclusiveMinimum": 0},
            "kind": {"const": "a"},
            "either": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"x": {"type": "null"}}}]},
            "node": {"$ref": "#/$defs/Node"},
            "list": {"type": "array"},
            "$ref": {"type": "string", "title": "a property of that name"},
            "empty": {"type": "object", "properties": {}},
            "both": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "d"},
        },
        "required": ["city", "gone"],
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
    }
    tools: Any = [{"type": "function", "function": {"name": "f", "strict": True, "parameters": odd}}]
    for model in MODELS:
        assert ask(gemini, model, "The weather?", tools=tools).choices[0].finish_reason == "tool_calls"


def test_odd_histories(gemini: openai.OpenAI) -> None:
    """A history as chat front-ends really send it is refused."""
    call = {"id": "f.w:0", "type": "function", "function": {"name": "get weather!", "arguments": ""}}
    turn = {"role": "assistant", "content": " ", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "f.w:0", "content": ""}
    histories: list[list[dict[str, Any]]] = [
        [{"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "x"}],
        [{"role": "user", "content": "x"}, turn, result, turn, result, {"role": "user", "content": "y"}],
        [{"role": "user", "content": "x"}, turn, {"role": "user", "content": "y"}],
        [{"role": "user", "content": "x"}, turn],
        [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "gone", "content": "1"}],
        [{"role": "user", "content": "x"}, {"role": "assistant", "content": "begun: "}],
        [{"role": "system", "content": "only this"}],
        [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}, {"role": "user", "content": " "}],
        [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    ]
    for door in DOORS:
        for model in (FLASH, NEW):
            for history in histories:
                assert ask(gemini, door + model, history, tools=TOOLS).choices[0].finish_reason, history


def test_tools_of_claude_at_vertex(gemini: openai.OpenAI) -> None:
    """The tool loop of a model of Anthropic's breaks at Vertex AI."""
    for found in both(gemini, f"vertex/{CLAUDE}", QUESTION, tools=TOOLS, reasoning_effort="low"):
        assert len(found["calls"]) == 2
        answer = ask(gemini, f"vertex/{CLAUDE}", second_turn(found), tools=TOOLS)
        assert answer.choices[0].message.content == "Results: 18; 19."
