"""Upstream limits: how many may be in flight, how many may start in a window, and how many tokens they may cost.

One primitive, ``gevent.lock.BoundedSemaphore``, with two ways of giving back: a slot returns when its lease is
released, a permit returns when its window has passed. Exact within one worker process; each limit is an account too,
under which a ledger counts for all workers (``app/ledger``).
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gevent.lock import BoundedSemaphore

from app.estimate import NOTHING, Estimate
from app.ledger import Account
from app.ledger.days import Day
from app.ledger.ids import account as account_id
from config.model import Limits
from providers.types import Usage

Clock = Callable[[], float]

DAY_S: Final = 86400.0
_GUARD_SHARE: Final = 0.04
_GUARD_MOST_S: Final = 0.05
"""A permit rests a little longer than its window, because the vendor counts arrivals and the way there varies."""

_USUAL_TOKENS: Final = 500.0
"""What an answer without a limit is expected to be long, until some have been seen."""


def _rest_s(window_s: float) -> float:
    return window_s + min(_GUARD_SHARE * window_s, _GUARD_MOST_S)


class Slots:
    """At most ``size`` in flight. ``hold_s`` is the running mean of how long one was kept."""

    def __init__(self, size: int, name: str = "") -> None:
        self.account = Account(account_id(name, "concurrency"), size)
        self.hold_s = 1.0
        self._free = BoundedSemaphore(size)

    def amount(self, _estimate: Estimate) -> int:
        """What a start takes."""
        return 1

    def take(self, _now: float, _amount: int = 1) -> Any:
        """True when a slot was free; it is taken then. Else None."""
        return self._free.acquire(blocking=False) or None

    def sent(self, mark: Any, _now: float) -> Any:
        """A slot is held, and does not rest."""
        return mark

    def cancel(self, _mark: Any) -> None:
        """Return a slot that was never used."""
        self._free.release()

    def end(self, _mark: Any, held_s: float, _usage: Usage | None) -> None:
        """Return a slot after use."""
        self.hold_s += 0.2 * (held_s - self.hold_s)
        self._free.release()

    def due_s(self, _now: float, _amount: int = 1) -> float:
        """Seconds until one is free: unknown, so 0 when there is one and infinite when there is none."""
        return 0.0 if not self._free.locked() else math.inf

    def pace_s(self) -> float:
        """Mean seconds between two slots coming free."""
        return self.hold_s / self.account.size


class Rate:
    """At most ``permits`` starts in any window of ``window_s``, or in each ``day`` by the calendar.

    Fractional rates are longer windows of one.
    """

    def __init__(self, per_window: float, window_s: float, name: str = "", day: Day | None = None) -> None:
        self.permits = max(1, math.floor(per_window))
        self.window_s = window_s * self.permits / per_window
        rest_s = _GUARD_MOST_S if day else _rest_s(self.window_s)
        account = account_id(name, f"starts in {window_s:g} s")
        self.account = Account(account, self.permits, rest_s, day, by_wall_clock=window_s >= DAY_S)
        self._free = BoundedSemaphore(self.permits)
        self._due: deque[float] = deque()

    def amount(self, _estimate: Estimate) -> int:
        """What a start takes."""
        return 1

    def take(self, now: float, _amount: int = 1) -> Any:
        """When the permit comes back, if one was free; it is taken then, and rests from ``now`` on. Else None."""
        self._collect(now)
        if not self._free.acquire(blocking=False):
            return None
        return self._rest(now)

    def _rest(self, now: float) -> float:
        day = self.account.day
        self._due.append(now + self.account.rest_s + (day.left_s() if day else 0.0))
        return self._due[-1]

    def sent(self, mark: Any, now: float) -> Any:
        """When the permit comes back if it rests from ``now`` on."""
        if mark in self._due:
            self._due.remove(mark)
        elif not self._free.acquire(blocking=False):  # it is over already, and somebody else has it
            return mark
        return self._rest(now)

    def cancel(self, mark: Any) -> None:
        """Return a permit that was never used; a used one returns by itself."""
        if mark in self._due:
            self._due.remove(mark)
            self._free.release()

    def end(self, _mark: Any, _held_s: float, _usage: Usage | None) -> None:
        """A used permit returns by itself."""

    def _collect(self, now: float) -> None:
        while self._due and self._due[0] <= now:
            self._due.popleft()
            self._free.release()

    def due_s(self, now: float, _amount: int = 1) -> float:
        """Seconds until a permit is free, 0 when one is."""
        self._collect(now)
        return max(0.0, self._due[0] - now) if self._free.locked() else 0.0

    def pace_s(self) -> float:
        """Mean seconds between two permits coming free."""
        return self.window_s / self.permits


@dataclass(slots=True, eq=False)
class _Reserved:
    """So many ``tokens`` that rest until ``due``; 0 once they are over. ``first`` is how many they were at first."""

    due: float
    tokens: int
    first: int


class Tokens:
    """At most ``per_minute`` tokens in any minute, counted from the start of their request on.

    A start reserves what it is expected to cost. What its reply cost less comes back at its end, and what it cost more
    is counted from its end on. Without a word of the vendor the reservation stands. A request that costs more than a
    whole minute's tokens takes them all.
    """

    def __init__(self, per_minute: float, name: str = "") -> None:
        size = max(1, math.floor(per_minute))
        self.account = Account(account_id(name, "tokens"), size, _rest_s(60.0), counts_tokens=True)
        self.usual_tokens = _USUAL_TOKENS
        self._cost = 1.0
        self._free = size
        self._resting: deque[_Reserved] = deque()

    def amount(self, estimate: Estimate) -> int:
        """What a start takes: the tokens of its prompt, and those its answer may have, or usually has."""
        answer = self.usual_tokens if estimate.completion_tokens is None else estimate.completion_tokens
        return max(1, min(self.account.size, estimate.prompt_tokens + round(answer)))

    def take(self, now: float, amount: int = 1) -> Any:
        """What was reserved, to rest from ``now`` on; None when there are too few tokens left."""
        self._collect(now)
        return self._reserve(now, amount) if amount <= self._free else None

    def _reserve(self, now: float, amount: int) -> _Reserved:
        self._free -= amount
        self._resting.append(_Reserved(now + self.account.rest_s, amount, amount))
        return self._resting[-1]

    def sent(self, mark: Any, now: float) -> Any:
        """The same tokens, resting from ``now`` on."""
        self.cancel(mark)
        return self._reserve(now, mark.first)

    def cancel(self, mark: Any) -> None:
        """Return what was never used."""
        self._free += mark.tokens
        mark.tokens = 0

    def end(self, mark: Any, held_s: float, usage: Usage | None) -> None:
        """Set right what was reserved."""
        if usage is None:
            return
        self.usual_tokens += 0.2 * (usage.completion_tokens - self.usual_tokens)
        self._cost += 0.2 * (usage.total_tokens - self._cost)
        if usage.total_tokens > mark.first:
            self._reserve(mark.due - self.account.rest_s + held_s, usage.total_tokens - mark.first)
        elif mark.tokens:
            self._free += mark.tokens - usage.total_tokens
            mark.tokens = usage.total_tokens

    def _collect(self, now: float) -> None:
        while self._resting and (self._resting[0].due <= now or not self._resting[0].tokens):
            self.cancel(self._resting.popleft())

    def due_s(self, now: float, amount: int = 1) -> float:
        """Seconds until ``amount`` can be had."""
        self._collect(now)
        lacking, due = amount - self._free, now
        for reserved in self._resting:
            if lacking <= 0:
                break
            lacking -= reserved.tokens
            due = reserved.due
        return due - now

    def pace_s(self) -> float:
        """Mean seconds between two requests of the usual cost."""
        return 60.0 * min(1.0, self._cost / self.account.size)


Part = Slots | Rate | Tokens


class Limiter:
    """All limits of one entry or one credential together: a start needs every one of them at once.

    ``name`` is what they are called beyond this process. ``waiting`` counts the requests of this worker that wait,
    ``elsewhere`` those of other workers. Where a ledger had not enough, it is asked again from ``ask_at`` on, and can
    have enough from ``due_at`` on. ``served`` holds the number of the last turn of each caller.
    """

    def __init__(self, limits: Limits, name: str = "") -> None:
        self.limits = limits
        day = Day(limits.day_zone) if limits.day_zone and (limits.rpd or 0) >= 1 else None
        rates = ((limits.qps, 1.0, None), (limits.rpm, 60.0, None), (limits.rpd, DAY_S, day))
        parts: list[Part] = [Slots(limits.concurrency, name)] if limits.concurrency else []
        parts += [Rate(number, window_s, name, day) for number, window_s, day in rates if number]
        if limits.tpm:
            parts.append(Tokens(limits.tpm, name))
        self.parts: tuple[Part, ...] = tuple(parts)
        self.counts_tokens = bool(limits.tpm)
        self.waiting = self.elsewhere = 0
        self.ask_at = self.due_at = 0.0
        self.served: dict[str, int] = {}

    def due_s(self, now: float, estimate: Estimate = NOTHING) -> float:
        """Seconds until all parts are free, infinite where only a release can tell."""
        parts_s = (part.due_s(now, part.amount(estimate)) for part in self.parts)
        return max(self.due_at - now, max(parts_s, default=0.0), 0.0)

    def pace_s(self) -> float:
        """Mean seconds between two starts at full use."""
        return max((part.pace_s() for part in self.parts), default=0.0)
