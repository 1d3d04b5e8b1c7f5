"""Requests of the native protocol: parameters, thinking, streams, and what the vendor cannot take."""

from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from tests.unit.dashing import HOST, ROWS, asked, body, encoded, parameters, to

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
NAMED = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("given", "sent", "changes"),
    [
        (
            {"temperature": 2, "top_p": 0},
            {"temperature": 1.99, "top_p": 0.01},
            ["temperature to 1.99", "top_p to 0.01"],
        ),
        ({"temperature": 0, "top_p": 1}, {"temperature": 0, "top_p": 1}, []),
        ({"presence_penalty": 3, "n": 9}, {"presence_penalty": 2, "n": 4}, ["presence_penalty to 2", "n to 4"]),
        ({"n": 2, "tools": [TOOL]}, {"n": 1, "tools": [TOOL]}, ["clamped n to 1"]),
        ({"seed": -1}, {}, ["dropped seed"]),
        ({"seed": 2**40}, {"seed": 2**40}, []),
        ({"max_completion_tokens": 7}, {"max_tokens": 7}, []),
        ({"max_completion_tokens": 7, "max_tokens": 9}, {"max_tokens": 7}, []),
        ({"frequency_penalty": 1, "user": "u", "logit_bias": {}}, {}, ["frequency_penalty", "user"]),
        ({"stop": "x", "logprobs": True, "top_logprobs": 2}, {"stop": "x", "logprobs": True, "top_logprobs": 2}, []),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}, []),
        ({"tool_choice": "none", "tools": [TOOL]}, {"tool_choice": "none", "tools": [TOOL]}, []),
        ({"tool_choice": NAMED, "tools": [TOOL]}, {"tool_choice": NAMED, "tools": [TOOL]}, []),
        ({"tool_choice": "required", "tools": [TOOL]}, {"tool_choice": "auto", "tools": [TOOL]}, ["tool_choice"]),
        ({"functions": [{"name": "f"}], "function_call": "auto"}, None, []),
        ({"top_k": 5, "enable_search": True, "search_options": {"a": 1}, "repetition_penalty": 1.1}, None, []),
        ({"result_format": "text", "incremental_output": True}, {}, []),
    ],
)
def test_parameters(given: dict[str, Any], sent: dict[str, Any] | None, changes: list[str]) -> None:
    """Broken: a parameter stands elsewhere than under ``parameters``, out of range, or is lost in silence."""
    wire = encoded("qwen-max", **given)
    found = body(wire)
    assert found.keys() == {"model", "input", "parameters"}
    if sent is None:
        sent = {**given}
        if sent.pop("functions", None):
            sent = {
                "tool_choice": sent.pop("function_call"),
                "tools": [{"type": "function", "function": {"name": "f"}}],
            }
    assert found["parameters"] == {"result_format": "message", **sent}
    assert len(wire.changes) == len(changes)
    assert all(word in told for word, told in zip(changes, wire.changes, strict=True))


@pytest.mark.parametrize(
    ("model", "given", "sent", "changes"),
    [
        ("qwen-plus", {"reasoning_effort": "none"}, {"enable_thinking": False}, ()),
        (
            "qwen-plus",
            {"reasoning_effort": "low"},
            {"enable_thinking": True, "incremental_output": True},
            ("changed reasoning_effort to enable_thinking",),
        ),
        ("qwen-plus", {"reasoning_effort": "low", "enable_thinking": False}, {"enable_thinking": False}, ()),
        ("qwen-max", {"reasoning_effort": "low"}, {}, ("dropped reasoning_effort",)),
        ("qwen3-coder-plus", {"reasoning_effort": "none"}, {}, ("dropped reasoning_effort",)),
        ("qwen3-32b", {}, {"enable_thinking": False}, ()),
        ("qwen3-235b-a22b", {"enable_thinking": True}, {"enable_thinking": True, "incremental_output": True}, ()),
        ("qwen3-235b-a22b-instruct-2507", {}, {}, ()),
        ("qwq-plus", {"thinking_budget": 9}, {"thinking_budget": 9, "incremental_output": True}, ()),
        ("qwen3-next-80b-a3b-thinking", {}, {"incremental_output": True}, ()),
    ],
)
def test_thinking_of_a_whole_answer(
    model: str, given: dict[str, Any], sent: dict[str, Any], changes: tuple[str, ...]
) -> None:
    """Broken: a model that thinks is asked for a whole answer, which the vendor refuses, or thinks unasked."""
    wire = encoded(model, **given)
    assert body(wire)["parameters"] == {"result_format": "message", **sent}
    assert wire.changes == changes
    assert ("X-DashScope-SSE" in wire.headers) is ("incremental_output" in sent)


def test_streams() -> None:
    """Broken: streaming is asked for by the body, or not by the header, or text comes again in every event."""
    plain, stream = encoded("qwen-plus"), encoded("qwen-plus", stream=True, stream_options={"include_usage": True})
    assert body(plain)["parameters"] == {"result_format": "message"}
    assert body(stream)["parameters"] == {"result_format": "message", "incremental_output": True}
    assert plain.headers == {"content-type": "application/json", "accept": "application/json"}
    assert (stream.headers["accept"], stream.headers["X-DashScope-SSE"]) == ("text/event-stream", "enable")
    assert "stream" not in body(stream) and "stream_options" not in body(stream)["parameters"]
    assert parameters("qwen3-32b", stream=True) == {"result_format": "message", "incremental_output": True}


def test_cumulative_streams() -> None:
    """Broken: a model that repeats its text is read as one that sends pieces, or the other way round."""
    assert parameters("farui-plus", stream=True)["incremental_output"] is False
    assert encoded("farui-plus", stream=True).decode and not encoded("farui-plus").decode
    wished = encoded("qwen-plus", stream=True, incremental_output=False)
    assert wished.decode and body(wished)["parameters"]["incremental_output"] is False
    assert encoded("qwen-plus", stream=True).decode is None


