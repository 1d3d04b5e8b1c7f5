"""A config made ready to serve: its settings, all that follows from them, and the live objects it uses.

Everything that can be computed once is computed here and not per request.
"""

import itertools
import random
import re
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final
from urllib.parse import unquote, urlsplit

from app import redaction, state
from app.breaker import Breaker
from app.identity import Callers
from app.kept import Kept
from app.keys import Key, Keys, key_id
from app.ledger import Ledger, ids
from app.limits import Limiter
from app.memory import Memory
from app.queue import Line
from app.tokens import TokenKeeper, keepers
from config.model import UNASKED_MULTI_CONTENT, Credential, Limits, Settings, Upstream
from providers.transport import Transport, transport_for
from providers.types import Destination, Secret
from providers.vendor import Vendor

RANDOM: Final = "random"
"""The model name that stands for any enabled chat model."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One upstream with one credential and the model name that its vendor knows. ``name`` is what clients call it."""

    label: str
    name: str
    upstream: Upstream
    vendor: Vendor
    to: Destination
    limiters: tuple[Limiter, ...]
    breaker: Breaker
    transport: Transport
    key: Key
    tokens: TokenKeeper | None = None


@dataclass(frozen=True, slots=True)
class Runtime:
    """One config at work. A request keeps the runtime it began with.

    ``chat`` and ``embedding`` map each name that clients may call to its targets, in the config's order.
    """

    settings: Settings
    callers: Callers
    chat: Mapping[str, tuple[Target, ...]]
    embedding: Mapping[str, tuple[Target, ...]]
    kept: Kept
    keys: Keys
    memory: Memory
    line: Line[Target]
    turns: Iterator[int]
    rng: random.Random = field(default_factory=random.SystemRandom)
    since: int = field(default_factory=lambda: int(time.time()))


@dataclass(slots=True)
class Holder:
    """The one place that knows which runtime is in force."""

    current: Runtime


def build(
    settings: Settings, vendors: Mapping[str, Vendor], before: Runtime | None = None, ledger: Ledger | None = None
) -> Runtime:
    """The runtime of ``settings``, with the live objects of the one ``before`` wherever they stand for the same thing.

    ``ledger`` is what this process and others count limits in together, for as long as it runs.
    Tells ``redaction`` which secrets must never be written: also those of before, whose streams may still run.
    """
    redaction.remember((*_secrets(settings), *(_secrets(before.settings) if before else ())))
    kept = Kept(before.kept if before else None)
    chat: defaultdict[str, list[Target]] = defaultdict(list)
    embedding: defaultdict[str, list[Target]] = defaultdict(list)
    for upstream in settings.upstreams:
        if upstream.enabled:
            for target, embeds in _targets(upstream, vendors[upstream.vendor], settings, kept):
                (embedding if embeds else chat)[target.name].append(target)
    runtime = Runtime(
        settings=settings,
        callers=Callers.of(settings.caller_keys),
        chat={name: tuple(targets) for name, targets in chat.items()},
        embedding={name: tuple(targets) for name, targets in embedding.items()},
        kept=kept,
        keys=kept.get(lambda: Keys(state.keys_file(settings.path)), "keys"),
        memory=kept.get(Memory, "memory"),
        line=kept.get(lambda: Line[Target](ledger=ledger), "line"),
        turns=kept.get(itertools.count, "turns"),
    )
    kept.forget_before()
    return runtime


def _targets(upstream: Upstream, vendor: Vendor, settings: Settings, kept: Kept) -> Iterator[tuple[Target, bool]]:
    """Each target of an upstream, and whether it is one for embeddings.

    An upstream is the same after a reload if its vendor, its address, its first credential and the id that the file
    gives it are.
    """
    memory = kept.get(Memory, "memory")
    first = upstream.credentials[0].fields if upstream.credentials else {}
    itself = kept.numbered((vendor.name, upstream.server_url, _values(first), _own_id(upstream)))
    timeouts, proxy = upstream.timeouts, upstream.proxy_url
    transport = kept.get(
        partial(transport_for, vendor.transport, timeouts, proxy), "transport", itself, timeouts, proxy
    )
    shared = {embeds: _limiter(limits, kept, itself, embeds) for embeds, limits in _limits(upstream)}
    offered = tuple(_offered(upstream))
    for number, credential in enumerate(upstream.credentials, 1):
        label = f"{upstream.id}#{number}" if len(upstream.credentials) > 1 else upstream.id
        key = kept.numbered((itself, _values(credential.fields)))
        known = Key(key_id(vendor.name, upstream.server_url, credential.fields), label)
        own = _limiter(credential.limits, kept, key)
        tokens = kept.get(
            partial(keepers, vendor, credential.fields, upstream.auth_url), "tokens", key, upstream.auth_url
        )
        for name, embeds in offered:
            limiters = tuple(limiter for limiter in (shared[embeds], own) if limiter.parts)
            to = replace(_destination(upstream, vendor, credential, name, settings), recall=memory.recall)
            breaker = kept.get(
                partial(Breaker, settings.circuit_breaker), "breaker", key, to.model, settings.circuit_breaker
            )
            target = Target(label, name, upstream, vendor, to, limiters, breaker, transport, known, tokens(to.model))
            yield target, embeds


