"""The walk of a request: targets in order, a lease for one of them, an attempt, and the next target if that failed.

Until something meaningful has come from an upstream every failure may still become another attempt; afterwards it
ends the reply. No Flask in here: requests and calls are arguments.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, TypeVar

from app import estimate, owners
from app.attempt import Attempt, Items
from app.breaker import Breaker
from app.call import Call
from app.errors import ClientGone
from app.estimate import Estimate
from app.failover import Tries
from app.lease import Lease
from app.pump import Pump
from app.queue import TICK_S
from app.routing import Tiers
from app.runtime import Target
from app.telemetry import Trace
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Delta, EmbeddingReply, EmbeddingRequest

_UNREACHED: Final = frozenset({ErrorKind.CONNECTION, ErrorKind.TIMEOUT})
"""Faults that say of a request that has not left yet that the upstream never saw it."""

T = TypeVar("T")
Ask = Callable[[Attempt], Items[T]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that has begun well. ``deltas`` holds None wherever a stream has been silent for ``keepalive_s``.

    ``close`` ends everything, wherever it stands: the upstream's connection, the attempt and its lease.
    """

    deltas: Iterator[Delta | None]
    close: Callable[[], None]


def chat(request: ChatRequest, tiers: Tiers, call: Call) -> Reply:
    """The reply, once the first thing that a client would see of it is here.

    A failure before that is an exception: ProviderError of the last target tried, or ClientGone. Later ones come out
    of ``deltas``. A reply that is not streamed is seen as a whole.
    """
    walk = _walk(
        owners.first(request, tiers),
        lambda attempt: attempt.chat(request),
        lambda: estimate.chat(request),
        call,
        whole=not request.stream,
    )
    items = _completed(walk, call.trace)
    first = list(islice(items, 1))  # the walk lets nothing out before there is something to see
    return Reply(chain(first, items), items.close)


def embed(request: EmbeddingRequest, tiers: Tiers, call: Call) -> EmbeddingReply:
    """The vectors. Raises ProviderError of the last target tried, or ClientGone."""
    walk = _walk(tiers, lambda attempt: attempt.embed(request), lambda: estimate.embedding(request), call)
    with closing(walk) as items:
        reply = next(item for item in items if item is not None)
        call.trace.usage = reply.usage
        # One more step lets the walk see that nothing is left, and so count the attempt as a success.
        next(items, None)
    return reply


def _completed(items: Items[Delta | None], trace: Trace) -> Items[Delta | None]:
    """``items``, with usage and notes put into the trace."""
    with closing(items):
        for item in items:
            if item is not None:
                trace.usage = item.usage or trace.usage
                _note([item], trace)
            yield item


def _note(items: Sequence[object], trace: Trace) -> None:
    for item in items:
        if isinstance(item, Delta) and item.note:
            trace.note(item.note)


def _walk(
    tiers: Tiers, ask: Ask[T], weigh: Callable[[], Estimate], call: Call, *, whole: bool = False
) -> Items[T | None]:
    """What the first target that answers yields. The next one is tried as long as none has yielded anything.

    ``weigh`` tells how many tokens the request will take. With ``whole`` no answer is yielded before its end is here.
    """
    tries, trace, keys = Tries(tiers, call), call.trace, call.runtime.keys
    line, caller = call.runtime.line, call.caller.label
    while True:
        choices = tries.choices()
        again = tries.again(choices)
        try:
            until = min(tries.until, again)
            target, lease = line.acquire(choices, call.client, caller, weigh, since=tries.since, until=until)
        except ProviderError as error:
            tries.crowded(choices, error, again)
            continue
        if not tries.begun(target):
            lease.cancel()
            continue
        trace.target = target.label
        asked, begun = keys.clock(), False
        held: list[T] = []  # what a client sees nothing of; it is nobody's if this target fails
        try:
            for item in _leased(Attempt(target, call), lease, ask):
                begun = begun or (not whole and _visible(item))
                if item is None:
                    yield None
                elif begun:
                    yield from held
                    held.clear()
                    yield item
                else:
                    held.append(item)
            trace.attempts.append(f"{target.label}:ok")
            keys.answered(target.key, target.to.model, asked)
            yield from held
            return
        except ProviderError as error:
            trace.attempts.append(f"{target.label}:{error.kind.value}")
            keys.refused(target.key, target.to.model, error, asked)
            _note(held, trace)
            if begun:
                raise
            tries.failed(target, error)


