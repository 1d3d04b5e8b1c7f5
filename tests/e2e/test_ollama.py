"""The gateway in front of an Ollama that checks what it is sent, native and OpenAI surface."""

import base64
from typing import Any

import openai
import pytest

from tests.e2e.answers import CITY, LONG, TOOLS, after_tool_call, ask, both, failure
from tests.e2e.ollama import SURFACES
from tests.fakevendor.ollama import ANSWER, THOUGHT, Ollama

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.ollama_gateway"]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
IMAGE = "data:image/png;base64," + base64.b64encode(PNG).decode()
SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY}}


@pytest.fixture
def client(ollama_client: openai.OpenAI) -> openai.OpenAI:
    return ollama_client


@pytest.mark.parametrize("model", ["llama3.2", "v1/llama3.2", "hf.co/user/repo:Q4", "v1/hf.co/user/repo:Q4"])
def test_plain_and_stream(client: openai.OpenAI, ollama: Ollama, model: str) -> None:
    """Broken: a server that asks for no key is not asked as it must be, or an answer does not arrive whole."""
    messages = [{"role": "developer", "content": "Kurz."}, {"role": "user", "content": LONG}]
    for found in both(client, model, messages, temperature=0.5, max_completion_tokens=100_000, stop="END", n=1):
        assert (found["text"], found["reason"], found["tokens"]) == (LONG, "stop", (4, 5, 9))
    path, body = ollama.seen[0]
    assert body["messages"][0]["role"] == "system"
    if path == "/api/chat":
        assert body["options"] == {"temperature": 0.5, "num_predict": 100_000, "stop": ["END"]}
    else:
        assert body["max_tokens"] == 100_000


def test_length_and_counts(client: openai.OpenAI) -> None:
    """Broken: why an answer ended is told as another reason, or a prompt that was cached has no count."""
    for found in both(client, "llama3.2", "one two three", max_tokens=5):
        assert (found["text"], found["reason"]) == ("one t", "length")
    for found in both(client, "llama3.2", "CACHED"):
        assert found["tokens"] == (0, 5, 5)


def test_settings_of_the_entry(client: openai.OpenAI, ollama: Ollama) -> None:
    """Broken: what an entry says of context, memory or thinking is not sent, or wins over the client."""
    ask(client, "tuned", "x", temperature=0.9)
    sent = ollama.seen[0][1]
    assert sent["options"] == {"num_ctx": 8192, "temperature": 0.9}
    assert (sent["keep_alive"], sent["think"]) == ("10m", False)
    ask(
        client,
        "tuned",
        "x",
        reasoning_effort="low",
        extra_body={"keep_alive": 0, "options": {"num_ctx": 9}, "top_k": 3},
    )
    sent = ollama.seen[1][1]
    assert sent["options"] == {"num_ctx": 9, "temperature": 0.1, "top_k": 3}
    assert (sent["keep_alive"], sent["think"]) == (0, True)


@pytest.mark.parametrize("surface", SURFACES)
def test_tool_round_trip(client: openai.OpenAI, surface: str) -> None:
    """Broken: the official client cannot call a tool and hand back its result."""
    told = list(after_tool_call(client, f"{surface}llama3.2"))
    assert told == ["晴，28度" if surface else "晴，28度<想>"] * 4


def test_thoughts_come_back_with_results(client: openai.OpenAI, ollama: Ollama) -> None:
    """Broken: a model loses the thoughts that led to its calls, because clients drop them."""
    for found in both(client, "qwen3:8b", "北京天气？", tools=TOOLS):
        assert found["reasoning"] == THOUGHT
        ((identity, name, _),) = found["calls"]
        call = {"id": identity, "type": "function", "function": {"name": name, "arguments": "{}"}}
        turns = [{"role": "assistant", "content": None, "tool_calls": [call]}]
        history = [
            {"role": "user", "content": "x"},
            *turns,
            {"role": "tool", "tool_call_id": identity, "content": "晴"},
        ]
        assert ask(client, "qwen3:8b", history).choices[0].message.content == f"晴<{THOUGHT}>"
    assert not ollama.refused


def test_calls_without_ids(client: openai.OpenAI) -> None:
    """Broken: calls of an older server, which gives them no ids, cannot be answered."""
    assert list(after_tool_call(client, "old")) == ["晴，28度<想>"] * 4


def test_parallel_tools(client: openai.OpenAI) -> None:
    """Broken: two calls of one answer run into each other."""
    for found in both(client, "llama3.2", "两地天气？", tools=TOOLS, parallel_tool_calls=True):
        assert [call[0] for call in found["calls"]] == ["call_0", "call_1"]
        assert all(call[2] == {"city": "北京🌏"} for call in found["calls"])
        assert found["reason"] == "tool_calls"


