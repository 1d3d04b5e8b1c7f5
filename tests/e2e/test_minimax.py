"""The gateway in front of a MiniMax that verifies keys, groups and bodies, with the official client."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import openai
import pytest

from tests.e2e.conftest import StartGateway
from tests.fakevendor.minimax import GROUP, KEY, THOUGHTS, MiniMax, running

pytestmark = pytest.mark.e2e

PRO = "/v1/text/chatcompletion_pro"
V2 = "/v1/text/chatcompletion_v2"
OPENAI = "/v1"
LONG = "稀宇科技，你好🌏。" * 3000
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}

Connect = Callable[..., openai.OpenAI]


@pytest.fixture
def minimax() -> Iterator[MiniMax]:
    with running() as started:
        yield started


@pytest.fixture
def connect(minimax: MiniMax, gateway: StartGateway) -> Iterator[Connect]:
    """A client of a gateway with one entry for the fake; the path chooses the protocol."""
    with ExitStack() as stack:

        def begin(path: str, **credentials: str) -> openai.OpenAI:
            entry = {
                "models": ["abab6.5s-chat", "MiniMax-M2"],
                "embedding_models": ["embo-01"],
                "server_url": minimax.url + path,
                "credentials": credentials or {"api_key": KEY, "group_id": GROUP},
            }
            return stack.enter_context(gateway({"services": {"minimax": [entry]}}).sdk())

        yield begin


def ask(client: openai.OpenAI, content: Any = "你好", **more: Any) -> Any:
    messages: Any = more.pop("messages", [{"role": "user", "content": content}])
    return client.chat.completions.create(**{"model": "abab6.5s-chat", "messages": messages, **more})


def text(stream: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@pytest.mark.parametrize(("path", "before"), [(PRO, ""), (V2, ""), (OPENAI, THOUGHTS)])
def test_plain_and_stream(connect: Connect, path: str, before: str) -> None:
    """Broken: a body is refused, or an answer does not reach the client whole, or twice."""
    client = connect(path)
    reply = ask(client, temperature=0, top_p=1)
    assert reply.choices[0].message.content == before + "你好"
    assert (reply.choices[0].finish_reason, reply.model) == ("stop", "abab6.5s-chat")
    assert reply.usage.total_tokens == (187 if path == PRO else 9)
    assert text(ask(client, LONG, stream=True, max_tokens=100_000)) == before + LONG
    assert ask(client, LONG, max_tokens=100_000).choices[0].message.content == before + LONG


def test_usage_of_a_stream(connect: Connect) -> None:
    """Broken: the counts of the last packet are lost."""
    chunks = list(ask(connect(PRO), stream=True, stream_options={"include_usage": True}))
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [187]


def test_a_cut_answer_says_so(connect: Connect) -> None:
    """Broken: an answer that the vendor cut looks complete."""
    reply = ask(connect(PRO), "x" * 50, max_tokens=20)
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("x" * 20, "length")


@pytest.mark.parametrize("path", [PRO, V2, OPENAI])
@pytest.mark.parametrize("stream", [False, True])
def test_tool_round_trip(connect: Connect, path: str, stream: bool) -> None:
    """Broken: a call loses its id, name or arguments on the way down, or its result on the way up."""
    client = connect(path)
    reply = ask(client, "北京天气", tools=[WEATHER], tool_choice="auto", stream=stream)
    if stream:
        chunks = [chunk for chunk in reply if chunk.choices]
        (call,) = [piece for chunk in chunks for piece in chunk.choices[0].delta.tool_calls or []]
        assert chunks[-1].choices[0].finish_reason == "tool_calls"
    else:
        (call,) = reply.choices[0].message.tool_calls
        assert reply.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"北京"}')
    function = {"name": call.function.name, "arguments": call.function.arguments}
    called = {"id": call.id, "type": "function", "function": function}
    history = [
        {"role": "system", "content": "a"},
        {"role": "user", "content": "北京天气"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": call.id, "content": "晴，28度"},
    ]
    answer = ask(client, messages=history, tools=[WEATHER]).choices[0].message.content
    assert answer.removeprefix(THOUGHTS) in ("晴，28度", '{"result":"晴，28度"}')


def test_parallel_calls_of_another_model(connect: Connect, minimax: MiniMax) -> None:
    """Broken: a history with parallel calls, of which the vendor knows none, is refused."""
    called = [
        {"id": f"c{n}", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}} for n in (1, 2)
    ]
    results = [{"role": "tool", "tool_call_id": f"c{n}", "content": json.dumps({"r": n})} for n in (2, 1)]
    asked = {"role": "user", "content": "x"}
    ask(connect(PRO), messages=[asked, {"role": "assistant", "content": None, "tool_calls": called}, *results, asked])
    texts = [message["text"] for message in minimax.seen[-1][1]["messages"]]
    assert texts == ["x", "", '{"r": 1}', "", '{"r": 2}', "x"]


def test_images(connect: Connect) -> None:
    """Broken: an image is lost on its way to a model that sees, or in silence where none does."""
    parts = [{"type": "text", "text": "看图"}, IMAGE]
    assert ask(connect(OPENAI), parts).choices[0].message.content == THOUGHTS + "看图[1 images]"
    with pytest.raises(openai.BadRequestError, match="image_url"):
        ask(connect(PRO), parts)


@pytest.mark.parametrize("path", [PRO, V2, OPENAI])
def test_several_system_messages(connect: Connect, path: str) -> None:
    """Broken: agents that send several system messages are refused (2013)."""
    roles = ("system", "user", "assistant", "developer", "user")
    reply = ask(connect(path), messages=[{"role": role, "content": role} for role in roles])
    assert reply.choices[0].message.content.endswith("user")


@pytest.mark.parametrize("path", [PRO, V2, OPENAI])
def test_fifty_at_once(connect: Connect, path: str) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""
    client = connect(path)
    with ThreadPoolExecutor(50) as pool:
        plain = pool.map(lambda n: ask(client, f"第{n}个").choices[0].message.content, range(25))
        streams = pool.map(lambda n: text(ask(client, f"流{n}" * 20, stream=True)), range(25))
        assert [reply.removeprefix(THOUGHTS) for reply in plain] == [f"第{n}个" for n in range(25)]
        assert [reply.removeprefix(THOUGHTS) for reply in streams] == [f"流{n}" * 20 for n in range(25)]


@pytest.mark.parametrize("path", [PRO, V2, OPENAI, PRO + f"?GroupId={GROUP}"])
def test_wrong_key(connect: Connect, path: str) -> None:
    """Broken: the vendor's own text about a wrong key does not reach the client, or looks like the client's fault."""
    client = connect(path, api_key="wrong-key-wrong", group_id=GROUP)
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match="invalid api key") as raised:
            ask(client, stream=stream)
        assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")


def test_wrong_group(connect: Connect) -> None:
    """Broken: the most frequent mistake is not told in the vendor's words."""
    with pytest.raises(openai.InternalServerError, match="token not match group"):
        ask(connect(PRO, api_key=KEY, group_id="7"))


