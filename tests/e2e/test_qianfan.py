"""The gateway in front of a Qianfan that checks what it is sent: both protocols, tokens under load, wrong keys."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.fakevendor.qianfan import Qianfan, running
from tests.fakevendor.qianfan_state import IAM_PAIR, PAIR, V2_KEY

pytestmark = pytest.mark.e2e

LONG = "千帆竞发，百舸争流。" * 3000
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "天气",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TOOLS: Any = [WEATHER]
V1_MODELS = ["ERNIE-Speed-8K", "ERNIE-4.0-8K", "yi_34b_chat", "mine"]


@pytest.fixture
def qianfan() -> Iterator[Qianfan]:
    with running() as started:
        yield started


Connect = Callable[..., openai.OpenAI]


@pytest.fixture
def connect(qianfan: Qianfan, gateway: Any) -> Connect:
    """A client of a gateway with one entry for the fake; ``v2`` and ``iam`` choose protocol and kind of credential."""

    def begin(credentials: dict[str, str] | None = None, v2: bool = False) -> openai.OpenAI:
        usual = {"api_key": V2_KEY} if v2 else {**PAIR, "addresss": "own_model_1"}
        entry = {
            "models": ["ernie-4.5-turbo-128k"] if v2 else V1_MODELS,
            "embedding_models": ["embedding-v1"] if v2 else ["Embedding-V1"],
            "server_url": qianfan.url + ("/v2" if v2 else "/rpc/2.0/ai_custom/v1/wenxinworkshop"),
            "auth_url": qianfan.url,
            "credentials": credentials or usual,
        }
        started = gateway({"services": {"qianfan": [entry]}})
        return openai.OpenAI(base_url=started.url, api_key="any", max_retries=0, timeout=30)

    return begin


def ask(client: openai.OpenAI, text: str = "你好", model: str = "ERNIE-Speed-8K", **more: Any) -> Any:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **more)  # type: ignore[call-overload]


def said(reply: Any) -> str:
    return str(reply.choices[0].message.content)


def in_parallel(count: int, call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def test_v1_plain_and_stream(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: V1's answers do not reach the official client whole, or a body is refused."""
    client = connect()
    reply = ask(client, temperature=0, max_tokens=9999, presence_penalty=1, stop=["。" * 30, "x"], n=1)
    assert said(reply) == "你好"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.model == "ERNIE-Speed-8K"
    assert reply.usage.total_tokens == 12
    chunks = list(ask(client, LONG, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == LONG
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert chunks[-1].usage.completion_tokens == 7
    assert said(ask(client, LONG)) == LONG
    assert said(ask(client, "deployed", model="mine")) == "deployed"
    assert said(ask(client, "foreign", model="yi_34b_chat")) == "Be brief.\nforeign"
    assert qianfan.faults == []
    assert qianfan.exchanges == 1


def test_v1_roles(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: a history that OpenAI takes is refused by V1's rules about turns."""
    client = connect()
    history: Any = [
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": ""},
        {"role": "developer", "content": "S"},
    ]
    reply = client.chat.completions.with_raw_response.create(model="ERNIE-4.0-8K", messages=history)
    assert said(reply.parse()) == "continue"
    assert "added a user message at the start" in reply.headers["x-gateway-changes"]
    assert qianfan.faults == []


@pytest.mark.parametrize("stream", [False, True])
def test_v1_tool_round_trip(connect: Connect, qianfan: Qianfan, stream: bool) -> None:
    """Broken: the official client cannot call a tool and hand back its result."""
    client = connect()
    messages: Any = [{"role": "user", "content": "北京天气？"}]
    asked: dict[str, Any] = {"model": "ERNIE-4.0-8K", "tools": TOOLS, "tool_choice": "required"}
    if stream:
        with client.chat.completions.stream(messages=messages, **asked) as events:
            choice: Any = events.until_done().get_final_completion().choices[0]
    else:
        choice = client.chat.completions.create(messages=messages, **asked).choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"北京"}')
    messages += [choice.message.to_dict(), {"role": "tool", "tool_call_id": call.id, "content": "晴"}]
    reply = client.chat.completions.create(messages=messages, model="ERNIE-4.0-8K", tools=TOOLS)
    assert said(reply) == '{"result":"晴"}'
    assert qianfan.faults == []


def test_v1_parallel(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: replies to requests at the same time are mixed up or fail."""
    client = connect()

    def call(number: int) -> str:
        if number % 2:
            return said(ask(client, f"问题{number}"))
        return "".join(c.choices[0].delta.content or "" for c in ask(client, f"问题{number}", stream=True))

    assert in_parallel(50, call) == [f"问题{number}" for number in range(50)]
    assert qianfan.faults == []


def test_v1_embeddings(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: a long list is not cut into sixteens, or its vectors come back in another order."""
    client = connect()
    texts = ["x" * number for number in range(1, 41)]
    reply = client.embeddings.create(model="Embedding-V1", input=texts, encoding_format="float")
    assert [row.embedding[0] for row in reply.data] == [float(len(text)) for text in texts]
    assert [row.index for row in reply.data] == list(range(40))
    assert reply.usage.prompt_tokens == 40
    assert qianfan.embedded == [16, 16, 8]
    # The client's own default is base64.
    assert client.embeddings.create(model="Embedding-V1", input="abc").data[0].embedding == [3.0, 0.5]


@pytest.mark.parametrize(
    ("v2", "credentials", "told"),
    [
        (False, {"api_key": "wrong", "secret_key": "s"}, "unknown client id"),
        (False, {"api_key": V2_KEY, "secret_key": "s"}, "a key that begins with bce-v3/ is one of V2"),
        (False, {**PAIR, "secret_key": "wrong"}, "Client authentication failed"),
        (False, {"access_key": "ALTAKwrong", "secret_key": "s"}, "IAM Certification failed: unknown access key"),
        (True, {"api_key": "bce-v3/wrong"}, "invalid iam token"),
        (True, PAIR, "a pair of api_key and secret_key belongs to V1"),
        (True, {**IAM_PAIR, "secret_key": "wrong"}, "the signature does not match"),
    ],
)
def test_wrong_keys(connect: Connect, v2: bool, credentials: dict[str, str], told: str) -> None:
    """Broken: an operator with a wrong key does not see what the vendor says of it."""
    client = connect(credentials, v2=v2)
    model = "ernie-4.5-turbo-128k" if v2 else "ERNIE-Speed-8K"
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as raised:
            ask(client, model=model, stream=stream)
        assert raised.value.status_code == 502
        assert raised.value.code == "upstream_auth"
        assert told in raised.value.message
        assert credentials.get("secret_key", V2_KEY) not in raised.value.message.split()


def test_one_exchange_for_all_first_requests(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: a hundred first requests make more than one exchange."""
    client = connect()
    qianfan.exchange_takes_s = 0.3
    assert in_parallel(100, lambda number: said(ask(client, str(number)))) == [str(number) for number in range(100)]
    assert (qianfan.exchanges, qianfan.most_at_once) == (1, 1)


def during_load(client: openai.OpenAI, event: Callable[[], None]) -> None:
    """Twenty callers for two seconds, with ``event`` after half a second. Any failed request raises."""
    ends_s = time.monotonic() + 2

    def call(caller: int) -> None:
        number = 0
        while time.monotonic() < ends_s:
            number += 1
            stream = number % 2 == 0
            reply = ask(client, f"{caller}-{number}", stream=stream)
            text = "".join(c.choices[0].delta.content or "" for c in reply) if stream else said(reply)
            assert text == f"{caller}-{number}"

    def tell(_: int) -> None:
        time.sleep(0.5)
        event()

    with ThreadPoolExecutor(21) as pool:
        for done in [pool.submit(call, caller) for caller in range(20)] + [pool.submit(tell, 0)]:
            done.result()


@pytest.mark.parametrize("forget", [False, True])
def test_token_refused_under_load(connect: Connect, qianfan: Qianfan, forget: bool) -> None:
    """Broken: a token that ends early (110 or 111 inside HTTP 200) fails a request, or costs more than one exchange."""
    client = connect()
    during_load(client, qianfan.tokens.clear if forget else qianfan.revoke)
    assert qianfan.stale > 0
    assert (qianfan.exchanges, qianfan.most_at_once) == (2, 1)


def test_token_renewed_ahead_under_load(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: a token's announced end is waited for, so that the vendor has to refuse it first."""
    qianfan.says_s, qianfan.lifetime_s = 1.2, 60.0
    during_load(connect(), lambda: None)
    assert qianfan.stale == 0
    assert qianfan.exchanges == 2


def test_a_token_that_is_never_good_is_tried_twice(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: a vendor that refuses every token is asked without end."""
    qianfan.lifetime_s = -1.0
    with pytest.raises(openai.InternalServerError, match="Access token expired"):
        ask(connect())
    assert (qianfan.exchanges, qianfan.stale) == (2, 2)


def test_v1_signed_by_a_key_pair(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: V1 refuses the signature of a cloud account's key pair."""
    client = connect(IAM_PAIR)
    assert said(ask(client)) == "你好"
    assert "".join(c.choices[0].delta.content or "" for c in ask(client, LONG, stream=True)) == LONG
    assert client.embeddings.create(model="Embedding-V1", input=["ab"]).data[0].embedding[0] == 2.0
    assert qianfan.exchanges == 0


@pytest.mark.parametrize("credentials", [{"api_key": V2_KEY, "appid": "app-1"}, IAM_PAIR])
def test_v2(connect: Connect, qianfan: Qianfan, credentials: dict[str, str]) -> None:
    """Broken: V2 refuses the bearer, the appid is not sent, or missing finish reasons reach the client."""
    client, model = connect(credentials, v2=True), "ernie-4.5-turbo-128k"
    reply = ask(client, model=model)
    assert (said(reply), reply.choices[0].finish_reason, reply.usage.total_tokens) == ("你好", "stop", 5)
    chunks = list(ask(client, LONG[:500], model=model, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == LONG[:500]
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert in_parallel(50, lambda n: said(ask(client, str(n), model=model))) == [str(n) for n in range(50)]
    assert client.embeddings.create(model="embedding-v1", input=["ab"], encoding_format="float").data[0].embedding == [
        2.0
    ]
    assert qianfan.appids == {credentials.get("appid")}
    assert qianfan.exchanges == (1 if credentials is IAM_PAIR else 0)
    assert qianfan.faults == []


def test_v2_bearer_renewed_under_load(connect: Connect, qianfan: Qianfan) -> None:
    """Broken: a bearer that was exchanged for a key pair ends, and requests fail with it."""
    client, model = connect(IAM_PAIR, v2=True), "ernie-4.5-turbo-128k"
    assert said(ask(client, model=model)) == "你好"
    qianfan.revoke()
    assert in_parallel(20, lambda n: said(ask(client, str(n), model=model))) == [str(n) for n in range(20)]
    assert qianfan.exchanges == 2
