"""Upstream limits: how many may be in flight, how many may start in a window, and the line of those who wait.

One primitive, ``gevent.lock.BoundedSemaphore``, with two ways of giving back: a slot returns when its lease is
released, a permit returns when its window has passed. Exact within one worker process; what other workers do is not
seen here.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gevent.lock import BoundedSemaphore

from config.model import Limits

Clock = Callable[[], float]

_GUARD_SHARE: Final = 0.04
_GUARD_MOST_S: Final = 0.05
"""A permit rests a little longer than its window, because the vendor counts arrivals and the way there varies."""


class Slots:
    """At most ``size`` in flight. ``hold_s`` is the running mean of how long one was kept."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.hold_s = 1.0
        self._free = BoundedSemaphore(size)

    def take(self, _now: float) -> bool:
        """Whether a slot was free; it is taken then."""
        return bool(self._free.acquire(blocking=False))

    def give_back(self, held_s: float | None) -> None:
        """Return a slot; ``held_s`` None means that it was never used."""
        if held_s is not None:
            self.hold_s += 0.2 * (held_s - self.hold_s)
        self._free.release()

    def due_s(self, _now: float) -> float:
        """Seconds until one is free: unknown, so 0 when there is one and infinite when there is none."""
        return 0.0 if not self._free.locked() else math.inf

    def pace_s(self) -> float:
        """Mean seconds between two slots coming free."""
        return self.hold_s / self.size


class Rate:
    """At most ``permits`` starts in any window of ``window_s``. Fractional rates are longer windows of one."""

    def __init__(self, per_window: float, window_s: float) -> None:
        self.permits = max(1, math.floor(per_window))
        self.window_s = window_s * self.permits / per_window
        self._rest_s = self.window_s + min(_GUARD_SHARE * self.window_s, _GUARD_MOST_S)
        self._free = BoundedSemaphore(self.permits)
        self._due: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Whether a permit was free; it is taken then, and rests from ``now`` on."""
        self._collect(now)
        if not self._free.acquire(blocking=False):
            return False
        self._due.append(now + self._rest_s)
        return True

    def give_back(self, held_s: float | None) -> None:
        """Return the newest permit if it was never used; a used one returns by itself."""
        if held_s is None and self._due:
            self._due.pop()
            self._free.release()

    def _collect(self, now: float) -> None:
        while self._due and self._due[0] <= now:
            self._due.popleft()
            self._free.release()

    def due_s(self, now: float) -> float:
        """Seconds until a permit is free, 0 when one is."""
        self._collect(now)
        return max(0.0, self._due[0] - now) if self._free.locked() else 0.0

    def pace_s(self) -> float:
        """Mean seconds between two permits coming free."""
        return self.window_s / self.permits


class Limiter:
    """All limits of one entry or one credential together: a start needs every one of them at once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        rates = ((limits.qps, 1.0), (limits.rpm, 60.0), (limits.rpd, 86400.0))
        self.parts: tuple[Slots | Rate, ...] = tuple(Rate(number, window) for number, window in rates if number)
        if limits.concurrency:
            self.parts = (Slots(limits.concurrency), *self.parts)

    def due_s(self, now: float) -> float:
        """Seconds until all parts are free, infinite where only a release can tell."""
        return max((part.due_s(now) for part in self.parts), default=0.0)

    def pace_s(self) -> float:
        """Mean seconds between two starts at full use."""
        return max((part.pace_s() for part in self.parts), default=0.0)


@dataclass(slots=True)
class Lease:
    """What one request holds of some limiters. ``release`` works twice; the second time does nothing."""

    limiters: tuple[Limiter, ...]
    since: float
    on_release: Callable[[], None]
    clock: Clock = time.monotonic
    held: bool = True

    def release(self) -> None:
        """Give everything back after use."""
        self._give_back(self.clock() - self.since)

    def cancel(self) -> None:
        """Give everything back as if it had never been taken: the upstream was not asked."""
        self._give_back(None)

    def _give_back(self, held_s: float | None) -> None:
        if not self.held:
            return
        self.held = False
        for limiter in self.limiters:
            for part in limiter.parts:
                part.give_back(held_s)
        self.on_release()


def take_all(limiters: tuple[Limiter, ...], now: float) -> Limiter | None:
    """None when every part of every limiter was taken; else the limiter that had none left, and nothing is taken."""
    taken: list[Slots | Rate] = []
    for limiter in limiters:
        for part in limiter.parts:
            if not part.take(now):
                for earlier in taken:
                    earlier.give_back(None)
                return limiter
            taken.append(part)
    return None
