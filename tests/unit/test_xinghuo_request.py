"""Requests to Spark: the WebSocket's frame and the HTTP endpoint's body, row by row of the reference's tables."""

from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from tests.unit.sparking import HELLO, SEARCH, TOOLS, WEATHER, body, encoded, frame


def test_the_least_frame() -> None:
    """A frame holds more than was asked for, or lacks what it needs."""
    assert frame() == (
        {
            "header": {"app_id": "app-1"},
            "parameter": {"chat": {"domain": "generalv3.5"}},
            "payload": {"message": {"text": HELLO}},
        },
        (),
    )


@pytest.mark.parametrize(
    ("model", "params", "sent", "changes"),
    [
        ("spark-max", {"temperature": 0.5}, {"temperature": 0.5}, ()),
        ("spark-max", {"temperature": 0}, {"temperature": 0.01}, ("clamped temperature to 0.01",)),
        ("spark-max", {"temperature": 1}, {"temperature": 1}, ()),
        ("spark-max", {"temperature": 1.7}, {"temperature": 1}, ("clamped temperature to 1",)),
        ("spark-max", {"top_k": 3}, {"top_k": 3}, ()),
        ("spark-max", {"top_k": 40}, {"top_k": 6}, ("clamped top_k to 6",)),
        ("spark-max", {"top_k": 0}, {"top_k": 1}, ("clamped top_k to 1",)),
        ("spark-lite", {"max_tokens": 9000}, {"max_tokens": 4096}, ("clamped max_tokens to 4096",)),
        ("spark-pro-128k", {"max_tokens": 9000}, {"max_tokens": 4096}, ("clamped max_tokens to 4096",)),
        ("spark-pro", {"max_tokens": 9000}, {"max_tokens": 8192}, ("clamped max_tokens to 8192",)),
        ("spark-max", {"max_tokens": 8192}, {"max_tokens": 8192}, ()),
        ("spark-max-32k", {"max_tokens": 32768}, {"max_tokens": 32768}, ()),
        ("4.0Ultra", {"max_tokens": 99999}, {"max_tokens": 32768}, ("clamped max_tokens to 32768",)),
        ("spark-x", {"max_tokens": 99999}, {"max_tokens": 65535}, ("clamped max_tokens to 65535",)),
        ("spark-max", {"max_completion_tokens": 100}, {"max_tokens": 100}, ()),
        ("spark-max", {"top_p": 0.9}, {}, ("dropped top_p",)),
        ("spark-max", {"top_p": 1, "n": 1, "presence_penalty": 0}, {}, ()),
        ("spark-max", {"stop": ["x"], "stream_options": None}, {}, ()),
        ("spark-max", {"seed": 1, "n": 2}, {}, ("dropped seed", "dropped n")),
        (
            "spark-max",
            {"frequency_penalty": 1, "logprobs": True},
            {},
            ("dropped frequency_penalty", "dropped logprobs"),
        ),
        ("spark-max", {"response_format": {"type": "json_object"}}, {}, ("dropped response_format",)),
        ("spark-max", {"tool_choice": "required", "tools": TOOLS}, {}, ("dropped tool_choice",)),
    ],
)
def test_socket_parameters(model: str, params: Any, sent: Any, changes: tuple[str, ...]) -> None:
    """A parameter goes up outside the vendor's range, under another's name, or is lost without a word."""
    told, changed = frame(model, **params)
    chat = told["parameter"]["chat"]
    del chat["domain"]
    assert (chat, changed) == (sent, changes)


def test_stops_are_cut_by_the_gateway() -> None:
    """Stop texts, which Spark does not know, have no effect."""
    for row in ("xinghuo", "xinghuo-http"):
        assert encoded(row, "spark-max", stop=["a", "b"]).stops == ("a", "b")
        assert encoded(row, "spark-max", stop="a").stops == ("a",)
        assert encoded(row, "spark-max").stops == ()
        assert b"stop" not in encoded(row, "spark-max", stop="a").body


def test_user() -> None:
    """The client's user is lost, or longer than the vendor takes."""
    assert frame(user="u1")[0]["header"] == {"app_id": "app-1", "uid": "u1"}
    told, changes = frame(user="u" * 40)
    assert told["header"]["uid"] == "u" * 32
    assert changes == ("clamped user to 32 characters",)
    assert body(user="u" * 40)[0]["user"] == "u" * 40


