"""Conversations and parameters in the form of Spark's two protocols: order, roles, tools, ranges of HTTP."""

from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from tests.unit.sparking import HELLO, SEARCH, TOOLS, body, frame

TALKS: list[tuple[str, str, list[Any], list[tuple[str, str]]]] = [
    ("system first", "spark-max", [("system", "S"), ("user", "a")], [("system", "S"), ("user", "a")]),
    ("developer", "spark-max", [("developer", "S"), ("user", "a")], [("system", "S"), ("user", "a")]),
    (
        "several systems",
        "spark-max",
        [("system", "S"), ("user", "a"), ("system", "T"), ("assistant", "b"), ("user", "c")],
        [("system", "S\nT"), ("user", "a"), ("assistant", "b"), ("user", "c")],
    ),
    ("no system for lite", "spark-lite", [("system", "S"), ("user", "a")], [("user", "S\n\na")]),
    ("no system for old ones", "spark-v2.0", [("system", "S"), ("user", "a")], [("user", "S\n\na")]),
    ("only a system", "spark-max", [("system", "S")], [("system", "S"), ("user", "Continue.")]),
    ("neighbours", "spark-max", [("user", "a"), ("user", "b")], [("user", "a\nb")]),
    ("assistant first", "spark-max", [("assistant", "x"), ("user", "a")], [("user", "a")]),
    (
        "assistant last",
        "spark-max",
        [("user", "a"), ("assistant", "b")],
        [("user", "a"), ("assistant", "b"), ("user", "Continue.")],
    ),
    ("empty ones", "spark-max", [("user", "a"), ("assistant", " "), ("user", "b")], [("user", "a\nb")]),
    (
        "parts",
        "spark-max",
        [("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])],
        [("user", "a\nb")],
    ),
]


@pytest.mark.parametrize(("model", "given", "sent"), [t[1:] for t in TALKS], ids=[t[0] for t in TALKS])
def test_conversation(model: str, given: Any, sent: Any) -> None:
    """The vendor refuses the order or the form of the messages."""
    told, _ = frame(model, [{"role": role, "content": content} for role, content in given])
    assert [(m["role"], m["content"]) for m in told["payload"]["message"]["text"]] == sent


def test_names_and_refusals() -> None:
    """Who speaks, or what was refused, is lost in silence."""
    refused = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    told, changes = frame(messages=[{"role": "user", "name": "Ada", "content": "a"}, refused, HELLO[0]])
    assert [m["content"] for m in told["payload"]["message"]["text"]] == ["a", "No.", "hi"]
    assert changes == ("dropped messages[].name",)


def test_tool_results() -> None:
    """A round trip of tools does not reach a wire that has no role for it."""
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"合肥"}'}},
        {"id": "c2", "type": "function", "function": {"name": "time", "arguments": "{}"}},
    ]
    history = [
        {"role": "user", "content": "天气?"},
        {"role": "assistant", "content": "Let me see.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": '{"t":21}'},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "noon"}]},
        {"role": "tool", "tool_call_id": "lost", "content": "?"},
    ]
    told, _ = frame(messages=history)
    assert told["payload"]["message"]["text"] == [
        {"role": "user", "content": "天气?"},
        {
            "role": "assistant",
            "content": 'Let me see.\ncall function weather with {"city":"合肥"}\ncall function time with {}',
        },
        {
            "role": "user",
            "content": 'function weather returned: {"t":21}\nfunction time returned: noon\nfunction lost returned: ?',
        },
    ]


def test_nothing_said() -> None:
    """Empty messages go up, which the vendor answers with a riddle."""
    with pytest.raises(ProviderError) as caught:
        frame(messages=[{"role": "user", "content": ""}])
    assert (caught.value.kind, caught.value.param) == (ErrorKind.INVALID_REQUEST, "messages")


@pytest.mark.parametrize(
    ("model", "params", "sent", "changes"),
    [
        ("spark-max", {"temperature": 0}, {"temperature": 0}, ()),
        ("spark-max", {"temperature": 3}, {"temperature": 2}, ("clamped temperature to 2",)),
        ("spark-max", {"top_p": 0}, {"top_p": 0.01}, ("clamped top_p to 0.01",)),
        ("spark-max", {"top_k": 9}, {"top_k": 6}, ("clamped top_k to 6",)),
        ("spark-max", {"presence_penalty": -3}, {"presence_penalty": -2}, ("clamped presence_penalty to -2",)),
        ("spark-max", {"max_tokens": 9000}, {"max_tokens": 8192}, ("clamped max_tokens to 8192",)),
        ("spark-lite", {"max_completion_tokens": 9000}, {"max_tokens": 4096}, ("clamped max_tokens to 4096",)),
        ("4.0Ultra", {"max_tokens": 99999}, {"max_tokens": 32768}, ("clamped max_tokens to 32768",)),
        ("spark-x", {"max_tokens": 99999}, {"max_tokens": 65535}, ("clamped max_tokens to 65535",)),
        ("spark-max", {"seed": 1, "n": 2, "logprobs": True}, {}, ("dropped seed", "dropped n", "dropped logprobs")),
        ("spark-max", {"parallel_tool_calls": False}, {}, ("dropped parallel_tool_calls",)),
        ("spark-max", {"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}, ()),
        ("spark-lite", {"tools": TOOLS, "tool_choice": "auto"}, {}, ("dropped tools",)),
        ("spark-max-32k", {"tools": TOOLS}, {}, ("dropped tools",)),
        ("spark-max", {"tools": TOOLS}, {"tools": TOOLS, "tool_calls_switch": True}, ()),
        ("spark-x", {"tools": TOOLS}, {"tools": TOOLS, "tool_calls_switch": True}, ()),
        (
            "spark-max",
            {"tools": TOOLS, "tool_choice": "required"},
            {"tools": TOOLS, "tool_choice": "required", "tool_calls_switch": True},
            (),
        ),
        ("spark-x2.5", {"temperature": 0.3, "top_p": 0.9}, {}, ("dropped temperature", "dropped top_p")),
        ("spark-x2.5-4b", {"max_tokens": 100_000}, {"max_completion_tokens": 100_000}, ()),
    ],
)
def test_http_parameters(model: str, params: Any, sent: Any, changes: tuple[str, ...]) -> None:
    """A parameter goes up outside the vendor's range, or is lost without a word."""
    told, changed = body(model, **params)
    del told["model"], told["messages"]
    assert (told, changed) == (sent, changes)


def test_http_stream() -> None:
    """A stream is asked for with fields the vendor does not know."""
    told, changes = body(stream=True, stream_options={"include_usage": True})
    assert told == {"model": "generalv3.5", "messages": HELLO, "stream": True}
    assert not changes


def test_http_schema_where_system_is_not_heeded() -> None:
    """A schema in words goes to a small model as the system message that it does not heed."""
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    told, changes = body("spark-lite", [{"role": "system", "content": "S"}, *HELLO], response_format=schema)
    (message,) = told["messages"]
    assert message["role"] == "user"
    assert message["content"].startswith("Answer with one JSON object")
    assert message["content"].endswith("S\n\nhi")
    assert told["response_format"] == {"type": "json_object"}
    assert changes == ("replaced response_format json_schema by json_object",)


def test_http_choice_among_functions_that_are_gone() -> None:
    """A model without functions is told to call one."""
    told, changes = body("spark-pro", tools=[*TOOLS, SEARCH], tool_choice="required")
    assert told["tools"] == [SEARCH]
    assert "tool_choice" not in told
    assert changes == ("dropped tools",)
