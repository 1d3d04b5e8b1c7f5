"""How long a vendor's refusal keeps one credential at rest, for one model or for all. Pure: times are arguments.

A credential that was refused is left alone for a while, the longer the more often that happens in a row, so that free
keys are not banned and requests do not walk through keys that are known to be spent. What the vendor says of the time
wins over these numbers. Other faults say nothing of a credential: those are the breaker's (app/breaker.py).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from providers.errors import ErrorKind, ProviderError

MOST_S: Final = 86400.0
PROBE_AFTER_S: Final = 60.0
"""After so long one request may ask with a resting credential, if there is no other: a balance may be filled up."""

ALL_MODELS: Final = "*"

_MOST_DOUBLINGS: Final = 32
"""Far beyond any longest rest, and far below what a number can hold after thousands of refusals in a row."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The first rest of a kind, in seconds, and the longest that doubling makes of it."""

    first_s: float
    most_s: float


RULES: Final[Mapping[ErrorKind, Rule]] = {
    ErrorKind.RATE_LIMITED: Rule(1.0, 60.0),
    ErrorKind.QUOTA: Rule(300.0, 6 * 3600.0),
    ErrorKind.UPSTREAM_AUTH: Rule(60.0, 3600.0),
}


@dataclass(frozen=True, slots=True)
class Rest:
    """A credential's rest: ``since`` and ``until`` are Unix seconds, ``count`` the refusals in a row."""

    kind: ErrorKind
    since: float
    until: float
    count: int

    def waits_for_time(self) -> bool:
        """Whether nothing but time helps: asking earlier would only make it worse."""
        return self.kind is ErrorKind.RATE_LIMITED


def scope(error: ProviderError, model: str) -> str:
    """What a refusal is about: a wrong credential is wrong for all models, unless the model is not open to it."""
    return ALL_MODELS if error.kind is ErrorKind.UPSTREAM_AUTH and not error.model_only else model


def rest(error: ProviderError, before: Rest | None, now: float, asked: float = math.inf) -> Rest | None:
    """The rest that ``error`` calls for, after the one ``before``; None when it says nothing of the credential.

    ``asked`` is when the credential was asked. What was under way when it was refused already is part of the same
    refusal: the longer of both times holds, and it is counted once.
    """
    rule = RULES.get(error.kind)
    if rule is None:
        return None
    together = before is not None and asked < before.since
    count = before.count + (not together) if before and before.kind is error.kind else 1
    if error.retry_after_s is not None:
        rest_s = min(max(0.0, error.retry_after_s), MOST_S)
    else:
        rest_s = min(rule.first_s * 2.0 ** min(count - 1, _MOST_DOUBLINGS), rule.most_s)
    if before and together and before.until >= now + rest_s:
        return before
    return Rest(error.kind, now, now + rest_s, count)
