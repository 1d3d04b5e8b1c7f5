"""Embeddings: many texts a call, or on servers that know only the older endpoint, one.

Source: https://docs.ollama.com/api/embed, checked 2026-08.
"""

from typing import Any, Final

import orjson

from providers import losses as common
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.vendor import Embedder
from providers.wires.ollama import faults, urls
from providers.wires.ollama.request import HEADERS

_TAKEN: Final = frozenset({"truncate", "dimensions", "options", "keep_alive"})
_CONFIGURED: Final = ("truncate", "options", "keep_alive")


def encode(request: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for any number of texts. Raises UNSUPPORTED for token numbers."""
    return _wire(request, to, urls.EMBED, {"input": _texts(request)})


def _encode_one(request: EmbeddingRequest, to: Destination) -> WireRequest:
    (text,) = _texts(request)
    return _wire(request, to, urls.EMBEDDINGS, {"prompt": text})


def _wire(request: EmbeddingRequest, to: Destination, path: str, asked: Json) -> WireRequest:
    told = {name: value for name, value in request.params.items() if value is not None and name != "encoding_format"}
    body: Json = {name: to.options[name] for name in _CONFIGURED if to.options.get(name) is not None}
    body.update((name, value) for name, value in told.items() if name in _TAKEN)
    lost = tuple(common.dropped(told, _TAKEN))
    wire = {"model": to.model, **asked, **body}
    return WireRequest("POST", urls.native(to.server_url, path), HEADERS, orjson.dumps(wire), lost)


def _texts(request: EmbeddingRequest) -> list[str]:
    texts = [text for text in request.inputs if isinstance(text, str)]
    if len(texts) < len(request.inputs):
        raise ProviderError(ErrorKind.UNSUPPORTED, "this vendor takes texts, not token numbers", param="input")
    return texts


def decode(body: bytes) -> EmbeddingReply:
    """The vectors in the order of the texts. Raises the vendor's error, or MALFORMED where there are none."""
    try:
        doc: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise faults.of_text(body) from None
    if not isinstance(doc, dict) or doc.get("error"):
        raise faults.in_reply(body)
    rows = doc.get("embeddings") or ([doc["embedding"]] if doc.get("embedding") else None)
    if not rows:
        raise ProviderError(ErrorKind.MALFORMED, "the upstream's answer holds no embeddings")
    vectors = [[float(number) for number in row] for row in rows]
    return EmbeddingReply(vectors, Usage(doc.get("prompt_eval_count") or 0, 0))


ONE_BY_ONE: Final = Embedder(_encode_one, decode, batch=1)
"""What servers before 0.3.4 know; they tell no counts of tokens."""


def _older(error: ProviderError) -> Embedder | None:
    """The older endpoint where the newer one is not there; a model that is not there is another matter."""
    return ONE_BY_ONE if error.status == 404 and error.kind is ErrorKind.INVALID_REQUEST else None


EMBEDDER: Final = Embedder(encode, decode, instead=_older)
