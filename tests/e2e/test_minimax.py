"""The gateway in front of a MiniMax that verifies keys, groups and bodies, with the official client."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.e2e.answers import (
    IMAGE,
    LONG,
    TOOLS,
    UNSHAKEN,
    after_tool_call,
    ask,
    both,
    broken,
    failure,
    fifty_at_once,
    question,
)
from tests.e2e.conftest import StartGateway
from tests.fakevendor.minimax import GROUP, KEY, PRO_TOKENS, THOUGHTS, MiniMax, running

pytestmark = pytest.mark.e2e

PRO, V2, OPENAI = "abab6.5s-chat", "MiniMax-M1", "MiniMax-M2.5"
PRO_PATH, V2_PATH = "/v1/text/chatcompletion_pro", "/v1/text/chatcompletion_v2"
GROUPED = f"{PRO_PATH}?a=b&GroupId={GROUP}"
BEFORE = {PRO: "", V2: "", OPENAI: THOUGHTS}
"""What stands before each protocol's answer."""

PROTOCOLS = pytest.mark.parametrize("model", BEFORE)
WRONG_PATHS = {"wrong-pro": PRO_PATH, "wrong-v2": V2_PATH, "wrong-openai": "/v1", "wrong-grouped": GROUPED}


@pytest.fixture(scope="module")
def minimax() -> Iterator[MiniMax]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def client(minimax: MiniMax, lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of a gateway with an entry for each protocol and for wrong keys."""
    key, wrong = {"api_key": KEY, "group_id": GROUP}, {"api_key": "wrong-key-wrong", "group_id": GROUP}
    entries: list[dict[str, Any]] = [
        {"models": [PRO, "abab5.5s-chat"], "server_url": PRO_PATH, "embedding_models": ["embo-01"]},
        {"models": [V2], "server_url": V2_PATH, "embedding_models": ["embo-02"]},
        {"models": [OPENAI], "server_url": "/v1", "embedding_models": ["embo-03"]},
        {"models": ["grouped"], "server_url": GROUPED, "credentials": {"api_key": KEY}},
        {"models": ["wrong-group"], "server_url": PRO_PATH, "credentials": {"api_key": KEY, "group_id": "7"}},
        *({"models": [name], "server_url": path, "credentials": wrong} for name, path in WRONG_PATHS.items()),
    ]
    services = {"minimax": [{"credentials": key, **e, "server_url": minimax.url + e["server_url"]} for e in entries]}
    with lasting_gateway({"services": services, **UNSHAKEN}).sdk() as sdk:
        yield sdk


@PROTOCOLS
def test_plain_and_stream(client: openai.OpenAI, model: str) -> None:
    """Broken: a body is refused, or an answer does not reach the client whole, or twice."""
    for found in both(client, model, temperature=0, top_p=1):
        assert (found["text"], found["reason"]) == (BEFORE[model] + "你好", "stop")
        assert found["tokens"][2] == (PRO_TOKENS if model == PRO else 9)
    assert ask(client, model).model == model


@PROTOCOLS
def test_long_text(client: openai.OpenAI, model: str) -> None:
    """Broken: a long Chinese text arrives with a letter broken, a piece lost, or cut at the vendor's 256 tokens."""
    assert all(found["text"] == BEFORE[model] + LONG for found in both(client, model, LONG, max_tokens=100_000))


def test_a_cut_answer_says_so(client: openai.OpenAI) -> None:
    """Broken: an answer that the vendor cut looks complete."""
    for found in both(client, PRO, "x" * 50, max_tokens=20):
        assert (found["text"], found["reason"]) == ("x" * 20, "length")


@PROTOCOLS
def test_tool_round_trip(client: openai.OpenAI, model: str) -> None:
    """Broken: a call loses its id, name or arguments on the way down, or its result on the way up."""
    result = '{"result":"晴，28度"}' if model == PRO else "晴，28度"
    assert list(after_tool_call(client, model, tool_choice="auto")) == [BEFORE[model] + result] * 4


def test_parallel_calls_of_another_model(client: openai.OpenAI, minimax: MiniMax) -> None:
    """Broken: a history with parallel calls, of which the vendor knows none, is refused."""
    called = [
        {"id": f"c{n}", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}} for n in (1, 2)
    ]
    results = [{"role": "tool", "tool_call_id": f"c{n}", "content": json.dumps({"r": n})} for n in (2, 1)]
    asked = {"role": "user", "content": "x"}
    ask(client, PRO, [asked, {"role": "assistant", "content": None, "tool_calls": called}, *results, asked])
    texts = [message["text"] for message in minimax.seen[-1][1]["messages"]]
    assert texts == ["x", "", '{"r": 1}', "", '{"r": 2}', "x"]


