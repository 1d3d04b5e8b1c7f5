"""Bodies and addresses of Ollama's native protocol, and what an entry for it may hold."""

import base64
from typing import Any

import orjson
import pytest

from app import parse
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json, WireRequest
from providers.vendor import load_vendors

ROWS = load_vendors()
NATIVE, OPENAI = ROWS["ollama"], ROWS["ollama-openai"]
LOCAL = "http://127.0.0.1:11434"
PNG = base64.b64encode(b"\x89PNG").decode()
TOOL = {"type": "function", "function": {"name": "f"}}
OTHER = {"type": "function", "function": {"name": "g"}}


def encoded(model: str = "llama3.2", row: Any = NATIVE, **params: Any) -> WireRequest:
    options, flatten = params.pop("options_", {}), params.pop("flatten", None)
    to = Destination(model, params.pop("url", row.base_url), flatten=flatten, options=options)
    asked = {"model": model, "messages": [{"role": "user", "content": "x"}], **params}
    wire: WireRequest = row.encode(parse.chat(orjson.dumps(asked)), to)
    return wire


def body(wire: WireRequest) -> Json:
    found: Json = orjson.loads(wire.body)
    return found


def said(*messages: Json, **how: Any) -> list[Json]:
    found: list[Json] = body(encoded(messages=list(messages), **how))["messages"]
    return found


def user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


