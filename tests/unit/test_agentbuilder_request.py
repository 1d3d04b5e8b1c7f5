"""What an agent is asked: addresses, the key in the query, the conversation as one question, and what is left out."""

from typing import Any

import orjson
import pytest

from app import parse
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json, Secret, WireRequest
from providers.vendors.agentbuilder import VENDOR
from tests.vectorfile import VECTORS

FILE = orjson.loads((VECTORS / "agentbuilder.json").read_bytes())
BASE = "https://agentapi.baidu.com"
IMAGE = {"type": "image_url", "image_url": {"url": "https://x/a.png"}}


def encoded(messages: Any = "hi", url: str = BASE, model: str = "APPID", **params: Any) -> WireRequest:
    given = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    request = parse.chat(orjson.dumps({"model": model, "messages": given, **params}))
    return VENDOR.encode(request, Destination(model, url))


def said(wire: WireRequest) -> str:
    return str(orjson.loads(wire.body)["message"]["content"]["value"]["showText"])


def test_vector_of_the_key() -> None:
    """Broken: the app id or the key stand elsewhere than the vendor wants them."""
    (case,) = FILE["auth"]
    credential = {name: Secret(value) for name, value in case["credentials"].items()}
    wire = VENDOR.sign(encoded(model=case["model"], url=VENDOR.base_url), credential, 0)
    assert (wire.method, wire.url) == (case["method"], case["url"])
    assert wire.headers == {"content-type": "application/json"}


def test_values_are_encoded() -> None:
    """Broken: a key or an id with special letters breaks the query."""
    wire = VENDOR.sign(encoded(model="a b&c", url=f"{BASE}?via=x"), {"secret_key": Secret("k/+=&")}, 0)
    assert wire.url == f"{BASE}/assistant/getAnswer?via=x&appId=a%20b%26c&secretKey=k%2F%2B%3D%26"
    assert VENDOR.sign(encoded(), {}, 0).url == f"{BASE}/assistant/getAnswer?appId=APPID"


@pytest.mark.parametrize(
    "url",
    [
        BASE,
        f"{BASE}/",
        f"{BASE}/assistant",
        f"{BASE}/assistant/",
        f"{BASE}/assistant/getAnswer",
        f"{BASE}/assistant/conversation",
    ],
)
def test_addresses(url: str) -> None:
    """Broken: an operator's server_url leads to another endpoint."""
    assert encoded(url=url).url == f"{BASE}/assistant/getAnswer?appId=APPID"
    assert encoded(url=url, stream=True).url == f"{BASE}/assistant/conversation?appId=APPID"
    assert encoded(url="http://127.0.0.1:9/front/").url == "http://127.0.0.1:9/front/assistant/getAnswer?appId=APPID"


def test_the_body() -> None:
    """Broken: a body has not the members that public clients send, or more."""
    assert orjson.loads(encoded("你好").body) == {
        "message": {"content": {"type": "text", "value": {"showText": "你好"}}},
        "source": "APPID",
        "from": "openapi",
        "openId": "APPID",
    }
    assert orjson.loads(encoded(user="u-1").body)["openId"] == "u-1"
    assert encoded(stream=True).headers["accept"] == "text/event-stream"
    assert "accept" not in encoded().headers


CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"北京"}'}}


