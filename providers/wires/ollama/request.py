"""A chat request, and the same without what a model turns out not to know: thinking, or tools."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.ollama import messages, params, urls
from providers.wires.openai import legacy

HEADERS: Final = {"content-type": "application/json"}
_LACKS: Final = re.compile(r"does not support (?P<what>thinking|tools)")
"""Source: the server's routes.go, checked 2026-08."""

_FIELDS: Final = {"thinking": "think", "tools": "tools"}
_ADDED: Final = "added a system message that asks for JSON"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stays the same over all requests for one answer. ``key`` is where memory keeps what the model lacks."""

    request: ChatRequest
    to: Destination
    url: str
    key: str


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``. ``stream`` is always said, since the server streams unless told not to.

    What this model was seen to lack is left out from the beginning; ``instead`` leaves out what it complains of.
    """
    url = urls.native(to.server_url, urls.CHAT)
    key = f"{url} {to.model}"
    told = to.recall(key) or {}
    return _built(_Asked(request, to, url, key), frozenset(told.get("lacks", ())))


def _built(asked: _Asked, lacks: frozenset[str], memo: Mapping[str, Json] | None = None) -> WireRequest:
    losses: list[str] = []
    request, to = asked.request, asked.to
    given = legacy.params(request.params)
    said = messages.native(request.messages, to, losses)
    more = params.adapt(given, to, losses)
    _leave_out(more, given, lacks, losses)
    if more.get("format") == "json" and not messages.asks_for_json(said):
        said = [{"role": "system", "content": messages.JSON_RULE}, *said]
        losses.append(_ADDED)
    body = {"model": to.model, "messages": said, "stream": request.stream, **more}
    return WireRequest(
        "POST",
        asked.url,
        HEADERS,
        orjson.dumps(body),
        tuple(losses),
        split_think=to.options.get("split_think") is True,
        instead=partial(_other, asked, lacks, frozenset(body)),
        memo=memo,
    )


def _leave_out(body: Json, given: Json, lacks: frozenset[str], losses: list[str]) -> None:
    """Take out what the model lacks. That it does not think is a loss only to who asked for thinking."""
    for name in sorted(lacks & body.keys()):
        if name == "tools" and params.forced(given):
            continue
        value = body.pop(name)
        if name == "tools":
            losses.append("dropped tools")
        elif value is not False and ("think" in given or "reasoning_effort" in given):
            losses.append(f"dropped {'think' if 'think' in given else 'reasoning_effort'}")


def _other(asked: _Asked, lacks: frozenset[str], sent: frozenset[str], error: ProviderError) -> WireRequest | None:
    """The request without what ``error`` says the model lacks, None where that was not sent or was demanded."""
    found = _LACKS.search(error.message) if error.kind is ErrorKind.INVALID_REQUEST else None
    name = _FIELDS[found["what"]] if found else ""
    if name not in sent or (name == "tools" and params.forced(asked.request.params)):
        return None
    more = lacks | {name}
    return _built(asked, more, {asked.key: {"lacks": sorted(more)}})
