"""The waiting line in front of the limits: callers take turns, and the requests of one caller go in order.

A request waits in a lane, with those of the same caller that may go to the same targets. Whenever something may have
come free the first of each lane are looked at, the caller served longest ago before the others, and each starts on the
first of its targets that is free. Nobody is overtaken for the same limit but for a caller's turn; who waits for one
limit does not hold up who needs another.

One greenlet, the usher, does the looking; it lives as long as somebody waits. Waiters only look up now and then to see
whether their client is still there.
"""

import math
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic

import gevent
from gevent.event import Event

from app.client import Client
from app.errors import ClientGone
from app.estimate import NOTHING, Estimate
from app.lease import Lease, ask, take_all
from app.ledger import WAIT_S, Ledger, Refusal, Turn, cell
from app.limits import Clock, Limiter
from app.waiter import Lane, T, Waiter, rank
from providers.errors import ErrorKind, ProviderError

TICK_S: Final = 0.5
"""How often a waiter looks up. The client's leaving is noticed within this time."""

LOOK_S: Final = (0.005, 0.05)
"""The shortest and the longest wait before the ledger is asked again for what other workers hold."""

_JITTER_S: Final = 0.002

Blocked = dict[Limiter, float]
"""Limiters that have not enough left, and the seconds until they can have; infinite where a release will tell."""