def image(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    ("params", "sent", "changes"),
    [
        ({}, {}, ()),
        ({"top_p": 0.5, "seed": 1, "presence_penalty": 1, "frequency_penalty": 1},
         {"options": {"top_p": 0.5, "seed": 1, "presence_penalty": 1, "frequency_penalty": 1}}, ()),
        ({"top_k": 3, "min_p": 0.1, "repeat_penalty": 1.2, "num_ctx": 9},
         {"options": {"top_k": 3, "min_p": 0.1, "repeat_penalty": 1.2, "num_ctx": 9}}, ()),
        ({"max_tokens": 5}, {"options": {"num_predict": 5}}, ()),
        ({"max_tokens": 5, "max_completion_tokens": 6}, {"options": {"num_predict": 6}}, ()),
        ({"num_predict": 7}, {"options": {"num_predict": 7}}, ()),
        ({"stop": ["a", "b"]}, {"options": {"stop": ["a", "b"]}}, ()),
        ({"temperature": None, "stop": None, "tools": None}, {}, ()),
        ({"options": {"mirostat": 1, "top_k": 1}, "top_k": 2}, {"options": {"mirostat": 1, "top_k": 2}}, ()),
        ({"keep_alive": -1, "truncate": False}, {"keep_alive": -1, "truncate": False}, ()),
        ({"logprobs": True, "top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}, ()),
        ({"logprobs": False, "top_logprobs": 0}, {}, ()),
        ({"n": 2, "user": "u", "logit_bias": {"1": 1}, "service_tier": "auto", "parallel_tool_calls": False}, {},
         ("dropped n", "dropped user", "dropped logit_bias", "dropped service_tier", "dropped parallel_tool_calls")),
        ({"n": 1, "logit_bias": {}, "parallel_tool_calls": True, "store": False}, {}, ()),
        ({"foo": 1}, {}, ("dropped foo",)),
        ({"response_format": {"type": "text"}}, {}, ()),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
         {"format": {"type": "object"}}, ()),
        ({"format": {"type": "array"}}, {"format": {"type": "array"}}, ()),
        ({"tools": [TOOL, OTHER]}, {"tools": [TOOL, OTHER]}, ()),
        ({"tools": [TOOL], "tool_choice": "auto"}, {"tools": [TOOL]}, ()),
        ({"tools": [TOOL], "tool_choice": "none"}, {}, ()),
        ({"tools": [TOOL, OTHER], "tool_choice": "required"}, {"tools": [TOOL, OTHER]}, ("dropped tool_choice",)),
        ({"tools": [TOOL, OTHER], "tool_choice": OTHER}, {"tools": [OTHER]}, ("dropped tool_choice",)),
        ({"tools": [TOOL, {"type": "web_search"}]}, {"tools": [TOOL]}, ("dropped tools of type web_search",)),
        ({"functions": [{"name": "f"}]}, {"tools": [TOOL]}, ()),
    ],
)  # fmt: skip
def test_parameters(params: Json, sent: Json, changes: tuple[str, ...]) -> None:
    """Broken: a parameter does not stand where the server reads it, or is lost in silence."""
    wire = encoded(**params)
    found = body(wire)
    assert found.pop("stream") is False
    assert {name: value for name, value in found.items() if name not in ("model", "messages")} == sent
    assert wire.changes == changes


@pytest.mark.parametrize(
    ("model", "effort", "think", "changes"),
    [
        ("qwen3:8b", "none", False, ()),
        ("qwen3:8b", "minimal", True, ()),
        ("qwen3:8b", "high", True, ()),
        ("gpt-oss:20b", "low", "low", ()),
        ("gpt-oss", "max", "max", ()),
        ("hf.co/a/gpt-oss:Q4", "medium", "medium", ()),
        ("gpt-oss", "minimal", "low", ("clamped reasoning_effort to low",)),
        ("gpt-oss", "xhigh", "high", ("clamped reasoning_effort to high",)),
        ("gpt-oss", "ultra", "max", ("clamped reasoning_effort to max",)),
        ("qwen3", "ultra", True, ()),
        ("qwen3", "auto", None, ("dropped reasoning_effort",)),
    ],
)
def test_thinking(model: str, effort: str, think: Any, changes: tuple[str, ...]) -> None:
    """Broken: how much to think is told in words that the model does not know."""
    wire = encoded(model, reasoning_effort=effort)
    assert (body(wire).get("think"), wire.changes) == (think, changes)
    assert body(encoded(model, reasoning_effort=effort, think=False))["think"] is False
    assert "think" not in body(encoded(model))


def test_json_is_asked_for() -> None:
    """Broken: a model held to JSON is not told so, or is told twice."""
    wanted = {"type": "json_object"}
    wire = encoded(response_format=wanted)
    assert body(wire)["format"] == "json"
    assert [message["role"] for message in body(wire)["messages"]] == ["system", "user"]
    assert wire.changes == ("added a system message that asks for JSON",)
    wire = encoded(response_format=wanted, messages=[user({"type": "text", "text": "as Json"})])
    assert (len(body(wire)["messages"]), wire.changes) == (1, ())


def test_contents() -> None:
    """Broken: texts are not joined, an absent one stays absent, or an image is not bare base64."""
    text = {"type": "text", "text": "a"}
    percent = "data:image/png;charset=x;base64," + PNG.replace("=", "%3D")
    assert said(user(text, image(f"data:image/png;base64,{PNG}"), {"type": "text", "text": "b"}, image(percent))) == [
        {"role": "user", "content": "a\nb", "images": [PNG, PNG]}
    ]
    assert said(user(image(f"DATA:image/png;base64,{PNG[:4]}\n{PNG[4:]}")))[0]["images"] == [PNG]
    assert said(user(image("data:image/svg+xml,%3Csvg%3E")))[0]["images"] == [base64.b64encode(b"<svg>").decode()]
    silent = said({"role": "assistant", "content": None}, {"role": "assistant", "content": []})
    assert silent == [{"role": "assistant", "content": ""}] * 2
    assert said({"role": "assistant", "content": [], "refusal": "no"}) == [{"role": "assistant", "content": "no"}]
    assert said(user(text), flatten=True) == [{"role": "user", "content": "a"}]
    named = encoded(
        messages=[{"role": "developer", "content": "s", "name": "n"}, {"role": "user", "content": "x", "name": "m"}]
    )
    assert body(named)["messages"][0] == {"role": "system", "content": "s"}
    assert named.changes == ("dropped messages[].name",)


@pytest.mark.parametrize(
    ("part", "flatten", "told"),
    [
        (image("https://example.com/a.png"), None, "messages[1].content[1] must hold the image itself"),
        ({"type": "input_audio", "input_audio": {}}, None, "messages[1].content[1] is a part of type input_audio"),
        (
            image(f"data:image/png;base64,{PNG}"),
            True,
            "takes texts, and messages[1].content[1] is a part of type image",
        ),
    ],
)
def test_refused_parts(part: Json, flatten: bool | None, told: str) -> None:
    """Broken: what cannot go up is lost, sent all the same, or not named."""
    with pytest.raises(ProviderError) as raised:
        said({"role": "system", "content": "s"}, user({"type": "text", "text": "a"}, part), flatten=flatten)
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")
    assert told in raised.value.message
    assert NATIVE.inlines is OPENAI.inlines is True


def turn(arguments: str, **more: Any) -> Json:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call], **more}


