"""The action ``GetEmbedding``: one text or up to 50 of them up, vectors of 1024 floats down. It knows no models."""

from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.vendor import Embedder
from providers.wires.hunyuan import faults, request

BATCH: Final = 50
"""Source: https://cloud.tencent.com/document/api/1729/102832 (InputList), checked 2026-08."""

DIMENSIONS: Final = 1024


def encode(wanted: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for ``to``, unsigned. Raises UNSUPPORTED for tokens instead of texts."""
    if not all(isinstance(text, str) for text in wanted.inputs):
        raise ProviderError(ErrorKind.UNSUPPORTED, "this model takes texts, not token numbers", param="input")
    body: Json = {"Input": wanted.inputs[0]} if len(wanted.inputs) == 1 else {"InputList": wanted.inputs}
    lost = [
        f"dropped {name}"
        for name, value in wanted.params.items()
        if value is not None and name != "encoding_format" and (name, value) != ("dimensions", DIMENSIONS)
    ]
    return request.action("GetEmbedding", body, to, tuple(lost))


def decode(body: bytes) -> EmbeddingReply:
    """The vectors in the order of the inputs. Raises the vendor's error."""
    try:
        inner = orjson.loads(body)["Response"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        raise faults.of_text(body) from None
    error = faults.in_answer(inner)
    if error:
        raise error
    # Index is documented as always 0; the sort is stable, so then the order stays as it came.
    rows = sorted(inner["Data"], key=lambda row: row.get("Index") or 0)
    told = inner.get("Usage") or {}
    vectors = [[float(number) for number in row["Embedding"]] for row in rows]
    return EmbeddingReply(vectors, Usage(int(told.get("PromptTokens") or told.get("TotalTokens") or 0), 0))


EMBEDDER: Final = Embedder(encode, decode, BATCH)
