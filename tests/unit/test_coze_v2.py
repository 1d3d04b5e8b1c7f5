"""Coze's older chat: the body, what is folded into it, and its replies."""

from typing import Any

import orjson
import pytest

from providers import framing
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta
from providers.wires.coze import v2
from tests.unit.cozing import asked, text, to, user

AT = to(server_url="https://api.coze.com/open_api/v2/chat")


def read(*docs: Any) -> list[Delta]:
    data = b"".join(b"data:" + orjson.dumps(doc) + b"\n\n" for doc in docs)
    return list(v2.decode(framing.sse(iter([data]))))


def said(content: str, kind: str = "answer") -> dict[str, Any]:
    message = {"role": "assistant", "type": kind, "content": content, "content_type": "text"}
    return {"event": "message", "message": message, "is_finish": False}


def test_body() -> None:
    """Broken: an old config's request is not what v2 wants."""
    messages = [{"role": "system", "content": "s"}, user("a"), {"role": "assistant", "content": "b"}]
    made = v2.encode(asked(messages, temperature=0.1, stop="x", user="u1"), AT)
    assert made.url == "https://api.coze.com/open_api/v2/chat"
    assert (made.changes, made.stops) == (("dropped temperature", "added a question at the end"), ("x",))
    assert orjson.loads(made.body) == {
        "conversation_id": "123",
        "bot_id": "7379462189365198898",
        "user": "u1",
        "query": "Go on.",
        "chat_history": [
            {"role": "user", "content": "s\na", "content_type": "text"},
            {"role": "assistant", "type": "answer", "content": "b", "content_type": "text"},
        ],
        "stream": False,
    }
    image = {"type": "image_url", "image_url": {"url": "https://x/i"}}
    with pytest.raises(ProviderError, match="takes text only") as refused:
        v2.encode(asked([user([image])]), AT)
    assert refused.value.param == "messages[0].content[0]"


def test_streams() -> None:
    """Broken: suggestions are told as the answer, or a stream looks complete without its end."""
    deltas = read(said("a"), said("x", "follow_up"), "odd", said("b"), {"event": "done"}, said("late"))
    assert (text(deltas), deltas[-1].finish_reason) == ("ab", "stop")
    assert not any(delta.finish_reason for delta in read(said("a")))


@pytest.mark.parametrize(
    ("doc", "kind"),
    [
        ({"event": "error", "error_information": {"code": 702082020, "msg": "told"}}, ErrorKind.SERVER_ERROR),
        ({"event": "error", "error_information": {"code": 4011, "msg": "told"}}, ErrorKind.QUOTA),
        ({"event": "error"}, ErrorKind.SERVER_ERROR),
        ({"code": 4100, "msg": "told"}, ErrorKind.UPSTREAM_AUTH),
    ],
)
def test_errors(doc: Any, kind: ErrorKind) -> None:
    """Broken: an error in a stream, or in its place, is passed over."""
    for docs in ((doc,), (said("a"), doc)):
        with pytest.raises(ProviderError, match=r"told|without a word") as raised:
            read(*docs)
        assert raised.value.kind is kind
    with pytest.raises(ProviderError):
        list(v2.decode(framing.sse(iter([orjson.dumps(doc)]))))


def test_errors_without_their_number() -> None:
    """Broken: what an error event says is lost where it has no number."""
    with pytest.raises(ProviderError, match="told"):
        read({"event": "error", "error_information": {"msg": "told"}})


@pytest.mark.parametrize("body", [b'{"code":0}', b"[]", b"<html>"])
def test_no_answer(body: bytes) -> None:
    """Broken: a document without an answer is taken for an empty one."""
    with pytest.raises(ProviderError) as raised:
        list(v2.decode(framing.sse(iter([body]))))
    assert raised.value.kind is ErrorKind.MALFORMED
