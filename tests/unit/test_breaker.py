"""The circuit breaker: opens after repeated faults of the upstream only, and probes its way back."""

import pytest

from app.breaker import FAULTS, Breaker
from config.model import CircuitBreaker
from providers.errors import ErrorKind

SETTINGS = CircuitBreaker(failure_threshold=3, recovery_timeout_s=30, half_open_max_requests=1)


def broken(at: float = 100.0) -> Breaker:
    breaker = Breaker(SETTINGS)
    for _ in range(3):
        breaker.begin(at)
        breaker.end(at, ErrorKind.TIMEOUT)
    return breaker


def test_opens_after_the_threshold() -> None:
    """Broken: it opens too early, too late, or for too long."""
    breaker = Breaker(SETTINGS)
    for _ in range(2):
        breaker.end(0.0, ErrorKind.SERVER_ERROR)
    assert breaker.state(0.0) == "closed"
    assert breaker.wait_s(0.0) == 0
    breaker.end(0.0, ErrorKind.SERVER_ERROR)
    assert breaker.state(1.0) == "open"
    assert breaker.wait_s(10.0) == pytest.approx(20.0)
    assert breaker.state(30.0) == "half_open"


def test_success_in_between_starts_the_count_anew() -> None:
    """Broken: rare faults add up over days."""
    breaker = Breaker(SETTINGS)
    for _ in range(10):
        breaker.end(0.0, ErrorKind.INCOMPLETE)
        breaker.end(0.0, None)
    assert breaker.state(0.0) == "closed"


def test_half_open_lets_one_probe_through() -> None:
    """Broken: a sick upstream is flooded the moment its rest is over."""
    breaker = broken()
    assert breaker.wait_s(131.0) == 0
    breaker.begin(131.0)
    assert breaker.wait_s(131.0) > 0
    breaker.end(132.0, None)
    assert breaker.state(132.0) == "closed"


def test_failed_probe_opens_again() -> None:
    """Broken: one failed probe is not enough to rest again."""
    breaker = broken()
    breaker.begin(131.0)
    breaker.end(132.0, ErrorKind.CONNECTION)
    assert breaker.state(161.0) == "open"
    assert breaker.state(162.0) == "half_open"


@pytest.mark.parametrize("kind", sorted(set(ErrorKind) - FAULTS, key=lambda kind: kind.value))
def test_other_kinds_do_not_count(kind: ErrorKind) -> None:
    """Broken: a client's bad request or a worn-out key shuts a healthy upstream off."""
    breaker = Breaker(SETTINGS)
    for _ in range(10):
        breaker.end(0.0, kind)
    assert breaker.state(0.0) == "closed"


def test_disabled_never_waits() -> None:
    """Broken: ``enabled: false`` is not honoured."""
    breaker = Breaker(CircuitBreaker(enabled=False, failure_threshold=1))
    breaker.end(0.0, ErrorKind.TIMEOUT)
    assert breaker.wait_s(0.0) == 0
