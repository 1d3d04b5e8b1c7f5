"""A chat request as bytes for one speaker of the wire."""

import re
from dataclasses import replace
from functools import partial
from typing import Final

import orjson

from providers.errors import ProviderError
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.openai import legacy, messages, params, turns
from providers.wires.openai.dialect import NEVER, Dialect
from providers.wires.openai.urls import CHAT, endpoint

HEADERS: Final = {"content-type": "application/json"}
_EVERY_MODEL: Final = re.compile("")


def encode(request: ChatRequest, to: Destination, dialect: Dialect) -> WireRequest:
    """The request for ``to``, its body equal to the client's wherever the dialect demands no change.

    Order of the body: model, messages, stream, then the parameters as they came. ``changes`` names every loss;
    renames without one are silent. Raises UNSUPPORTED for parts a text-only model cannot take.
    """
    losses: list[str] = []
    model = dialect.name(to.model) if dialect.name else to.model
    given, given_params = request.messages, request.params
    if dialect.modern_only:
        given, given_params = [legacy.message(message) for message in given], legacy.params(given_params)
    adapted = messages.adapt(given, to, dialect, model, losses)
    body: Json = {"model": model, "messages": turns.arrange(adapted, dialect, model, losses)}
    if request.stream:
        body["stream"] = True
    body.update(given_params)
    params.adapt(body, dialect, losses)
    server_url = dialect.url(to.server_url, model) if dialect.url else to.server_url
    may_stream = dialect.stream_refusal is not NEVER and body.get("stream") is not True
    return WireRequest(
        "POST",
        endpoint(server_url, CHAT, dialect.root),
        HEADERS,
        orjson.dumps(body),
        tuple(losses),
        stops=_texts(request.params.get("stop")) if dialect.cut_stops else (),
        split_think=to.options.get("split_think") is True,
        instead=partial(_streamed, request, to, dialect) if may_stream else None,
    )


def _streamed(request: ChatRequest, to: Destination, dialect: Dialect, error: ProviderError) -> WireRequest | None:
    """The request for the same answer by stream, if that is what the vendor asks for."""
    if not dialect.stream_refusal.search(error.message):
        return None
    return encode(request, to, replace(dialect, stream_only=_EVERY_MODEL))


def _texts(stop: object) -> tuple[str, ...]:
    """The stop texts of a request, whether it gave one, several or none."""
    if isinstance(stop, str):
        return (stop,)
    return tuple(stop) if isinstance(stop, list) else ()
