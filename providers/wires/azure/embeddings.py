"""Embeddings: OpenAI's, at a deployment's address and without a model in the body where the address names it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import orjson

from providers.types import Destination, EmbeddingRequest, WireRequest
from providers.wires.azure.plan import plan
from providers.wires.azure.request import headers
from providers.wires.azure.urls import DEPLOYMENTS
from providers.wires.openai import embeddings as common
from providers.wires.openai.dialect import Dialect

OPERATION: Final = "embeddings"


def encode(request: EmbeddingRequest, to: Destination, dialects: Mapping[str, Dialect]) -> WireRequest:
    """The request for ``to``; the number of inputs is the deployment's to judge (2048, one for the oldest model)."""
    chosen = plan(request.model, to, dialects)
    wire = common.encode(request, replace(to, model=chosen.deployment), chosen.dialect)
    fields = headers(to, chosen, {})
    if chosen.place.surface == DEPLOYMENTS:
        body = orjson.loads(wire.body)
        del body["model"]
        wire = replace(wire, body=orjson.dumps(body))
    return replace(wire, url=chosen.url(OPERATION), headers=fields)
