"""What goes up to Hunyuan's native protocol, row by row of its reference."""

from typing import Any

import orjson
import pytest

from app import parse
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json, WireRequest
from providers.vendor import load_vendors

HUNYUAN = load_vendors()["hunyuan"]
USER = {"role": "user", "content": "x"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}
NATIVE_TOOL = {
    "Type": "function",
    "Function": {"Name": "f", "Description": "d", "Parameters": orjson.dumps(SCHEMA).decode()},
}
OTHER = {"type": "function", "function": {"name": "g"}}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
LINK = {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "high"}}


def encoded(body: Json, *, flatten: bool | None = None, url: str = "") -> WireRequest:
    request = parse.chat(orjson.dumps({"model": "m", "messages": [USER], **body}))
    return HUNYUAN.encode(request, Destination(request.model, url or HUNYUAN.base_url, flatten=flatten))


def sent(**params: Any) -> tuple[Json, list[str]]:
    """The native parameters beside model, messages and stream, and the losses."""
    wire = encoded(params)
    body = orjson.loads(wire.body)
    return {name: body[name] for name in body.keys() - {"Model", "Messages", "Stream"}}, list(wire.changes)


def said(*messages: Json, flatten: bool | None = None) -> tuple[list[Json], list[str]]:
    """The native messages, and the losses."""
    wire = encoded({"messages": list(messages)}, flatten=flatten)
    return orjson.loads(wire.body)["Messages"], list(wire.changes)


@pytest.mark.parametrize(
    ("params", "native", "losses"),
    [
        ({}, {}, []),
        ({"temperature": 0}, {"Temperature": 0}, []),
        ({"temperature": 2}, {"Temperature": 2}, []),
        ({"temperature": 2.5}, {"Temperature": 2}, ["clamped temperature to 2"]),
        ({"top_p": 0.3}, {"TopP": 0.3}, []),
        ({"top_p": 1.5}, {"TopP": 1}, ["clamped top_p to 1"]),
        ({"max_tokens": 5, "max_completion_tokens": 6}, {}, ["dropped max_tokens", "dropped max_completion_tokens"]),
        ({"stop": "END"}, {"Stop": ["END"]}, []),
        ({"stop": ["a", "", "b"]}, {"Stop": ["a", "b"]}, []),
        ({"stop": ""}, {}, []),
        ({"seed": 1}, {"Seed": 1}, []),
        ({"seed": 10_000}, {"Seed": 10_000}, []),
        ({"seed": 0}, {"Seed": 1}, ["changed seed to 1"]),
        ({"seed": 10_001}, {"Seed": 2}, ["changed seed to 2"]),
        ({"seed": -1}, {"Seed": 10_000}, ["changed seed to 10000"]),
        ({"n": 1, "presence_penalty": 0, "logprobs": False, "response_format": {"type": "text"}}, {}, []),
        ({"n": 2, "user": "u"}, {}, ["dropped n", "dropped user"]),
        ({"frequency_penalty": 1, "logit_bias": {"1": 2}}, {}, ["dropped frequency_penalty", "dropped logit_bias"]),
        ({"response_format": {"type": "json_object"}}, {}, ["dropped response_format"]),
        ({"temperature": None, "top_p": None, "stop": None, "tools": None, "seed": None}, {}, []),
        ({"enable_enhancement": True, "Citation": True}, {"EnableEnhancement": True, "Citation": True}, []),
        ({"enable_thinking": False, "search_info": True}, {"EnableThinking": False, "SearchInfo": True}, []),
        ({"something_else": 1}, {}, ["dropped something_else"]),
    ],
)
def test_parameters(params: Json, native: Json, losses: list[str]) -> None:
    """A parameter goes up in another form than the reference's, or is lost in silence."""
    assert sent(**params) == (native, losses)


@pytest.mark.parametrize(
    ("tools", "choice", "native", "losses"),
    [
        ([TOOL], "none", {"ToolChoice": "none"}, []),
        ([TOOL], "auto", {"ToolChoice": "auto"}, []),
        ([TOOL], "required", {"ToolChoice": "custom", "CustomTool": NATIVE_TOOL}, []),
        ([TOOL, OTHER], "required", {"ToolChoice": "auto"}, ["dropped tool_choice"]),
        (
            [OTHER, TOOL],
            {"type": "function", "function": {"name": "f"}},
            {"ToolChoice": "custom", "CustomTool": NATIVE_TOOL},
            [],
        ),
        ([TOOL], {"type": "function", "function": {"name": "z"}}, {"ToolChoice": "auto"}, ["dropped tool_choice"]),
        ([TOOL], None, {}, []),
    ],
)
def test_tool_choice(tools: list[Json], choice: Any, native: Json, losses: list[str]) -> None:
    """The wrong tool is forced, or none."""
    got, told = sent(tools=tools, tool_choice=choice)
    got.pop("Tools")
    assert (got, told) == (native, losses)


