"""The gateway in front of a Spark that checks signatures, clocks and frames: answers, tools, load, faults, leaving."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from tests.e2e import process
from tests.e2e.process import Gateway
from tests.e2e.spark import LONG, TOOLS, ask, streamed
from tests.fakevendor.websocket import Peer, serving
from tests.fakevendor.xinghuo import CREDENTIAL, Spark, running

pytestmark = pytest.mark.e2e

PATIENCE_S = 0.8


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    with running() as started:
        yield started


def entry(name: str, url: str, **more: Any) -> dict[str, Any]:
    models = ["spark-max", "spark-lite", "4.0Ultra", "spark-x"] if name == "good" else [name]
    mapped = {"model_map": {} if name == "good" else {name: "spark-max"}}
    return {"id": name, "models": models, "server_url": url, "credentials": CREDENTIAL, **mapped, **more}


@contextmanager
def mute(left: list[float]) -> Iterator[str]:
    def handle(peer: Peer) -> None:
        if peer.gone(10):
            left.append(time.monotonic())

    with serving(handle) as server:
        yield server.url


@pytest.fixture(scope="module")
def left() -> list[float]:
    """When clients closed their connection to the server that never answers."""
    return []


@pytest.fixture(scope="module")
def spark_gateway(spark: Spark, left: list[float], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    quick = {"timeout": PATIENCE_S, "first_event_timeout": PATIENCE_S, "connect_timeout": PATIENCE_S}
    with mute(left) as silent:
        entries = [
            entry("good", spark.url, timeout=8),
            entry("impatient", spark.url, **quick),
            entry("deaf", silent, **quick),
            entry("patiently-deaf", silent, connect_timeout=9),
            entry("wrong-key", spark.url, credentials={**CREDENTIAL, "api_key": "unknown-key-canary"}),
            entry("wrong-secret", spark.url, credentials={**CREDENTIAL, "api_secret": "wrong-secret-canary"}),
            entry("wrong-path", spark.url + "/v9/chat"),
        ]
        config = {"circuit_breaker": {"enabled": False}, "services": {"xinghuo": entries}}
        started = process.start(config, tmp_path_factory.mktemp("spark"))
        yield started
        started.stop()
        started.check_end()


@pytest.fixture(scope="module")
def sdk(spark_gateway: Gateway) -> Iterator[openai.OpenAI]:
    with spark_gateway.sdk() as client:
        yield client


@pytest.mark.parametrize("model", ["spark-max", "spark-lite", "4.0Ultra", "spark-x"])
def test_plain(sdk: openai.OpenAI, spark: Spark, model: str) -> None:
    """A checking Spark refuses what the gateway sends, or its answer does not reach the client whole."""
    talk = [{"role": "system", "content": "短"}, {"role": "user", "content": "你好"}]
    answer = ask(sdk, talk, model, temperature=0, max_tokens=99_999, top_p=0.5, user="u" * 50, seed=1)
    assert answer.choices[0].message.content.endswith("你好")
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.id, answer.model) == ("cht000@fake", model)
    assert answer.usage.total_tokens == 14
    assert spark.frames[-1]["parameter"]["chat"]["temperature"] == 0.01


def test_stream(sdk: openai.OpenAI) -> None:
    """A stream loses text, its end or its usage."""
    said, reason, usage = streamed(sdk, "你好，" * 500)
    assert (said, reason, usage.total_tokens) == ("你好，" * 500, "stop", 14)


def test_tools(sdk: openai.OpenAI) -> None:
    """A round trip of tools fails on one of its two ways."""
    asked = [{"role": "user", "content": "合肥天气"}]
    answer = ask(sdk, asked, tools=TOOLS)
    (call,) = answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, call.function.arguments) == ("天气查询", '{"city":"合肥"}')
    history = [*asked, answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": '{"t":21}'}]
    final = ask(sdk, history, tools=TOOLS)
    assert final.choices[0].message.content == 'function 天气查询 returned: {"t":21}'


def test_long_text(sdk: openai.OpenAI) -> None:
    """Long Chinese text is broken at the border of a frame."""
    assert ask(sdk, LONG).choices[0].message.content == LONG
    assert streamed(sdk, LONG)[0] == LONG


def test_fifty_at_once(sdk: openai.OpenAI, spark: Spark) -> None:
    """Answers get mixed up, or wait for one another."""
    texts = [f"{number}：" + "一二三" * 300 for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        plain = pool.map(lambda text: ask(sdk, text).choices[0].message.content, texts[:25])
        streams = pool.map(lambda text: streamed(sdk, text)[0], texts[25:])
        assert [*plain, *streams] == texts
    assert spark.most_together > 5


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("wrong-key", (502, "upstream_auth", "HMAC signature cannot be verified: fail to retrieve credential")),
        ("wrong-secret", (502, "upstream_auth", "HMAC signature does not match")),
        ("wrong-path", (404, "model_not_found", "no Route matched with those values")),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_refusals(sdk: openai.OpenAI, model: str, expected: tuple[int, str, str], stream: bool) -> None:
    """A refused upgrade does not tell the client what the vendor said."""
    with pytest.raises(openai.APIStatusError) as caught:
        ask(sdk, model=model, stream=stream)
    assert (caught.value.status_code, caught.value.code) == expected[:2]
    assert expected[2] in caught.value.message


def test_clocks(sdk: openai.OpenAI, spark: Spark) -> None:
    """A clock that is off by less than five minutes is refused, or one that is off by more without a hint."""
    try:
        for clock_s in (-290.0, 290.0):
            spark.clock_s = clock_s
            assert ask(sdk).choices[0].message.content == "你好"
        for clock_s in (-310.0, 310.0):
            spark.clock_s = clock_s
            with pytest.raises(openai.APIStatusError, match="check the clock") as caught:
                ask(sdk)
            assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")
            assert caught.value.response.headers["x-should-retry"] == "false"
    finally:
        spark.clock_s = 0


FIRST: list[tuple[str, type[openai.APIStatusError], str, str]] = [
    ("first 11202", openai.RateLimitError, "rate_limit_exceeded", "licc limit: too many per second"),
    ("first 11200", openai.InternalServerError, "upstream_auth", "AppIdNoAuthError"),
    ("first 10013", openai.BadRequestError, "content_filter", "input is sensitive"),
    ("first 10907", openai.BadRequestError, "context_length_exceeded", "tokens exceed"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("row", FIRST, ids=[row[0] for row in FIRST])
def test_error_first(sdk: openai.OpenAI, stream: bool, row: tuple[str, type[openai.APIStatusError], str, str]) -> None:
    """An error in the first frame is an empty answer."""
    fault, error, code, text = row
    with pytest.raises(error, match=text) as caught:
        ask(sdk, f"fault: {fault}", stream=stream)
    assert caught.value.code == code


@pytest.mark.parametrize("fault", ["amid 10012", "close 1000", "close 1011", "close 1006"])
def test_breaks_amid_the_answer(sdk: openai.OpenAI, fault: str) -> None:
    """Half an answer looks like a whole one, plain or streamed."""
    with pytest.raises(openai.InternalServerError):
        ask(sdk, f"fault: {fault}")
    said = ""
    with pytest.raises(openai.APIError):
        for chunk in ask(sdk, f"fault: {fault}", stream=True):
            said += chunk.choices[0].delta.content or ""
    assert said == "half an "


def test_filter_amid_the_answer(sdk: openai.OpenAI) -> None:
    """An answer that the vendor's filter stops is lost, or looks whole."""
    assert streamed(sdk, "fault: amid 10014")[:2] == ("half an ", "content_filter")
    assert ask(sdk, "fault: amid 10014").choices[0].finish_reason == "content_filter"


