"""Bodies to requests: what is wrong is named, what is unknown passes."""

import json
from typing import Any

import pytest

from app import parse
from app.errors import ApiError

HELLO = [{"role": "user", "content": "hi"}]


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": HELLO, **fields}).encode()


def test_fields_are_sorted_out() -> None:
    """Broken: a field is lost or stands twice."""
    request = parse.chat(body(model=" m ", stream=True, stream_options={"include_usage": True}, wild={"x": 1}, top_k=3))
    assert (request.model, request.stream, request.messages) == ("m", True, HELLO)
    assert request.params == {"stream_options": {"include_usage": True}, "wild": {"x": 1}, "top_k": 3}
    assert request.include_usage
    assert not parse.chat(body(stream=None, temperature=None)).stream


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"model": "m",}', "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[]", "must be a JSON object, not an empty array"),
        (b'"x"', "must be a JSON object"),
        (b"null", "must be a JSON object, not null"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "levels deep"),
        (b"[" * 2000 + b"]" * 2000, "not valid JSON"),
    ],
)
def test_documents_at_fault(text: bytes, words: str) -> None:
    """Broken: a body that is no request gets a crash or a riddle."""
    with pytest.raises(ApiError, match=words) as caught:
        parse.chat(text)
    assert caught.value.status == 400


def test_wide_is_not_deep() -> None:
    """Broken: a request with many tools is taken for a bomb."""
    tools = [{"type": "function", "function": {"name": f"f{number}", "parameters": {}}} for number in range(200)]
    assert parse.chat(body(tools=tools))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"model": "m" * 513}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "u"}]}]},
            "messages[0].content[0].image_url",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": ["f"]}]}, "messages[0].tool_calls[0]"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages[0].tool_calls[0].id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}, "messages[0].tool_calls[0].function"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f"}}]}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": 5}]}]},
            "messages[0].tool_calls[0].type",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": None}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {}}, "stream_options"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"stop": 5}, "stop"),
        ({"stop": [5]}, "stop"),
        ({"tools": [{}]}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}, "tools"),
        ({"tool_choice": {"type": "function", "function": "f"}}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": []}}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {"tools": ["f"]}}}, "tool_choice"),
        ({"functions": [None]}, "functions"),
        ({"functions": [{"parameters": {}}]}, "functions"),
        ({"function_call": {}}, "function_call"),
        ({"modalities": [["text"]]}, "modalities"),
        ({"audio": "alloy"}, "audio"),
        ({"response_format": {"type": "json_schema", "json_schema": []}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": "{}"}}}, "response_format"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"response_format": {}}, "response_format"),
        ({"logit_bias": []}, "logit_bias"),
    ],
)
def test_fields_at_fault(fields: dict[str, Any], param: str) -> None:
    """Broken: a wrong field is let through, or another one is blamed."""
    with pytest.raises(ApiError) as caught:
        parse.chat(body(**fields))
    assert (caught.value.status, caught.value.param) == (400, param)


def test_what_is_missing_is_told() -> None:
    """Broken: a tool call without an id is told that an object was found in its place."""
    with pytest.raises(ApiError, match=r"tool_calls\[0\]\.id' must be a text; it is missing"):
        parse.chat(body(messages=[{"role": "assistant", "tool_calls": [{"type": "function"}]}]))


def test_shapes_that_real_clients_send() -> None:
    """Broken: a real client is refused."""
    messages = [
        {"role": "developer", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]},
        {"role": "user", "content": [{"type": "video_url", "video_url": {"url": "u"}}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "x"}}]},
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "18"},
        {"role": "function", "name": "f", "content": None},
    ]
    tools = [{"type": "web_search"}, {"type": "function", "function": {"name": "f"}}]
    assert parse.chat(body(messages=messages, tools=tools, tool_choice="auto", stop=["a"])).messages == messages


@pytest.mark.parametrize(
    ("given", "inputs"),
    [("a", ["a"]), (["a", "b"], ["a", "b"]), ([1, 2], [[1, 2]]), ([[1], [2, 3]], [[1], [2, 3]])],
)
def test_embedding_inputs(given: Any, inputs: Any) -> None:
    """Broken: one of the four forms of an input is misread."""
    request = parse.embeddings(json.dumps({"model": "m", "input": given, "dimensions": 3}).encode())
    assert request.inputs == inputs
    assert request.params == {"dimensions": 3}


@pytest.mark.parametrize("given", [None, "", [], [""] * 0, [[]], [1, "a"], [True], {"a": 1}])
def test_embedding_inputs_at_fault(given: Any) -> None:
    """Broken: an input that is none goes up to the vendor."""
    with pytest.raises(ApiError) as caught:
        parse.embeddings(json.dumps({"model": "m", "input": given}).encode())
    assert caught.value.param == "input"


def test_encoding_format_at_fault() -> None:
    """Broken: an unknown encoding is answered with another one."""
    with pytest.raises(ApiError) as caught:
        parse.embeddings(b'{"model":"m","input":"a","encoding_format":"int8"}')
    assert caught.value.param == "encoding_format"
