"""Questions to Dify's apps beyond the vectors: addresses, variables, conversations."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, Secret, WireRequest
from providers.vendors.dify import VENDOR

CHAT = "https://api.dify.ai/v1/chat-messages"
WORKFLOW = "http://dify.example:8080/v1/workflows/run"
COMPLETION = "http://dify.example/v1/completion-messages"
ASKED = [{"role": "user", "content": "hi"}]


def encoded(
    messages: Any = ASKED, url: str = CHAT, stream: bool = False, to: Json | None = None, **params: Any
) -> WireRequest:
    return VENDOR.encode(ChatRequest("m", messages, stream, params), Destination("m", url, **(to or {})))


def body(*args: Any, **more: Any) -> Json:
    sent: Json = orjson.loads(encoded(*args, **more).body)
    return sent


@pytest.mark.parametrize(
    ("server_url", "url"),
    [
        (VENDOR.base_url, CHAT),
        ("https://api.dify.ai", CHAT),
        ("https://api.dify.ai/v1/", CHAT),
        ("http://10.0.0.7:8080", "http://10.0.0.7:8080/v1/chat-messages"),
        ("http://dify.example/v1", "http://dify.example/v1/chat-messages"),
        ("http://dify.example/v1/chat-messages/", "http://dify.example/v1/chat-messages"),
        ("http://one.example/dify", "http://one.example/dify/v1/chat-messages"),
        ("http://one.example/dify/v1", "http://one.example/dify/v1/chat-messages"),
        ("http://one.example/api/workflows/run", "http://one.example/api/workflows/run"),
        (WORKFLOW, WORKFLOW),
        (COMPLETION + "/", COMPLETION),
        ("http://dify.example/v1?gate=1", "http://dify.example/v1/chat-messages?gate=1"),
    ],
)
def test_addresses(server_url: str, url: str) -> None:
    """Broken: a server_url leads to another host, or to the endpoint of another kind of app."""
    assert encoded(url=server_url).url == url
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]
    assert VENDOR.prepare is not None
    (upload,) = VENDOR.prepare.requests(ChatRequest("m", image, False, {}), Destination("m", server_url))
    for ending in ("/chat-messages", "/completion-messages", "/workflows/run"):
        url = url.replace(ending, "/files/upload")
    assert upload.url == url


def test_bearer_vector() -> None:
    """Broken: the key travels elsewhere."""
    signed = VENDOR.sign(encoded(), {"api_key": Secret("app-test")}, 0)
    assert (signed.headers["authorization"], signed.headers["content-type"]) == ("Bearer app-test", "application/json")


def test_bodies_of_the_other_apps() -> None:
    """Broken: a text generator or a workflow gets a chat's body."""
    mode = {"response_mode": "blocking", "user": "abc-123"}
    assert body(url=COMPLETION) == {"inputs": {"query": "hi"}, **mode, "files": []}
    assert body(url=WORKFLOW) == {"inputs": {"query": "hi"}, **mode}
    assert body(url=WORKFLOW, stream=True)["response_mode"] == "streaming"
    picture = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "https://a/b.png"}}]
    asked = [{"role": "user", "content": picture}]
    assert body(asked, WORKFLOW)["files"] == [
        {"type": "image", "transfer_method": "remote_url", "url": "https://a/b.png"}
    ]


@pytest.mark.parametrize(
    ("options", "params", "inputs"),
    [
        ({}, {}, {"query": "hi"}),
        ({"input_variable": "topic"}, {}, {"topic": "hi"}),
        ({"inputs": {"lang": "zh", "a": 1}}, {"inputs": {"a": 2}}, {"query": "hi", "lang": "zh", "a": 2}),
        ({}, {"metadata": {"a": "b"}}, {"query": "hi", "a": "b"}),
        ({}, {"metadata": {"inputs": {"a": "b"}, "x": "y"}}, {"query": "hi", "a": "b"}),
        ({}, {"metadata": {"a": "b"}, "inputs": {"a": "c"}}, {"query": "hi", "a": "c"}),
        ({}, {"inputs": {"query": "mine"}}, {"query": "mine"}),
        ({}, {"inputs": None, "metadata": None}, {"query": "hi"}),
    ],
)
def test_variables(options: Json, params: Json, inputs: Json) -> None:
    """Broken: an app's variables do not reach it, or the wrong one of two values wins."""
    assert body(url=WORKFLOW, to={"options": options}, **params)["inputs"] == inputs
    chat = {name: value for name, value in inputs.items() if name != options.get("input_variable", "query")}
    own = (params.get("inputs") or {}).keys() & {"query"}
    assert body(to={"options": options}, **params)["inputs"] == (inputs if own else chat)


