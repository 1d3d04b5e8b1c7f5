"""A circuit breaker per upstream and model: after repeated faults it is left alone for a while, then tried again.

A pure state machine: the time is an argument. What counts as the upstream's fault is data (FAULTS); a client's fault,
a rate limit or a bad credential says nothing of the upstream's health.
"""

from dataclasses import dataclass
from typing import Final

from config.model import CircuitBreaker
from providers.errors import ErrorKind

FAULTS: Final = frozenset(
    {
        ErrorKind.OVERLOADED,
        ErrorKind.SERVER_ERROR,
        ErrorKind.TIMEOUT,
        ErrorKind.CONNECTION,
        ErrorKind.INCOMPLETE,
        ErrorKind.MALFORMED,
    }
)


@dataclass(slots=True)
class Breaker:
    """``closed`` lets everything through, ``open`` nothing, ``half_open`` a few probes; the next outcome decides."""

    settings: CircuitBreaker
    failures: int = 0
    opened_at: float | None = None
    probes: int = 0

    def state(self, now: float) -> str:
        """``closed``, ``open`` or ``half_open``."""
        if self.opened_at is None:
            return "closed"
        return "open" if now - self.opened_at < self.settings.recovery_timeout_s else "half_open"

    def wait_s(self, now: float) -> float:
        """0 when a request may go now, else the seconds until one may."""
        state = self.state(now)
        if state == "closed" or not self.settings.enabled:
            return 0.0
        if state == "open" and self.opened_at is not None:
            return self.opened_at + self.settings.recovery_timeout_s - now
        return 0.0 if self.probes < self.settings.half_open_max_requests else 1.0

    def begin(self, now: float) -> bool:
        """Take note that a request goes out. Whether it is a probe, which ``end`` has to be told again."""
        probe = self.state(now) != "closed"
        self.probes += probe
        return probe

    def answers(self, now: float) -> None:
        """Take note that a probe's answer has begun. Nobody has to wait for its end, but the next fault opens again."""
        if self.state(now) == "half_open":
            self.failures, self.opened_at = self.settings.failure_threshold - 1, None

    def end(self, now: float, fault: ErrorKind | None, *, probe: bool = False) -> None:
        """Take note of how it ended: None is success; kinds outside FAULTS only end a probe.

        Unless it is closed only probes count: what began earlier tells of a time that has been judged already.
        """
        if probe:
            self.probes -= 1
        elif self.opened_at is not None:
            return
        if fault is None:
            self.failures, self.opened_at = 0, None
        elif fault in FAULTS:
            self.failures += 1
            if self.opened_at is not None or self.failures >= self.settings.failure_threshold:
                self.opened_at = now