@pytest.mark.parametrize(
    ("messages", "text", "changes"),
    [
        ([("user", "hi")], "hi", ()),
        ([("system", "Be brief."), ("user", "hi")], "Be brief.\n\nhi", ()),
        ([("system", "A"), ("developer", "B"), ("user", "hi")], "A\nB\n\nhi", ()),
        (
            [("system", "S"), ("user", "one"), ("assistant", "two"), ("user", "three")],
            "S\n\nThe conversation so far:\nUser: one\nAssistant: two\n\nthree",
            (),
        ),
        (
            [("user", "one"), ("system", "S"), ("user", "two")],
            "S\n\nThe conversation so far:\nUser: one\n\ntwo",
            (),
        ),
        (
            [("user", "one"), ("assistant", "two")],
            "The conversation so far:\nUser: one\nAssistant: two\n\nGo on.",
            ("added a question at the end",),
        ),
        ([("system", "S")], "S", ()),
        ([("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], "a\nb", ()),
        ([("user", [IMAGE, {"type": "text", "text": "a"}])], "a", ("dropped image_url",)),
    ],
)
def test_the_conversation_as_one_question(messages: Any, text: str, changes: tuple[str, ...]) -> None:
    """Broken: history or system text is lost, or the agent cannot tell the question from it."""
    wire = encoded([{"role": role, "content": content} for role, content in messages])
    assert said(wire) == text
    assert wire.changes == changes


def test_tools_in_the_history() -> None:
    """Broken: a conversation begun with a vendor that calls tools loses what they said, in either spelling."""
    earlier = 'The conversation so far:\nUser: q\nAssistant calls weather({"city":"北京"})\nTool: 晴\n\n'
    today: list[Json] = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "晴"},
    ]
    assert said(encoded([*today, {"role": "user", "content": "so?"}])) == earlier + "so?"
    assert said(encoded(today)) == earlier + "Go on."
    legacy: list[Json] = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": None, "function_call": CALL["function"]},
        {"role": "function", "name": "weather", "content": "晴"},
        {"role": "user", "content": "so?"},
    ]
    assert said(encoded(legacy)) == earlier + "so?"


def test_nothing_but_an_image() -> None:
    """Broken: an agent is asked an empty question where the client sent an image."""
    with pytest.raises(ProviderError, match="takes text only") as raised:
        encoded([{"role": "user", "content": [IMAGE]}])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


def test_the_thread_of_the_vendor() -> None:
    """Broken: a client that goes on with the vendor's thread sends it the history again."""
    messages = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": "two"},
    ]
    wire = encoded(messages, threadId="t1")
    assert orjson.loads(wire.body)["threadId"] == "t1"
    assert said(wire) == "two"
    assert wire.changes == ("left earlier messages to the thread",)
    assert encoded("one", threadId="t1").changes == ()
    assert "threadId" not in orjson.loads(encoded().body)


@pytest.mark.parametrize(
    ("params", "changes"),
    [
        ({"temperature": 0.5, "top_p": 0.1, "max_tokens": 5}, {"temperature", "top_p", "max_tokens"}),
        ({"max_completion_tokens": 5, "stop": "x", "seed": 1, "n": 2}, {"max_completion_tokens", "stop", "seed", "n"}),
        ({"response_format": {"type": "json_object"}}, {"response_format"}),
        ({"response_format": {"type": "text"}, "n": 1, "temperature": 1}, set()),
        ({"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "auto"}, {"tools", "tool_choice"}),
        ({"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "none"}, set()),
        ({"functions": [{"name": "f"}]}, {"tools"}),
        ({"stream": True, "stream_options": {"include_usage": True}, "user": "u"}, set()),
        ({"logprobs": True, "presence_penalty": 1, "thinking": {}}, {"logprobs", "presence_penalty", "thinking"}),
    ],
)
def test_what_is_left_out(params: Json, changes: set[str]) -> None:
    """Broken: a parameter is dropped in silence, or sent to a vendor that knows none."""
    wire = encoded(**params)
    assert {change.removeprefix("dropped ") for change in wire.changes} == changes
    assert orjson.loads(wire.body).keys() == {"message", "source", "from", "openId"}


def test_names_and_refusals() -> None:
    """Broken: who speaks, or what was refused, is lost in silence."""
    refused = {"role": "assistant", "content": None, "refusal": "No."}
    wire = encoded([{"role": "user", "name": "Ada", "content": "a"}, refused, {"role": "user", "content": "b"}])
    assert "Assistant: No." in said(wire)
    assert wire.changes == ("dropped messages[].name",)
