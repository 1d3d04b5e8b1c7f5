"""Which target of a request is tried next.

Targets come in tiers: the model's own, then those of each of its fallbacks. Within a tier the first that is well and
has a free place is tried; a lower tier comes when nothing in the ones above is left, well, or free in time. No target
is tried twice, but for two exceptions, once each in a request: the last one that is well after a passing fault, and one
whose vendor said when it is ready again, if waiting for that is within what its entry lets a request wait.
"""

import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import gevent

from app import verdict
from app.call import Call
from app.errors import ClientGone
from app.keys import Entry, may_probe
from app.queue import TICK_S
from app.routing import Tiers
from app.runtime import Target
from app.verdict import Outcome
from config.model import Failover
from providers.errors import RETRYABLE, ErrorKind, ProviderError

PASSING: Final = frozenset({ErrorKind.CONNECTION, ErrorKind.OVERLOADED})
"""Faults that are often gone a moment later."""

REFUSED_TOGETHER: Final = 3
"""So many credentials of one vendor refused in one request mean that something else is wrong than the credentials."""


@dataclass(slots=True)
class Tries:
    """Where one request stands. ``failures`` are the tries so far that failed, in order.

    It waits for its next try ``since`` and may begin that ``until``, by the monotonic clock.
    """

    tiers: Tiers
    call: Call
    failures: list[Outcome] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    until: float = math.inf
    _left: list[list[Target]] = field(init=False)
    _crowded: list[Outcome] = field(default_factory=list)
    _repeated: bool = False
    _waited: bool = False
    _alone: bool = False

    def __post_init__(self) -> None:
        self._alone = sum(map(len, self.tiers)) == 1
        self._left = [list(tier) for tier in self.tiers]

    @property
    def _settings(self) -> Failover:
        return self.call.runtime.settings.failover

    def choices(self) -> list[Target]:
        """The targets of which the next free one is to be tried.

        Waits where waiting helps. Raises the request's failure when nothing is left to try, and ClientGone.
        """
        while True:
            for tier in self._left:
                if ready := [target for target in tier if self._is_well(target)]:
                    return ready
            if probe := self._probe():
                return [probe]
            if self._waited or not self._wait():
                raise self.failure()

    def again(self, choices: list[Target]) -> float:
        """When another one of their tier is ready that only has to wait, by the monotonic clock; infinite without."""
        others = next((tier for tier in self._left if choices[0] in tier), choices)
        if len(others) == len(choices):
            return math.inf
        return time.monotonic() + min(self._ready_soon(others).values(), default=math.inf)

    def crowded(self, targets: list[Target], error: ProviderError, again: float) -> None:
        """Take note that none of ``targets`` was free until ``again``, or will be in time.

        Raises what the client is told, unless there is something to go on with, and ClientGone.
        """
        if math.isfinite(again):
            self._sleep(again - time.monotonic())
            return
        for tier in self._left:
            tier[:] = [target for target in tier if target not in targets]
        self._crowded.append((targets[0], error))
        late = time.monotonic() > self.until
        if late or not (self._anybody() or (not self._waited and self._ready_soon())):
            raise self.failure() if all(failed.kind in verdict.LIMITS for _, failed in self.failures) else error

    def begun(self, target: Target) -> bool:
        """Take note that ``target`` is being tried. False where it is not well any more, after a wait for its turn."""
        entry = self._rest(target)
        if target.breaker.wait_s(time.monotonic()) or (entry and not may_probe(entry, time.time())):
            return False
        if entry:
            self.call.runtime.keys.probed(target.key, target.to.model)
        self.until = min(self.until, time.monotonic() + self._settings.within_s)
        for tier in self._left:
            # Another name may lead to the same place.
            tier[:] = [other for other in tier if other.breaker is not target.breaker]
        return True

    def failed(self, target: Target, error: ProviderError) -> None:
        """Take note that it failed. Raises what the client is told, unless something may be tried still."""
        self.failures.append((target, error))
        self.since = time.monotonic()
        late = self.since > self.until
        if error.kind is ErrorKind.MODEL_NOT_FOUND:
            self._leave_strangers(target)
        hopeless = error.kind not in RETRYABLE and not (error.kind is ErrorKind.MODEL_NOT_FOUND and any(self._left))
        if hopeless or late or len(self.failures) >= self._settings.targets:
            raise self.failure()
        if error.kind is ErrorKind.UPSTREAM_AUTH:
            self._leave_refusing_vendors()
        if error.kind in PASSING and self._settings.same_target_retry and not self._repeated and not self._anybody():
            self._repeated = True
            self._sleep(random.uniform(0.1, 0.4))  # noqa: S311 - spreads load, hides nothing
            self._left.append([target])

    def failure(self) -> ProviderError:
        """What the client is told: the one failure, or what several come to."""
        full_or_resting = [*self._crowded, *verdict.resting(chain(*self.tiers), self.failures, self._rest)]
        if self.failures:
            return verdict.of(self.failures, full_or_resting, self._rest)
        if self._crowded:
            return verdict.soonest(full_or_resting, self._rest)
        return verdict.of_nobody(list(chain(*self._left)), self._rest)

    def _rest(self, target: Target) -> Entry | None:
        """The rest of a target's credential, if it counts: one that stands alone is asked all the same.

        Its client then hears the vendor's own words, and a key that works again is noticed at once. Only where nothing
        but time helps, and its entry lets requests wait, they do.
        """
        entry = self.call.runtime.keys.resting(target.key, target.to.model) if self._settings.rest_keys else None
        if entry and self._alone and not (entry.rest.waits_for_time() and _patience_s(target)):
            return None
        return entry

    def _is_well(self, target: Target) -> bool:
        return not target.breaker.wait_s(time.monotonic()) and not self._rest(target)

    def _anybody(self) -> bool:
        """Whether there is another target that may be asked now."""
        return any(map(self._is_well, chain.from_iterable(self._left))) or self._probe() is not None

    def _probe(self) -> Target | None:
        """A target whose credential rests, but may be asked for want of a better one."""
        now = time.time()
        for tier in self._left:
            for target in tier:
                entry = self._rest(target)
                if entry and may_probe(entry, now) and not target.breaker.wait_s(time.monotonic()):
                    return target
        return None

    def _wait(self) -> bool:
        """Wait for the first target that only has to wait, once in a request. Whether there is one now."""
        self._waited = True
        while soon := self._ready_soon():
            self._sleep(min(soon.values()))
            # Somebody else may have asked too early, or the clocks do not agree to the millisecond.
            if ready := [target for target in soon if not self._rest(target)]:
                self._left = [ready]
                return True
        return False

    def _ready_soon(self, among: list[Target] | None = None) -> dict[Target, float]:
        """The targets that only have to wait, in seconds, for no longer than their entries let a request wait.

        Those ``among`` the given ones, or all that are left and those whose vendor limited this request.
        """
        failed = [target for target, error in self.failures if error.kind is ErrorKind.RATE_LIMITED]
        now, waited_s = time.time(), time.monotonic() - self.since
        within_s = min(self._settings.within_s, self.until - self.since)
        waits_s = {
            target: entry.rest.until - now
            for target in dict.fromkeys(among or [*chain.from_iterable(self._left), *failed])
            if (entry := self._rest(target)) and entry.rest.waits_for_time()
        }
        return {
            target: wait_s
            for target, wait_s in waits_s.items()
            if waited_s + wait_s <= min(_patience_s(target), within_s)
        }

    def _sleep(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            gevent.sleep(min(left_s, TICK_S))
            if self.call.client.gone():
                raise ClientGone

    def _leave_strangers(self, target: Target) -> None:
        """Leave all that ask the same vendor for a model that it does not know; other entries may mean another one."""
        for tier in self._left:
            tier[:] = [
                other for other in tier if (_vendor(other), other.to.model) != (_vendor(target), target.to.model)
            ]

    def _leave_refusing_vendors(self) -> None:
        refused = Counter(_vendor(target) for target, error in self.failures if error.kind is ErrorKind.UPSTREAM_AUTH)
        for tier in self._left:
            tier[:] = [target for target in tier if refused[_vendor(target)] < REFUSED_TOGETHER]


def _vendor(target: Target) -> tuple[str, str]:
    return target.vendor.name, target.to.server_url


def _patience_s(target: Target) -> float:
    """How long the target's entry lets a request wait for its turn; without limits nobody is to wait."""
    return max((limiter.limits.queue_s for limiter in target.limiters), default=0.0)
