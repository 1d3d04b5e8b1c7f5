"""The gateway in front of a Hunyuan that verifies signatures, clocks and bodies, with the official client."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import openai
import pytest

from tests.e2e.conftest import StartGateway
from tests.fakevendor.hunyuan import CALL_ID, CONSOLE_KEY, KEYS, Hunyuan, running

pytestmark = pytest.mark.e2e

LONG = "混元大模型，你好🌏。" * 3000
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "天气",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
    },
}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(b"x" * 99).decode()}}

Connect = Callable[..., openai.OpenAI]


@pytest.fixture
def hunyuan() -> Iterator[Hunyuan]:
    with running() as started:
        yield started


@pytest.fixture
def connect(hunyuan: Hunyuan, gateway: StartGateway) -> Iterator[Connect]:
    """A client of a gateway with one entry for the fake; ``path`` and the credential choose the surface."""
    with ExitStack() as stack:

        def begin(path: str = "", entry: dict[str, Any] | None = None, **credentials: str) -> openai.OpenAI:
            service = {
                "models": ["hunyuan-lite", "hunyuan-vision", "hunyuan-turbos-latest"],
                "embedding_models": ["hunyuan-embedding"],
                "server_url": hunyuan.url + path,
                "credentials": credentials or KEYS,
                **(entry or {}),
            }
            return stack.enter_context(gateway({"services": {"hunyuan": [service]}}).sdk())

        yield begin


def ask(client: openai.OpenAI, content: Any = "你好", model: str = "hunyuan-lite", **more: Any) -> Any:
    messages: Any = more.pop("messages", [{"role": "user", "content": content}])
    return client.chat.completions.create(model=model, messages=messages, **more)


def text(stream: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_plain_and_stream(connect: Connect) -> None:
    """Broken: a signature is refused, or an answer does not reach the client whole."""
    client = connect()
    reply = ask(client, temperature=2.5, seed=0, top_p=0.5)
    assert reply.choices[0].message.content == "你好"
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.model, reply.created, reply.usage.total_tokens) == ("hunyuan-lite", 1700549760, 13)
    assert text(ask(client, LONG, stream=True)) == LONG
    assert ask(client, LONG).choices[0].message.content == LONG


def test_usage_of_a_stream(connect: Connect) -> None:
    """Broken: counts of a stream are added up, or do not come last."""
    chunks = list(ask(connect(), "x" * 70, stream=True, stream_options={"include_usage": True}))
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [10]
    assert not chunks[-1].choices


@pytest.mark.parametrize("stream", [False, True])
def test_stop_texts_are_cut(connect: Connect, stream: bool) -> None:
    """Broken: the client sees the stop text, which this vendor leaves in its answer."""
    reply = ask(connect(), "one two three END four", stop=["END"], stream=stream)
    told = text(reply) if stream else reply.choices[0].message.content
    assert told == "one two three "


@pytest.mark.parametrize("stream", [False, True])
def test_tool_round_trip(connect: Connect, stream: bool) -> None:
    """Broken: a call loses its id, name or arguments on the way down, or its result on the way up."""
    client = connect()
    tools: Any = [WEATHER]
    reply = ask(client, "深圳天气", "hunyuan-turbos-latest", tools=tools, tool_choice="required", stream=stream)
    call = streamed_call(reply) if stream else reply.choices[0].message.tool_calls[0].model_dump()
    assert call["function"] == {"name": "get_current_weather", "arguments": '{"location":"深圳"}'}
    assert call["id"] == CALL_ID if stream else call["id"]
    history = [
        {"role": "user", "content": "深圳天气"},
        {"role": "assistant", "content": "先查一下。", "tool_calls": [call], "reasoning_content": "想"},
        {"role": "tool", "tool_call_id": call["id"], "content": "晴，28度"},
    ]
    answer = ask(client, model="hunyuan-turbos-latest", tools=tools, messages=history)
    assert answer.choices[0].message.content == "晴，28度"
    assert answer.choices[0].finish_reason == "stop"


def streamed_call(stream: Any) -> dict[str, Any]:
    """The one call of a stream, put together as clients do."""
    call: dict[str, Any] = {}
    reasons = []
    for chunk in stream:
        reasons += [choice.finish_reason for choice in chunk.choices if choice.finish_reason]
        for piece in chunk.choices[0].delta.tool_calls or []:
            function = call.setdefault("function", {"name": piece.function.name, "arguments": ""})
            call.setdefault("id", piece.id)
            function["arguments"] += piece.function.arguments
    assert reasons == ["tool_calls"]
    return {**call, "type": "function"}


def test_images(connect: Connect) -> None:
    """Broken: an image does not reach a vision model, or a refusal of a text model is hidden."""
    client = connect()
    parts = [{"type": "text", "text": "看图："}, IMAGE, {"type": "image_url", "image_url": {"url": "https://x.cn/a"}}]
    reply = ask(client, parts, "hunyuan-vision")
    assert reply.choices[0].message.content == "看图：[image/png 99][https://x.cn/a]"
    with pytest.raises(openai.BadRequestError, match="不支持 Contents"):
        ask(client, parts)


def test_any_order_of_messages(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: the vendor refuses an order of roles, or more than 40 messages."""
    turns = [("assistant", "hi"), *[("user", "a"), ("user", "b"), ("assistant", "c")] * 30, ("system", "s")]
    reply = ask(connect(), messages=[{"role": role, "content": content} for role, content in turns])
    assert reply.choices[0].message.content == "Continue."
    assert len(hunyuan.seen[-1]["Messages"]) == 40
    assert hunyuan.seen[-1]["Messages"][0] == {"Role": "system", "Content": "s"}


