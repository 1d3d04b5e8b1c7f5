"""Bodies: what is wrong with one is told as OpenAI tells it, and nothing a client sends upsets the gateway."""

import json
import struct
from base64 import b64decode
from typing import Any, Final

import openai
import pytest

from tests.e2e import schemas
from tests.e2e.calls import MESSAGES, Call, bearer, chat, post
from tests.e2e.process import Gateway
from tests.e2e.schemas import Judge
from tests.e2e.shared import MASTER
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import PROMPT_TOKENS

pytestmark = pytest.mark.e2e

KEY: Final = bearer(MASTER)
USER: Final = {"role": "user", "content": "x"}
GARBAGE: Final = {
    "empty": b"",
    "blank": b" \n",
    "no-json": b"hello",
    "cut": b'{"model": "ok", "messages": [',
    "array": b"[]",
    "text": b'"ok"',
    "null": b"null",
    "nan": b'{"model": "ok", "messages": [], "temperature": NaN}',
    "deep-arrays": b'{"model": "ok", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep-objects": b'{"model": "ok", "x": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "rather-deep": b'{"model": "ok", "messages": [{"role": "user", "content": "x"}], "x": '
    + b"[" * 500
    + b"]" * 500
    + b"}",
    "lone-surrogate": rb'{"model": "ok", "messages": [{"role": "user", "content": "\ud800"}]}',
    "latin-1": b'{"model": "ok", "messages": [{"role": "user", "content": "\xe9"}]}',
    "utf-16": '{"model": "ok"}'.encode("utf-16"),
    "zeros": b"\0" * 100,
}
WRONG: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no model": ({"model": None}, "model"),
    "model is a number": ({"model": 7}, "model"),
    "no messages": ({"messages": None}, "messages"),
    "empty messages": ({"messages": []}, "messages"),
    "messages is a text": ({"messages": "hi"}, "messages"),
    "a message is a text": ({"messages": ["hi"]}, "messages[0]"),
    "unknown role": ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
    "no content": ({"messages": [USER, {"role": "user"}]}, "messages[1].content"),
    "content is a number": ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
    "temperature is a text": ({"temperature": "hot"}, "temperature"),
    "stream is a text": ({"stream": "yes"}, "stream"),
    "max_tokens is below one": ({"max_tokens": 0}, "max_tokens"),
    "tools is an object": ({"tools": {}}, "tools"),
    "stream_options without stream": ({"stream_options": {"include_usage": True}}, "stream_options"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_request(shared: Gateway, judge: Judge, vendor: FakeVendor, name: str) -> None:
    """A body that is no request upsets the gateway, or reaches the vendor."""
    mark = vendor.mark()
    for path in ("/v1/chat/completions", "/v1/embeddings"):
        reply = post(shared, path, GARBAGE[name], KEY)
        judge.check(schemas.ERROR, reply.json)
        assert reply.status == 400 and reply.error["type"] == "invalid_request_error"
    assert not vendor.entries(since=mark)


@pytest.mark.parametrize("name", WRONG)
def test_the_field_at_fault_is_named(client: openai.OpenAI, shared: Gateway, name: str) -> None:
    """A client is not told which field is wrong, or the vendor is asked all the same."""
    changes, param = WRONG[name]
    reply = post(shared, "/v1/chat/completions", {"model": "ok", "messages": [USER], **changes}, KEY)
    assert reply.status == 400 and reply.error["param"] == param and param in reply.error["message"]


def test_a_model_that_nobody_offers(client: openai.OpenAI) -> None:
    """An unknown model is taken for a fault of the gateway."""
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="nobody", messages=MESSAGES)  # type: ignore[call-overload]
    assert caught.value.code == "model_not_found" and caught.value.param == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="ok-but-no-embedding", input="x")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.chat.completions.create(model="unknown-up-there", messages=MESSAGES)  # type: ignore[call-overload]


@pytest.mark.parametrize("size_bytes", [2**20 + 1, 5 * 2**20])
def test_a_body_that_is_too_large(shared: Gateway, judge: Judge, size_bytes: int) -> None:
    """A large body fills the memory, or its sender gets a broken connection instead of an error."""
    reply = post(shared, "/v1/chat/completions", b" " * size_bytes, KEY)
    judge.check(schemas.ERROR, reply.json)
    assert reply.status == 413 and reply.error["code"] == "request_too_large"


