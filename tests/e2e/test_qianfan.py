"""The gateway in front of a Qianfan that checks what it is sent: both protocols, all kinds of keys."""

from typing import Any

import openai
import pytest

from tests.e2e.answers import IMAGE, LONG, after_tool_call, ask, both, broken, failure, fifty_at_once, question
from tests.e2e.qianfan import V1, V1_IAM, V2, V2_IAM, WRONG
from tests.fakevendor.qianfan import Qianfan

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.qianfan_gateway"]

WAYS = pytest.mark.parametrize("model", [V1, V1_IAM, V2, V2_IAM])


@WAYS
def test_plain_and_stream(sdk: openai.OpenAI, model: str) -> None:
    """Broken: a key or a body is refused, an answer does not come whole, or "normal" reaches the client."""
    more: dict[str, Any] = {"temperature": 0, "max_tokens": 9999, "presence_penalty": 1, "stop": ["。" * 30, "x"]}
    for found in both(sdk, model, **more):
        assert (found["text"], found["reason"], found["tokens"]) == ("你好", "stop", (4, 5, 9))
    assert ask(sdk, model).model == model


@WAYS
def test_long_text(sdk: openai.OpenAI, model: str) -> None:
    """Broken: a long Chinese text arrives with a letter broken or a piece lost."""
    assert all(found["text"] == LONG for found in both(sdk, model, LONG))


@pytest.mark.parametrize("model", ["ERNIE-4.0-8K", V1_IAM, V2, V2_IAM])
def test_tool_round_trip(sdk: openai.OpenAI, model: str) -> None:
    """Broken: the official client cannot call a tool and hand back its result."""
    result = "晴，28度" if model in (V2, V2_IAM) else '{"result":"晴，28度"}'
    assert list(after_tool_call(sdk, model, tool_choice="required")) == [result] * 4


@WAYS
def test_images(sdk: openai.OpenAI, model: str) -> None:
    """Broken: an image is lost on its way to V2, or dropped in silence for V1, which takes none."""
    look = [{"role": "user", "content": [{"type": "text", "text": "看图"}, IMAGE]}]
    if model in (V2, V2_IAM):
        assert all(found["text"] == "看图[image/png 99]" for found in both(sdk, model, look))
        return
    error = failure(sdk, model, look)
    assert (error.status_code, error.param) == (400, "messages")
    assert "image_url" in error.message


@WAYS
def test_fifty_at_once(sdk: openai.OpenAI, model: str) -> None:
    """Broken: replies to requests at the same time are mixed up or fail."""
    assert fifty_at_once(sdk, model) == [question(number) for number in range(50)]


@WAYS
def test_roles(sdk: openai.OpenAI, model: str) -> None:
    """Broken: a history that OpenAI takes is refused by the vendor's rules about turns."""
    turns = [("assistant", "Hello!"), ("user", "a"), ("user", "b"), ("assistant", "c"), ("developer", "S")]
    history = [{"role": role, "content": content} for role, content in turns]
    for found in both(sdk, model, history):
        assert found["text"].casefold().strip(".") == "continue"


def test_changes_are_told(sdk: openai.OpenAI) -> None:
    """Broken: what the vendor cannot take is lost in silence."""
    raw = sdk.chat.completions.with_raw_response.create(
        model=V1, messages=[{"role": "assistant", "content": "a"}], seed=1, temperature=2
    )
    changes = set(raw.headers["x-gateway-changes"].split("; "))
    added = {"added a user message at the start", "added a user message at the end"}
    assert changes == added | {"dropped seed", "clamped temperature to 1"}


def test_models_of_others(sdk: openai.OpenAI) -> None:
    """Broken: a deployed model is not found, or one without a system field is sent it."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "foreign"}]
    assert [found["text"] for found in both(sdk, "mine", "deployed")] == ["deployed"] * 2
    assert [found["text"] for found in both(sdk, "yi_34b_chat", messages)] == ["Be brief.\nforeign"] * 2


def test_embeddings(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: a long list is not cut into sixteens, or its vectors come back in another order."""
    texts = ["x" * number for number in range(1, 41)]
    reply = sdk.embeddings.create(model="Embedding-V1", input=texts, encoding_format="float")
    assert [row.embedding[0] for row in reply.data] == [float(len(text)) for text in texts]
    assert [row.index for row in reply.data] == list(range(40))
    assert (reply.usage.prompt_tokens, qianfan.embedded) == (40, [16, 16, 8])
    # The client's own default is base64.
    for model, vector in (("Embedding-V1", [3.0, 0.5]), ("bge-large-zh", [3.0, 0.5]), ("embedding-v1", [3.0])):
        assert sdk.embeddings.create(model=model, input="abc").data[0].embedding == vector


@pytest.mark.parametrize("model", WRONG)
def test_wrong_keys(sdk: openai.OpenAI, model: str) -> None:
    """Broken: an operator with a wrong key does not see what the vendor says of it, or sees the key."""
    _, credentials, told = WRONG[model]
    error = failure(sdk, model)
    assert (error.status_code, error.code) == (502, "upstream_auth")
    assert told in error.message
    assert not set(credentials.values()) & set(error.message.split())


@pytest.mark.parametrize(
    ("model", "code", "status", "name"),
    [
        (V1, "336003", 400, None),
        (V1, "3", 404, "model_not_found"),
        (V1, "18", 429, "rate_limit_exceeded"),
        (V1, "17", 429, "insufficient_quota"),
        (V1, "336100", 503, "overloaded"),
        (V1, "336000", 502, None),
        (V1, "336103", 400, "context_length_exceeded"),
        (V2, "invalid_argument", 400, "invalid_argument"),
        (V2, "invalid_model", 404, "model_not_found"),
        (V2, "tokens_too_long", 400, "context_length_exceeded"),
        (V2, "rpm_rate_limit_exceeded", 429, "rate_limit_exceeded"),
    ],
)
def test_errors(sdk: openai.OpenAI, model: str, code: str, status: int, name: str | None) -> None:
    """Broken: an error under status 200 is taken for an empty answer, or for another error."""
    error = failure(sdk, model, f"FAIL {code} 出错了 😟")
    assert (error.status_code, error.code) == (status, name)
    assert "出错了 😟" in error.message


@WAYS
def test_streams_that_break(sdk: openai.OpenAI, model: str) -> None:
    """Broken: a stream that fails or is cut in its middle looks like a whole answer."""
    code = "internal_error" if model in (V2, V2_IAM) else "336000"
    order = f"BREAK 1 {code} 内部错误"
    assert broken(sdk, model, order) == (order[:7], "内部错误")
    text, message = broken(sdk, model, "CUT 1 in its middle")
    assert text == "CUT 1 i"
    assert "broke off" in message


def test_the_application_is_named(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: the appid of a V2 key is not sent."""
    before = qianfan.appids["app-1"]
    ask(sdk, V2)
    assert qianfan.appids["app-1"] == before + 1