def test_tools() -> None:
    """Parameters of a tool go up as an object, which the vendor refuses, or a tool is lost in silence."""
    odd = {"type": "web_search"}
    strict = {"type": "function", "function": {"name": "g", "strict": True}}
    native, losses = sent(tools=[TOOL, odd, strict])
    assert native["Tools"][0] == NATIVE_TOOL
    assert orjson.loads(native["Tools"][1]["Function"]["Parameters"]) == {"type": "object", "properties": {}}
    assert losses == ["dropped tools of other types than function", "dropped tools[].strict"]


def test_functions_of_old() -> None:
    """Clients that still send functions lose them."""
    native, losses = sent(functions=[FUNCTION], function_call={"name": "f"})
    assert native == {"Tools": [NATIVE_TOOL], "ToolChoice": "custom", "CustomTool": NATIVE_TOOL}
    assert losses == []


def test_tool_round_trip() -> None:
    """A call or its result does not reach the vendor in its own words."""
    messages, losses = said(
        USER,
        {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "hm"},
        {"role": "tool", "tool_call_id": "1", "name": "f", "content": [{"type": "text", "text": "r"}]},
    )
    call = {"Id": "1", "Type": "function", "Function": {"Name": "f", "Arguments": '{"a":1}'}}
    assert messages[1:] == [
        {"Role": "assistant", "Content": "", "ToolCalls": [call]},
        {"Role": "tool", "Content": "r", "ToolCallId": "1"},
    ]
    assert losses == []


def test_functions_in_the_history() -> None:
    """A history with the role function is refused by the vendor."""
    messages, _ = said(
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "r"},
    )
    assert messages[1]["ToolCalls"][0]["Id"] == messages[2]["ToolCallId"] == "call_f"


def test_images() -> None:
    """An image does not reach a vision model."""
    messages, losses = said({"role": "user", "content": [{"type": "text", "text": "what"}, IMAGE, LINK]})
    assert messages[0] == {
        "Role": "user",
        "Contents": [
            {"Type": "text", "Text": "what"},
            {"Type": "image_url", "ImageUrl": {"Url": "data:image/png;base64,AAAA"}},
            {"Type": "image_url", "ImageUrl": {"Url": "https://example.org/a.png"}},
        ],
    }
    assert losses == ["dropped image_url.detail"]


def test_video() -> None:
    """A video does not reach a model that takes it."""
    video = {"type": "video_url", "video_url": {"url": "https://example.org/a.mp4", "fps": 2}}
    messages, _ = said({"role": "user", "content": [video]})
    assert messages[0]["Contents"] == [
        {"Type": "video_url", "VideoUrl": {"Url": "https://example.org/a.mp4", "Fps": 2}}
    ]


def test_text_parts_become_one_text() -> None:
    """A text model gets an array, which it refuses."""
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    messages, losses = said({"role": "developer", "content": parts}, {"role": "user", "content": parts, "name": "me"})
    assert messages == [{"Role": "system", "Content": "a\nb"}, {"Role": "user", "Content": "a\nb"}]
    assert losses == ["dropped messages[].name"]


@pytest.mark.parametrize(
    ("message", "flatten"),
    [
        ({"role": "user", "content": [IMAGE]}, True),
        ({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]}, None),
        ({"role": "user", "content": [{"type": "video_url", "video_url": "https://x"}]}, None),
        ({"role": "tool", "tool_call_id": "1", "content": [IMAGE]}, None),
        ({"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": "custom", "custom": {}}]}, None),
    ],
)
def test_refusals(message: Json, flatten: bool | None) -> None:
    """What the vendor cannot take goes up in another form, or is dropped in silence."""
    with pytest.raises(ProviderError) as raised:
        said(USER, {"role": "assistant", "content": "y"}, message, USER, flatten=flatten)
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


def test_stops_are_to_be_cut() -> None:
    """The vendor's answers end with the stop text."""
    assert encoded({"stop": ["a", "b"]}).stops == ("a", "b")
    assert encoded({}).stops == ()


@pytest.mark.parametrize(
    ("server_url", "url"),
    [
        ("https://hunyuan.tencentcloudapi.com", "https://hunyuan.tencentcloudapi.com/"),
        ("https://hunyuan.ap-guangzhou.tencentcloudapi.com/v1", "https://hunyuan.ap-guangzhou.tencentcloudapi.com/"),
        ("https://hunyuan.intl.tencentcloudapi.com/?a=b", "https://hunyuan.intl.tencentcloudapi.com/"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81/"),
        ("http://proxy.example/hunyuan", "http://proxy.example/hunyuan"),
    ],
)
def test_addresses(server_url: str, url: str) -> None:
    """A regional or international address, or a proxy's, leads elsewhere."""
    assert encoded({}, url=server_url).url == url


def test_what_every_call_says() -> None:
    """Stream and action are not said, so the vendor answers something else."""
    wire = encoded({"stream": True})
    assert orjson.loads(wire.body)["Stream"] is True
    assert wire.headers == {
        "content-type": "application/json",
        "x-tc-action": "ChatCompletions",
        "x-tc-version": "2023-09-01",
    }
