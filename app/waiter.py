"""A request that waits for its turn, and what can be told of its chances."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from gevent.event import Event

from app.estimate import Estimate
from app.lease import Lease
from app.ledger import Ledger, cell
from app.limits import Limiter


class Limited(Protocol):
    """Anything that stands behind limiters."""

    @property
    def limiters(self) -> tuple[Limiter, ...]:
        """All that must agree before a start."""


T = TypeVar("T", bound=Limited)


@dataclass(slots=True, eq=False)
class Waiter(Generic[T]):
    """One request: where it may go, who asks, what it will cost, and since when it is here.

    ``granted`` is set when it may start, ``left`` when it waits no more. ``lane`` is what it has in common with those
    that it waits in a row with, and ``behind`` all limiters of its targets; both are empty until it ``waits``.
    """

    targets: Sequence[T]
    caller: str
    estimate: Estimate
    since: float
    woken: Event = field(default_factory=Event)
    granted: tuple[T, Lease] | None = None
    left: bool = False
    lane: tuple[str, frozenset[T]] = ("", frozenset())
    behind: frozenset[Limiter] = frozenset()

    def waits(self) -> None:
        """Take note that it could not start at once."""
        self.lane = self.caller, frozenset(self.targets)
        self.behind = frozenset(limiter for target in self.targets for limiter in target.limiters)

    def patience_s(self) -> float:
        """The longest wait that any of its targets allows."""
        return max((limiter.limits.queue_s for limiter in self.behind), default=0.0)

    def dues_s(self, now: float) -> list[float]:
        """For each target, the seconds until it can be free; infinite where only a release can tell."""
        return [self._due_s(target, now) for target in self.targets]

    def _due_s(self, target: T, now: float) -> float:
        return max((limiter.due_s(now, self.estimate) for limiter in target.limiters), default=0.0)

    def is_one_too_many(self) -> bool:
        """Whether in front of each target so many wait as its limits allow."""
        return all(any(map(_is_full, target.limiters)) for target in self.targets)

    def expected_s(self, now: float, *, waits: bool) -> float:
        """When a request like this could start if it came now, after all others that wait."""
        return min(self._expected_s(target, now, int(waits)) for target in self.targets)

    def _expected_s(self, target: T, now: float, itself: int) -> float:
        """A busy slot counts with its usual time."""
        pace_s = max((limiter.pace_s() for limiter in target.limiters), default=0.0)
        ahead = max((limiter.waiting + limiter.elsewhere for limiter in target.limiters), default=0)
        due_s = self._due_s(target, now)
        return (due_s if math.isfinite(due_s) else pace_s) + max(0, ahead - itself) * pace_s


Lane = deque[Waiter[T]]
_LAST: Final = (math.inf, math.inf)


def rank(lane: Lane[T], ledger: Ledger | None) -> tuple[float, float]:
    """Whose turn comes first: the caller's last turn where it was served least, and since when its first one waits."""
    if not lane:
        return _LAST
    waiter = lane[0]
    return min((_last_turn(limiter, waiter.caller, ledger) for limiter in waiter.behind), default=0), waiter.since


def _last_turn(limiter: Limiter, caller: str, ledger: Ledger | None) -> int:
    found = ledger.last_turn(limiter.parts[0].account, cell(caller)) if ledger else None
    return limiter.served.get(caller, 0) if found is None else found


def _is_full(limiter: Limiter) -> bool:
    return limiter.waiting + limiter.elsewhere >= limiter.limits.queue_length