def _offered(upstream: Upstream) -> Iterator[tuple[str, bool]]:
    """Each name that clients may call, and whether it is one for embeddings.

    An alias is for what its model is for; that of a model which is not listed is taken for one of a chat model.
    """
    chat, embedding, aliases = upstream.models, upstream.embedding_models, upstream.model_redirect.items()
    for_chat = (alias for alias, model in aliases if model in chat or model not in embedding)
    for_embedding = (alias for alias, model in aliases if model in embedding)
    yield from ((name, False) for name in dict.fromkeys((*chat, *for_chat)))
    yield from ((name, True) for name in dict.fromkeys((*embedding, *for_embedding)))


def _own_id(upstream: Upstream) -> str:
    """The id that the file gives an upstream, empty for one that only counts the entries of its service."""
    return "" if re.fullmatch(re.escape(upstream.service) + r"-\d+", upstream.id) else upstream.id


def _limits(upstream: Upstream) -> tuple[tuple[bool, Limits], tuple[bool, Limits]]:
    return (False, upstream.limits), (True, upstream.embedding_limits)


def _limiter(limits: Limits, kept: Kept, *key: Hashable) -> Limiter:
    return kept.get(partial(Limiter, limits, ids.name(*key)), "limiter", limits, *key)


def _values(fields: Mapping[str, Secret]) -> Hashable:
    return tuple(sorted((name, secret.reveal()) for name, secret in fields.items()))


def _destination(
    upstream: Upstream, vendor: Vendor, credential: Credential, name: str, settings: Settings
) -> Destination:
    redirected = upstream.model_redirect.get(name, name)
    model = upstream.model_map.get(redirected, redirected)
    return Destination(
        model=model,
        server_url=upstream.server_url or vendor.base_url,
        credential=credential.fields,
        flatten=_flatten(settings.multi_content_models, (name, model)),
        options=upstream.options,
        alias=name,
    )


def _flatten(patterns: tuple[str, ...] | None, names: tuple[str, ...]) -> bool | None:
    """The operator's word on content arrays: none without a list, else True for all models that are not on it.

    There is no word on those that never had to be listed either.
    """
    if patterns is None:
        return None
    if _any_matches(patterns, names):
        return False
    return None if _any_matches(UNASKED_MULTI_CONTENT, names) else True


def _any_matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(matches(pattern, name) for pattern in patterns for name in names)


def matches(pattern: str, name: str) -> bool:
    """Whether ``pattern`` is ``name``, or a prefix of it that ends with ``*``."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _secrets(settings: Settings) -> Iterator[str]:
    for key in settings.caller_keys:
        yield key.key.reveal()
    if settings.shared_state:
        yield urlsplit(settings.shared_state.reveal()).password or ""
    for upstream in settings.upstreams:
        for url in (upstream.proxy_url.reveal() if upstream.proxy_url else "", upstream.server_url):
            yield unquote(urlsplit(url).password or "")
        for credential in upstream.credentials:
            for name, secret in credential.fields.items():
                if name not in _PUBLIC_FIELDS:
                    yield secret.reveal()


_PUBLIC_FIELDS: Final = frozenset(
    {
        *("region", "location", "project_id", "group_id", "domain", "address", "addresss"),
        *("model_id", "type", "universe_domain"),
        *("client_email", "token_uri", "auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url"),
    }
)
"""Credential fields that name a place or an account and hide nothing; replacing them would garble messages."""