def test_a_chunked_body_that_is_too_large(shared: Gateway) -> None:
    """The limit of bodies is only kept where their length is told."""
    headers = {**KEY, "Transfer-Encoding": "chunked"}
    pieces = b"".join((b"10000\r\n", b"x" * 65536, b"\r\n")) * 20 + b"0\r\n\r\n"
    call = Call(shared.port, "/v1/chat/completions", None, headers, method="POST")
    call.send(pieces)
    assert call.reply().status == 413


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/models?" + "x" * 5000, {}, 414),
        ("/v1/models", {"x": "x" * 9000}, 431),
        ("/v1/models", {"x y": "z"}, 400),
        ("/v1/models", {"Transfer-Encoding": "zip"}, 501),
    ],
    ids=["long address", "long header", "broken header", "unknown coding"],
)
def test_what_the_server_cannot_read(
    shared: Gateway, judge: Judge, path: str, headers: dict[str, str], status: int
) -> None:
    """A request that is refused before it is one gets a page of HTML."""
    reply = Call(shared.port, path, None, {**KEY, **headers}).reply()
    judge.check(schemas.ERROR, reply.json)
    assert reply.status == status and reply.error["message"]


def test_a_body_of_the_largest_size(shared: Gateway, vendor: FakeVendor) -> None:
    """A large but allowed body is refused, or does not arrive whole."""
    mark, content = vendor.mark(), "ü" * 500_000
    reply = chat(shared, "ok", key=MASTER, messages=[{"role": "user", "content": content}])
    assert reply.status == 200 or len(json.dumps(content)) > 2**20
    if reply.status == 200:
        assert vendor.entries("ok", mark)[0].prompt == content


def test_the_body_arrives(shared: Gateway, vendor: FakeVendor) -> None:
    """A parameter or a message does not reach the vendor, or something is added to them."""
    mark = vendor.mark()
    messages = [{"role": "system", "content": "Sei kurz."}, {"role": "user", "content": "Grüße 你好"}]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    fields = {
        "temperature": 0.3,
        "top_p": 0.9,
        "max_tokens": 7,
        "stop": ["END"],
        "seed": 5,
        "tools": tools,
        "user": "u",
    }
    assert chat(shared, "ok", key=MASTER, messages=messages, **fields).status == 200
    (entry,) = vendor.entries("ok", mark)
    assert entry.body["messages"] == messages
    assert {name: entry.body.get(name) for name in fields} == fields
    assert set(entry.body) - {"model", "messages", "stream"} == set(fields)
    assert entry.key == "good-key-canary-9a" and MASTER not in str(entry.headers)


def test_embeddings_as_floats_and_as_text(client: openai.OpenAI, shared: Gateway, judge: Judge) -> None:
    """Vectors differ with their encoding, lose their order, or are not what the official client reads."""
    inputs = ["a", "b", "c"]
    as_text = client.embeddings.create(model="embed-ok", input=inputs)
    as_floats = client.embeddings.create(model="embed-ok", input=inputs, encoding_format="float")
    assert [item.embedding for item in as_text.data] == [item.embedding for item in as_floats.data]
    assert [(item.index, item.embedding[0]) for item in as_text.data] == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert as_text.usage.prompt_tokens == PROMPT_TOKENS and as_text.model == "embed-ok"
    asked = {"model": "embed-ok", "input": inputs, "encoding_format": "float"}
    judge.check(schemas.EMBEDDINGS, post(shared, "/v1/embeddings", asked, KEY).json)
    raw = post(shared, "/v1/embeddings", {**asked, "encoding_format": "base64"}, KEY).json["data"][1]["embedding"]
    assert list(struct.unpack("<8f", b64decode(raw))) == as_floats.data[1].embedding


def test_inputs_of_embeddings(client: openai.OpenAI, shared: Gateway) -> None:
    """A form of input that OpenAI takes is refused, or one that it refuses is taken."""
    for given, count in (("one", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2)):
        assert len(client.embeddings.create(model="embed-ok", input=given, dimensions=4).data) == count
    for wrong in ("", [], None, 7, [1, "a"], [{}], [[]]):
        reply = post(shared, "/v1/embeddings", {"model": "embed-ok", "input": wrong}, KEY)
        assert reply.status == 400 and reply.error["param"] == "input"


def test_names_on_their_way(shared: Gateway, vendor: FakeVendor) -> None:
    """A redirect or a map is not followed, or the client reads another name than it asked for."""
    mark = vendor.mark()
    for alias in ("everyday", "nickname", "org/family/large"):
        assert chat(shared, alias, key=MASTER).json["model"] == alias
        assert {chunk["model"] for chunk in chat(shared, alias, key=MASTER, stream=True).chunks} == {alias}
    assert {entry.model for entry in vendor.entries(since=mark)} == {"ok"}