@pytest.mark.parametrize(("model", "text"), [("impatient", "fault: silence"), ("deaf", "x")])
@pytest.mark.parametrize("stream", [False, True])
def test_silence(sdk: openai.OpenAI, model: str, text: str, stream: bool) -> None:
    """A Spark that says nothing, before or after the upgrade, is waited for longer than configured."""
    began = time.monotonic()
    with pytest.raises(openai.InternalServerError) as caught:
        ask(sdk, text, model, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (504, "upstream_timeout")
    assert time.monotonic() - began < PATIENCE_S + 1.5


def test_silence_amid_the_answer(sdk: openai.OpenAI) -> None:
    """A Spark that falls silent is waited for longer than configured."""
    began = time.monotonic()
    with pytest.raises(openai.APIError, match="for too long"):
        streamed(sdk, "fault: silence amid", model="impatient")
    assert time.monotonic() - began < PATIENCE_S + 1.5


def test_large_frame(sdk: openai.OpenAI) -> None:
    """One frame of a megabyte does not come through."""
    assert ask(sdk, "fault: large").choices[0].message.content == "大" * 350_000


def test_images_are_refused(sdk: openai.OpenAI) -> None:
    """An image is dropped without a word."""
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    with pytest.raises(openai.BadRequestError, match="text only") as caught:
        ask(sdk, [{"role": "user", "content": parts}])
    assert caught.value.param == "messages"


def seen_within_a_second(times: list[float], count: int, left_s: float) -> bool:
    while len(times) <= count and time.monotonic() - left_s < 1:
        time.sleep(0.01)
    return len(times) > count


@pytest.mark.parametrize("stage", ["connecting", "before the first frame", "amid the answer"])
def test_client_leaves(spark_gateway: Gateway, spark: Spark, left: list[float], stage: str) -> None:
    """Spark goes on working for a client that has left."""
    times = left if stage == "connecting" else spark.left
    model = "patiently-deaf" if stage == "connecting" else "spark-max"
    text = "fault: silence amid" if stage == "amid the answer" else "fault: silence"
    count = len(times)
    with spark_gateway.sdk(timeout=1.2) as client:
        if stage == "amid the answer":
            stream = ask(client, text, model, stream=True)
            assert next(iter(stream)).choices
            stream.close()
        else:
            with pytest.raises(openai.APITimeoutError):
                ask(client, text, model, stream=True)
        assert seen_within_a_second(times, count, time.monotonic())