def test_variables_that_are_none() -> None:
    """Broken: nonsense in place of variables reaches the vendor."""
    with pytest.raises(ProviderError) as raised:
        encoded(inputs=["a"])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.INVALID_REQUEST, "inputs")


@pytest.mark.parametrize(
    ("messages", "text", "changes"),
    [
        ([{"role": "system", "content": "only"}], "only", ()),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "a\nb", ()),
        (
            [{"role": "developer", "content": "d"}, {"role": "user", "content": "u", "name": "Max"}],
            "SYSTEM: \nd\nUSER: \nu\n",
            ("dropped messages[].name",),
        ),
        (
            [
                {"role": "user", "content": "u"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
                {"role": "tool", "tool_call_id": "1", "content": "r"},
            ],
            "USER: \nu\nASSISTANT: \nf({})\nTOOL: \nr\n",
            (),
        ),
        (
            [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "thing", "thing": 1}]}],
            "a",
            ("dropped thing",),
        ),
    ],
)
def test_text(messages: Any, text: str, changes: tuple[str, ...]) -> None:
    """Broken: words of a conversation are lost, or losses are not told."""
    wire = encoded(messages)
    assert (orjson.loads(wire.body)["query"], wire.changes) == (text, changes)


def test_no_text() -> None:
    """Broken: the vendor is asked nothing, which it refuses in words that no client understands."""
    with pytest.raises(ProviderError, match="needs a question") as raised:
        encoded([{"role": "user", "content": " "}])
    assert raised.value.kind is ErrorKind.UNSUPPORTED


def test_what_is_dropped() -> None:
    """Broken: what the app settles itself is sent, or disappears without a word."""
    given = {"temperature": 0.5, "tools": [{}], "max_tokens": 5, "n": 1, "seed": None, "stop": ["a", "b"]}
    wire = encoded(**given, workflow_id="w", auto_generate_name=True, files=[{"type": "image"}])
    assert set(wire.changes) == {"dropped temperature", "dropped tools", "dropped max_tokens"}
    assert wire.stops == ("a", "b")
    sent = orjson.loads(wire.body)
    assert (sent["workflow_id"], sent["auto_generate_name"], sent["files"]) == ("w", True, [{"type": "image"}])
    wire = encoded(url=WORKFLOW, conversation_id="c", workflow_id="w", stop="a")
    assert set(wire.changes) == {"dropped conversation_id", "dropped workflow_id"}
    assert wire.stops == ("a",)


def test_options() -> None:
    """Broken: a setting of the entry has no effect."""
    always = encoded(to={"options": {"always_stream": True, "split_think": True}})
    assert (orjson.loads(always.body)["response_mode"], always.split_think) == ("streaming", True)
    assert not encoded().split_think


BLOCKING = ProviderError(
    ErrorKind.INVALID_REQUEST, "Agent Chat App does not support blocking mode", code="invalid_param"
)
GONE = ProviderError(ErrorKind.INVALID_REQUEST, "Conversation Not Exists.", status=404, code="not_found")
OTHER = ProviderError(ErrorKind.INVALID_REQUEST, "inputs is required", code="invalid_param")
TURNS = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]


def instead(wire: WireRequest, error: ProviderError) -> WireRequest:
    other = wire.instead and wire.instead(error)
    assert other
    return other


def test_apps_that_stream_only() -> None:
    """Broken: an agent is not asked by stream, its conversation is lost on the way, or that it streams is forgotten."""
    first = encoded(conversation_id="c")
    assert first.memo is None
    second = instead(first, BLOCKING)
    told = orjson.loads(second.body)
    assert (told["response_mode"], told["conversation_id"], second.headers["accept"]) == (
        "streaming",
        "c",
        "text/event-stream",
    )
    assert second.memo
    ((key, note),) = second.memo.items()
    assert body(to={"recall": {key: note}.get})["response_mode"] == "streaming"
    assert first.instead and first.instead(OTHER) is None
    assert second.instead and second.instead(BLOCKING) is None
    streamed = encoded(stream=True)
    assert streamed.instead and streamed.instead(BLOCKING) is None


def test_conversations_that_are_gone() -> None:
    """Broken: a conversation that the vendor forgot fails the request, or its end is not told."""
    first = encoded(TURNS, conversation_id="c")
    assert orjson.loads(first.body)["query"] == "two"
    assert first.changes == ("left earlier messages to the conversation",)
    second = instead(instead(first, BLOCKING), GONE)
    told = orjson.loads(second.body)
    assert (told["query"], told["conversation_id"], told["response_mode"]) == (
        "USER: \none\nUSER: \ntwo\n",
        "",
        "streaming",
    )
    assert second.changes == ("dropped conversation_id",)
    assert second.instead and second.instead(GONE) is None
    assert orjson.loads(instead(instead(first, GONE), BLOCKING).body)["conversation_id"] == ""