@pytest.mark.parametrize(
    ("arguments", "sent", "changes"),
    [
        ('{"a": [1]}', {"a": [1]}, ()),
        ("", {}, ()),
        ("{nonsense", {}, ("replaced tool arguments that are no JSON object",)),
        ("[1]", {"value": [1]}, ("replaced tool arguments that are no JSON object",)),
    ],
)
def test_arguments_are_objects(arguments: str, sent: Json, changes: tuple[str, ...]) -> None:
    """Broken: a text goes up where the server takes objects only."""
    wire = encoded(messages=[turn(arguments)])
    assert body(wire)["messages"][0]["tool_calls"] == [{"id": "c1", "function": {"name": "f", "arguments": sent}}]
    assert wire.changes == changes


def test_results_and_thoughts() -> None:
    """Broken: a result does not name its function, or thoughts of the history are lost."""
    result = {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "r"}]}
    history = said(
        turn("{}", reasoning_content="t"),
        result,
        {**result, "tool_call_id": "c2", "name": "h"},
        {**result, "tool_call_id": "c3"},
    )
    assert history[0]["thinking"] == "t"
    assert history[1] == {"role": "tool", "content": "r", "tool_name": "f", "tool_call_id": "c1"}
    assert history[2]["tool_name"] == "h"
    assert "tool_name" not in history[3]
    to = Destination("m", LOCAL, recall={"c1": {"thinking": "kept"}}.get)
    asked = parse.chat(orjson.dumps({"model": "m", "messages": [turn("{}")]}))
    assert body(NATIVE.encode(asked, to))["messages"][0]["thinking"] == "kept"
    legacy = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    told = said(legacy, {"role": "function", "name": "f", "content": "r"})
    assert told[1] == {"role": "tool", "content": "r", "tool_name": "f", "tool_call_id": told[0]["tool_calls"][0]["id"]}


def test_settings_of_the_entry() -> None:
    """Broken: an entry's options are not sent, or win over the client's."""
    options = {"options": {"num_ctx": 8192, "temperature": 0.1}, "keep_alive": "10m", "think": True, "shift": False}
    sent = body(encoded(options_=options, temperature=0.5, reasoning_effort="none", keep_alive=0))
    assert sent["options"] == {"num_ctx": 8192, "temperature": 0.5}
    assert (sent["keep_alive"], sent["think"], sent["shift"]) == (0, False, False)
    assert options["options"] == {"num_ctx": 8192, "temperature": 0.1}
    assert body(encoded(options_=options))["think"] is True


def again(wire: WireRequest, message: str, kind: ErrorKind = ErrorKind.INVALID_REQUEST) -> WireRequest | None:
    assert wire.instead
    return wire.instead(ProviderError(kind, message))


def test_what_a_model_lacks() -> None:
    """Broken: a request is repeated as it was, without what it was about, or for ever."""
    thinking, tools = '"x" does not support thinking', "registry.ollama.ai/library/x does not support tools"
    wire = encoded(tools=[TOOL], reasoning_effort="high")
    first = again(wire, thinking)
    assert first
    assert "think" not in body(first)
    assert (body(first)["tools"], first.changes) == ([TOOL], ("dropped reasoning_effort",))
    second = again(first, tools)
    assert second
    assert body(second).keys() == {"model", "messages", "stream"}
    assert second.memo == {"http://127.0.0.1:11434/api/chat llama3.2": {"lacks": ["think", "tools"]}}
    for message in (thinking, tools, "something else"):
        assert again(second, message) is None
    assert again(wire, tools, ErrorKind.SERVER_ERROR) is None
    assert again(encoded(), thinking) is None
    assert again(encoded(tools=[TOOL], tool_choice="required"), tools) is None
    configured = again(encoded(options_={"think": True}), thinking)
    assert configured
    assert configured.changes == ()


def test_forced_tools_are_sent_whatever_is_remembered() -> None:
    """Broken: who demands a call gets an answer without one, because the model once knew no tools."""
    to = Destination("m", LOCAL, recall=lambda _key: {"lacks": ["tools"]})
    for choice, kept in (("auto", False), ("required", True)):
        asked = {"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [TOOL], "tool_choice": choice}
        assert ("tools" in body(NATIVE.encode(parse.chat(orjson.dumps(asked)), to))) is kept
