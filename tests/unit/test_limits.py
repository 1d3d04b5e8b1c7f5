"""Limits and the line before them: never over, in order, and honest about when to come back."""

import gevent
import pytest

from app.client import Client
from app.errors import ClientGone
from app.limits import Lease, Limiter, Rate, Slots, take_all
from app.queue import Line
from config.model import Limits
from providers.errors import ErrorKind, ProviderError


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Target:
    """Something behind limiters."""

    def __init__(self, *limits: Limits) -> None:
        self.limiters = tuple(Limiter(limit) for limit in limits)


class Leaving(Client):
    """A client that leaves after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__(None)
        self.looks = looks

    def gone(self) -> bool:
        self.looks -= 1
        return self.looks < 0


HERE = Client(None)


@pytest.mark.parametrize(("per_window", "window_s"), [(2, 1.0), (0.5, 1.0), (30, 60.0), (2.5, 1.0), (1, 86400.0)])
def test_rate_is_never_over_in_any_window(per_window: float, window_s: float) -> None:
    """Broken: more starts than allowed fit into some window, or far fewer than allowed are let through."""
    rate = Rate(per_window, window_s)
    step, starts = window_s / 200, []
    for tick in range(2000):
        if rate.take(tick * step):
            starts.append(tick * step)
    for number, start in enumerate(starts):
        inside = [other for other in starts[number:] if other < start + rate.window_s]
        assert len(inside) <= rate.permits
    assert len(starts) >= 0.9 * 10 * per_window
    assert rate.permits / rate.window_s == pytest.approx(per_window / window_s)


def test_permit_not_used_comes_back_at_once() -> None:
    """Broken: a request that never reached the upstream uses up its permit."""
    rate = Rate(1, 10.0)
    assert rate.take(0.0)
    assert not rate.take(0.0)
    assert rate.due_s(0.0) == pytest.approx(10.05)
    rate.give_back(None)
    assert rate.take(0.0)
    rate.give_back(1.0)
    assert not rate.take(1.0)


def test_slots_and_double_release() -> None:
    """Broken: a slot is given twice, or given back twice."""
    limiter = Limiter(Limits(concurrency=1))
    assert take_all((limiter,), 0.0) is None
    lease = Lease((limiter,), 0.0, lambda: None, clock=lambda: 3.0)
    assert take_all((limiter,), 0.0) is limiter
    lease.release()
    lease.release()
    lease.cancel()
    assert take_all((limiter,), 0.0) is None
    with pytest.raises(ValueError, match="released too many times"):
        slots = Slots(1)
        slots.give_back(1.0)


def test_all_or_nothing() -> None:
    """Broken: a start that one limit forbids uses up another limit's permit."""
    busy, free = Limiter(Limits(concurrency=1)), Limiter(Limits(qps=1))
    assert take_all((busy,), 0.0) is None
    assert take_all((free, busy), 0.0) is busy
    assert take_all((free,), 0.0) is None


def test_line_keeps_order_and_place() -> None:
    """Broken: somebody who came later starts earlier."""
    target, line, order = Target(Limits(concurrency=1)), Line(), []

    def visit(number: int) -> None:
        _, lease = line.acquire([target], HERE)
        order.append(number)
        gevent.sleep(0.001)
        lease.release()

    gevent.joinall([gevent.spawn(visit, number) for number in range(30)], raise_error=True)
    assert order == list(range(30))
    assert len(line) == 0


def test_waiting_too_long_tells_when_to_come_back() -> None:
    """Broken: a caller waits for ever, or is told a time that no one computed."""
    target, line = Target(Limits(rpm=1, queue_s=0.05)), Line()
    line.acquire([target], HERE)
    with pytest.raises(ProviderError) as caught:
        line.acquire([target], HERE)
    assert caught.value.kind is ErrorKind.RATE_LIMITED
    assert caught.value.retry_after_s == pytest.approx(60.05, abs=0.2)
    assert len(line) == 0


def test_busy_slot_times_out() -> None:
    """Broken: a slot that never comes back is waited for without end."""
    target, line = Target(Limits(concurrency=1, queue_s=0.05)), Line()
    _, lease = line.acquire([target], HERE)
    with pytest.raises(ProviderError) as caught:
        line.acquire([target], HERE)
    assert caught.value.retry_after_s and caught.value.retry_after_s > 0
    lease.release()
    assert line.acquire([target], HERE)


def test_first_free_target_is_taken() -> None:
    """Broken: a request waits for a busy target while another one is free."""
    busy, free = Target(Limits(concurrency=1)), Target(Limits(concurrency=1))
    line: Line[Target] = Line()
    assert line.acquire([busy, free], HERE)[0] is busy
    assert line.acquire([busy, free], HERE)[0] is free


def test_waiter_does_not_hold_up_who_needs_another_limit() -> None:
    """Broken: one exhausted credential blocks all others of its entry."""
    entry = Limiter(Limits(concurrency=10))
    worn, fresh = Target(Limits(concurrency=1)), Target(Limits(concurrency=1))
    worn.limiters, fresh.limiters = (entry, *worn.limiters), (entry, *fresh.limiters)
    line: Line[Target] = Line()
    line.acquire([worn], HERE)
    waiting = gevent.spawn(line.acquire, [worn], HERE)
    gevent.sleep(0.01)
    assert line.acquire([fresh], HERE)[0] is fresh
    waiting.kill()


def test_client_that_leaves_gives_its_place_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a client that left keeps its place, and what it is given in the end is lost."""
    monkeypatch.setattr("app.queue.TICK_S", 0.01)
    target, line = Target(Limits(concurrency=1)), Line()
    _, lease = line.acquire([target], HERE)
    with pytest.raises(ClientGone):
        line.acquire([target], Leaving(2))
    assert len(line) == 0
    lease.release()
    assert line.acquire([target], HERE)


def test_killed_waiter_gives_back_what_it_was_just_granted() -> None:
    """Broken: a greenlet killed around its grant takes a slot with it."""
    target, line = Target(Limits(concurrency=1, queue_s=0.2)), Line()

    def visit() -> None:
        _, lease = line.acquire([target], HERE)
        try:
            gevent.sleep(10)
        finally:
            lease.release()

    _, lease = line.acquire([target], HERE)
    waiting = gevent.spawn(visit)
    gevent.sleep(0.01)
    lease.release()
    waiting.kill()
    assert line.acquire([target], HERE)


def test_grant_met_by_a_kill_is_returned() -> None:
    """Broken: an exception that meets a waiter already granted loses what it was granted."""
    target, line = Target(Limits(concurrency=1, queue_s=0.2)), Line()
    _, lease = line.acquire([target], HERE)
    waiting = gevent.spawn(line.acquire, [target], HERE)
    gevent.sleep(0.01)
    gevent.get_hub().loop.run_callback(waiting.throw, gevent.GreenletExit)
    gevent.get_hub().loop.run_callback(lease.release)
    gevent.sleep(0.01)
    assert line.acquire([target], HERE)


def test_hopeless_wait_is_refused_at_once() -> None:
    """Broken: a caller is kept waiting although its turn cannot come in time."""
    clock = Clock()
    target, line = Target(Limits(rpd=1, queue_s=100)), Line(clock)
    line.acquire([target], HERE)
    with pytest.raises(ProviderError) as caught:
        line.acquire([target], HERE)
    assert caught.value.retry_after_s == pytest.approx(86400, rel=0.001)


def test_unlimited_needs_no_turn() -> None:
    """Broken: an upstream without limits is limited."""
    target, line = Target(), Line()
    leases = [line.acquire([target], HERE)[1] for _ in range(100)]
    for lease in leases:
        lease.release()
