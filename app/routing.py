"""A called name to the targets that can serve it, in the order to try them. Pure: chance and turn are arguments."""

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence

from app.errors import ApiError
from app.identity import Caller
from app.runtime import RANDOM, Runtime, Target
from providers.types import ChatRequest

Tiers = tuple[tuple[Target, ...], ...]
"""A model's targets in the order to try them, and those of its fallbacks, each model's targets a tier."""


def chat_route(request: ChatRequest, caller: Caller, runtime: Runtime) -> Tiers:
    """The targets of a chat request. Raises ApiError 404 for a name that nobody offers or the caller may not use.

    Fallbacks that the caller may not use are left out. Their names are final: ``all`` would lead them back.
    """
    settings = runtime.settings
    sticky = _sticky_key(request, caller) if settings.load_balancing == "hash" else ""
    resolved = resolve(request.model, settings.model_redirect)
    first = _route(request.model, resolved, caller, runtime, runtime.chat, sticky=sticky)
    names = (name for name in settings.fallbacks.get(resolved, ()) if caller.may_use(name))
    return (first, *(_route(name, name, caller, runtime, runtime.chat, sticky=sticky) for name in names))


def embedding_route(model: str, caller: Caller, runtime: Runtime) -> Tiers:
    """The targets of an embeddings request, likewise. No fallbacks: another model's vectors mean something else.

    A redirect to a chat model, as ``all`` mostly is, does not concern a name that is offered for embeddings.
    """
    name = resolve(model, runtime.settings.model_redirect)
    name = model if name not in runtime.embedding and model in runtime.embedding else name
    return (_route(model, name, caller, runtime, runtime.embedding, sticky=caller.label),)


def _route(
    called: str,
    name: str,
    caller: Caller,
    runtime: Runtime,
    offers: Mapping[str, tuple[Target, ...]],
    *,
    sticky: str,
) -> tuple[Target, ...]:
    if not (runtime.chat or runtime.embedding):
        raise _nothing_enabled()
    if name == RANDOM and RANDOM not in offers:
        every = [target for group in offers.values() for target in group]
        # A key that opens nothing but a name for any model opens any model.
        allowed = [target for target in every if caller.may_use(target.name)] or (
            every if caller.may_use(called) else []
        )
        if not allowed:
            raise _unknown(called)
        return _any_model(allowed, runtime.rng)
    if name not in offers or not caller.may_use(called):
        raise _unknown(called)
    return order(offers[name], runtime.settings.load_balancing, runtime.rng, next(runtime.turns), sticky)


def resolve(called: str, redirects: Mapping[str, str]) -> str:
    """The name after the config's global redirects: ``all`` wins over everything, and ``all: all`` means random."""
    if "all" in redirects:
        return RANDOM if redirects["all"] == "all" else redirects["all"]
    return redirects.get(called, called)


def order(targets: Sequence[Target], strategy: str, rng: random.Random, turn: int, sticky: str) -> tuple[Target, ...]:
    """``targets`` in the order to try them.

    ``first`` keeps the config's order, ``round_robin`` begins one later each turn, ``hash`` begins with the same one
    for the same ``sticky`` key and moves few keys when a target is added or removed, ``random`` shuffles.
    """
    if strategy == "first":
        return tuple(targets)
    if strategy == "round_robin":
        start = turn % len(targets)
        return (*targets[start:], *targets[:start])
    if strategy == "hash":
        return tuple(sorted(targets, key=lambda target: _weight(sticky, target)))
    return tuple(rng.sample(targets, len(targets)))


def _weight(sticky: str, target: Target) -> bytes:
    return hashlib.blake2b(f"{sticky}\0{target.label}\0{target.to.model}".encode(), digest_size=8).digest()


def _sticky_key(request: ChatRequest, caller: Caller) -> str:
    """What stays the same through a conversation: who calls, and all up to the first user message."""
    opening = [
        str(message.get("content")) for message in request.messages if message["role"] in ("system", "developer")
    ]
    first = next((str(message.get("content")) for message in request.messages if message["role"] == "user"), "")
    return "\0".join((caller.label, request.model, *opening, first))


def _any_model(targets: Iterable[Target], rng: random.Random) -> tuple[Target, ...]:
    """All targets shuffled, so that each model is as likely as any other, however many credentials it has."""
    by_name: dict[str, list[Target]] = {}
    for target in targets:
        by_name.setdefault(target.name, []).append(target)
    names = rng.sample(list(by_name), len(by_name))
    return tuple(target for name in names for target in rng.sample(by_name[name], len(by_name[name])))


def visible_models(caller: Caller, runtime: Runtime) -> list[tuple[str, str]]:
    """(name, owner) of every model the caller may call: targets, global redirects and ``random``; sorted by name."""
    owners = {
        name: targets[0].upstream.service
        for offers in (runtime.embedding, runtime.chat)
        for name, targets in offers.items()
    }
    if runtime.chat:
        owners.setdefault(RANDOM, "simple-one-api")
    for name, to in runtime.settings.model_redirect.items():
        if name != "all" and to in owners:
            owners.setdefault(name, owners[to])
    return sorted((name, owner) for name, owner in owners.items() if caller.may_use(name) or name == RANDOM)


def _unknown(model: str) -> ApiError:
    message = f"the model '{model}' does not exist here or this key may not use it; GET /v1/models lists what it may"
    return ApiError(404, message, code="model_not_found", param="model")


def _nothing_enabled() -> ApiError:
    message = "this gateway has no enabled service for this yet: add one under 'services' in its config file"
    return ApiError(503, message, type="service_unavailable_error", code="no_upstream")
