"""Embeddings, which have a shape of their own on every host: ``texts`` up, ``vectors`` down."""

from dataclasses import replace
from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Destination, EmbeddingReply, EmbeddingRequest, Json, Usage, WireRequest
from providers.vendor import Embedder
from providers.wires.minimax import faults
from providers.wires.minimax.addresses import EMBEDDINGS_URL, embeddings_url

DEFAULT_TYPE: Final = "db"
"""For storage; a client that searches sends ``"type": "query"``.

Source: https://platform.minimaxi.com/document/Embeddings, checked 2026-08.
"""

_KNOWN: Final = frozenset({"type", "encoding_format"})


def encode(wanted: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for ``to``; the group is added by ``sign``. Raises UNSUPPORTED for tokens instead of texts."""
    if not all(isinstance(text, str) for text in wanted.inputs):
        raise ProviderError(ErrorKind.UNSUPPORTED, "this model takes texts, not token numbers", param="input")
    body: Json = {"model": to.model, "texts": wanted.inputs, "type": wanted.params.get("type") or DEFAULT_TYPE}
    lost = [f"dropped {name}" for name, value in wanted.params.items() if value is not None and name not in _KNOWN]
    headers = {"content-type": "application/json"}
    return WireRequest("POST", embeddings_url(to.server_url), headers, orjson.dumps(body), tuple(lost))


def encode_anywhere(wanted: EmbeddingRequest, to: Destination) -> WireRequest:
    """The same for an entry without a ``server_url``: the one host where embeddings are documented."""
    return encode(wanted, replace(to, server_url=EMBEDDINGS_URL))


def decode(body: bytes) -> EmbeddingReply:
    """The vectors in the order of the inputs. Raises the vendor's error, whose ``vectors`` are null."""
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise faults.of_text(body) from None
    error = faults.in_answer(doc, BODY)
    if error:
        raise error
    vectors = doc.get("vectors")
    if not vectors:
        raise ProviderError(ErrorKind.MALFORMED, "the upstream's answer holds no embeddings")
    floats = [[float(number) for number in vector] for vector in vectors]
    return EmbeddingReply(floats, Usage(int(doc.get("total_tokens") or 0), 0))


EMBEDDER: Final = Embedder(encode, decode)
EMBEDDER_ANYWHERE: Final = Embedder(encode_anywhere, decode)
