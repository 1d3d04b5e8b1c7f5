"""The gateway in front of a DashScope that checks what it is sent, with the official client."""

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.fakevendor.dashscope import DashScope
from tests.fakevendor.dashscope_replies import ARGUMENTS, CALL_ID, REFERENCE, REQUEST_ID, THOUGHTS
from tests.fakevendor.dashscope_rules import MULTIMODAL, TEXT

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.dashscope_gateway"]

LONG = "通义千问，你好🌏。" * 3000
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
EVERYWHERE = ("qwen-plus", "compatible", "helper", "flow")


def ask(client: openai.OpenAI, content: Any = "你好", model: str = "qwen-plus", **more: Any) -> Any:
    messages: Any = more.pop("messages", [{"role": "user", "content": content}])
    return client.chat.completions.create(model=model, messages=messages, **more)


def said(reply: Any) -> str:
    return str(reply.choices[0].message.content)


def text(stream: Any, name: str = "content") -> str:
    return "".join(getattr(chunk.choices[0].delta, name, None) or "" for chunk in stream if chunk.choices)


def test_plain_and_stream(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: answers do not reach the client whole, or a body is refused."""
    reply = ask(
        dashscope_client, temperature=2, top_p=0, seed=7, stop=["x"], max_completion_tokens=9, presence_penalty=1
    )
    assert (said(reply), reply.choices[0].finish_reason, reply.model) == ("你好", "stop", "qwen-plus")
    assert (reply.id, reply.usage.total_tokens) == (f"chatcmpl-{REQUEST_ID}", 15)
    chunks = list(ask(dashscope_client, LONG, stream=True, stream_options={"include_usage": True}))
    assert text(chunks) == LONG
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert [chunk.usage.prompt_tokens for chunk in chunks if chunk.usage] == [11]
    assert not chunks[-1].choices
    assert said(ask(dashscope_client, LONG)) == LONG
    assert (dashscope.faults, dashscope.paths) == ([], [TEXT] * 3)


def test_changes_are_told(dashscope_client: openai.OpenAI) -> None:
    """Broken: what the vendor cannot take is lost in silence."""
    raw = dashscope_client.chat.completions.with_raw_response.create(
        model="qwen-plus", messages=[{"role": "user", "content": "x"}], frequency_penalty=1, temperature=2
    )
    assert raw.headers["x-gateway-changes"] == "dropped frequency_penalty; clamped temperature to 1.99"


def test_cumulative_text(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: a model whose events repeat the text gives it to the client several times."""
    assert text(ask(dashscope_client, LONG[:300], "farui-plus", stream=True)) == LONG[:300]
    assert dashscope.seen[0][2]["parameters"]["incremental_output"] is False
    assert dashscope.faults == []


@pytest.mark.parametrize("model", ["qwen-plus", "compatible"])
@pytest.mark.parametrize("stream", [False, True])
def test_tool_round_trip(dashscope_client: openai.OpenAI, dashscope: DashScope, model: str, stream: bool) -> None:
    """Broken: a call loses its id, name or arguments on the way down, or its result on the way up."""
    messages: Any = [{"role": "user", "content": "杭州天气？"}]
    asked: Any = {"model": model, "tools": [WEATHER], "tool_choice": "auto", "parallel_tool_calls": True}
    if stream:
        with dashscope_client.chat.completions.stream(messages=messages, **asked) as events:
            choice: Any = events.until_done().get_final_completion().choices[0]
    else:
        choice = dashscope_client.chat.completions.create(messages=messages, **asked).choices[0]
    (call,) = choice.message.tool_calls
    assert (call.id, call.function.name) == (CALL_ID, "get_current_weather")
    assert (call.function.arguments, choice.finish_reason) == (ARGUMENTS, "tool_calls")
    messages += [choice.message.to_dict(), {"role": "tool", "tool_call_id": call.id, "content": "晴"}]
    assert said(dashscope_client.chat.completions.create(messages=messages, **asked)) == "晴"
    assert dashscope.faults == []


def test_images(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: an image does not arrive as it was sent, in an answer of either kind."""
    data = "data:image/png;base64," + base64.b64encode(b"\x89PNG" + bytes(500)).decode()
    parts = [
        {"type": "text", "text": "看"},
        {"type": "image_url", "image_url": {"url": data}},
        {"type": "image_url", "image_url": {"url": "https://a.example/b.jpg"}},
    ]
    seen = f"看[image {len(data)}][image 23]"
    assert said(ask(dashscope_client, parts, "qwen-vl-max")) == seen
    assert text(ask(dashscope_client, parts, "qwen-vl-max", stream=True)) == seen
    assert text(ask(dashscope_client, "只有字", "qwen-vl-max", stream=True)) == "只有字"
    assert (dashscope.faults, dashscope.paths) == ([], [MULTIMODAL] * 3)
    with pytest.raises(openai.NotFoundError, match="url error") as raised:
        ask(dashscope_client, parts)
    assert raised.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("qwen-plus", {"extra_body": {"enable_thinking": True, "thinking_budget": 50}}),
        ("qwen-plus", {"reasoning_effort": "high"}),
        ("qwen3-32b", {"reasoning_effort": "low"}),
        ("qwq-plus", {}),
        ("compatible-muse", {}),
    ],
)
def test_thinking(dashscope_client: openai.OpenAI, dashscope: DashScope, model: str, more: Any) -> None:
    """Broken: thoughts are lost or come as text, or a model that thinks in streams only has no whole answer."""
    reply = ask(dashscope_client, model=model, **more)
    assert (said(reply), reply.choices[0].message.reasoning_content) == ("你好", THOUGHTS)
    assert reply.usage.prompt_tokens == 11
    chunks = list(ask(dashscope_client, model=model, stream=True, **more))
    assert (text(chunks), text(chunks, "reasoning_content")) == ("你好", THOUGHTS)
    assert model == "compatible-muse" or dashscope.faults == []


def test_a_hybrid_that_was_not_asked_to_think(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: an open model that thinks by default refuses every whole answer."""
    assert said(ask(dashscope_client, model="qwen3-32b")) == "你好"
    assert dashscope.faults == []


def test_where_a_model_lives_is_found_and_remembered(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: a model that its name does not place is not found, or is looked for with every request."""
    assert [said(ask(dashscope_client, model="qwen3.7-max")) for _ in range(2)] == ["你好", "你好"]
    assert dashscope.paths == [TEXT, MULTIMODAL, MULTIMODAL]
    assert text(ask(dashscope_client, model="qwen9-muse", stream=True)) == "你好"
    assert dashscope.paths[3:] == [TEXT, MULTIMODAL]
    replies = [ask(dashscope_client, model="qwen9-muse") for _ in range(2)]
    assert [reply.choices[0].message.reasoning_content for reply in replies] == [THOUGHTS] * 2
    assert dashscope.paths[5:] == [MULTIMODAL] * 3, "told once that it streams only, it is streamed at once"
    with pytest.raises(openai.NotFoundError, match="url error, please check url!") as raised:
        ask(dashscope_client, model="nowhere")
    assert raised.value.code == "model_not_found"
    assert dashscope.paths[8:] == [TEXT, MULTIMODAL]


@pytest.mark.parametrize("model", ["helper", "flow"])
def test_applications(dashscope_client: openai.OpenAI, dashscope: DashScope, model: str) -> None:
    """Broken: an application's text, thoughts, sources, counts or history do not come through."""
    reply = ask(dashscope_client, model=model)
    assert (said(reply), reply.usage.prompt_tokens, reply.usage.completion_tokens) == ("你好", 121, 37)
    (annotation,) = reply.choices[0].message.annotations
    assert annotation.url_citation.url == REFERENCE["doc_url"]
    assert reply.session_id
    history = [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", LONG)]
    chunks = list(
        ask(
            dashscope_client,
            model=model,
            messages=[{"role": role, "content": content} for role, content in history],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert text(chunks) == f"{LONG} (after 3)"
    assert text(chunks, "reasoning_content") == (THOUGHTS if model == "helper" else "")
    assert chunks[-1].usage.total_tokens == 158
    told = [chunk.choices[0].delta.annotations for chunk in chunks if chunk.choices and told_sources(chunk)]
    assert [one["url_citation"]["title"] for (one,) in told] == [REFERENCE["title"]]
    again = ask(dashscope_client, "再说", model, extra_body={"session_id": reply.session_id})
    assert (said(again), dashscope.seen[-1][2]["input"]["session_id"]) == ("再说", reply.session_id)
    space = "ws-example" if model == "helper" else None
    assert [headers.get("x-dashscope-workspace") for _, headers, _ in dashscope.seen] == [space] * 3
    assert dashscope.faults == []


def told_sources(chunk: Any) -> bool:
    return bool(getattr(chunk.choices[0].delta, "annotations", None))


def test_an_application_sees_images(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: an image's address does not reach an application, or a tool is dropped in silence."""
    parts = [
        {"type": "text", "text": "看"},
        {"type": "image_url", "image_url": {"url": "https://a.example/b.jpg"}},
    ]
    assert said(ask(dashscope_client, parts, "helper")) == "看[image]"
    raw = dashscope_client.chat.completions.with_raw_response.create(
        model="helper", messages=[{"role": "user", "content": "x"}], tools=[WEATHER], max_tokens=9
    )
    assert set(raw.headers["x-gateway-changes"].split("; ")) == {"dropped tools", "dropped max_tokens"}
    assert dashscope.faults == []


def test_embeddings(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: more texts than the model takes at once are refused, or vectors come in another order."""
    texts = ["x" * n for n in range(1, 26)]
    for encoding in ("float", "base64"):
        reply = dashscope_client.embeddings.create(
            model="text-embedding-v4", input=texts, dimensions=256, encoding_format=encoding
        )
        vectors = [row.embedding for row in reply.data]
        assert reply.usage.prompt_tokens == 25
        if encoding == "float":
            assert [vector[0] for vector in vectors] == [float(n) for n in range(1, 26)]
    assert [len(body["input"]["texts"]) for _, _, body in dashscope.seen] == [10, 10, 5] * 2
    assert len(dashscope_client.embeddings.create(model="text-embedding-v2", input=texts).data) == 25
    assert dashscope.faults == []


def test_other_surfaces(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: compatible mode or the Messages surface is not spoken to in its own way."""
    reply = ask(dashscope_client, model="compatible", temperature=2, top_p=1)
    assert (said(reply), reply.model) == ("你好", "compatible")
    chunks = list(ask(dashscope_client, LONG, "compatible", stream=True, stream_options={"include_usage": True}))
    assert (text(chunks), chunks[-1].usage.total_tokens) == (LONG, 15)
    assert said(ask(dashscope_client, model="messages")) == "You said: 你好"
    assert text(ask(dashscope_client, model="messages", stream=True)) == "You said: 你好"
    assert dashscope.faults == []


@pytest.mark.parametrize("stream", [False, True])
def test_wrong_key(dashscope_client: openai.OpenAI, dashscope: DashScope, stream: bool) -> None:
    """Broken: the vendor's words about a key do not reach the client, or fail where another key is at hand."""
    with pytest.raises(openai.InternalServerError, match=r"Invalid API-key provided\.") as raised:
        ask(dashscope_client, model="wrong-key", stream=stream)
    assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")
    reply = ask(dashscope_client, model="several", stream=stream)
    assert (text(reply) if stream else said(reply)) == "你好"


REFUSALS = [
    (400, "InvalidParameter", 400, "InvalidParameter"),
    (400, "DataInspectionFailed", 400, "content_filter"),
    (400, "Arrearage", 429, "insufficient_quota"),
    (403, "AccessDenied.Unpurchased", 502, "upstream_auth"),
    (404, "ModelNotFound", 404, "model_not_found"),
    (429, "Throttling.RateQuota", 429, "rate_limit_exceeded"),
    (500, "InternalError.Algo", 502, None),
    (500, "RequestTimeOut", 504, "timeout"),
    (503, "ModelUnavailable", 503, "overloaded"),
]


@pytest.mark.parametrize("model", ["qwen-plus", "helper"])
def test_refusals(dashscope_client: openai.OpenAI, model: str) -> None:
    """Broken: a client gets another error than the vendor's, before or after the first words of an answer."""
    for status, code, seen, word in REFUSALS:
        for stream in (False, True):
            with pytest.raises(openai.APIStatusError, match=f"told of {code}") as raised:
                ask(dashscope_client, f"fail:{status}:{code}", model, stream=stream)
            assert (raised.value.status_code, raised.value.code) == (seen, word)
        with pytest.raises(openai.APIError, match=f"told of {code}") as late:
            list(ask(dashscope_client, f"late:{status}:{code}", model, stream=True))
        assert late.value.code == word


@pytest.mark.parametrize("model", ["qwen-plus", "qwq-plus", "helper", "flow"])
def test_answers_that_break_off(dashscope_client: openai.OpenAI, model: str) -> None:
    """Broken: an answer that breaks off, which nothing but its missing end shows, passes for a whole one."""
    with pytest.raises(openai.APIError) as late:
        list(ask(dashscope_client, "cut", model, stream=True))
    with pytest.raises(openai.InternalServerError) as raised:
        ask(dashscope_client, "cut", model)
    assert late.value.code == raised.value.code == "upstream_incomplete"


def test_fifty_at_once(dashscope_client: openai.OpenAI, dashscope: DashScope) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""

    def call(number: int) -> bool:
        model = EVERYWHERE[number % 4]
        reply = ask(dashscope_client, f"第{number}个" * 20, model, stream=number % 8 < 4)
        return (text(reply) if number % 8 < 4 else said(reply)) == f"第{number}个" * 20

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(call, range(50)))
    assert dashscope.faults == []
    assert dashscope.most > 5
