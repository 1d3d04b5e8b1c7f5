"""The gateway in front of a self-hosted Dify that checks what it is sent: one app of each kind, each with its key."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from tests.fakevendor.dify import CONVERSATION, KEYS, REPLACED, Dify, running

pytestmark = pytest.mark.e2e

LONG = "你好，这是一个很长的问题。" * 2000
CHATS = ("chat", "agent-chat", "advanced-chat")
APPS = (*CHATS, "completion", "workflow")
ENDPOINTS = {
    "agent-chat": "/v1/chat-messages",
    "completion": "/v1/completion-messages",
    "workflow": "/v1/workflows/run",
}


@pytest.fixture(scope="module")
def lasting_dify() -> Iterator[Dify]:
    with running() as started:
        yield started


@pytest.fixture
def dify(lasting_dify: Dify) -> Dify:
    lasting_dify.seen.clear()
    lasting_dify.faults.clear()
    lasting_dify.files.clear()
    return lasting_dify


@pytest.fixture(scope="module")
def client(lasting_dify: Dify, lasting_gateway: Any) -> Iterator[openai.OpenAI]:
    """A client of one gateway for all apps: each is a model, called by its mode; addresses come in all their forms."""
    entries = [
        {
            "models": [mode],
            "server_url": lasting_dify.url + ENDPOINTS.get(mode, "/v1" if mode == "chat" else ""),
            "credentials": {"api_key": KEYS[mode]},
            **({} if mode in CHATS else {"input_variable": "topic"}),
        }
        for mode in APPS
    ]
    wrong = {"models": ["wrong"], "server_url": lasting_dify.url, "credentials": {"api_key": "app-wrong-key"}}
    lost = {"models": ["lost"], "server_url": lasting_dify.url, "credentials": {"api_key": KEYS["workflow"]}}
    # Each of many refusals is to come from the vendor, and none from what the gateway learnt of the one before.
    untaught = {"circuit_breaker": {"enabled": False}, "failover": {"rest_keys": False}}
    with lasting_gateway({**untaught, "services": {"dify": [*entries, wrong, lost]}}).sdk() as sdk:
        yield sdk


def ask(client: openai.OpenAI, content: Any = "你好", model: str = "chat", **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}], **more)  # type: ignore[call-overload]


def said(reply: Any) -> str:
    return str(reply.choices[0].message.content)


def streamed(chunks: Any) -> str:
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


@contextmanager
def refused(words: str, kind: type[openai.APIError] = openai.APIError) -> Iterator[Any]:
    with pytest.raises(kind, match=words) as raised:
        yield raised


@pytest.mark.parametrize("app", APPS)
def test_plain_and_stream(client: openai.OpenAI, dify: Dify, app: str) -> None:
    """Broken: answers do not reach the official client whole, a body is refused, or usage is lost."""
    reply = ask(client, model=app, user="u-1")
    assert (said(reply), reply.choices[0].finish_reason, reply.model) == ("你好", "stop", app)
    assert (reply.id, reply.created) == ("chatcmpl-r-1" if app == "workflow" else "chatcmpl-m-1", 1705407629)
    assert reply.usage.total_tokens == 12
    chunks = list(ask(client, LONG, app, stream=True, stream_options={"include_usage": True}))
    assert streamed(chunks) == LONG
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert (chunks[-1].usage.total_tokens, chunks[-1].usage.prompt_tokens) == (12, 0 if app == "workflow" else 7)
    assert said(ask(client, LONG, app)) == LONG
    assert {body["user"] for body in dify.seen} == {"u-1", "abc-123"}
    assert dify.faults == []


def test_agents_are_streamed_once_known(client: openai.OpenAI, dify: Dify) -> None:
    """Broken: an agent's refusal to answer whole reaches the client, or costs every request one more call."""
    assert [said(ask(client, str(n), "agent-chat")) for n in range(3)] == ["0", "1", "2"]
    modes = [body["response_mode"] for body in dify.seen]
    assert modes[-3:] == ["streaming"] * 3
    assert modes.count("blocking") <= 1


def test_history_and_losses(client: openai.OpenAI, dify: Dify) -> None:
    """Broken: a history is lost, or a parameter is dropped without a word."""
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=messages, temperature=0.5, seed=1)
    assert said(raw.parse()) == "SYSTEM: \nBe brief.\nUSER: \none\nASSISTANT: \ntwo\nUSER: \nthree\n"
    assert raw.headers["x-gateway-changes"] == "dropped seed; dropped temperature"
    assert said(ask(client, "one STOP two", stop=["STOP"])) == "one "
    assert dify.faults == []


@pytest.mark.parametrize("app", ["chat", "completion", "workflow"])
@pytest.mark.parametrize("stream", [False, True])
def test_files(client: openai.OpenAI, dify: Dify, app: str, stream: bool) -> None:
    """Broken: an image does not reach the app as it was sent, or belongs to another user than the question."""
    image, sound = b"\x89PNG\r\n--\r\n" + bytes(range(256)) * 99, b"RIFF"
    inline = {"url": "data:image/png;base64," + base64.b64encode(image).decode()}
    parts = [
        {"type": "text", "text": "看"},
        {"type": "image_url", "image_url": inline},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image_url", "image_url": inline},
        {"type": "input_audio", "input_audio": {"data": base64.b64encode(sound).decode(), "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": '报告"1".pdf'}},
    ]
    reply = ask(client, parts, app, user="张三", stream=stream)
    assert (streamed(reply) if stream else said(reply)) == "看"
    assert {user for user, *_ in dify.files.values()} == {"张三"}
    assert [data for *_, data in dify.files.values()] == [image, sound, b"%PDF"]
    assert [kind for _, _, kind, _ in dify.files.values()] == ["image/png", "audio/wav", "application/pdf"]
    assert [name for _, name, _, _ in dify.files.values()][:2] == ["image.png", "audio.wav"]
    assert [(file["type"], file.get("upload_file_id") or file["url"]) for file in dify.seen[-1]["files"]] == [
        ("image", "f-1"),
        ("image", "https://example.com/a.png"),
        ("image", "f-1"),
        ("audio", "f-2"),
        ("document", "f-3"),
    ]
    assert dify.faults == []


