"""The gateway in front of an AgentBuilder that checks what it is sent: questions, threads, refusals, wrong keys."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from typing import Any

import openai
import pytest

from tests.fakevendor.agentbuilder import APP, KEY, Agents, running

pytestmark = pytest.mark.e2e

LONG = "文心智能体平台，你好。" * 2000
Connect = Callable[..., openai.OpenAI]


@pytest.fixture(scope="module")
def lasting_agents() -> Iterator[Agents]:
    with running() as started:
        yield started


@pytest.fixture
def agents(lasting_agents: Agents) -> Agents:
    """The fake, with nothing seen yet."""
    lasting_agents.seen.clear()
    lasting_agents.faults.clear()
    return lasting_agents


@pytest.fixture(scope="module")
def connect(lasting_agents: Agents, lasting_gateway: Any) -> Iterator[Connect]:
    """A client of a gateway with one entry for the fake, whose agent is called ``mine``."""
    clients = ExitStack()

    @cache
    def begin(key: str = KEY, app: str = APP) -> openai.OpenAI:
        entry = {
            "models": ["mine"],
            "model_map": {"mine": app},
            "server_url": lasting_agents.url,
            "credentials": {"secret_key": key},
        }
        # What comes is to be the vendor's own word each time, and not what the gateway learnt of the last refusal.
        untaught = {"circuit_breaker": {"enabled": False}, "failover": {"rest_keys": False}}
        config = {**untaught, "services": {"agentbuilder": [entry]}}
        sdk: openai.OpenAI = lasting_gateway(config).sdk()
        return clients.enter_context(sdk)

    with clients:
        yield begin


def ask(client: openai.OpenAI, text: str = "你好", **more: Any) -> Any:
    return client.chat.completions.create(model="mine", messages=[{"role": "user", "content": text}], **more)  # type: ignore[call-overload]


def said(reply: Any) -> str:
    return str(reply.choices[0].message.content)


def streamed(chunks: Any) -> str:
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def test_plain_and_stream(connect: Connect, agents: Agents) -> None:
    """Broken: answers do not reach the official client whole, or a body is refused."""
    client = connect()
    reply = ask(client, user="u-1", temperature=0.1)
    assert (said(reply), reply.choices[0].finish_reason, reply.model) == ("你好", "stop", "mine")
    assert (reply.id, reply.threadId, len(reply.choices)) == ("chatcmpl-m1", "t1", 1)
    chunks = list(ask(client, LONG, stream=True, stream_options={"include_usage": True}))
    assert streamed(chunks) == LONG
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert chunks[-1].usage.total_tokens == 0
    assert said(ask(client, LONG)) == LONG
    assert [body["openId"] for body in agents.seen] == ["u-1", APP, APP]
    assert agents.faults == []


def test_conversations(connect: Connect, agents: Agents) -> None:
    """Broken: a history is lost, losses are not told, or the vendor's thread cannot be gone on with."""
    client = connect()
    history: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "three"}, {"type": "image_url", "image_url": {"url": "x"}}],
        },
    ]
    raw = client.chat.completions.with_raw_response.create(model="mine", messages=history, top_p=0.5)
    assert said(raw.parse()) == "Be brief.\n\nThe conversation so far:\nUser: one\nAssistant: two\n\nthree"
    assert raw.headers["x-gateway-changes"] == "dropped top_p; dropped image_url"
    raw = client.chat.completions.with_raw_response.create(
        model="mine", messages=history[:2], extra_body={"threadId": "t7"}
    )
    assert (said(raw.parse()), raw.parse().threadId) == ("one", "t7")  # type: ignore[attr-defined]
    assert raw.headers["x-gateway-changes"] == "left earlier messages to the thread"
    assert agents.faults == []


def test_refusals(connect: Connect) -> None:
    """Broken: a client gets another error than the vendor's, before or after the first words of an answer."""
    client = connect()
    for number, seen in (
        (18, "rate_limit_exceeded"),
        (19, "insufficient_quota"),
        (1000, "1000"),
        (1001, "model_not_found"),
    ):
        for stream in (False, True):
            with pytest.raises(openai.APIStatusError, match=f"told of {number}") as raised:
                ask(client, f"fail:{number}", stream=stream)
            assert raised.value.code == seen
        with pytest.raises(openai.APIError, match=f"told of {number}") as late:
            list(ask(client, f"late:{number}", stream=True))
        assert late.value.code == seen
    with pytest.raises(openai.APIError):
        list(ask(client, "cut", stream=True))


def test_wrong_key(connect: Connect) -> None:
    """Broken: an operator with a wrong key does not see what the vendor says, or the client sees the key."""
    client = connect(key="wrong/agent+key")
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match="invalid secretKey") as raised:
            ask(client, stream=stream)
        assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")
        assert "agent+key" not in raised.value.message


def test_wrong_agent(connect: Connect) -> None:
    """Broken: an agent that is not one of the key's is not told as a missing model."""
    with pytest.raises(openai.NotFoundError, match="invalid appId"):
        ask(connect(app="nobody"))


def test_parallel(connect: Connect, agents: Agents) -> None:
    """Broken: replies to requests at the same time are mixed up or fail."""
    client = connect()

    def call(number: int) -> str:
        reply = ask(client, f"问题{number}", stream=number % 2 == 0)
        return said(reply) if number % 2 else streamed(reply)

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(call, range(50))) == [f"问题{number}" for number in range(50)]
    assert agents.faults == []
