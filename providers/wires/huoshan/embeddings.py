"""Embeddings of text in the usual shape, and those of models that see: one input a call, told as a typed part.

Source: https://www.volcengine.com/docs/82379/1523520 and volcengine-ark-runtime 5.0.54, checked 2026-08.
"""

from dataclasses import replace
from functools import partial
from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import Destination, EmbeddingRequest, Json, WireRequest
from providers.vendor import Embedder
from providers.wires.huoshan import urls
from providers.wires.openai import embeddings
from providers.wires.openai.dialect import Dialect, models
from providers.wires.openai.request import HEADERS

SEEING: Final = models(r".*embedding-vision|.*multimodal")
"""Names of models that see. An endpoint id does not tell; there the address of the entry does."""

_KNOWN: Final = frozenset({"encoding_format", "dimensions", "instructions", "sparse_embedding"})


def sees(to: Destination) -> bool:
    """Whether the destination is a model with an endpoint of its own for text, images and video."""
    return SEEING.match(to.model) is not None or to.server_url.rstrip("/").endswith(urls.MULTIMODAL)


def _batch(to: Destination) -> int:
    """A model that sees makes one vector of all parts of a call, so each input is a call of its own."""
    return 1 if sees(to) else 0


def _encode(request: EmbeddingRequest, to: Destination, dialect: Dialect) -> WireRequest:
    if not sees(to):
        return embeddings.encode(request, to, dialect)
    body: Json = {"model": to.model, "input": [_part(request.inputs[0])], "encoding_format": "float"}
    body.update((name, request.params[name]) for name in _KNOWN if request.params.get(name) and name not in body)
    changes = tuple(dropped(request.params, _KNOWN))
    return WireRequest("POST", urls.multimodal(to.server_url), HEADERS, orjson.dumps(body), changes)


def _part(given: str | list[int]) -> Json:
    """The input as a part: text, or the image or video that a data URL holds."""
    if not isinstance(given, str):
        raise ProviderError(ErrorKind.UNSUPPORTED, "this model embeds texts and images, not tokens", param="input")
    for kind in ("image", "video"):
        if given.startswith(f"data:{kind}/"):
            return {"type": f"{kind}_url", f"{kind}_url": {"url": given}}
    return {"type": "text", "text": given}


def embedder(dialect: Dialect) -> Embedder:
    """Both kinds of embeddings, in the dialect of the vendor's chat but for the address."""
    plain = replace(dialect, url=urls.embeddings)
    return Embedder(partial(_encode, dialect=plain), partial(embeddings.decode, dialect=plain), _batch)
