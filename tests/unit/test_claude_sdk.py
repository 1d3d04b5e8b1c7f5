"""The vendor's own SDK as an oracle: for the bodies that go up, and for the replies that the tests decode."""

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from providers.types import ChatRequest, Destination, Json, Secret
from providers.vendors.claude import VENDOR
from tests.fakevendor.claude import Claude, running
from tests.unit.test_claude_history import GIF, PDF, PNG, answer, calls, file, part, text, user
from tests.unit.test_claude_tools import ASKED, WEATHER
from tests.vectorfile import VECTORS

anthropic = pytest.importorskip("anthropic")
pydantic = pytest.importorskip("pydantic")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from anthropic import types
    from anthropic.types import message_create_params

PARAMS: Any = pydantic.TypeAdapter(types.MessageCreateParams)
EVENTS: Any = pydantic.TypeAdapter(types.RawMessageStreamEvent)
SAMPLING = {"temperature", "top_p", "top_k"}
"""Fields the newest SDK no longer names, since its newest models refuse them; older models take them."""

TOOLS = {"tools": [WEATHER, {"type": "function", "function": {"name": "g", "strict": True, "description": "d"}}]}
HISTORY = [
    {"role": "system", "content": [{**text("Be brief."), "cache_control": {"type": "ephemeral"}}]},
    user([text("look"), part(f"data:image/png;base64,{PNG}"), part("https://example.com/a.jpg")]),
    user([file(file_data=PDF, filename="a.pdf"), file(file_data="data:text/plain,hello")]),
    calls("a.1", "b", content="so", arguments='{"x": 1}', ),
    answer("a.1", [text("1"), part(f"data:image/gif;base64,{GIF}")]),
    {**answer("b", ""), "is_error": True},
    user("Go on."),
]  # fmt: skip
CASES: list[tuple[str, list[Json], Json]] = [
    ("claude-sonnet-4-5", HISTORY, {"temperature": 2, "stop": ["a"], "user": "u", "max_tokens": 5, **TOOLS}),
    ("claude-sonnet-4-5", HISTORY, {"reasoning_effort": "high", "tool_choice": "required", **TOOLS}),
    ("claude-opus-4-6", HISTORY, {"reasoning_effort": "max", "response_format": ASKED, "stream": True}),
    ("claude-opus-4-8", HISTORY, {"reasoning_effort": "none", "tool_choice": "none", **TOOLS}),
    ("claude-sonnet-5-5", HISTORY, {"reasoning_effort": "none", "parallel_tool_calls": False, **TOOLS}),
    ("claude-opus-5-5", [user("x")], {"tool_choice": {"type": "function", "function": {"name": "g"}}, **TOOLS}),
    ("claude-3-7-sonnet-20250219", [user("x")], {"response_format": ASKED, "cache_control": {"type": "ephemeral"}}),
]


def encoded(model: str, messages: list[Json], params: Json) -> Json:
    stream = params.get("stream", False)
    params = {name: value for name, value in params.items() if name != "stream"}
    body = VENDOR.encode(ChatRequest(model, messages, stream, params), Destination(model, VENDOR.base_url)).body
    found: Json = orjson.loads(body)
    return found


def check_body(body: Json) -> None:
    """Fail unless the SDK's own types hold the whole body: nothing of it is refused, and nothing is unknown."""
    read = PARAMS.validate_python(body, strict=True)
    known = set(message_create_params.MessageCreateParamsStreaming.__annotations__) | SAMPLING
    assert body.keys() <= known, body.keys() - known
    told = {name: materialised(value) for name, value in read.items()}
    assert told == {name: value for name, value in body.items() if name not in SAMPLING}


def materialised(value: Any) -> Any:
    """What a validated value holds; pydantic reads iterables lazily, and drops keys that a type does not have."""
    if isinstance(value, dict):
        return {name: materialised(inner) for name, inner in value.items()}
    if isinstance(value, str | int | float | None):
        return value
    return [materialised(inner) for inner in value]


@pytest.mark.parametrize(("model", "messages", "params"), CASES)
def test_bodies_fit_the_types(model: str, messages: list[Json], params: Json) -> None:
    """A body goes up with a field, a block or a value that the API's own types do not know."""
    check_body(encoded(model, messages, params))


def test_bodies_of_the_vectors_fit_the_types() -> None:
    """What the vectors demand of a body is not what the API's own types know."""
    cases = json.loads((VECTORS / "claude.json").read_text())["chat"]
    for case in cases:
        asked = dict(case["openai_request"])
        model, messages = asked.pop("model"), asked.pop("messages")
        check_body(encoded(model, messages, asked))
    assert cases


@pytest.fixture(scope="module")
def claude() -> Iterator[Claude]:
    with running() as server:
        yield server


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_client_takes_what_the_fake_answers(claude: Claude) -> None:
    """The fake vendor of the tests answers in a way that the vendor's own client does not understand."""
    model = "claude-sonnet-4-5"
    body = encoded(model, [user("The weather in Paris and Rome?")], {"reasoning_effort": "low", "tools": [WEATHER]})
    with anthropic.Anthropic(api_key="test-key", base_url=claude.url.removesuffix("/v1"), max_retries=0) as client:
        whole = client.messages.create(**body)
        with client.messages.stream(**body) as stream:
            streamed = stream.get_final_message()
        for found in (whole, streamed):
            assert [block.type for block in found.content] == ["thinking", "text", "tool_use", "tool_use"]
            assert found.stop_reason == "tool_use"
        with pytest.raises(anthropic.RateLimitError):
            client.messages.create(**encoded(model, [user("FAIL 429 rate_limit_error Slow down")], {}))
    assert not claude.faults
    for sent in claude.sent:
        if sent["type"] == "message":
            types.Message.model_validate(sent)
        elif sent["type"] != "ping":
            EVENTS.validate_python(sent)


def test_replies_of_the_vectors_fit_the_types() -> None:
    """A reply that the tests decode is none that the API would send."""
    cases = json.loads((VECTORS / "claude.json").read_text())["chat"]
    known = re.compile(r'"type": ?"(message_|content_)')
    seen = 0
    for case in cases:
        if "vendor_response" in case:
            types.Message.model_validate(case["vendor_response"]["body"])
        for entry in case.get("vendor_stream", []):
            data = entry.partition("data: ")[2]
            if known.match(data, 1):
                EVENTS.validate_python(json.loads(data))
                seen += 1
    assert seen


def test_key_goes_where_the_client_puts_it() -> None:
    """No setting of ours sends the key and the version in the headers of the vendor's own client."""
    with anthropic.Anthropic(api_key="test-key", base_url="https://relay.example") as client:
        options = anthropic._models.FinalRequestOptions(method="post", url="/v1/messages", json_data={})
        theirs = client._build_request(options)
    settings = {
        "auth": "bearer" if "authorization" in theirs.headers else "x-api-key",
        "anthropic_version": theirs.headers["anthropic-version"],
    }
    to = Destination("m", "https://relay.example", {"api_key": Secret("test-key")}, options=settings)
    ours = VENDOR.sign(VENDOR.encode(ChatRequest("m", [user("x")], False, {}), to), to.credential, 0.0)
    assert str(theirs.url) == ours.url
    told = {name: theirs.headers.get(name) for name in ("x-api-key", "authorization", "anthropic-version")}
    assert {name: ours.headers.get(name) for name in told} == told