def test_model_without_functions(client: openai.OpenAI) -> None:
    """Broken: a model that takes no functions is sent some, or their loss is not told."""
    raw = client.chat.completions.with_raw_response.create(
        model="abab5.5s-chat", messages=[{"role": "user", "content": "x"}], tools=TOOLS, max_tokens=9
    )
    assert raw.headers["x-gateway-changes"] == "dropped tools"
    assert raw.parse().choices[0].message.content == "x"


@PROTOCOLS
def test_images(client: openai.OpenAI, model: str) -> None:
    """Broken: an image is lost on its way to a model that sees, or in silence where none does."""
    look = [{"role": "user", "content": [{"type": "text", "text": "看图"}, IMAGE]}]
    if model == PRO:
        error = failure(client, model, look)
        assert (error.status_code, error.param) == (400, "messages")
        assert "image_url" in error.message
        return
    assert all(found["text"] == BEFORE[model] + "看图[image/png 99]" for found in both(client, model, look))


@PROTOCOLS
def test_several_system_messages(client: openai.OpenAI, model: str) -> None:
    """Broken: agents that send several system messages, or an empty text, are refused (2013)."""
    turns = [("system", "s"), ("user", "" if model == PRO else "u"), ("assistant", "a"), ("developer", "d")]
    for found in both(client, model, [{"role": role, "content": text} for role, text in (*turns, ("user", "last"))]):
        assert found["text"] == BEFORE[model] + "last"


@PROTOCOLS
def test_fifty_at_once(client: openai.OpenAI, model: str) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""
    assert fifty_at_once(client, model) == [BEFORE[model] + question(number) for number in range(50)]


@pytest.mark.parametrize("model", WRONG_PATHS)
def test_wrong_key(client: openai.OpenAI, model: str) -> None:
    """Broken: the vendor's own text about a wrong key does not reach the client, or looks like the client's fault."""
    error = failure(client, model)
    assert (error.status_code, error.code) == (502, "upstream_auth")
    assert "invalid api key" in error.message


def test_wrong_group(client: openai.OpenAI) -> None:
    """Broken: the most frequent mistake is not told in the vendor's words."""
    assert "token not match group" in failure(client, "wrong-group").message


def test_group_in_the_address(client: openai.OpenAI, minimax: MiniMax) -> None:
    """Broken: a group that stands in the address already is added once more."""
    assert ask(client, "grouped").choices[0].message.content == "你好"
    assert minimax.seen[-1][0] == GROUPED


@PROTOCOLS
@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        (1002, 429, "rate_limit_exceeded"),
        (1039, 429, "rate_limit_exceeded"),
        (1008, 429, "insufficient_quota"),
        (1001, 504, "timeout"),
        (1000, 502, None),
        (1026, 400, "content_filter"),
        (2013, 400, None),
    ],
)
def test_errors(client: openai.OpenAI, model: str, code: int, status: int, name: str | None) -> None:
    """Broken: an error under status 200, or a number at the end of a text, is taken for something else."""
    error = failure(client, model, f"FAIL {code} 出错了 😟")
    assert (error.status_code, error.code) == (status, name)
    assert "出错了 😟" in error.message


@PROTOCOLS
def test_streams_that_break(client: openai.OpenAI, model: str) -> None:
    """Broken: a stream that fails or is cut in its middle looks like a whole answer."""
    order = "BREAK 1 1013 内部错误"
    text, message = broken(client, model, order)
    assert (text, message.removesuffix(" (1013)")) == ((BEFORE[model] + order)[:7], "内部错误")
    text, message = broken(client, model, "CUT 1 in its middle")
    assert text == (BEFORE[model] + "CUT 1 i")[:7]
    assert "broke off" in message


@pytest.mark.parametrize("model", [PRO, V2])
def test_a_filter_in_mid_stream(client: openai.OpenAI, model: str) -> None:
    """Broken: an answer that the vendor's filter stopped looks broken, or complete."""
    chunks = list(ask(client, model, "BREAK 1 1027 output sensitive", stream=True))
    assert chunks[-1].choices[0].finish_reason == "content_filter"


@pytest.mark.parametrize("model", ["embo-01", "embo-02", "embo-03"])
def test_embeddings(client: openai.OpenAI, model: str) -> None:
    """Broken: embeddings, whose shape is the vendor's own on every host, are refused or mixed."""
    reply = client.embeddings.create(model=model, input=["a", "bb"])
    assert [row.embedding for row in reply.data] == [[1.0, 0.5], [2.0, 0.5]]
    assert reply.usage.total_tokens == 2
