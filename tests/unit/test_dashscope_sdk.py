"""The vendor's own SDK as an oracle: what it sends is what we send, and what the fake answers is what it reads."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from providers.types import EmbeddingRequest, Json, Secret
from tests.fakevendor.dashscope import APP, KEY, WORKSPACE, DashScope, running
from tests.fakevendor.dashscope_replies import ARGUMENTS, REFERENCE, THOUGHTS
from tests.unit.dashing import ROWS, asked, body, to

dashscope = pytest.importorskip("dashscope")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dashscope import Application, Generation, MultiModalConversation, TextEmbedding

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

QUESTION: Any = [{"role": "system", "content": "s"}, {"role": "user", "content": "你好"}]
WEATHER: Any = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
NOT_OURS = {"user-agent", "connection", "accept-encoding", "host", "content-length"}


@pytest.fixture(scope="module")
def _fake() -> Iterator[DashScope]:
    with running() as started:
        yield started


@pytest.fixture
def fake(_fake: DashScope, monkeypatch: pytest.MonkeyPatch) -> DashScope:
    _fake.seen.clear()
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{_fake.url}/api/v1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return _fake


def sent_alike(fake: DashScope, row: str, model: str, messages: Any, workspace: str = "", **params: Any) -> None:
    """Fail unless the SDK's last request is ours for the same question, headers and all."""
    path, headers, told = fake.seen[-1]
    wire = ROWS[row].encode(asked(model, messages, **params), to(model, fake.url))
    credential = {"api_key": Secret(KEY), **({"workspace": Secret(workspace)} if workspace else {})}
    ours = {name.lower(): value for name, value in ROWS[row].sign(wire, credential, 0.0).headers.items()}
    assert wire.url == fake.url + path
    assert ours == {name: value for name, value in headers.items() if name not in NOT_OURS}
    assert needed(body(wire)) == needed(told)


def needed(told: Json) -> Json:
    """A body without an application's leftovers: the SDK's empty model and second workspace, the reference's debug."""
    parameters = {name: value for name, value in told["parameters"].items() if name != "workspace"}
    return {**{name: value for name, value in told.items() if value}, "parameters": parameters}


def test_text(fake: DashScope) -> None:
    """Broken: a request differs from the SDK's, or the fake answers in a way that the SDK does not read."""
    common = {"temperature": 0.5, "top_p": 0.8, "max_tokens": 100, "seed": 7, "stop": ["x"], "tools": [WEATHER]}
    reply = Generation.call("qwen-plus", api_key=KEY, messages=QUESTION, result_format="message", **common)
    assert reply.status_code == 200, reply
    call = reply.output.choices[0].message.tool_calls[0]
    assert (call["function"]["arguments"], reply.output.choices[0].finish_reason) == (ARGUMENTS, "tool_calls")
    sent_alike(fake, "dashscope", "qwen-plus", QUESTION, **common)


def test_stream(fake: DashScope) -> None:
    """Broken: streaming is asked for otherwise than the SDK asks, or the fake's events are not what it reads."""
    events = list(
        Generation.call(
            "qwen-plus",
            api_key=KEY,
            messages=QUESTION,
            result_format="message",
            stream=True,
            incremental_output=True,
            enable_thinking=True,
            thinking_budget=50,
        )
    )
    messages = [event.output.choices[0].message for event in events]
    assert "".join(message.content for message in messages) == "你好"
    assert "".join(message.get("reasoning_content") or "" for message in messages) == THOUGHTS
    assert {event.output.choices[0].finish_reason for event in events} == {"null", "stop"}
    sent_alike(fake, "dashscope", "qwen-plus", QUESTION, stream=True, enable_thinking=True, thinking_budget=50)


def test_multimodal(fake: DashScope) -> None:
    """Broken: a picture goes up otherwise than with the SDK, or to another address."""
    url = "https://a.example/b.jpg"
    parts = [{"image": url}, {"text": "看"}]
    messages: Any = [{"role": "user", "content": parts}]
    for event in MultiModalConversation.call(
        "qwen-vl-max", messages=messages, api_key=KEY, stream=True, incremental_output=True
    ):
        assert event.status_code == 200, event
    openai_parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "看"}]
    question = [{"role": "user", "content": openai_parts}]
    sent_alike(fake, "dashscope", "qwen-vl-max", question, stream=True)


def test_application(fake: DashScope) -> None:
    """Broken: an application is asked otherwise than by the SDK, or the fake answers in another form."""
    reply = Application.call(APP, prompt="你好", api_key=KEY)
    assert reply.status_code == 200, reply
    assert (reply.output.text, reply.output.doc_references[0].doc_url) == ("你好", REFERENCE["doc_url"])
    sent_alike(fake, "bailian", APP, "你好")
    talk: Any = [*QUESTION, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    events = list(
        Application.call(
            APP,
            messages=talk,
            api_key=KEY,
            stream=True,
            incremental_output=True,
            has_thoughts=True,
            workspace=WORKSPACE,
        )
    )
    assert "".join(event.output.text or "" for event in events) == "c (after 3)"
    thoughts = [thought.thought for event in events for thought in event.output.thoughts or ()]
    assert "".join(thoughts) == THOUGHTS
    sent_alike(fake, "bailian", APP, talk, WORKSPACE, stream=True, has_thoughts=True)


def test_embeddings(fake: DashScope) -> None:
    """Broken: texts go up otherwise than with the SDK."""
    reply = TextEmbedding.call("text-embedding-v4", ["a", "b"], api_key=KEY, dimension=256, text_type="document")
    assert reply.status_code == 200, reply
    path, headers, told = fake.seen[-1]
    embed = ROWS["dashscope"].embed
    assert embed is not None
    wire = embed.encode(EmbeddingRequest("m", ["a", "b"], {"dimensions": 256}), to("text-embedding-v4", fake.url))
    assert (wire.url, body(wire)) == (fake.url + path, told)
    assert wire.headers["accept"] == headers["accept"]


def test_refusals(fake: DashScope) -> None:
    """Broken: the fake refuses in a way that the vendor's SDK does not understand."""
    for stream in (False, True):
        told: Any = Generation.call("qwen-plus", api_key="sk-wrong", messages=QUESTION, stream=stream)
        (reply,) = list(told) if stream else [told]
        assert (reply.status_code, reply.code) == (401, "InvalidApiKey")
        assert reply.message == "Invalid API-key provided."
