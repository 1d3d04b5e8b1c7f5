"""Embeddings of the wire: one document up, one down, floats in the order of the inputs."""

import base64
import struct
from typing import Any

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.wires.openai import faults, usage
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.request import HEADERS
from providers.wires.openai.urls import EMBEDDINGS, endpoint


def encode(request: EmbeddingRequest, to: Destination, dialect: Dialect) -> WireRequest:
    """The request for ``to``. Floats are asked for whatever the client wants: many vendors know no base64."""
    model = dialect.name(to.model) if dialect.name else to.model
    body: Json = {"model": model, "input": request.inputs, "encoding_format": "float"}
    body.update((name, value) for name, value in request.params.items() if value is not None and name not in body)
    losses = [name for name in body if name in dialect.embedding_drop]
    for name in losses:
        del body[name]
    server_url = dialect.url(to.server_url, model) if dialect.url else to.server_url
    url = endpoint(server_url, EMBEDDINGS, dialect.root)
    changes = tuple(f"dropped {name}" for name in losses if name != "encoding_format")
    return WireRequest("POST", url, HEADERS, orjson.dumps(body), changes)


def decode(body: bytes, dialect: Dialect) -> EmbeddingReply:
    """The vectors by index, and the prompt's tokens. Raises the vendor's error, or MALFORMED where there are none."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise faults.of_text(body, dialect) from None
    error = faults.in_payload(doc, BODY, dialect)
    if error:
        raise error
    data = doc.get("data") if isinstance(doc, dict) else None
    rows = [data] if isinstance(data, dict) else data
    if not isinstance(rows, list) or not rows:
        raise ProviderError(ErrorKind.MALFORMED, "the upstream's answer holds no embeddings")
    numbered = sorted(enumerate(rows), key=_place)
    counts = usage.of_object(doc["usage"]) if doc.get("usage") else None
    prompt_tokens = counts.prompt_tokens or counts.total_tokens if counts else 0
    return EmbeddingReply([_floats(row["embedding"]) for _, row in numbered], Usage(prompt_tokens, 0))


def _place(numbered: tuple[int, Json]) -> int:
    """The row's own number, or that of its order where it has none."""
    order, row = numbered
    return row["index"] if type(row.get("index")) is int else order


def _floats(vector: Any) -> list[float]:
    """The numbers of a vector, sent as a list or as base64 of little-endian 32-bit floats."""
    if isinstance(vector, str):
        packed = base64.b64decode(vector)
        if len(packed) % 4:
            raise ValueError("a vector's bytes are no 32-bit numbers")
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))
    return [float(number) for number in vector]
