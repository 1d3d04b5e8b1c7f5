"""Tool loops through the gateway, with and without signed thinking, and histories as clients really send them."""

import json
from itertools import product
from typing import Any

import openai
import pytest

from tests.e2e.claude import MODELS, NEWEST, OPUS, QUESTION, SONNET, TOOLS, Connect, ask, both
from tests.fakevendor.claude import Claude

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.claude_gateway"]


def test_tools(connect: Connect) -> None:
    """Single, parallel, forced, required or forbidden calls become others on their way."""
    client = connect()
    for model in (SONNET, NEWEST):
        check_tools(client, model)


def check_tools(client: openai.OpenAI, model: str) -> None:
    forced = {"type": "function", "function": {"name": "get.weather"}}
    cases: list[tuple[str, dict[str, Any], list[str]]] = [
        ("The weather in Paris?", {}, ["Paris"]),
        (QUESTION, {}, ["Paris", "Rome"]),
        (QUESTION, {"parallel_tool_calls": False}, ["Paris"]),
        (QUESTION, {"tool_choice": "none"}, []),
        ("Hello", {}, []),
    ]
    if model == SONNET:
        cases += [("Hello", {"tool_choice": "required"}, ["Paris"]), ("Hello", {"tool_choice": forced}, ["Paris"])]
    else:
        cases += [("The weather?", {"tool_choice": "required"}, ["Paris"])]
    for asked, params, cities in cases:
        for found in both(client, asked, model, tools=TOOLS, **params):
            assert [(name, arguments) for _, name, arguments in found["calls"]] == [
                ("get.weather", {"city": city}) for city in cities
            ]
            assert found["finish_reason"] == ("tool_calls" if cities else "stop")


def second_turn(first: dict[str, Any], *, question: str = QUESTION) -> list[dict[str, Any]]:
    """The history of a client that keeps text and calls and drops everything else."""
    calls = [
        {"id": identity, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for identity, name, arguments in first["calls"]
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": f"{18 + n}"} for n, call in enumerate(calls)]
    turn = {"role": "assistant", "content": first["text"] or None, "tool_calls": calls}
    return [{"role": "user", "content": question}, turn, *reversed(results)]


def test_tool_results(connect: Connect) -> None:
    """Results do not reach the model in the order the API demands, or the answer to them is lost."""
    client = connect()
    for found in both(client, QUESTION, tools=TOOLS):
        reply = ask(client, second_turn(found), tools=TOOLS)
        assert reply.choices[0].message.content == "Results: 18; 19."


def test_thinking_across_turns(connect: Connect, claude: Claude) -> None:
    """The signed thinking that a client drops is not put back, and the API refuses the next turn of the tool loop."""
    client = connect()
    for model in (SONNET, "claude-opus-4-6", OPUS, NEWEST):
        check_two_turns(client, claude, model)


def check_two_turns(client: openai.OpenAI, claude: Claude, model: str) -> None:
    for number, found in enumerate(both(client, QUESTION, model, tools=TOOLS, reasoning_effort="medium")):
        assert found["reasoning"].startswith("Thought")
        assert len(found["calls"]) == 2
        history = second_turn(found)
        replies = list(both(client, history, model, tools=TOOLS, reasoning_effort="medium"))
        for reply in replies:
            assert reply["text"] == "Results: 18; 19."
            assert reply["reasoning"].startswith("Thought"), number
        assert claude.served[-1]["messages"][1]["content"][0]["type"] == "thinking"


def test_thinking_that_nobody_kept(connect: Connect) -> None:
    """A history from before the gateway's start makes the API refuse the request."""
    unknown = {"text": "", "calls": [("toolu_elsewhere", "get.weather", {"city": "Paris"})]}
    messages: Any = second_turn(unknown)
    create = connect().chat.completions.with_raw_response.create
    for model in (SONNET, OPUS):
        raw = create(model=model, messages=messages, tools=TOOLS, reasoning_effort="medium")
        message = raw.parse().choices[0].message.to_dict()
        assert message["content"] == "Results: 18."
        assert not message.get("reasoning_content")
        assert "switched reasoning off" in raw.headers["x-gateway-changes"]


def test_reasoning(connect: Connect) -> None:
    """An effort is refused by one of the generations, or its reasoning does not reach the client."""
    client = connect()
    for model, effort in product(MODELS, ("none", "minimal", "low", "medium", "high", "xhigh")):
        for found in both(client, "Hello", model, reasoning_effort=effort, temperature=0.3, max_tokens=2000):
            assert bool(found["reasoning"]) is (effort != "none"), (model, effort)
            assert found["text"] == "You said: Hello"


def test_odd_histories(connect: Connect) -> None:
    """A history as chat front-ends really send it is refused."""
    client = connect()
    call = {"id": "f.w:0", "type": "function", "function": {"name": "get.weather", "arguments": ""}}
    turn = {"role": "assistant", "content": " ", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "f.w:0", "content": ""}
    histories: list[list[dict[str, Any]]] = [
        [{"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "x"}],
        [{"role": "user", "content": "x"}, turn, result, turn, result, {"role": "user", "content": "y"}],
        [{"role": "user", "content": "x"}, turn, {"role": "user", "content": "y"}],
        [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "gone", "content": "1"}],
        [{"role": "user", "content": "x"}, {"role": "assistant", "content": "begun: "}],
        [{"role": "system", "content": "only this"}],
        [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}, {"role": "user", "content": " "}],
    ]
    for model in (SONNET, OPUS):
        for history in histories:
            assert ask(client, history, model, tools=TOOLS).choices[0].finish_reason
