"""The official client's types as an oracle: for bodies that go up, and for what the fake and the vectors answer."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import orjson
import pytest

from app import parse
from providers.types import Destination, EmbeddingRequest, Json
from providers.vendor import load_vendors
from tests.fakevendor.ollama import THOUGHT, Ollama, running
from tests.unit.test_ollama_request import PNG, TOOL, encoded, image, turn, user
from tests.vectorfile import VECTORS

ollama = pytest.importorskip("ollama")
types: Any = pytest.importorskip("ollama._types")

NATIVE = load_vendors()["ollama"]
FILE = json.loads((VECTORS / "ollama.json").read_text())
NEWER = {"truncate", "shift"}
"""Fields of the server's own api/types.go that the client's types do not have yet."""

PROPERTIES = {
    "a": {"type": ["string", "null"], "description": "d"},
    "b": {"type": "array", "items": {"type": "string"}},
}
RICH = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": PROPERTIES, "required": ["a"]}}
BODIES: list[Json] = [
    {},
    {"temperature": 1, "top_p": 0.5, "seed": 1, "stop": "a", "max_tokens": 5, "top_k": 3, "num_ctx": 9},
    {"tools": [TOOL, {"type": "function", "function": RICH}], "tool_choice": "required", "stream": True},
    {"response_format": {"type": "json_object"}, "keep_alive": -1, "truncate": False},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
    {"reasoning_effort": "high", "logprobs": True, "top_logprobs": 2, "keep_alive": "5m"},
    {"messages": [user({"type": "text", "text": "a"}, image(f"data:image/png;base64,{PNG}"))]},
    {"messages": [turn('{"a": 1}', reasoning_content="t"), {"role": "tool", "tool_call_id": "c1", "content": "r"}]},
]


def check(body: Json) -> None:
    """Fail unless the client's types hold the whole body: nothing is refused, and no field is unknown."""
    known = types.ChatRequest.model_fields.keys() | NEWER
    assert body.keys() <= known, body.keys() - known
    types.ChatRequest.model_validate({**body, "messages": []}, strict=True)
    for name, value in body.get("options", {}).items():
        assert name == "min_p" or name in types.Options.model_fields
        types.Options.model_validate({name: value}, strict=True)
    for message in body["messages"]:
        images = [types.Image(value=image) for image in message.get("images", ())]
        read = types.Message.model_validate({**message, "images": images or None})
        assert message.keys() <= types.Message.model_fields.keys() | {"tool_call_id"}
        assert read.model_dump(exclude_none=True, exclude={"tool_calls"}).items() <= message.items()
        for call, told in zip(read.tool_calls or (), message.get("tool_calls", ()), strict=True):
            assert call.function.model_dump() == told["function"]


@pytest.mark.parametrize("params", BODIES)
def test_bodies_fit_the_types(params: Json) -> None:
    """Broken: a body goes up with a field or a value that the client's own types do not know."""
    for model in ("llama3.2", "gpt-oss:20b"):
        check(orjson.loads(encoded(model, **params).body))


@pytest.mark.parametrize("case", FILE["chat"], ids=lambda case: str(case["name"]))
def test_vectors_fit_the_types(case: Json) -> None:
    """Broken: what the vectors demand or replay is nothing that the client's own types know."""
    check(case["vendor_request"]["json"])
    check(
        orjson.loads(NATIVE.encode(parse.chat(orjson.dumps(case["openai_request"])), Destination("m", "http://h")).body)
    )
    replies = [case["vendor_response"]["body"]] if "vendor_response" in case else map(json.loads, case["vendor_stream"])
    for reply in replies:
        if "error" not in reply:
            types.ChatResponse.model_validate(reply)


def test_embeddings_fit_the_types() -> None:
    """Broken: embeddings are asked for or told in another form than the client's own types have."""
    assert NATIVE.embed
    wire = NATIVE.embed.encode(EmbeddingRequest("m", ["a"], {"dimensions": 3}), Destination("m", "http://h"))
    types.EmbedRequest.model_validate(orjson.loads(wire.body), strict=True)
    for case in FILE["embeddings"]:
        types.EmbedResponse.model_validate(case["vendor_response"]["body"])


@contextmanager
def talking() -> Iterator[tuple[Ollama, Any]]:
    """A small Ollama and the official client of it."""
    with running() as server:
        client = ollama.Client(host=server.url)
        with closing(client._client):
            yield server, client


def test_client_sends_what_we_send() -> None:
    """Broken: the same call of the official client has another path or body than ours."""
    with talking() as (server, client):
        client.chat("llama3.2", [{"role": "user", "content": "x"}], options={"seed": 1})
        client.embed("all-minilm", ["a"])
    wire = encoded(url=server.url, seed=1)
    ours = orjson.loads(wire.body)
    (path, theirs), (embed_path, embed) = server.seen
    assert wire.url == server.url + path
    assert {name: value for name, value in theirs.items() if value not in (None, [])} == ours
    assert NATIVE.embed
    wire = NATIVE.embed.encode(EmbeddingRequest("all-minilm", ["a"], {}), Destination("all-minilm", server.url))
    assert wire.url == server.url + embed_path
    assert {name: value for name, value in embed.items() if value not in (None, {})} == orjson.loads(wire.body)


def test_client_reads_the_fake() -> None:
    """Broken: the fake of the end-to-end tests answers in a way that the official client does not understand."""
    with talking() as (server, client):
        asked = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "x"}]}
        whole = client.chat(**asked)
        assert (whole.message.content, whole.message.thinking, whole.done_reason) == ("x", THOUGHT, "stop")
        parts = list(client.chat(**asked, stream=True))
        assert "".join(part.message.content or "" for part in parts) == "x"
        assert (parts[-1].done, parts[-1].eval_count) == (True, 5)
        (call,) = client.chat(**asked, tools=[TOOL]).message.tool_calls
        assert call.function.arguments == {"city": "北京🌏"}
        with pytest.raises(ollama.ResponseError, match="model 'nope' not found") as raised:
            client.chat("nope", asked["messages"])
        assert raised.value.status_code == 404
    for sent in server.sent:
        types.ChatResponse.model_validate(sent)
    assert not [told for told in server.refused if "nope" not in told]
