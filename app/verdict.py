"""What a client is told when no target of its request answered: of several failures the word that helps it most."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from app.keys import Entry, refusal
from app.keystate import RULES
from app.runtime import Target
from providers.errors import RETRYABLE, ErrorKind, ProviderError

LIMITS: Final = frozenset({ErrorKind.RATE_LIMITED, ErrorKind.QUOTA})
"""Failures that all say: too much, come back later."""

Outcome = tuple[Target, ProviderError]
RestOf = Callable[[Target], Entry | None]
"""The rest of a target's credential, None where it has none that counts."""


def of(failures: Sequence[Outcome], passed_over: Sequence[Outcome], rest_of: RestOf) -> ProviderError:
    """The one failure, or what several come to, with the targets that were ``passed_over``: full, or at rest."""
    last, outcomes = failures[-1][1], [*failures, *passed_over]
    kinds = {error.kind for _, error in outcomes}
    if last.kind not in RETRYABLE or kinds == {last.kind} != {ErrorKind.RATE_LIMITED}:
        return last
    if kinds <= LIMITS:
        return soonest(outcomes, rest_of)
    told = "; ".join(f"{target.label}: {error.kind.value}" for target, error in failures)
    return ProviderError(ErrorKind.OVERLOADED, f"every upstream for this model failed ({told}): {last.message}")


def soonest(outcomes: Iterable[Outcome], rest_of: RestOf) -> ProviderError:
    """The one of several rate limits that is over first, with that time. There is one at least."""
    limited = [outcome for outcome in outcomes if outcome[1].kind is ErrorKind.RATE_LIMITED]
    waits_s = [_wait_s(target, error, rest_of) for target, error in limited]
    soonest_s = min(waits_s)
    error = limited[waits_s.index(soonest_s)][1]
    error.retry_after_s = soonest_s if math.isfinite(soonest_s) else None
    return error


def _wait_s(target: Target, error: ProviderError, rest_of: RestOf) -> float:
    """The seconds that an error names, or those of the rest that came of it; infinite where nobody knows."""
    if error.retry_after_s is not None:
        return error.retry_after_s
    entry = rest_of(target)
    return entry.rest.until - time.time() if entry else math.inf


def resting(targets: Iterable[Target], failures: Sequence[Outcome], rest_of: RestOf) -> Iterator[Outcome]:
    """The targets passed over because their credentials rest, as failures beside others of credentials only."""
    now, tried = time.time(), {id(target.breaker) for target, _ in failures}
    if all(error.kind in RULES for _, error in failures):
        for target in targets:
            if id(target.breaker) not in tried and (entry := rest_of(target)):
                yield target, refusal(entry, now)


def of_nobody(targets: Sequence[Target], rest_of: RestOf) -> ProviderError:
    """The error of a request for which none of ``targets`` could be tried at all."""
    now = time.time()
    rests = [entry for entry in map(rest_of, targets) if entry]
    breakers_s = [wait_s for target in targets if (wait_s := target.breaker.wait_s(time.monotonic()))]
    if rests and not breakers_s:
        return refusal(min(rests, key=lambda entry: entry.rest.until), now)
    waits_s = [*breakers_s, *(entry.rest.until - now for entry in rests)]
    message = "every upstream for this model has failed repeatedly and is left alone for a while"
    return ProviderError(ErrorKind.OVERLOADED, message, retry_after_s=min(waits_s, default=None))
