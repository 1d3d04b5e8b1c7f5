"""A chat request as bytes for one speaker of the wire."""

from typing import Final

import orjson

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.openai import messages, params, turns
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.urls import CHAT, endpoint

HEADERS: Final = {"content-type": "application/json"}


def encode(request: ChatRequest, to: Destination, dialect: Dialect) -> WireRequest:
    """The request for ``to``, its body equal to the client's wherever the dialect demands no change.

    Order of the body: model, messages, stream, then the parameters as they came. ``changes`` names every loss;
    renames without one are silent. Raises UNSUPPORTED for parts a text-only model cannot take.
    """
    losses: list[str] = []
    adapted = messages.adapt(request.messages, dialect, to.model, to.flatten, losses)
    body: Json = {"model": to.model, "messages": turns.arrange(adapted, dialect, to.model, losses)}
    if request.stream:
        body["stream"] = True
    body.update(request.params)
    params.adapt(body, dialect, losses)
    server_url = dialect.url(to.server_url, to.model) if dialect.url else to.server_url
    url = endpoint(server_url, CHAT, dialect.root)
    return WireRequest("POST", url, HEADERS, orjson.dumps(body), tuple(losses))
