"""The gateway in front of a Hunyuan that verifies signatures, clocks and bodies, with the official client."""

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
from tests.fakevendor.hunyuan import CONSOLE_KEY, KEYS, Hunyuan, running

pytestmark = pytest.mark.e2e

NATIVE, OPENAI, TOKENHUB = "hunyuan-lite", "console", "hy3"
SURFACES = pytest.mark.parametrize("model", [NATIVE, OPENAI, TOKENHUB])
LOOK: Any = [{"type": "text", "text": "看图："}, IMAGE, {"type": "image_url", "image_url": {"url": "https://x.cn/a"}}]
NO_KEY = {"credentials": {"api_key": "sk-wrongwrong"}}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "wrong-secret": ({"credentials": {**KEYS, "secret_key": "wrongwrongwrong"}}, "请检查您的签名是否正确"),
    "wrong-id": ({"credentials": {**KEYS, "secret_id": "AKIDwrong"}}, "The SecretId is not found"),
    "wrong-console": (NO_KEY, "Incorrect API key provided"),
    "wrong-tokenhub": ({**NO_KEY, "provider": "tokenhub"}, "Incorrect API key provided"),
}


@pytest.fixture(scope="module")
def hunyuan() -> Iterator[Hunyuan]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def client(hunyuan: Hunyuan, lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of a gateway with an entry for each surface, for wrong keys, and for other kinds of credentials."""
    spare = [{**KEYS, "secret_key": "wrongwrongwrong"}, KEYS]
    console = {"server_url": hunyuan.url + "/v1", "credentials": {"api_key": CONSOLE_KEY}}
    entries: list[dict[str, Any]] = [
        {"models": [NATIVE, "hunyuan-vision"], "embedding_models": ["hunyuan-embedding"], "credentials": KEYS},
        {"models": [OPENAI], "embedding_models": ["hunyuan-embedding-2"], **console},
        {"models": [TOKENHUB], **console, "provider": "tokenhub"},
        {"models": ["spare"], "credential_list": spare},
        {"models": ["temporary"], "credentials": {**KEYS, "region": "ap-guangzhou", "token": "session-token"}},
        *({"models": [name], **wrong} for name, (wrong, _) in WRONG.items()),
    ]
    services = {"hunyuan": [{"server_url": hunyuan.url, **entry} for entry in entries]}
    with lasting_gateway({"services": services, **UNSHAKEN}).sdk() as sdk:
        yield sdk


@SURFACES
def test_plain_and_stream(client: openai.OpenAI, model: str) -> None:
    """Broken: a signature or a body is refused, an answer does not come whole, or counts of a stream are added up."""
    for found in both(client, model, "x" * 63, temperature=2, seed=7, top_p=0.5):
        assert (found["text"], found["reason"]) == ("x" * 63, "stop")
        assert found["tokens"] == ((4, 9, 13) if model == NATIVE else (4, 5, 9))
    reply = ask(client, model)
    assert (reply.model, reply.created) == (model, 1700549760)


@SURFACES
def test_long_text(client: openai.OpenAI, model: str) -> None:
    """Broken: a long Chinese text arrives with a letter broken or a piece lost."""
    assert all(found["text"] == LONG for found in both(client, model, LONG))


@pytest.mark.parametrize("model", [NATIVE, OPENAI])
def test_stop_texts_are_cut(client: openai.OpenAI, model: str) -> None:
    """Broken: the client sees the stop text, which this vendor leaves in its answer."""
    for found in both(client, model, "one two three END four", stop=["END"]):
        assert (found["text"], found["reason"]) == ("one two three ", "stop")


@SURFACES
def test_tool_round_trip(client: openai.OpenAI, model: str) -> None:
    """Broken: a call loses its id, name or arguments on the way down, or its result on the way up."""
    choice = "required" if model == NATIVE else "auto"
    assert list(after_tool_call(client, model, tool_choice=choice)) == ["晴，28度"] * 4


def test_text_after_a_call(client: openai.OpenAI) -> None:
    """Broken: what the model says beside its call is lost."""
    for found in both(client, NATIVE, tools=TOOLS):
        assert (found["text"], len(found["calls"])) == ("先查一下。", 1)


@pytest.mark.parametrize("model", ["hunyuan-vision", OPENAI, TOKENHUB])
def test_images(client: openai.OpenAI, model: str) -> None:
    """Broken: an image does not reach a model that sees."""
    for found in both(client, model, [{"role": "user", "content": LOOK}]):
        assert found["text"] == "看图：[image/png 99][https://x.cn/a]"


def test_image_for_a_model_without_eyes(client: openai.OpenAI) -> None:
    """Broken: the vendor's refusal of an image is hidden, or the image is dropped in silence."""
    error = failure(client, NATIVE, [{"role": "user", "content": LOOK}])
    assert error.status_code == 400
    assert "不支持 Contents" in error.message


@pytest.mark.parametrize("model", [NATIVE, OPENAI])
def test_any_order_of_messages(client: openai.OpenAI, hunyuan: Hunyuan, model: str) -> None:
    """Broken: the vendor refuses an order of roles, an empty text, or more than 40 messages."""
    turns = [("assistant", "hi"), *[("user", "a"), ("user", "b"), ("user", ""), ("assistant", "c")] * 30]
    for found in both(client, model, [{"role": r, "content": c} for r, c in (*turns, ("system", "s"))]):
        assert found["text"] == "Continue."
        messages = hunyuan.seen[-1].get("Messages") or hunyuan.seen[-1]["messages"]
        assert len(messages) == 40
        assert set(messages[0].values()) == {"system", "s"}


def test_changes_are_told(client: openai.OpenAI) -> None:
    """Broken: what the vendor cannot take is lost in silence."""
    raw = client.chat.completions.with_raw_response.create(
        model=NATIVE, messages=[{"role": "user", "content": "x"}], max_tokens=5, n=2, temperature=2.5, seed=0
    )
    changes = set(raw.headers["x-gateway-changes"].split("; "))
    assert changes == {"dropped max_tokens", "dropped n", "clamped temperature to 2", "changed seed to 1"}


@SURFACES
def test_fifty_at_once(client: openai.OpenAI, model: str) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""
    assert fifty_at_once(client, model) == [question(number) for number in range(50)]


def test_embeddings(client: openai.OpenAI, hunyuan: Hunyuan) -> None:
    """Broken: more than 50 texts are refused, or vectors come in another order."""
    hunyuan.seen.clear()
    texts = ["x" * n for n in range(1, 121)]
    reply = client.embeddings.create(model="hunyuan-embedding", input=texts)
    assert [row.embedding[0] for row in reply.data] == [float(n) for n in range(1, 121)]
    assert [len(body["InputList"]) for body in hunyuan.seen] == [50, 50, 20]
    assert reply.usage.prompt_tokens == 120
    assert len(client.embeddings.create(model="hunyuan-embedding-2", input=["a", "b"]).data) == 2


@pytest.mark.parametrize("model", WRONG)
def test_wrong_keys(client: openai.OpenAI, model: str) -> None:
    """Broken: the vendor's own text about a wrong key does not reach the client, or looks like the client's fault."""
    error = failure(client, model)
    assert (error.status_code, error.code) == (502, "upstream_auth")
    assert WRONG[model][1] in error.message


def test_a_clock_that_is_off(client: openai.OpenAI, hunyuan: Hunyuan) -> None:
    """Broken: five minutes of difference are refused, or the operator is not told that it is the clock."""
    try:
        hunyuan.clock_s = 280
        assert ask(client, NATIVE).choices[0].message.content == "你好"
        hunyuan.clock_s = -310
        message = failure(client, NATIVE).message
    finally:
        hunyuan.clock_s = 0
    assert "签名过期" in message
    assert "clock" in message


@pytest.mark.parametrize(
    ("model", "code", "status", "name"),
    [
        (NATIVE, "InvalidParameter", 400, "InvalidParameter"),
        (NATIVE, "OperationDenied.TextIllegalDetected", 400, "content_filter"),
        (NATIVE, "InvalidParameterValue.Model", 404, "model_not_found"),
        (NATIVE, "RequestLimitExceeded", 429, "rate_limit_exceeded"),
        (NATIVE, "FailedOperation.ServiceStopArrears", 429, "insufficient_quota"),
        (NATIVE, "FailedOperation.EngineServerError", 502, None),
        (NATIVE, "FailedOperation.EngineRequestTimeout", 504, "timeout"),
        (OPENAI, "1001", 400, "1001"),
    ],
)
def test_errors(client: openai.OpenAI, model: str, code: str, status: int, name: str | None) -> None:
    """Broken: an error under status 200 is taken for an empty answer, or for another error."""
    error = failure(client, model, f"FAIL {code} 出错了 😟")
    assert (error.status_code, error.code) == (status, name)
    assert "出错了 😟" in error.message


@SURFACES
def test_streams_that_break(client: openai.OpenAI, model: str) -> None:
    """Broken: a stream that fails or is cut in its middle looks like a whole answer."""
    order = "BREAK 1 4000 内部错误"
    assert broken(client, model, order) == (order[:7], "内部错误")
    text, message = broken(client, model, "CUT 1 in its middle")
    assert text == "CUT 1 i"
    assert "broke off" in message


def test_the_next_credential_is_tried(client: openai.OpenAI, hunyuan: Hunyuan) -> None:
    """Broken: a wrong key among several fails requests that another would have answered."""
    hunyuan.seen.clear()
    assert [found["text"] for found in both(client, "spare")] == ["你好"] * 2
    assert len(hunyuan.seen) == 4


def test_region_and_temporary_keys(client: openai.OpenAI, hunyuan: Hunyuan) -> None:
    """Broken: region or session token of a credential are not sent."""
    ask(client, "temporary")
    assert hunyuan.headers[-1]["x-tc-region"] == "ap-guangzhou"
    assert hunyuan.headers[-1]["x-tc-token"] == "session-token"