def _leased(attempt: Attempt, lease: Lease, ask: Ask[T]) -> Items[T | None]:
    """One target's items; the lease goes back at the end, however it comes, and the breaker is told of it."""
    breaker = attempt.target.breaker
    probe = breaker.begin(time.monotonic())
    attempt.on_sent = lease.sent if lease.taken else None
    fault: ErrorKind | None = ErrorKind.INTERNAL
    try:
        items = _with_fresh_token(attempt, ask)
        yield from _probing(items, breaker) if probe else items
        fault = None
    except ProviderError as error:
        fault = error.kind
        raise
    finally:
        breaker.end(time.monotonic(), fault, probe=probe)
        if not attempt.sent or (fault in _UNREACHED and not lease.on_its_way):
            lease.cancel()
        lease.release(attempt.usage)


def _probing(items: Items[T | None], breaker: Breaker) -> Items[T | None]:
    with closing(items):
        for item in items:
            if _visible(item):
                breaker.answers(time.monotonic())
            yield item


def _with_fresh_token(attempt: Attempt, ask: Ask[T]) -> Items[T | None]:
    """The attempt's items; where its token turns out to be stale before anything came, once more with a fresh one."""
    begun = False
    try:
        for item in _watched(attempt, ask):
            begun = begun or _visible(item)
            yield item
    except ProviderError as error:
        tokens = attempt.target.tokens
        if begun or not error.stale_token or tokens is None:
            raise
        tokens.forget(attempt.signed_with)
    else:
        return
    yield from _watched(attempt, ask)


def _watched(attempt: Attempt, ask: Ask[T]) -> Items[T | None]:
    """One target's items as they come, and None after each silence of ``keepalive_s``.

    Raises ClientGone, and INCOMPLETE when deltas end without a finish reason.
    """
    keepalive_s = attempt.call.runtime.settings.keepalive_s
    ended = False
    with closing(Pump(lambda: ask(attempt))) as pump:
        silent_since = looked_at = time.monotonic()
        while True:
            taken = _taken(pump, min(TICK_S, keepalive_s), attempt.target)
            # An answer that is collected is never written to, so nothing else would notice while its pieces come.
            if taken and time.monotonic() - looked_at >= TICK_S:
                looked_at = time.monotonic()
                if attempt.call.client.gone():
                    raise ClientGone
            if taken:
                ended = ended or _is_end(taken[0])
                yield taken[0]
                silent_since = time.monotonic()
            elif taken is not None:
                break
            elif attempt.call.client.gone():
                raise ClientGone
            elif time.monotonic() - silent_since >= keepalive_s:
                silent_since = time.monotonic()
                yield None
    if not ended:
        raise ProviderError(ErrorKind.INCOMPLETE, "the upstream's answer broke off before its end")


def _taken(pump: Pump[T], wait_s: float, target: Target) -> list[T] | None:
    """What the pump has; a shape that a decoder did not find becomes MALFORMED with the vendor's name."""
    try:
        return pump.take(wait_s)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        message = f"the answer of {target.vendor.name} is not what its reference says ({type(error).__name__})"
        raise ProviderError(ErrorKind.MALFORMED, message) from error


def _is_end(item: object) -> bool:
    return not isinstance(item, Delta) or item.finish_reason is not None


def _visible(item: object) -> bool:
    """Whether a client would see anything of ``item``."""
    if isinstance(item, Delta):
        return bool(item.text or item.reasoning or item.tool_calls or item.finish_reason or item.extra)
    return item is not None
