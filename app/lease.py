"""What one request holds of limits while it runs: taken all at once or not at all, and given back exactly once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.estimate import NOTHING, Estimate
from app.ledger import Claim, Ledger, Refusal, Turn
from app.limits import Clock, Limiter, Part
from providers.types import Usage

LATE_S: Final = 0.005
"""Sooner than this a request is on its way at once: what a permit rests longer than its window makes up for it."""

Taken = list[tuple[Part, Any]]


@dataclass(slots=True)
class Lease:
    """What a request has taken. ``release`` works twice; the second time does nothing.

    ``on_its_way`` tells whether the request has left.
    """

    taken: Taken
    claim: Claim | None
    ledger: Ledger | None
    since: float
    on_release: Callable[[], None]
    clock: Clock = time.monotonic
    held: bool = True
    on_its_way: bool = False

    def sent(self) -> None:
        """Let what rests begin to rest now: the request is on its way, and the vendor counts from its arrival on."""
        now = self.clock()
        self.on_its_way = True
        if self.held and now - self.since > LATE_S:
            self.taken = [(part, part.sent(mark, now)) for part, mark in self.taken]
            if self.ledger and self.claim:
                self.ledger.sent(self.claim)

    def release(self, usage: Usage | None = None) -> None:
        """Give back, after use, what does not come back by itself. ``usage`` is what the reply said it cost."""
        if not self.held:
            return
        self.held = False
        held_s = self.clock() - self.since
        for part, mark in self.taken:
            part.end(mark, held_s, usage)
        if self.ledger and self.claim:
            self.ledger.end(self.claim, usage.total_tokens if usage else None)
        self.on_release()

    def cancel(self) -> None:
        """Give everything back as if it had never been taken: the upstream was not asked."""
        if not self.held:
            return
        self.held = False
        _undo(self.taken)
        if self.ledger and self.claim:
            self.ledger.cancel(self.claim)
        self.on_release()


def take_all(limiters: Sequence[Limiter], now: float, estimate: Estimate = NOTHING) -> Taken | Limiter:
    """Every part of every limiter; or the limiter that had none left, and nothing is taken."""
    taken: Taken = []
    for limiter in limiters:
        for part in limiter.parts:
            mark = part.take(now, part.amount(estimate))
            if mark is None:
                _undo(taken)
                return limiter
            taken.append((part, mark))
    return taken


def ask(ledger: Ledger, taken: Taken, estimate: Estimate, turn: Turn) -> Claim | Refusal:
    """The same of the ledger, for what was taken here. Where it refuses, what was taken is given back."""
    try:
        answer = ledger.take([(part.account, part.amount(estimate)) for part, _ in taken], turn)
    except BaseException:
        _undo(taken)
        raise
    if isinstance(answer, Refusal):
        _undo(taken)
    return answer


def _undo(taken: Taken) -> None:
    for part, mark in taken:
        part.cancel(mark)
