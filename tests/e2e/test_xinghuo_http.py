"""The gateway in front of Spark's HTTP endpoint, which checks addresses, bearers and bodies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.e2e import process
from tests.e2e.spark import LONG, TOOLS, ask, streamed
from tests.fakevendor.xinghuo import CREDENTIAL
from tests.fakevendor.xinghuo_http import PASSWORD, running

pytestmark = pytest.mark.e2e


def entry(name: str, url: str, models: list[str], credentials: dict[str, str]) -> dict[str, Any]:
    mapped = {"model_map": {name: "spark-max"}} if models == [name] else {}
    return {"id": name, "models": models, "server_url": url, "credentials": credentials, **mapped}


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    with running() as url:
        entries = [
            entry("good", f"{url}/v1/chat/completions", ["spark-max", "spark-lite", "4.0Ultra"], {"api_key": PASSWORD}),
            entry("bare", url, ["bare"], {"api_key": PASSWORD}),
            entry("pair", f"{url}/v1/", ["pair"], CREDENTIAL),
            entry("wrong", url, ["wrong"], {"api_key": "unknown-password-canary"}),
        ]
        config = {"circuit_breaker": {"enabled": False}, "services": {"xinghuo": entries}}
        started = process.start(config, tmp_path_factory.mktemp("spark"))
        with started.sdk() as client:
            yield client
        started.stop()
        started.check_end()


@pytest.mark.parametrize("model", ["spark-max", "spark-lite", "4.0Ultra", "bare", "pair"])
def test_answers(sdk: openai.OpenAI, model: str) -> None:
    """A checking endpoint refuses what the gateway sends, or its answer does not reach the client whole."""
    talk = [{"role": "system", "content": "短"}, {"role": "user", "content": "你好"}]
    more: Any = {"temperature": 1.5, "max_tokens": 99_999, "seed": 1, "stop": ["。"], "user": "u"}
    answer = ask(sdk, talk, model, **more)
    assert answer.choices[0].message.content.endswith("你好")
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.id, answer.model, answer.usage.total_tokens) == ("cha000@fake", model, 14)
    said, reason, usage = streamed(sdk, talk, model=model, **more)
    assert (said, reason, usage.total_tokens) == (answer.choices[0].message.content, "stop", 14)


def test_tools(sdk: openai.OpenAI) -> None:
    """A round trip of tools fails on one of its two ways."""
    asked = [{"role": "user", "content": "合肥天气"}]
    answer = ask(sdk, asked, tools=TOOLS)
    (call,) = answer.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("天气查询", '{"city":"合肥"}')
    history = [*asked, answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": '{"t":21}'}]
    assert ask(sdk, history, tools=TOOLS).choices[0].message.content == '{"t":21}'


def test_long_text_and_load(sdk: openai.OpenAI) -> None:
    """Long Chinese text is broken at the border of an event, or parallel answers get mixed up."""
    assert streamed(sdk, LONG)[0] == LONG
    texts = [f"{number}：" + "一二三" * 300 for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(lambda text: streamed(sdk, text)[0], texts)) == texts


def test_wrong_password(sdk: openai.OpenAI) -> None:
    """A wrong password looks like the client's own wrong key, or hides the vendor's text."""
    with pytest.raises(openai.InternalServerError, match="invalid user") as caught:
        ask(sdk, model="wrong")
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("code", "status"), [(10907, 400), (10013, 400), (11200, 502), (11202, 429), (10012, 502)])
def test_errors_inside_a_success(sdk: openai.OpenAI, stream: bool, code: int, status: int) -> None:
    """An error that comes with status 200 is an empty answer."""
    with pytest.raises(openai.APIStatusError, match="as asked") as caught:
        ask(sdk, f"fault: {code}", stream=stream)
    assert caught.value.status_code == status
