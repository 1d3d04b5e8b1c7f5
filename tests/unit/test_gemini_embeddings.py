"""Embeddings at both of Google's doors, in all three forms."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest
from tests.unit.gemini import GEMINI, PLACE, VERTEX

assert GEMINI.embed
assert VERTEX.embed
GOOGLE, CLOUD = GEMINI.embed, VERTEX.embed
HOST = "https://us-central1-aiplatform.googleapis.com/v1/projects/example-project/locations/us-central1"


def asked(model: str, *texts: str, **params: Any) -> EmbeddingRequest:
    return EmbeddingRequest(model, list(texts), params)


def test_google_ai() -> None:
    """Broken: a text, a size or a task does not go up, or the model is named otherwise than the API wants it."""
    request = asked("models/e", "a", "b", dimensions=8, task_type="RETRIEVAL_QUERY", encoding_format="base64", user="u")
    wire = GOOGLE.encode(request, Destination("models/e", GEMINI.base_url))
    assert wire.url == f"{GEMINI.base_url}/e:batchEmbedContents"
    rows = orjson.loads(wire.body)["requests"]
    same = {"model": "models/e", "outputDimensionality": 8, "taskType": "RETRIEVAL_QUERY"}
    assert rows == [{**same, "content": {"parts": [{"text": text}]}} for text in ("a", "b")]
    assert wire.changes == ("dropped user",)


def test_vertex() -> None:
    """Broken: texts go up as Google AI wants them, or more of them than a model takes."""
    to = Destination("text-embedding-005", VERTEX.base_url, PLACE)
    wire = CLOUD.encode(asked("m", "a", "b", dimensions=8, task_type="X"), to)
    assert wire.url == f"{HOST}/publishers/google/models/text-embedding-005:predict"
    assert orjson.loads(wire.body) == {
        "instances": [{"content": "a", "task_type": "X"}, {"content": "b", "task_type": "X"}],
        "parameters": {"autoTruncate": True, "outputDimensionality": 8},
    }
    assert callable(CLOUD.batch)
    assert CLOUD.batch(to) == 250
    assert CLOUD.batch(Destination("gemini-embedding-001", "", PLACE)) == 1
    newer = CLOUD.encode(asked("m", "a"), Destination("gemini-embedding-2", VERTEX.base_url, PLACE))
    assert newer.url.endswith("/gemini-embedding-2:embedContent")
    assert orjson.loads(newer.body) == {"content": {"parts": [{"text": "a"}]}}


def test_token_numbers_are_refused() -> None:
    """Broken: token numbers are embedded as texts."""
    with pytest.raises(ProviderError) as raised:
        GOOGLE.encode(EmbeddingRequest("e", [[1, 2]], {}), Destination("e", GEMINI.base_url))
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "input")


@pytest.mark.parametrize(
    ("document", "vectors", "tokens"),
    [
        ({"embeddings": [{"values": [0.5]}, {"values": [1.0]}]}, [[0.5], [1.0]], 0),
        ({"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 3}}, [[0.5]], 3),
        ({"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 2}}}]}, [[0.5]], 2),
        ({"predictions": [{"embeddings": {"values": [0.5]}}]}, [[0.5]], 0),
    ],
)
def test_answers(document: Any, vectors: list[list[float]], tokens: int) -> None:
    """Broken: vectors or counts are not found."""
    reply = CLOUD.decode(orjson.dumps(document))
    assert (reply.vectors, reply.usage.prompt_tokens) == (vectors, tokens)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{}", ErrorKind.MALFORMED),
        (b"<html>", ErrorKind.MALFORMED),
        (b'{"embeddings": [{}]}', ErrorKind.MALFORMED),
        (b'{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}', ErrorKind.RATE_LIMITED),
    ],
)
def test_no_answers(data: bytes, kind: ErrorKind) -> None:
    """Broken: what is no answer is an exception that nobody expects."""
    with pytest.raises(ProviderError) as raised:
        GOOGLE.decode(data)
    assert raised.value.kind is kind
