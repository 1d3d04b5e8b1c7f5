"""A chat request for one of the service's surfaces, and what to send instead where an argument or a name is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from providers.errors import ProviderError
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.azure import refusals, reply
from providers.wires.azure.plan import Plan, plan
from providers.wires.azure.urls import DEPLOYMENTS, MODELS
from providers.wires.openai import request as common
from providers.wires.openai.dialect import Dialect

CHAT: Final = "chat/completions"

_KNOWN_TO_MODELS: Final = frozenset(
    {
        *("frequency_penalty", "max_tokens", "modalities", "presence_penalty", "response_format", "seed", "stop"),
        *("temperature", "tool_choice", "tools", "top_p"),
    }
)
"""Source: https://learn.microsoft.com/rest/api/aifoundry/modelinference, checked 2026-08."""


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What earlier refusals told of a deployment: arguments it does not take, and whether its name has no dots.

    ``once`` are those of the arguments that it takes with another value: they are not noted.
    """

    refused: frozenset[str] = frozenset()
    bare: bool = False
    once: frozenset[str] = frozenset()

    @property
    def note(self) -> Json:
        return {"refused": sorted(self.refused - self.once), "bare": self.bare}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stays the same over all requests for one answer. ``key`` is where memory keeps what is learnt."""

    request: ChatRequest
    to: Destination
    plan: Plan
    key: str


def encode(request: ChatRequest, to: Destination, dialects: Mapping[str, Dialect]) -> WireRequest:
    """The request for ``to``; ``dialects`` holds one for each surface of ``urls``.

    Arguments that this deployment was seen to refuse are left out from the beginning; ``instead`` takes them out one
    by one, and tries a model's name without its dots where there is no deployment of that name.
    """
    chosen = plan(request.model, to, dialects)
    key = chosen.url(CHAT)
    told = to.recall(key) or {}
    learnt = _Learnt(frozenset(told.get("refused", ())), told.get("bare") is True)
    return _built(_Asked(request, to, chosen, key), learnt)


def _built(asked: _Asked, learnt: _Learnt, memo: Mapping[str, Json] | None = None) -> WireRequest:
    to, chosen = asked.to, (learnt.bare and asked.plan.without_dots) or asked.plan
    fit = partial(_fit, chosen=chosen, refused=learnt.refused)
    wire = common.encode(asked.request, replace(to, model=chosen.model), replace(chosen.dialect, adjust=fit))
    keeps = to.options.get("content_filter_results") is True
    own = partial(reply.decode, dialect=chosen.dialect, keeps=keeps, note=chosen.note)
    return replace(
        wire,
        url=chosen.url(CHAT),
        headers=headers(to, chosen, asked.request.params),
        decode=own if keeps or chosen.note else None,
        instead=partial(_other, asked, learnt),
        memo=memo,
    )


def _fit(body: Json, losses: list[str], *, chosen: Plan, refused: frozenset[str]) -> None:
    """Name the deployment where the address does not, and leave out what was refused."""
    if chosen.place.surface == DEPLOYMENTS:
        del body["model"]
    else:
        body["model"] = chosen.deployment
    refusals.leave_out(body, refused, losses)


def _other(asked: _Asked, learnt: _Learnt, error: ProviderError) -> WireRequest | None:
    """The request to make after ``error``, None where nothing is left to change."""
    name = refusals.argument(error, asked.request.params, learnt.refused)
    if error.code == "model_not_found" and asked.plan.without_dots and not learnt.bare:
        learnt = replace(learnt, bare=True)
    elif name:
        once = {name} if refusals.of_one_value(error) else set()
        learnt = replace(learnt, refused=learnt.refused | {name}, once=learnt.once | once)
    else:
        return None
    return _built(asked, learnt, {asked.key: learnt.note})


def headers(to: Destination, chosen: Plan, params: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request. One without a value is where the key goes, if not into ``api-key``."""
    fields = dict(common.HEADERS)
    if chosen.place.surface == MODELS and params.keys() - _KNOWN_TO_MODELS:
        # Unverified: what the model's own server does with arguments that this surface does not know.
        fields["extra-parameters"] = "pass-through"
    more = to.options.get("headers")
    if isinstance(more, dict):
        fields.update((str(name).lower(), str(value)) for name, value in more.items())
    key_header = to.options.get("key_header")
    if isinstance(key_header, str) and key_header:
        fields[key_header.lower()] = ""
    return fields
