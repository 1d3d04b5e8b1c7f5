"""The waiting line in front of the limits: first come, first served, each for the first of its targets that is free.

A waiter keeps its place while it looks up now and then to see whether its client is still there. Nobody is overtaken
for the same limit; who waits for one limit does not hold up who needs another.
"""

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from gevent.event import Event

from app.client import Client
from app.errors import ClientGone
from app.limits import Clock, Lease, Limiter, take_all
from providers.errors import ErrorKind, ProviderError

TICK_S: Final = 0.5
"""How often a waiter looks up. The client's leaving is noticed within this time."""


class Limited(Protocol):
    """Anything that stands behind limiters."""

    @property
    def limiters(self) -> tuple[Limiter, ...]:
        """All that must agree before a start."""


T = TypeVar("T", bound=Limited)


@dataclass(slots=True, eq=False)
class _Waiter(Generic[T]):
    """One request in the line. ``leads`` tells that it is first for one of its targets."""

    targets: Sequence[T]
    woken: Event = field(default_factory=Event)
    granted: tuple[T, Lease] | None = None
    leads: bool = False


class Line(Generic[T]):
    """The line of one worker. All its methods run without switching greenlets, but for ``acquire``'s waits."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._waiters: deque[_Waiter[T]] = deque()

    def __len__(self) -> int:
        return len(self._waiters)

    def acquire(self, targets: Sequence[T], client: Client) -> tuple[T, Lease]:
        """The first of ``targets`` that may start now or when its turn comes, and the lease to give back.

        Raises RATE_LIMITED with an honest ``retry_after_s`` when none may start within the longest ``queue_s`` of the
        targets, and ClientGone when the client leaves while it waits.
        """
        waiter: _Waiter[T] = _Waiter(targets)
        self._waiters.append(waiter)
        deadline = self._clock() + max(_patience_s(target) for target in targets)
        try:
            self._serve()
            while waiter.granted is None:
                self._wait(waiter, deadline, client)
        except BaseException:
            self._leave(waiter)
            raise
        return waiter.granted

    def _wait(self, waiter: _Waiter[T], deadline: float, client: Client) -> None:
        now = self._clock()
        dues_s = [_due_s(target, now) for target in waiter.targets]
        if now >= deadline or all(deadline < now + due_s < math.inf for due_s in dues_s):
            raise self._refusal(waiter, now)
        wait_s = min(TICK_S, deadline - now, *(dues_s if waiter.leads else ()))
        if not waiter.woken.wait(timeout=max(wait_s, 0.001)):
            if client.gone():
                raise ClientGone
            self._serve()

    def _serve(self) -> None:
        """Let everybody start whose turn it is."""
        now = self._clock()
        blocked: set[Limiter] = set()
        waiting: deque[_Waiter[T]] = deque()
        for waiter in self._waiters:
            waiter.leads = not all(blocked.intersection(target.limiters) for target in waiter.targets)
            if not self._grant(waiter, now, blocked):
                waiting.append(waiter)
        self._waiters = waiting

    def _grant(self, waiter: _Waiter[T], now: float, blocked: set[Limiter]) -> bool:
        for target in waiter.targets:
            if blocked.intersection(target.limiters):
                continue
            lacking = take_all(target.limiters, now)
            if lacking is None:
                waiter.granted = (target, Lease(target.limiters, now, self._serve, self._clock))
                waiter.woken.set()
                return True
            blocked.add(lacking)
        return False

    def _leave(self, waiter: _Waiter[T]) -> None:
        if waiter.granted is not None:
            waiter.granted[1].cancel()
        elif waiter in self._waiters:
            self._waiters.remove(waiter)

    def _refusal(self, waiter: _Waiter[T], now: float) -> ProviderError:
        ahead = next((place for place, other in enumerate(self._waiters) if other is waiter), 0)
        retry_after_s = min(_expected_s(target, now, ahead) for target in waiter.targets)
        message = "every upstream for this model is at its configured limit; try again later"
        return ProviderError(ErrorKind.RATE_LIMITED, message, retry_after_s=retry_after_s)


def _patience_s(target: Limited) -> float:
    return max((limiter.limits.queue_s for limiter in target.limiters), default=0.0)


def _due_s(target: Limited, now: float) -> float:
    return max((limiter.due_s(now) for limiter in target.limiters), default=0.0)


def _expected_s(target: Limited, now: float, ahead: int) -> float:
    """When a new request could start, with ``ahead`` others before it; a busy slot counts with its usual time."""
    pace_s = max((limiter.pace_s() for limiter in target.limiters), default=0.0)
    due_s = _due_s(target, now)
    return (due_s if math.isfinite(due_s) else pace_s) + ahead * pace_s