def test_group_in_the_address(connect: Connect, minimax: MiniMax) -> None:
    """Broken: a group that stands in the address already is added once more."""
    assert ask(connect(f"{PRO}?a=b&GroupId={GROUP}", api_key=KEY)).choices[0].message.content == "你好"
    assert minimax.seen[-1][0] == f"{PRO}?a=b&GroupId={GROUP}"


@pytest.mark.parametrize("path", [PRO, V2])
@pytest.mark.parametrize(
    ("code", "status"), [(1002, 429), (1008, 429), (1001, 504), (1000, 502), (1026, 400), (2013, 400), (1039, 429)]
)
def test_errors_inside_a_200(connect: Connect, minimax: MiniMax, path: str, code: int, status: int) -> None:
    """Broken: an error under status 200 is taken for an empty answer."""
    client = connect(path)
    minimax.code = code
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError, match="as the test wants") as raised:
            ask(client, stream=stream)
        assert raised.value.status_code == status


@pytest.mark.parametrize("path", [PRO, V2, OPENAI])
def test_embeddings(connect: Connect, path: str) -> None:
    """Broken: embeddings, whose shape is the vendor's own on every host, are refused or mixed."""
    reply = connect(path).embeddings.create(model="embo-01", input=["a", "bb"], encoding_format="float")
    assert [row.embedding for row in reply.data] == [[1.0, 0.5], [2.0, 0.5]]
    assert reply.usage.total_tokens == 2