class Line(Generic[T]):
    """The line of one worker. ``ledger`` counts for other workers too; without one this worker is alone."""

    def __init__(self, clock: Clock = time.monotonic, ledger: Ledger | None = None) -> None:
        self.ledger = ledger
        self._clock = clock
        self._lanes: dict[object, Lane[T]] = {}
        self._kicked = Event()
        self._usher: gevent.Greenlet[[], None] | None = None
        self._turns = 0

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def acquire(
        self,
        targets: Sequence[T],
        client: Client,
        caller: str = "",
        estimate: Callable[[], Estimate] = lambda: NOTHING,
        *,
        since: float | None = None,
        until: float = math.inf,
    ) -> tuple[T, Lease]:
        """The first of ``targets`` that may start now or when its turn comes, and the lease to give back.

        ``estimate`` is asked only where tokens are limited. The request has waited ``since`` then, by the line's clock,
        or comes now, and waits no longer than ``until``. Raises RATE_LIMITED with an honest ``retry_after_s`` when none
        may start within the longest ``queue_s`` of the targets, or when too many wait already, and ClientGone when the
        client leaves while it waits.
        """
        counted = any(limiter.counts_tokens for target in targets for limiter in target.limiters)
        came = self._clock() if since is None else since
        waiter: Waiter[T] = Waiter(targets, caller, estimate() if counted else NOTHING, came)
        if not self._start(waiter, {}, newcomer=True):
            self._wait(waiter, client, until)
        assert waiter.granted is not None  # noqa: S101 - for mypy: it would have raised
        return waiter.granted

    def _wait(self, waiter: Waiter[T], client: Client, until: float) -> None:
        waiter.waits()
        deadline = min(until, waiter.since + waiter.patience_s())
        self._check_hope(waiter, deadline, waits=False)
        if waiter.is_one_too_many():
            raise self._refusal(waiter, waits=False)
        self._enter(waiter)
        try:
            while not waiter.woken.wait(max(0.001, min(TICK_S, deadline - self._clock()))):
                if client.gone():
                    raise ClientGone
                self._check_hope(waiter, deadline, waits=True)
                if not self._usher:  # it met a surprise
                    self._kick()
        except BaseException:
            if waiter.granted is not None:
                waiter.granted[1].cancel()
            raise
        finally:
            self._leave(waiter)

    def _enter(self, waiter: Waiter[T]) -> None:
        lane = self._lanes.setdefault(waiter.lane, deque())
        place = len(lane)
        while place and lane[place - 1].since > waiter.since:  # it has waited before, in another lane
            place -= 1
        lane.insert(place, waiter)
        for limiter in waiter.behind:
            limiter.waiting += 1
        self._kick()

    def _leave(self, waiter: Waiter[T]) -> None:
        waiter.left = True
        if waiter in self._lanes.get(waiter.lane, ()):
            self._remove(waiter)
            self._kick()
        for limiter in waiter.behind:
            limiter.waiting -= 1
            if self.ledger and not limiter.waiting:
                for part in limiter.parts:
                    self.ledger.withdraw(part.account)

    def _remove(self, waiter: Waiter[T]) -> None:
        lane = self._lanes[waiter.lane]
        lane.remove(waiter)
        if not lane:
            del self._lanes[waiter.lane]

    def _check_hope(self, waiter: Waiter[T], deadline: float, *, waits: bool) -> None:
        """Raises RATE_LIMITED when the time is over, or none of the targets can be free before it is."""
        now = self._clock()
        if now >= deadline or all(deadline < now + due_s < math.inf for due_s in waiter.dues_s(now)):
            raise self._refusal(waiter, waits=waits)

    def _refusal(self, waiter: Waiter[T], *, waits: bool) -> ProviderError:
        message = "every upstream for this model is at its configured limit; try again later"
        retry_after_s = waiter.expected_s(self._clock(), waits=waits)
        return ProviderError(ErrorKind.RATE_LIMITED, message, retry_after_s=retry_after_s)

    def _kick(self) -> None:
        """Have the usher look now. Safe wherever it is called from, the hub included."""
        self._kicked.set()
        if self._lanes and not self._usher:
            self._usher = gevent.spawn(self._attend)

    def _released(self, limiters: Sequence[Limiter]) -> None:
        if self._lanes:
            for limiter in limiters:
                limiter.ask_at = 0.0
            self._kick()

    def _attend(self) -> None:
        while self._lanes:
            self._kicked.clear()
            look_s = self._serve()
            if self._lanes:
                self._kicked.wait(max(0.001, look_s) if math.isfinite(look_s) else None)

    def _serve(self) -> float:
        """Let everybody start whose turn it is. Seconds until it is worth while to look again."""
        blocked: Blocked = {}
        lanes = list(self._lanes.values())
        while lanes := sorted(filter(None, lanes), key=lambda lane: rank(lane, self.ledger)):
            for place, lane in enumerate(lanes):
                if not lane:  # they left while a ledger far away was asked for another lane
                    continue
                waiter = lane[0]
                if self._start(waiter, blocked):
                    self._grant(waiter)
                    lanes = lanes[place:] + lanes[:place]
                    break
            else:
                break
        return min(blocked.values(), default=math.inf)

    def _grant(self, waiter: Waiter[T]) -> None:
        if not waiter.left:
            self._remove(waiter)
            waiter.woken.set()
        elif waiter.granted:  # it left while a ledger far away was asked
            waiter.granted[1].cancel()

    def _start(self, waiter: Waiter[T], blocked: Blocked, *, newcomer: bool = False) -> bool:
        """Whether one of the waiter's targets was free. Notes in ``blocked`` what the others lack.

        A newcomer does not even look where others wait.
        """
        for target in waiter.targets:
            limiters = target.limiters
            if any(limiter in blocked or (newcomer and limiter.waiting) for limiter in limiters):
                continue
            lacking = self._take(waiter, target)
            if lacking is None:
                return True
            limiter, blocked_s = lacking
            blocked[limiter] = blocked_s
        return False

    def _take(self, waiter: Waiter[T], target: T) -> tuple[Limiter, float] | None:
        """None when the target was free, and granted; else the limiter that has not enough left, and for how long."""
        now, limiters = self._clock(), target.limiters
        for limiter in limiters:
            if limiter.ask_at > now:
                return limiter, limiter.ask_at - now
        taken = take_all(limiters, now, waiter.estimate)
        turn = Turn(cell(waiter.caller), waiter.since, max((limiter.waiting for limiter in limiters), default=0))
        if isinstance(taken, Limiter):
            return taken, self._lack(taken, waiter, turn, now)
        claim = None
        if self.ledger and taken:
            answer = ask(self.ledger, taken, waiter.estimate, turn)
            if isinstance(answer, Refusal):
                return self._note(answer, limiters)
            claim = answer
        self._turns += 1
        for limiter in limiters:
            limiter.served[waiter.caller] = self._turns
            limiter.ask_at = limiter.due_at = 0.0
            limiter.elsewhere = 0
        release = lambda: self._released(limiters)  # noqa: E731 - one expression
        waiter.granted = (target, Lease(taken, claim, self.ledger, now, release, self._clock))
        return None

    def _lack(self, limiter: Limiter, waiter: Waiter[T], turn: Turn, now: float) -> float:
        """Seconds until a limiter that this worker has used up has something left; the ledger is told who waits."""
        dues_s = [(part.due_s(now, part.amount(waiter.estimate)), part.account) for part in limiter.parts]
        due_s, account = max(dues_s, key=lambda due: due[0])
        if not self.ledger or not turn.waiting:
            return due_s
        self.ledger.wait(account, turn, due_s)
        return due_s if math.isfinite(due_s) else WAIT_S

    def _note(self, refusal: Refusal, limiters: Sequence[Limiter]) -> tuple[Limiter, float]:
        """The limiter that the ledger found lacking, and for how long it is not to be asked again."""
        limiter = next(one for one in limiters for part in one.parts if part.account is refusal.account)
        shortest_s, longest_s = LOOK_S
        if math.isinf(refusal.due_s):  # a slot of another worker: a twentieth of the time between two of them
            look_s = min(longest_s, max(shortest_s, limiter.pace_s() / 20)) * random.uniform(0.75, 1.25)  # noqa: S311
        else:
            look_s = min(TICK_S, refusal.due_s or shortest_s) + random.uniform(0.0, _JITTER_S)  # noqa: S311 - no secret
        now = self._clock()
        limiter.elsewhere = refusal.ahead
        limiter.due_at = now + refusal.due_s
        limiter.ask_at = now + look_s
        return limiter, look_s
