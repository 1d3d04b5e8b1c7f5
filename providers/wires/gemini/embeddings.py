"""Embeddings: many texts in one call at Google AI, as many as the model takes at Vertex AI.

Source: https://ai.google.dev/api/embeddings, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api,
checked 2026-08.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.wires.gemini import faults, urls, vertex
from providers.wires.openai import shapes

BATCH: Final = 100
"""Unverified."""

_READ: Final = frozenset({"dimensions", "encoding_format", "task_type"})
_HEADERS: Final = {"content-type": "application/json"}
_SINGLE: Final = "gemini-embedding"
_OWN_METHOD: Final = ("gemini-embedding-2", "gemini-embedding-3")
"""Models that Vertex AI serves by ``embedContent``, a text a call; that these are all is unverified."""
_VERTEX_BATCH: Final = 250


def encode(request: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for Google AI. Raises UNSUPPORTED for token numbers."""
    name = to.model if to.model.startswith("tunedModels/") else f"models/{urls.bare(to.model)}"
    rows = [{"model": name, **_content(text), **_options(request.params)} for text in _texts(request)]
    url = urls.method(to.server_url, to.model, "batchEmbedContents")
    return WireRequest("POST", url, _HEADERS, orjson.dumps({"requests": rows}), _changes(request))


def encode_vertex(request: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for Vertex AI, whose newer models have a method of their own."""
    model, texts = vertex.model_of(to), _texts(request)
    if model.startswith(_OWN_METHOD):
        url, body = vertex.address(to, model, "embedContent"), {**_content(texts[0]), **_options(request.params)}
        return WireRequest("POST", url, _HEADERS, orjson.dumps(body), _changes(request))
    task = request.params.get("task_type")
    rows = [{"content": text, **({"task_type": task} if task else {})} for text in texts]
    size = request.params.get("dimensions")
    parameters = {"autoTruncate": True, **({"outputDimensionality": size} if size else {})}
    body = {"instances": rows, "parameters": parameters}
    return WireRequest("POST", vertex.address(to, model, "predict"), _HEADERS, orjson.dumps(body), _changes(request))


def vertex_batch(to: Destination) -> int:
    """How many texts a model takes at once."""
    return 1 if vertex.model_of(to).startswith(_SINGLE) else _VERTEX_BATCH


def decode(body: bytes) -> EmbeddingReply:
    """The vectors of an answer in any of the three forms. Only one of them counts tokens; else the count is 0."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = f"the upstream's answer is not JSON: {shapes.extract(body)}"
        raise ProviderError(ErrorKind.MALFORMED, text) from None
    if error := faults.in_document(document):
        raise error
    try:
        vectors, tokens = _read(document)
    except (KeyError, TypeError, AttributeError):
        raise ProviderError(ErrorKind.MALFORMED, "the upstream's answer holds no embeddings") from None
    return EmbeddingReply(vectors, Usage(tokens, 0))


def _read(document: Mapping[str, Any]) -> tuple[list[list[float]], int]:
    if "predictions" in document:
        found = [row["embeddings"] for row in document["predictions"]]
        counted = [row.get("statistics") or {} for row in found]
        return [row["values"] for row in found], int(sum(one.get("token_count") or 0 for one in counted))
    rows = document["embeddings"] if "embeddings" in document else [document["embedding"]]
    usage = document.get("usageMetadata") or {}
    return [row["values"] for row in rows], int(usage.get("promptTokenCount") or 0)


def _texts(request: EmbeddingRequest) -> list[str]:
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) < len(request.inputs):
        message = "this model embeds texts, not token numbers"
        raise ProviderError(ErrorKind.UNSUPPORTED, message, param="input")
    return texts


def _content(text: str) -> Json:
    return {"content": {"parts": [{"text": text}]}}


def _options(params: Json) -> Json:
    named = {"outputDimensionality": params.get("dimensions"), "taskType": params.get("task_type")}
    return {name: value for name, value in named.items() if value is not None}


def _changes(request: EmbeddingRequest) -> tuple[str, ...]:
    return tuple(dropped(request.params, _READ))