def test_files_that_cannot_go(client: openai.OpenAI) -> None:
    """Broken: a refused upload, or a file that is none, is not told as the client's fault."""
    parts: Any = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": ""}}]
    for url, status, words in (
        ("data:image/png;base64," + base64.b64encode(b"too large").decode(), 413, "File size exceeded"),
        ("data:image/png;base64,%%%", 400, r"messages\[0\].content\[1\]: its data cannot be read"),
        ("file:///etc/passwd", 400, r"messages\[0\].content\[1\] must hold"),
    ):
        parts[1]["image_url"]["url"] = url
        with refused(words, openai.APIStatusError) as raised:
            ask(client, parts)
        assert raised.value.status_code == status


@pytest.mark.parametrize("app", ["chat", "agent-chat"])
@pytest.mark.parametrize("stream", [False, True])
def test_conversations_and_inputs(client: openai.OpenAI, dify: Dify, app: str, stream: bool) -> None:
    """Broken: the vendor's conversation cannot be gone on with, one that is gone fails, or variables do not arrive."""
    messages: Any = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    for conversation, text, lost in (
        (CONVERSATION, "two", "left earlier messages to the conversation"),
        ("gone", "USER: \none\nUSER: \ntwo\n", "dropped conversation_id"),
    ):
        more: Any = {"conversation_id": conversation, "inputs": {"city": "北京"}}
        create = client.chat.completions.with_raw_response.create
        raw = create(model=app, messages=messages, stream=stream, extra_body=more)
        reply: Any = raw.parse()
        chunks = list(reply) if stream else [reply]
        assert (streamed(chunks) if stream else said(reply)) == text
        assert chunks[0].conversation_id == CONVERSATION
        assert raw.headers["x-gateway-changes"] == lost
        assert dify.seen[-1]["inputs"] == {"city": "北京"}
    assert dify.faults == []


REFUSALS = [
    (400, "invalid_param", 400, "invalid_param"),
    (400, "provider_quota_exceeded", 429, "insufficient_quota"),
    (400, "provider_not_initialize", 503, "provider_not_initialize"),
    (400, "completion_request_error", 502, "completion_request_error"),
    (400, "model_currently_not_support", 400, "model_currently_not_support"),
    (429, "too_many_requests", 429, "rate_limit_exceeded"),
]


@pytest.mark.parametrize("app", ["chat", "agent-chat"])
def test_refusals(client: openai.OpenAI, app: str) -> None:
    """Broken: a client gets another error than the vendor's, before, at the start of or in the midst of an answer."""
    for status, code, seen, seen_code in REFUSALS:
        for stream in (False, True):
            with refused(f"told of {code}", openai.APIStatusError) as raised:
                ask(client, f"fail:{status}:{code}", app, stream=stream)
            assert (raised.value.status_code, raised.value.code) == (seen, seen_code)
        with refused(f"told of {code}") as late:
            list(ask(client, f"late:{status}:{code}", app, stream=True))
        assert late.value.code == seen_code


def test_answers_that_break_off(client: openai.OpenAI) -> None:
    """Broken: an answer that breaks off, or a workflow that fails, passes for a whole answer."""
    for app in APPS:
        with refused("broke off before its end"):
            list(ask(client, "cut", app, stream=True))
    with refused("told of it"):
        list(ask(client, "late:it", "workflow", stream=True))
    with refused("broke off", openai.InternalServerError) as raised:
        ask(client, "cut", "agent-chat")
    assert raised.value.code == "upstream_incomplete"


def test_moderation(client: openai.OpenAI) -> None:
    """Broken: an answer that moderation took back looks whole, or reaches a client that reads no stream."""
    for app in ("chat", "agent-chat"):
        assert said(ask(client, "bad", app)) == REPLACED
        chunks = list(ask(client, "bad", app, stream=True))
        assert streamed(chunks) == "bad"
        assert chunks[-1].choices[0].finish_reason == "content_filter"


def test_wrong_keys_and_addresses(client: openai.OpenAI) -> None:
    """Broken: an operator does not see what the vendor says, or a proxy's page passes for a wrong key."""
    for stream in (False, True):
        with refused("Access token is invalid", openai.InternalServerError) as raised:
            ask(client, model="wrong", stream=stream)
        assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")
        with refused("server_url must end in", openai.BadRequestError) as raised:
            ask(client, model="lost", stream=stream)
        assert raised.value.code == "not_chat_app"
        with refused("Just a moment", openai.InternalServerError) as raised:
            ask(client, "page", stream=stream)
        assert raised.value.code is None


def test_parallel(client: openai.OpenAI, dify: Dify) -> None:
    """Broken: replies to requests at the same time are mixed up or fail."""

    def call(number: int) -> str:
        reply = ask(client, f"问题{number}", APPS[number % 5], stream=number % 2 == 0)
        return said(reply) if number % 2 else streamed(reply)

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(call, range(50))) == [f"问题{number}" for number in range(50)]
    assert dify.faults == []
