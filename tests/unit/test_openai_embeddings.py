"""Embeddings of the wire."""

import base64
import struct
from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest
from providers.wires.openai import embeddings
from providers.wires.openai.dialect import Dialect

PLAIN = Dialect()
TO = Destination("e-1", "https://a.example/v1/chat/completions")


def test_floats_are_asked_for() -> None:
    """A vendor is asked for base64, which many do not know, or parameters are lost."""
    params = {"encoding_format": "base64", "dimensions": 8, "user": None}
    wire = embeddings.encode(EmbeddingRequest("alias", ["a"], params), TO, PLAIN)
    assert wire.url == "https://a.example/v1/embeddings"
    assert orjson.loads(wire.body) == {"model": "e-1", "input": ["a"], "encoding_format": "float", "dimensions": 8}
    assert wire.changes == ()


def test_refused_parameters_are_dropped() -> None:
    """A vendor gets parameters it refuses, or their loss is not told."""
    row = Dialect(embedding_drop=frozenset({"encoding_format", "dimensions"}), name=str.upper, url=lambda url, _m: url)
    wire = embeddings.encode(EmbeddingRequest("alias", ["a"], {"dimensions": 8}), TO, row)
    assert orjson.loads(wire.body) == {"model": "E-1", "input": ["a"]}
    assert wire.changes == ("dropped dimensions",)


def decode(doc: Any) -> list[list[float]]:
    return embeddings.decode(orjson.dumps(doc), PLAIN).vectors


def test_order_and_forms() -> None:
    """Vectors come in another order than the inputs, or in a form that is not understood."""
    packed = base64.b64encode(struct.pack("<2f", 1.5, -2)).decode()
    rows = [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": packed}]
    assert decode({"data": rows}) == [[1.5, -2.0], [3.0, 4.0]]
    assert decode({"data": [{"embedding": [1.0]}, {"embedding": [2.0]}]}) == [[1.0], [2.0]]
    assert decode({"data": {"embedding": [1.0], "object": "embedding"}}) == [[1.0]]
    assert decode({"data": [{"index": None, "embedding": [1.0]}, {"index": None, "embedding": [2.0]}]}) == [
        [1.0],
        [2.0],
    ]


@pytest.mark.parametrize(
    ("usage", "tokens"), [({"prompt_tokens": 3, "total_tokens": 3}, 3), ({"total_tokens": 4}, 4), (None, 0), ({}, 0)]
)
def test_usage(usage: Any, tokens: int) -> None:
    """The tokens of an embedding are lost."""
    reply = embeddings.decode(orjson.dumps({"data": [{"embedding": [1.0]}], "usage": usage}), PLAIN)
    assert reply.usage.prompt_tokens == tokens


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"code":401,"message":"m"}}', ErrorKind.UPSTREAM_AUTH),
        (b'{"data":[]}', ErrorKind.MALFORMED),
        (b"[]", ErrorKind.MALFORMED),
        (b"<html>no</html>", ErrorKind.MALFORMED),
    ],
)
def test_failures(body: bytes, kind: ErrorKind) -> None:
    """A failure looks like an answer without vectors."""
    with pytest.raises(ProviderError) as raised:
        embeddings.decode(body, PLAIN)
    assert raised.value.kind is kind


@pytest.mark.parametrize("vector", ["user", "YQ", 7, [None]])
def test_vectors_that_are_none(vector: Any) -> None:
    """What is no vector ends in an error that nobody expects, and the client reads of a fault of the gateway."""
    with pytest.raises((ValueError, TypeError)):
        embeddings.decode(orjson.dumps({"data": [{"embedding": vector}]}), PLAIN)
