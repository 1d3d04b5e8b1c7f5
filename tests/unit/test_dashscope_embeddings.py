"""Embeddings of the native protocol, and how many texts go up at once."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import EmbeddingRequest, WireRequest
from providers.wires.dashscope.embeddings import EMBEDDER, batch
from tests.unit.dashing import HOST, ROWS, to


def encoded(model: str, inputs: Any = ("a", "b"), **params: Any) -> WireRequest:
    return EMBEDDER.encode(EmbeddingRequest(model, list(inputs), params), to(model))


@pytest.mark.parametrize(
    ("model", "given", "sent", "changes"),
    [
        ("text-embedding-v4", {"dimensions": 256}, {"text_type": "document", "dimension": 256}, ()),
        ("text-embedding-v4", {"text_type": "query", "instruct": "i"}, {"text_type": "query", "instruct": "i"}, ()),
        ("text-embedding-v4", {"encoding_format": "base64", "user": None}, {"text_type": "document"}, ()),
        ("text-embedding-v4", {"user": "u"}, {"text_type": "document"}, ("dropped user",)),
        ("text-embedding-v4", {"output_type": "dense"}, {"text_type": "document"}, ()),
        ("text-embedding-v4", {"output_type": "sparse"}, {"text_type": "document"}, ("dropped output_type",)),
        ("text-embedding-v2", {"dimensions": 1536}, {"text_type": "document"}, ()),
        ("text-embedding-v1", {"dimensions": 256}, {"text_type": "document"}, ("dropped dimensions",)),
    ],
)
def test_request(model: str, given: dict[str, Any], sent: dict[str, Any], changes: tuple[str, ...]) -> None:
    """Broken: a parameter of the texts is lost, misplaced, or sent to a model that does not know it."""
    wire = encoded(model, **given)
    assert orjson.loads(wire.body) == {"model": model, "input": {"texts": ["a", "b"]}, "parameters": sent}
    assert wire.url == f"{HOST}/api/v1/services/embeddings/text-embedding/text-embedding"
    assert wire.changes == changes
    assert wire.headers["accept"] == "application/json"


def test_token_numbers_are_refused() -> None:
    """Broken: token numbers of another vendor's tokenizer are embedded as if they were this one's."""
    with pytest.raises(ProviderError) as raised:
        encoded("text-embedding-v4", [[1, 2]])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "input")


def test_batches() -> None:
    """Broken: more texts go up at once than a model takes."""
    assert [batch(to(f"text-embedding-v{n}")) for n in (1, 2, 3, 4)] == [25, 25, 10, 10]
    assert batch(to("qwen3.7-text-embedding")) == 10
    compatible = ROWS["dashscope-openai"].embed
    assert compatible is not None and compatible.batch is batch
    assert ROWS["bailian"].embed is ROWS["dashscope-anthropic"].embed is None


def test_reply() -> None:
    """Broken: vectors come back in another order, or an error inside a 200 passes for some."""
    rows = [{"text_index": 1, "embedding": [3]}, {"text_index": 0, "embedding": [1, 0.5]}]
    reply = EMBEDDER.decode(orjson.dumps({"output": {"embeddings": rows}, "usage": {"total_tokens": 4}}))
    assert (reply.vectors, reply.usage.prompt_tokens) == ([[1.0, 0.5], [3.0]], 4)
    assert EMBEDDER.decode(orjson.dumps({"output": {"embeddings": rows}})).usage.prompt_tokens == 0
    with pytest.raises(ProviderError, match="told") as raised:
        EMBEDDER.decode(b'{"code":"Throttling","message":"told"}')
    assert raised.value.kind is ErrorKind.RATE_LIMITED
    for text in (b"<html>told</html>", b'["told"]'):
        with pytest.raises(ProviderError, match="told") as raised:
            EMBEDDER.decode(text)
        assert raised.value.kind is ErrorKind.MALFORMED
