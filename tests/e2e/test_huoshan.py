"""The gateway in front of an Ark that checks what it is sent: models, bots, embeddings, refusals."""

import base64
from typing import Any

import openai
import pytest

from tests.e2e.huoshan import BOT, EP, KEY, MODEL, VISION, Connect, ask, in_parallel, said, streamed
from tests.fakevendor.huoshan import PAIR, REFERENCE, THOUGHT, Ark

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.huoshan_gateway"]

LONG = "火山引擎，方舟大模型。" * 3000
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


@pytest.mark.parametrize("credentials", [KEY, PAIR, {**KEY, **PAIR}], ids=["key", "pair", "both"])
def test_plain_and_stream(connect_ark: Connect, ark: Ark, credentials: dict[str, str]) -> None:
    """Broken: answers do not reach the official client whole, a body is refused, or the wrong credential is used."""
    client = connect_ark(credentials)
    reply = ask(client, max_tokens=5, max_completion_tokens=6, temperature=2, seed=1, n=1)
    assert (said(reply), reply.choices[0].finish_reason, reply.model) == ("你好", "stop", "doubao")
    assert reply.usage.total_tokens == 9
    chunks = list(ask(client, LONG, stream=True, stream_options={"include_usage": True}))
    assert streamed(chunks) == LONG
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert (chunks[-1].usage.completion_tokens, {chunk.model for chunk in chunks}) == (5, {"doubao"})
    assert said(ask(client, LONG, MODEL)) == LONG
    assert ark.exchanged == ([EP, MODEL] if credentials == PAIR else [])
    assert ark.faults == []


def test_what_was_changed_is_told(connect_ark: Connect) -> None:
    """Broken: a parameter is dropped without a word."""
    messages: Any = [{"role": "user", "content": "x"}]
    raw = connect_ark(KEY).chat.completions.with_raw_response.create(model="doubao", messages=messages, seed=1, n=2)
    assert raw.headers["x-gateway-changes"] == "dropped n; dropped seed"


@pytest.mark.parametrize("stream", [False, True])
def test_tool_round_trip(connect_ark: Connect, ark: Ark, stream: bool) -> None:
    """Broken: the official client cannot call a tool and hand back its result."""
    client = connect_ark(KEY)
    messages: Any = [{"role": "user", "content": "北京天气？"}]
    asked: dict[str, Any] = {"model": "doubao", "tools": TOOLS, "tool_choice": "auto"}
    if stream:
        with client.chat.completions.stream(messages=messages, **asked) as events:
            choice: Any = events.until_done().get_final_completion().choices[0]
    else:
        choice = client.chat.completions.create(messages=messages, **asked).choices[0]
    assert (choice.finish_reason, choice.message.content or "") == ("tool_calls", "")
    (call,) = choice.message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "北京"}')
    messages += [choice.message.to_dict(), {"role": "tool", "tool_call_id": call.id, "content": "晴"}]
    assert said(client.chat.completions.create(messages=messages, **asked)) == "晴"
    assert ark.faults == []


def test_images_and_thinking(connect_ark: Connect, ark: Ark) -> None:
    """Broken: an image does not arrive as it was sent, or thoughts and the switch for them are lost."""
    client = connect_ark(KEY)
    image = "data:image/png;base64," + base64.b64encode(b"\x89PNG" + bytes(500)).decode()
    parts = [{"type": "text", "text": "看"}, {"type": "image_url", "image_url": {"url": image}}]
    assert said(ask(client, parts)) == f"看[{len(image)}]"
    reply = ask(client, extra_body={"thinking": {"type": "enabled"}})
    assert reply.choices[0].message.reasoning_content == THOUGHT
    chunks = list(ask(client, stream=True, reasoning_effort="low"))
    assert "".join(getattr(c.choices[0].delta, "reasoning_content", None) or "" for c in chunks) == THOUGHT
    assert streamed(chunks) == "你好"
    assert ark.faults == []


@pytest.mark.parametrize(("service", "credentials"), [("huoshan", KEY), ("huoshanbot", KEY), ("huoshanbot", PAIR)])
def test_bots(connect_ark: Connect, ark: Ark, service: str, credentials: dict[str, str]) -> None:
    """Broken: a bot is asked at the wrong address, or its references and counts do not reach the client."""
    client = connect_ark(credentials, service)
    reply = ask(client, model="bot")
    assert (said(reply), reply.usage.total_tokens) == ("你好", 105)
    (annotation,) = reply.choices[0].message.annotations
    assert (annotation.type, annotation.url_citation.url) == ("url_citation", REFERENCE["url"])
    chunks = list(ask(client, LONG, "bot", stream=True, stream_options={"include_usage": True}))
    assert (streamed(chunks), chunks[-1].usage.total_tokens) == (LONG, 105)
    told = [c.choices[0].delta.annotations for c in chunks if c.choices and hasattr(c.choices[0].delta, "annotations")]
    assert [one["url_citation"]["title"] for (one,) in told] == [REFERENCE["title"]]
    assert ark.exchanged == ([BOT] if credentials == PAIR else [])
    assert ark.faults == []


def test_embeddings(connect_ark: Connect, ark: Ark) -> None:
    """Broken: embeddings of text, or of a model that takes one input a call, come back in another order."""
    client = connect_ark(PAIR)
    for model in (EP, VISION):
        reply = client.embeddings.create(model=model, input=["a", "bcd"], encoding_format="float")
        lengths = [row.embedding[0] for row in reply.data]
        assert lengths[1] - lengths[0] == 2.0
    assert ark.exchanged == [EP, VISION]
    assert ark.faults == []


REFUSALS = [
    ("InvalidParameter", 400, "InvalidParameter"),
    ("SensitiveContentDetected", 400, "content_filter"),
    ("AccountOverdueError", 403, "insufficient_quota"),
    ("ModelNotOpen", 404, "model_not_found"),
    ("RateLimitExceeded.EndpointTPMExceeded", 429, "rate_limit_exceeded"),
    ("ServerOverloaded", 429, "overloaded"),
    ("AccessDenied", 403, "upstream_auth"),
]


def test_refusals(connect_ark: Connect) -> None:
    """Broken: a client gets another error than the vendor's, before or after the first words of an answer."""
    client = connect_ark(KEY)
    for code, status, seen in REFUSALS:
        for stream in (False, True):
            with pytest.raises(openai.APIStatusError, match=f"told of {code}") as raised:
                ask(client, f"fail:{status}:{code}", stream=stream)
            assert raised.value.code == seen
        if seen != "content_filter":
            with pytest.raises(openai.APIError, match=f"told of {code}") as late:
                list(ask(client, f"late:{code}", stream=True))
            assert late.value.code == seen


def test_answers_that_break_off(connect_ark: Connect) -> None:
    """Broken: an answer that breaks off passes for a whole one."""
    client = connect_ark(KEY)
    with pytest.raises(openai.APIError):
        list(ask(client, "cut", stream=True))
    with pytest.raises(openai.InternalServerError) as raised:
        ask(client, "cut")
    assert raised.value.code == "upstream_incomplete"


def test_parallel(connect_ark: Connect, ark: Ark) -> None:
    """Broken: replies to requests at the same time are mixed up or fail."""
    client = connect_ark(KEY)

    def call(number: int) -> str:
        reply = ask(client, f"问题{number}", stream=number % 2 == 0)
        return said(reply) if number % 2 else streamed(reply)

    assert in_parallel(50, call) == [f"问题{number}" for number in range(50)]
    assert ark.faults == []
