"""Text embeddings: a handful of texts up, vectors with their numbers down."""

from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.vendor import Embedder
from providers.wires.dashscope import faults, urls
from providers.wires.dashscope.request import headers
from providers.wires.openai.dialect import models

_OLD: Final = models(r"text-embedding(-async)?-v[12]$")
_OLD_DIMENSIONS: Final = 1536
_KNOWN: Final = ("text_type", "instruct")


def batch(to: Destination) -> int:
    """How many texts a model takes at once. For names that are not documented the smaller number.

    Source: https://help.aliyun.com/zh/model-studio/embedding, checked 2026-08.
    """
    return 25 if _OLD.match(to.model) else 10


def encode(request: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for ``to``. Raises UNSUPPORTED for tokens instead of texts."""
    if not all(isinstance(text, str) for text in request.inputs):
        raise ProviderError(ErrorKind.UNSUPPORTED, "this model takes texts, not token numbers", param="input")
    given = {name: value for name, value in request.params.items() if value is not None and name != "encoding_format"}
    parameters: Json = {"text_type": "document"}
    wanted = given.pop("dimensions", None)
    lost = []
    if wanted is not None and not _OLD.match(to.model):
        parameters["dimension"] = wanted
    elif wanted not in (None, _OLD_DIMENSIONS):
        lost.append("dropped dimensions")
    parameters.update((name, given.pop(name)) for name in _KNOWN if name in given)
    # Sparse vectors have no place in OpenAI's answer.
    lost += [f"dropped {name}" for name, value in given.items() if (name, value) != ("output_type", "dense")]
    body = {"model": to.model, "input": {"texts": request.inputs}, "parameters": parameters}
    return WireRequest("POST", urls.embeddings(to.server_url), headers(False, to), orjson.dumps(body), tuple(lost))


def decode(body: bytes) -> EmbeddingReply:
    """The vectors in the order of the inputs. Raises the vendor's error."""
    try:
        doc = orjson.loads(body)
        error = faults.in_answer(doc, "")
    except (orjson.JSONDecodeError, AttributeError):
        raise faults.of_text(body) from None
    if error:
        raise error
    rows = sorted(doc["output"]["embeddings"], key=lambda row: row.get("text_index") or 0)
    told = doc.get("usage") or {}
    vectors = [[float(number) for number in row["embedding"]] for row in rows]
    return EmbeddingReply(vectors, Usage(int(told.get("total_tokens") or told.get("input_tokens") or 0), 0))


EMBEDDER: Final = Embedder(encode, decode, batch)
