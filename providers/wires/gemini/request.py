"""A chat request as a generateContent body, and as a request to Google AI."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import orjson

from providers.errors import ProviderError
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.anthropic import forms
from providers.wires.gemini import history, models, native, params, reply, tools, urls
from providers.wires.gemini.names import Names
from providers.wires.gemini.surface import GOOGLE_AI, Surface

OPTIONS: Final = frozenset({"safety_settings", "drop_sampling"})
"""Further fields of an entry: ``safety_settings`` (a threshold, an object or a list), and ``drop_sampling`` (true, or
models that take no temperature, top_p and top_k)."""

HEADERS: Final = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Made:
    """A body and what of the request it does not hold. ``source`` tells the reader of the reply where that is from."""

    json: Json
    changes: tuple[str, ...]
    stops: tuple[str, ...]
    source: reply.Source


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for Google AI; ``sign`` adds the key. Raises UNSUPPORTED for what must not be left out."""
    url = urls.method(to.server_url, to.model, urls.STREAM if request.stream else urls.GENERATE, sse=request.stream)
    return wired(url, body(request, to, GOOGLE_AI))


def wired(url: str, made: Made) -> WireRequest:
    """The request, to be asked once more where the answer is empty: these models give such answers now and then."""
    wire = WireRequest("POST", url, HEADERS, orjson.dumps(made.json), made.changes, made.stops)
    last = replace(wire, decode=partial(reply.decode, source=made.source))

    def instead(error: ProviderError) -> WireRequest | None:
        return last if isinstance(error, reply.EmptyAnswerError) else None

    return replace(last, decode=partial(reply.decode, source=made.source, again=True), instead=instead)


def body(request: ChatRequest, to: Destination, surface: Surface) -> Made:
    """The body for ``to.model`` at one of the vendor's doors."""
    losses: list[str] = []
    asked = forms.current(request, to.flatten, losses)
    traits = models.traits(to.model)
    names = Names(traits.tool_name_chars)
    tooling = tools.arranged(asked.params, names, losses)
    source = reply.Source(f"{surface.name}/{urls.bare(to.model)}", names.told)
    context = history.Context(traits, surface, source.name, names, to.recall)
    drop = _is_listed(to.options.get("drop_sampling"), to.model)
    config = params.generation(asked.params, traits, losses, functions=tooling.functions, drop_sampling=drop)
    document: Json = {
        **history.system(asked.messages, losses),
        "contents": history.contents(asked.messages, context, losses),
        **({"tools": tooling.tools} if tooling.tools else {}),
        **({"toolConfig": tooling.config} if tooling.config else {}),
        **({"generationConfig": config} if config else {}),
        **native.fields(asked.params, to.options.get("safety_settings"), losses),
    }
    return Made(document, tuple(dict.fromkeys(losses)), params.further_stops(asked.params), source)


def _is_listed(told: Any, model: str) -> bool:
    return told is True or (isinstance(told, list) and model in told)