def test_functions() -> None:
    """Functions reach a model that knows none, fail to reach one that does, or hold what it does not know."""
    for model in ("spark-max", "4.0Ultra", "generalv3.5"):
        told, changes = frame(model, tools=TOOLS)
        assert told["payload"]["functions"] == {"text": [WEATHER]}
        assert not changes
    for model in ("spark-lite", "spark-pro", "spark-max-32k", "spark-x", "spark-v2.0"):
        told, changes = frame(model, tools=TOOLS)
        assert "functions" not in told["payload"]
        assert changes == ("dropped tools",)


def test_function_without_parameters() -> None:
    """A function without parameters is refused by the vendor: they must be an object's schema."""
    told, _ = frame(tools=[{"type": "function", "function": {"name": "now", "parameters": None}}])
    assert told["payload"]["functions"]["text"] == [{"name": "now", "parameters": {"type": "object", "properties": {}}}]


def test_older_spelling_of_functions() -> None:
    """``functions`` and ``function_call`` of older clients have no effect."""
    history = [
        *HELLO,
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": "rain"},
    ]
    told, changes = frame(messages=history, functions=[WEATHER], function_call="auto")
    assert told["payload"]["functions"]["text"] == [WEATHER]
    assert [m["content"] for m in told["payload"]["message"]["text"]] == [
        "hi",
        "call function weather with {}",
        "function weather returned: rain",
    ]
    assert not changes


def test_no_tools_wanted() -> None:
    """``tool_choice: none`` still offers the functions."""
    told, changes = frame(tools=TOOLS, tool_choice="none")
    assert "functions" not in told["payload"]
    assert not changes
    assert "functions" in frame(tools=TOOLS, tool_choice="auto")[0]["payload"]


def test_no_tools_wanted_beside_a_search() -> None:
    """``tool_choice: none`` loses the client's word on web search, and a model that searches by itself does so."""
    off = {"type": "web_search", "web_search": {"enable": False}}
    for model in ("spark-max", "spark-pro"):
        told, changes = frame(model, tools=[*TOOLS, off], tool_choice="none")
        assert "functions" not in told["payload"]
        assert told["parameter"]["chat"]["tools"] == [off]
        assert not changes


def test_web_search() -> None:
    """A client's web search, or the operator's word against it, does not reach the models that search."""
    for model in ("spark-pro", "spark-max", "4.0Ultra"):
        assert frame(model, tools=[SEARCH])[0]["parameter"]["chat"]["tools"] == [SEARCH]
    off = [{"type": "web_search", "web_search": {"enable": False}}]
    assert frame("spark-max", options={"web_search": False})[0]["parameter"]["chat"]["tools"] == off
    assert frame("spark-max", tools=[SEARCH], options={"web_search": False})[0]["parameter"]["chat"]["tools"] == [
        SEARCH
    ]
    assert frame("spark-lite", tools=[SEARCH])[1] == ("dropped tools",)
    assert "tools" not in frame("spark-lite", options={"web_search": False})[0]["parameter"]["chat"]
    assert body("spark-max", options={"web_search": False})[0]["tools"] == off
    assert body("spark-max", tools=[SEARCH], options={"web_search": False})[0]["tools"] == [SEARCH]
    assert "tools" not in body("spark-lite", options={"web_search": False})[0]


def test_fine_tuned_model() -> None:
    """The resource of a fine-tuned model is not named, or garbled where it is written as the vendor's list."""
    for given in ("r9", ["r9"]):
        assert frame(options={"patch_id": given})[0]["header"]["patch_id"] == ["r9"]
    assert "patch_id" not in frame(options={"patch_id": []})[0]["header"]


@pytest.mark.parametrize("row", ["xinghuo", "xinghuo-http"])
@pytest.mark.parametrize("kind", ["image_url", "input_audio", "file"])
def test_other_parts_are_refused(row: str, kind: str) -> None:
    """An image is dropped without a word, or fetched."""
    part = {"type": kind, kind: {"url": "https://x.example/a.png"}}
    with pytest.raises(ProviderError, match="text only") as caught:
        encoded(row, "spark-max", [{"role": "user", "content": [{"type": "text", "text": "a"}, part]}])
    assert (caught.value.kind, caught.value.param) == (ErrorKind.UNSUPPORTED, "messages")
