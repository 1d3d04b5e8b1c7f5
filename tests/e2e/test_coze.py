"""The gateway in front of a Coze that checks what it is sent: answers of all kinds, files, history, failures."""

import base64
import time
from typing import Any

import openai
import pytest

from tests.e2e.answers import LONG, added, ask, both, broken, failure, fifty_at_once, question, text_of
from tests.fakevendor.coze import Coze
from tests.fakevendor.coze_replies import THOUGHT

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.coze_gateway"]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
INLINE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}}
LINKED = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
TEXT = {"type": "text", "text": "看"}


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def told(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "reasoning": "", "calls": [], "reason": "stop", "tokens": (4, 5, 9), **more}


def test_plain_and_stream(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: answers do not reach the official client whole and once, or with the bot's own notes among them."""
    for text in ("你好", LONG):
        assert list(both(sdk, "bot", text, user="u-1")) == [told(text)] * 2
    assert list(both(sdk, "bot", "think")) == [told("think", reasoning=THOUGHT)] * 2
    reply = ask(sdk, "bot", "x")
    assert (reply.model, reply.id.partition("-")[0], reply.created) == ("bot", "chatcmpl", 1718609571)
    assert {body["user_id"] for body in coze.seen} == {"u-1", "12345678"}
    assert coze.counts.keys() == {"/v3/chat"}


def test_polling(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: an entry that asks after its chats gets another answer than a stream's, or asks more than it may."""
    reply = ask(sdk, "polled", "think")
    assert (reply.choices[0].message.content, reply.choices[0].message.reasoning_content) == ("think", THOUGHT)
    assert (reply.choices[0].finish_reason, reply.usage.total_tokens) == ("stop", 9)
    assert coze.counts == {"/v3/chat": 1, "/v3/chat/retrieve": 1, "/v3/chat/message/list": 1}
    assert added(list(ask(sdk, "polled", "x", stream=True, stream_options={"include_usage": True}))) == told("x")
    assert coze.counts["/v3/chat/retrieve"] == 1
    with pytest.raises(openai.APIStatusError, match="told of 5000") as raised:
        ask(sdk, "polled", "late:5000")
    assert (raised.value.status_code, raised.value.code) == (502, "5000")


def test_polling_that_the_token_may_not(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: a token that may only chat gives no plain answers, or each of them costs a chat in vain."""
    assert [ask(sdk, "chat-only", str(n)).choices[0].message.content for n in range(3)] == ["0", "1", "2"]
    assert [body["stream"] for body in coze.seen] == [False, True, True, True]
    assert coze.counts["/v3/chat/retrieve"] == 1
    assert next(chat.status for chat in coze.chats.values() if chat.account == "third") == "canceled"


def test_polling_without_end(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: a chat that is never done keeps a client for ever, or goes on after the gateway has given up."""
    with pytest.raises(openai.APIStatusError, match="no answer ready") as raised:
        ask(sdk, "impatient", "wait")
    assert raised.value.status_code == 504
    deadline_s = time.monotonic() + 3
    while not coze.counts["/v3/chat/cancel"] and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert coze.counts["/v3/chat/cancel"] == 1


def test_v2(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: an old config that names v2's address gets no answer, or its history is lost."""
    history: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": LONG},
    ]
    assert list(both(sdk, "v2", history)) == [told(LONG, tokens=(0, 0, 0))] * 2
    assert [entry["content"] for entry in coze.seen[-1]["chat_history"]] == ["Be brief.\none", "two"]
    assert failure(sdk, "v2", "fail:4016").code == "conversation_busy"
    assert broken(sdk, "v2", "late:702082020") == ("late:702082020", "told of 702082020")
    assert broken(sdk, "v2", "cut")[0] == "cut"
    assert failure(sdk, "v2", user(TEXT, LINKED)).param == "messages[0].content[1]"


@pytest.mark.parametrize("stream", [False, True])
def test_files(sdk: openai.OpenAI, coze: Coze, stream: bool) -> None:
    """Broken: an image or a file does not reach the bot as it was sent."""
    sound = {"type": "input_audio", "input_audio": {"data": base64.b64encode(b"RIFF" * 9).decode(), "format": "wav"}}
    named = {"file_data": "data:application/pdf;base64,JVBERg==", "filename": '报告"1".pdf'}
    reply = ask(sdk, "bot", user(TEXT, LINKED, INLINE, sound, {"type": "file", "file": named}), stream=stream)
    text = text_of(reply) if stream else reply.choices[0].message.content
    assert text == f"看[image https://example.com/a.png][image {len(PNG)}][audio 36][file 4]"
    files = list(coze.files.values())
    assert ("first", "image.png", PNG) in files
    assert ("first", '报告"1".pdf', b"%PDF") in files or ("first", "报告%221%22.pdf", b"%PDF") in files


def test_a_file_of_the_history_is_uploaded_once(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: each turn of a conversation uploads its images anew, or one account's file is used by the other."""
    fresh = base64.b64encode(PNG + b"once").decode()
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{fresh}"}}
    turns: Any = [*user(TEXT, image, image), {"role": "assistant", "content": "ok"}, {"role": "user", "content": "x"}]
    assert [ask(sdk, "bot", turns).choices[0].message.content for _ in range(3)] == ["x"] * 3
    assert coze.counts["/v1/files/upload"] == 1
    assert [ask(sdk, "two", turns).choices[0].message.content for _ in range(4)] == ["x"] * 4
    assert coze.counts["/v1/files/upload"] == 2


def test_files_that_are_refused(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: a client is not told which part of its request cannot be taken, or what the vendor says to an upload."""
    odd = {"type": "image_url", "image_url": {"url": "ftp://example.com/a.png"}}
    assert failure(sdk, "bot", user(TEXT, odd)).param == "messages[0].content[1]"
    refused = base64.b64encode(b"refuse me").decode()
    part = {"type": "file", "file": {"file_data": refused}}
    assert "the file is not taken" in failure(sdk, "bot", user(TEXT, part)).message
    assert coze.counts["/v3/chat"] == 0


def test_history_and_losses(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: system text or a turn is lost, or a parameter is dropped without a word."""
    history: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "developer", "content": "Now sing."},
        {"role": "user", "content": [TEXT, LINKED]},
    ]
    raw = sdk.chat.completions.with_raw_response.create(
        model="bot",
        messages=history,
        temperature=0.5,
        metadata={"k": "v"},
        extra_body={"custom_variables": {"name": "x"}},
    )
    assert raw.parse().choices[0].message.content == "Now sing.\n看[image https://example.com/a.png]"
    assert raw.headers["x-gateway-changes"] == "dropped temperature"
    body = coze.seen[-1]
    assert [entry["content"] for entry in body["additional_messages"]][:2] == ["Be brief.\none", "two"]
    assert (body["meta_data"], body["custom_variables"]) == ({"k": "v"}, {"name": "x"})
    ask(sdk, "bot", history, extra_body={"conversation_id": "7381473525342978089"})
    assert coze.seen[-1]["conversation_id"] == "7381473525342978089"
    assert ask(sdk, "bot", "one STOP two", stop=["STOP"]).choices[0].message.content == "one "
    assert failure(sdk, "strict", "x", temperature=0.5).param == "temperature"


def test_a_server_that_takes_users_messages_only(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: the open-source edition refuses every conversation, or each turn of it costs a call in vain."""
    talk: Any = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, *user(TEXT)]
    for _ in range(3):
        reply = ask(sdk, "studio", talk)
        assert reply.choices[0].message.content == "The conversation so far:\nUser: one\nAssistant: two\n\n看"
    assert coze.counts == {"/v3/chat": 4}


def test_failures(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: a client gets another error than the vendor's, before or after the first words of an answer."""
    seen = {4000: (400, "4000"), 4011: (429, "insufficient_quota"), 4009: (503, "overloaded"), 5000: (502, "5000")}
    for code, expected in seen.items():
        error = failure(sdk, "bot", f"fail:{code}")
        assert (error.status_code, error.code) == expected
        assert f"told of {code}" in error.message
        text, message = broken(sdk, "bot", f"late:{code}")
        assert (text, message) == (f"late:{code}", f"told of {code}")
        assert broken(sdk, "bot", f"error:{code}")[1] == f"told of {code}"
        with pytest.raises(openai.APIStatusError, match=f"told of {code}"):
            ask(sdk, "bot", f"late:{code}")
    assert broken(sdk, "bot", "cut")[0] == "cut"
    with pytest.raises(openai.InternalServerError, match="broke off"):
        ask(sdk, "bot", "cut")
    assert failure(sdk, "unknown").code == failure(sdk, "hidden").code == "model_not_found"
    assert coze.counts.keys() == {"/v3/chat"}


def test_wrong_tokens(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: an operator with a wrong token does not see what the vendor says of it, or the client sees it."""
    for model, words in (("wrong", "authentication is invalid"), ("wrong-app", "unknown client")):
        error = failure(sdk, model)
        assert (error.status_code, error.code) == (502, "upstream_auth")
        assert words in error.message
        assert "pat_wrong-token" not in error.message
    assert not coze.seen


def test_fifty_at_once(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: answers of parallel requests are mixed up."""
    assert fifty_at_once(sdk, "bot") == [question(number) for number in range(50)]
    assert coze.counts == {"/v3/chat": 50}


def test_no_embeddings(sdk: openai.OpenAI, coze: Coze) -> None:
    """Broken: embeddings are asked of a vendor that has none."""
    with pytest.raises(openai.NotFoundError):
        sdk.embeddings.create(model="bot", input="x")
    assert not coze.counts