@pytest.mark.parametrize("surface", SURFACES)
def test_images(client: openai.OpenAI, surface: str) -> None:
    """Broken: an image does not arrive as bytes, or an address that nobody may fetch is sent on."""
    parts = [{"type": "text", "text": "看："}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    for found in both(client, f"{surface}gemma3:4b", [{"role": "user", "content": parts}]):
        assert found["text"] == ("看：[image/png 58]" if surface else "看：[58]")
    parts[1]["image_url"] = {"url": "http://127.0.0.1/a.png"}
    raised = failure(client, f"{surface}gemma3:4b", [{"role": "user", "content": parts}])
    assert raised.status_code == 400


@pytest.mark.parametrize("surface", SURFACES)
def test_json(client: openai.OpenAI, ollama: Ollama, surface: str) -> None:
    """Broken: the form of an answer is not asked for as the server knows it."""
    for wanted, native in (({"type": "json_object"}, "json"), (SCHEMA, CITY)):
        for found in both(client, f"{surface}llama3.2", "as JSON", response_format=wanted):
            assert found["reason"] == "stop"
            assert surface or found["text"] == ANSWER
        sent = ollama.seen[-1][1]
        assert sent.get("format") == (None if surface else native)
        assert sent.get("response_format") == (wanted if surface else None)


def test_json_that_nobody_asks_for(client: openai.OpenAI) -> None:
    """Broken: a model that is held to JSON without being told so fills its answer with blanks."""
    messages: Any = [{"role": "user", "content": "Paris"}]
    raw = client.chat.completions.with_raw_response.create(
        model="llama3.2", messages=messages, response_format={"type": "json_object"}
    )
    assert raw.headers["x-gateway-changes"] == "added a system message that asks for JSON"


@pytest.mark.parametrize("surface", SURFACES)
def test_reasoning(client: openai.OpenAI, ollama: Ollama, surface: str) -> None:
    """Broken: thoughts do not come as reasoning_content, or how much to think is not told."""
    for found in both(client, f"{surface}gpt-oss:20b", "hi", reasoning_effort="high"):
        assert (found["text"], found["reasoning"]) == ("hi", THOUGHT if surface else f"{THOUGHT}high")
    if not surface:
        assert next(both(client, "qwen3:8b", "hi", reasoning_effort="none"))["reasoning"] == ""
        assert ollama.seen[-1][1]["think"] is False
        assert next(both(client, "qwen3:8b", "hi"))["reasoning"] == THOUGHT


def test_what_a_model_lacks(client: openai.OpenAI, ollama: Ollama) -> None:
    """Broken: a request fails over thinking or tools that a model lacks, or does so in silence, or every time anew."""
    raw = client.chat.completions.with_raw_response
    messages: Any = [{"role": "user", "content": "x"}]
    for _ in range(2):
        asked = {"reasoning_effort": "low", "tools": TOOLS}
        told = raw.create(model="hf.co/user/repo:Q4", messages=messages, **asked)
        assert told.headers["x-gateway-changes"] == "dropped reasoning_effort; dropped tools"
        assert len(ollama.refused) == 2
    forced = failure(client, "hf.co/user/repo:Q4", tools=TOOLS, tool_choice="required")
    assert "does not support tools" in forced.message
    strict = failure(client, "strict", reasoning_effort="low")
    assert (strict.code, strict.param) == ("unsupported_parameter", "reasoning_effort")


def test_logprobs(client: openai.OpenAI) -> None:
    """Broken: probabilities are not asked for, or not told in OpenAI's form."""
    reply = ask(client, "llama3.2", "0123456789", logprobs=True, top_logprobs=2)
    first, second = reply.choices[0].logprobs.content
    assert (first.token, first.logprob, len(first.top_logprobs), first.bytes) == ("0123456", -0.5, 2, list(b"0123456"))
    chunks = list(ask(client, "llama3.2", "0123456789", logprobs=True, stream=True))
    told = [one.token for chunk in chunks if chunk.choices[0].logprobs for one in chunk.choices[0].logprobs.content]
    assert told == [first.token, second.token]


@pytest.mark.parametrize("model", ["all-minilm", "v1/mini", "mini-old"])
def test_embeddings(client: openai.OpenAI, model: str) -> None:
    """Broken: vectors come in another order, or an older server's endpoint is not found."""
    reply = client.embeddings.create(model=model, input=["a", "bcd", "ef"])
    assert [row.embedding for row in reply.data] == [[1.0, 0.25], [3.0, 0.25], [2.0, 0.25]]
    assert reply.usage.prompt_tokens == (0 if model.endswith("old") else 3)
    assert client.embeddings.create(model=model, input="abcd").data[0].embedding == [4.0, 0.25]
    if not model.startswith("v1"):
        with pytest.raises(openai.BadRequestError, match="token numbers"):
            client.embeddings.create(model=model, input=[1, 2])