def test_headers_of_an_entry() -> None:
    """Broken: an entry's inspection, or a file on the vendor's own storage, is not announced."""
    told = encoded("qwen-plus", destination=to("qwen-plus", options={"data_inspection": True})).headers
    assert told["X-DashScope-DataInspection"] == "enable"
    part = {"type": "image_url", "image_url": {"url": "oss://bucket/a.png"}}
    assert encoded("qwen-vl-max", [{"role": "user", "content": [part]}]).headers["X-DashScope-OssResourceResolve"]
    assert encoded("qwen-plus").headers.keys() == {"content-type", "accept"}


def user(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": list(parts)}]


def test_messages_of_the_text_endpoint() -> None:
    """Broken: a message reaches the text endpoint in a form that it refuses, or loses what the vendor would take."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    found = encoded(
        "qwen-plus",
        [
            {"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": "q", "name": "bob"},
            {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "hm", "refusal": None},
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "1"}], "name": "f"},
            {"role": "assistant", "content": "so", "tool_calls": [], "partial": True, "annotations": []},
        ],
    )
    assert body(found)["input"]["messages"] == [
        {"role": "system", "content": "a\nb"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": "hm"},
        {"role": "tool", "tool_call_id": "c", "content": "1", "name": "f"},
        {"role": "assistant", "content": "so", "partial": True},
    ]
    assert found.changes == ("dropped messages[].name",)


def test_messages_of_the_multimodal_endpoint() -> None:
    """Broken: a picture, video or sound does not stand as the multimodal endpoint wants it."""
    data = "data:image/png;base64,AAAA"
    wire = encoded(
        "qwen-vl-max",
        [
            {"role": "system", "content": "s"},
            *user(
                {"type": "text", "text": "look", "cache_control": {"type": "ephemeral"}},
                {"type": "image_url", "image_url": {"url": data, "detail": "high"}, "min_pixels": 9},
                {"type": "image_url", "image_url": {"url": "https://a.example/b.jpg", "detail": "auto"}},
                {"type": "video_url", "video_url": {"url": "https://a.example/v.mp4"}, "fps": 2},
                {"type": "video", "video": [data, "https://a.example/2.jpg"]},
                {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
                {"type": "input_audio", "input_audio": {"data": "https://a.example/a.wav", "format": "wav"}},
            ),
            {"role": "assistant", "content": None},
        ],
        temperature=0.5,
    )
    assert wire.url == f"{HOST}/api/v1/services/aigc/multimodal-generation/generation"
    assert body(wire)["parameters"] == {"temperature": 0.5}
    system, question, empty = body(wire)["input"]["messages"]
    assert (system["content"], empty["content"]) == ([{"text": "s"}], [{"text": ""}])
    assert question["content"] == [
        {"text": "look"},
        {"image": data, "min_pixels": 9},
        {"image": "https://a.example/b.jpg"},
        {"video": "https://a.example/v.mp4", "fps": 2},
        {"video": [data, "https://a.example/2.jpg"]},
        {"audio": "data:audio/mp3;base64,QUJD"},
        {"audio": "https://a.example/a.wav"},
    ]
    assert wire.changes == ("dropped cache_control", "dropped image_url.detail")


@pytest.mark.parametrize(
    ("messages", "url", "word"),
    [
        (user({"type": "file", "file": {"file_id": "f"}}), HOST, "type file"),
        (user({"type": "image_url", "image_url": {"url": "ftp://a/b"}}), HOST, "https:// addresses"),
        (user({"type": "image_url", "image_url": {"url": "b.png"}}), HOST, "https:// addresses"),
        (user({"type": "input_audio", "input_audio": {"format": "wav"}}), HOST, '"data"'),
        (user({"type": "video_url", "video_url": "x"}), HOST, '"url"'),
        (user({"type": "image_url", "image_url": {"url": "https://a/b"}}), f"{HOST}/x/text-generation", "image_url"),
        ([{"role": "assistant", "tool_calls": [{"id": "c", "type": "custom", "custom": {}}]}], HOST, "type custom"),
    ],
)
def test_refusals(messages: Any, url: str, word: str) -> None:
    """Broken: what the vendor cannot take is sent to it, or left out without a word."""
    with pytest.raises(ProviderError, match=word) as raised:
        ROWS["dashscope"].encode(asked("qwen-vl-max", messages), to("qwen-vl-max", url))
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


def test_an_operator_says_text_only() -> None:
    """Broken: an image goes to a model that the operator declared to be one for text."""
    image = user({"type": "image_url", "image_url": {"url": "https://a.example/b.jpg"}})
    with pytest.raises(ProviderError, match="text only"):
        encoded("qwen-plus", image, destination=to("qwen-plus", flatten=True))
    texts = user({"type": "text", "text": "a"}, {"type": "text", "text": "b"})
    flat = body(encoded("qwen-plus", texts, destination=to("qwen-plus", flatten=True)))
    assert flat["input"]["messages"][0]["content"] == "a\nb"


def test_what_came_is_not_changed() -> None:
    """Broken: the next target gets a request that this one has already adapted to itself."""
    request = asked("qwen-vl-max", user({"type": "text", "text": "a"}), temperature=2, seed=-1, tool_choice="required")
    before = asked("qwen-vl-max", user({"type": "text", "text": "a"}), temperature=2, seed=-1, tool_choice="required")
    ROWS["dashscope"].encode(request, to("qwen-vl-max"))
    ROWS["bailian"].encode(request, to("app"))
    assert request == before
