"""V1's embeddings: one path per model, a list of texts, at most sixteen.

Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/alj562vvu, checked 2026-08.
"""

from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.wires.openai import embeddings
from providers.wires.openai.dialect import Dialect
from providers.wires.qianfan import faults, models, urls
from providers.wires.qianfan.request import HEADERS

MOST_TEXTS: Final = 16
_ONE_AT_A_TIME: Final = "tao_8k"

_KNOWN: Final = frozenset({"encoding_format", "user"})
_PLAIN: Final = Dialect()


def encode(request: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for ``to``, still without its token. Raises UNSUPPORTED for what the vendor cannot take."""
    check(request)
    path = models.embedding_path(to.model)
    body: Json = {"input": request.inputs}
    if request.params.get("user"):
        body["user_id"] = request.params["user"]
    changes = tuple(dropped(request.params, _KNOWN))
    return WireRequest("POST", urls.v1(to.server_url, "embeddings", path), HEADERS, orjson.dumps(body), changes)


def check(request: EmbeddingRequest) -> None:
    """Raise UNSUPPORTED for token numbers."""
    if not all(isinstance(item, str) for item in request.inputs):
        raise ProviderError(ErrorKind.UNSUPPORTED, "this model takes texts, not token numbers", param="input")


def batch(to: Destination) -> int:
    """How many texts the model takes at once."""
    return 1 if models.embedding_path(to.model) == _ONE_AT_A_TIME else MOST_TEXTS


def decode(body: bytes) -> EmbeddingReply:
    """The vectors by index, and the prompt's tokens. Raises the vendor's error."""
    try:
        error = faults.in_document(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise faults.of_text(body) from None
    if error:
        raise error
    reply = embeddings.decode(body, _PLAIN)
    return EmbeddingReply(reply.vectors, Usage(reply.usage.prompt_tokens, 0))
