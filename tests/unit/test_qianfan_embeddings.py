"""Embeddings of both protocols."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest, WireRequest
from providers.vendors.qianfan import V1, V2


def embedded(row: Any, inputs: Any, model: str = "Embedding-V1", **params: Any) -> WireRequest:
    wire = row.embed.encode(EmbeddingRequest(model, inputs, params), Destination(model, row.base_url))
    assert isinstance(wire, WireRequest)
    return wire


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("Embedding-V1", "embedding-v1"),
        ("bge-large-zh", "bge_large_zh"),
        ("bge_large_en", "bge_large_en"),
        ("tao-8k", "tao_8k"),
        ("New-One", "new-one"),
    ],
)
def test_embedding_paths(model: str, path: str) -> None:
    """Broken: an embedding model is asked for under another's path."""
    assert embedded(V1, ["x"], model).url == f"{V1.base_url}/rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/{path}"


def test_embedding_bodies() -> None:
    """Broken: V1 gets fields it does not know, or their loss is not said."""
    wire = embedded(V1, ["x", "y"], user="u", dimensions=5, encoding_format="base64")
    assert orjson.loads(wire.body) == {"input": ["x", "y"], "user_id": "u"}
    assert wire.changes == ("dropped dimensions",)
    wire = embedded(V2, ["x"], "bge_large_zh", dimensions=5, encoding_format="base64")
    assert orjson.loads(wire.body) == {"model": "bge-large-zh", "input": ["x"]}
    assert wire.url == "https://qianfan.baidubce.com/v2/embeddings"
    assert wire.changes == ("dropped dimensions",)


@pytest.mark.parametrize("row", [V1, V2])
@pytest.mark.parametrize(("model", "most"), [("Embedding-V1", 16), ("bge_large_zh", 16), ("tao-8k", 1), ("TAO_8K", 1)])
def test_embedding_batches(row: Any, model: str, most: int) -> None:
    """Broken: a model is sent more texts at once than it takes."""
    assert row.embed.batch(Destination(model, "")) == most


@pytest.mark.parametrize("row", [V1, V2])
def test_refused_embeddings(row: Any) -> None:
    """Broken: token numbers, which the vendor refuses, are sent."""
    with pytest.raises(ProviderError) as raised:
        embedded(row, [[1, 2]])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "input")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error_code":111,"error_msg":"Access token expired"}', ErrorKind.UPSTREAM_AUTH),
        (b"<html></html>", ErrorKind.MALFORMED),
        (b"{}", ErrorKind.MALFORMED),
    ],
)
def test_failed_embeddings(body: bytes, kind: ErrorKind) -> None:
    """Broken: an error inside HTTP 200 becomes an empty list of vectors."""
    assert V1.embed
    with pytest.raises(ProviderError) as raised:
        V1.embed.decode(body)
    assert raised.value.kind is kind
    assert raised.value.stale_token is (kind is ErrorKind.UPSTREAM_AUTH)
