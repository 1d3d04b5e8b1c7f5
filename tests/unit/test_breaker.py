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
    probe = breaker.begin(131.0)
    assert breaker.wait_s(131.0) > 0
    breaker.end(132.0, None, probe=probe)
    assert breaker.state(132.0) == "closed"


def test_failed_probe_opens_again() -> None:
    """Broken: one failed probe is not enough to rest again."""
    breaker = broken()
    probe = breaker.begin(131.0)
    breaker.end(132.0, ErrorKind.CONNECTION, probe=probe)
    assert breaker.state(161.0) == "open"
    assert breaker.state(162.0) == "half_open"


def test_probe_that_has_begun_to_answer() -> None:
    """Broken: all others wait for the end of a long answer, or an upstream that always breaks off counts as well."""
    breaker = broken()
    probe = breaker.begin(131.0)
    breaker.answers(132.0)
    assert breaker.wait_s(132.0) == 0 and not breaker.begin(132.0)
    breaker.end(140.0, ErrorKind.INCOMPLETE, probe=probe)
    assert breaker.state(140.0) == "open" and breaker.probes == 0
    breaker.answers(141.0)
    assert breaker.state(141.0) == "open"
    probe = breaker.begin(171.0)
    breaker.answers(171.0)
    breaker.end(172.0, None, probe=probe)
    breaker.end(173.0, ErrorKind.INCOMPLETE)
    assert breaker.state(173.0) == "closed" and breaker.failures == 1


def test_late_ends_of_old_requests() -> None:
    """Broken: a request from before the rest lets a second probe through by its end, or makes the rest another one."""
    breaker = Breaker(SETTINGS)
    old = [breaker.begin(99.0) for _ in range(4)]
    assert not any(old)
    for _ in range(3):
        breaker.end(100.0, ErrorKind.TIMEOUT, probe=breaker.begin(100.0))
    breaker.end(110.0, ErrorKind.TIMEOUT, probe=old[0])
    breaker.end(111.0, None, probe=old[1])
    assert breaker.state(129.0) == "open" and breaker.wait_s(130.0) == 0
    probe = breaker.begin(131.0)
    assert probe and breaker.wait_s(131.0) > 0
    breaker.end(132.0, None, probe=old[2])
    breaker.end(132.0, ErrorKind.RATE_LIMITED, probe=old[3])
    assert breaker.state(132.0) == "half_open" and breaker.wait_s(132.0) > 0
    breaker.end(133.0, ErrorKind.INTERNAL, probe=probe)
    assert breaker.state(133.0) == "half_open" and breaker.wait_s(133.0) == 0
    breaker.end(134.0, None, probe=breaker.begin(133.0))
    assert breaker.state(134.0) == "closed" and breaker.probes == 0


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