def test_changes_are_told(connect: Connect) -> None:
    """Broken: what the vendor cannot take is lost in silence."""
    raw = connect().chat.completions.with_raw_response.create(
        model="hunyuan-lite", messages=[{"role": "user", "content": "x"}], max_tokens=5, n=2
    )
    assert raw.headers["x-gateway-changes"] == "dropped max_tokens; dropped n"


def test_fifty_at_once(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""
    client = connect()
    with ThreadPoolExecutor(50) as pool:
        plain = pool.map(lambda n: ask(client, f"第{n}个").choices[0].message.content, range(25))
        streams = pool.map(lambda n: text(ask(client, f"流{n}" * 20, stream=True)), range(25))
        assert list(plain) == [f"第{n}个" for n in range(25)]
        assert list(streams) == [f"流{n}" * 20 for n in range(25)]
    assert hunyuan.most > 5


def test_embeddings(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: more than 50 texts are refused, or vectors come in another order."""
    texts = ["x" * n for n in range(1, 121)]
    reply = connect().embeddings.create(model="hunyuan-embedding", input=texts, encoding_format="float")
    assert [row.embedding[0] for row in reply.data] == [float(n) for n in range(1, 121)]
    assert [len(body["InputList"]) for body in hunyuan.seen] == [50, 50, 20]
    assert reply.usage.prompt_tokens == 120


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ({**KEYS, "secret_key": "wrongwrongwrong"}, "请检查您的签名是否正确"),
        ({**KEYS, "secret_id": "AKIDwrong"}, "The SecretId is not found"),
    ],
)
def test_wrong_keys(connect: Connect, key: dict[str, str], told: str) -> None:
    """Broken: the vendor's own text about a wrong key does not reach the client, or looks like the client's fault."""
    client = connect(**key)
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match=told) as raised:
            ask(client, stream=stream)
        assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")


def test_a_clock_that_is_off(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: five minutes of difference are refused, or the operator is not told that it is the clock."""
    client = connect()
    hunyuan.clock_s = 280
    assert ask(client).choices[0].message.content == "你好"
    hunyuan.clock_s = -310
    with pytest.raises(openai.InternalServerError, match=r"签名过期.*clock"):
        ask(client)


def test_the_next_credential_is_tried(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: a wrong key among several fails requests that another would have answered."""
    wrong = {**KEYS, "secret_key": "wrongwrongwrong"}
    client = connect(entry={"credentials": {}, "credential_list": [wrong, KEYS]})
    for _ in range(6):
        assert ask(client).choices[0].message.content == "你好"
    assert len(hunyuan.seen) > 6


def test_region_and_temporary_keys(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: region or session token of a credential are not sent."""
    ask(connect(**KEYS, region="ap-guangzhou", token="session-token"))
    assert hunyuan.headers[-1]["x-tc-region"] == "ap-guangzhou"
    assert hunyuan.headers[-1]["x-tc-token"] == "session-token"


def test_openai_surface(connect: Connect, hunyuan: Hunyuan) -> None:
    """Broken: a console key is not spoken to in the OpenAI surface, or that surface's rules are not kept."""
    client = connect("/v1", api_key=CONSOLE_KEY)
    messages = [{"role": "assistant", "content": "hi"}, *[{"role": "user", "content": "好END"}] * 2]
    reply = ask(client, messages=messages, stop="END", seed=0)
    assert reply.choices[0].message.content == "好"
    assert hunyuan.seen[-1]["messages"] == [{"role": "user", "content": "好END\n好END"}]
    assert len(client.embeddings.create(model="hunyuan-embedding", input=["a", "b"]).data) == 2


def test_wrong_console_key(connect: Connect) -> None:
    """Broken: the OpenAI surface's own text about a wrong key does not reach the client."""
    with pytest.raises(openai.InternalServerError, match="Incorrect API key provided") as raised:
        ask(connect(api_key="sk-wrongwrong"))
    assert raised.value.code == "upstream_auth"
