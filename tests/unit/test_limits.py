"""Limits within one worker: never over, nothing lost, and honest about when something comes free."""

from datetime import timedelta, timezone

import pytest

from app.estimate import Estimate
from app.lease import Lease, take_all
from app.ledger.days import Day
from app.limits import Limiter, Rate, Slots, Tokens
from config.model import Limits
from providers.types import Usage


def lease(limiter: Limiter, now: float = 0.0) -> Lease:
    taken = take_all((limiter,), now)
    assert isinstance(taken, list)
    return Lease(taken, None, None, now, lambda: None, clock=lambda: now + 3.0)


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
    mark = rate.take(0.0)
    assert mark
    assert not rate.take(0.0)
    assert rate.due_s(0.0) == pytest.approx(10.05)
    rate.cancel(mark)
    mark = rate.take(0.0)
    assert mark
    rate.end(mark, 1.0, None)
    assert not rate.take(1.0)


def test_cancelling_gives_back_ones_own_permit() -> None:
    """Broken: whoever cancels gives back the permit of somebody who started later, so that a window holds too many."""
    rate = Rate(2, 1.0)
    unused, _ = rate.take(0.0), rate.take(0.5)
    rate.cancel(unused)
    assert rate.take(0.6)
    assert not rate.take(1.1)
    rate.cancel(unused)
    assert not rate.take(1.1)
    assert rate.take(1.55)


def test_permit_rests_from_the_sending_on() -> None:
    """Broken: requests whose connections take long to open arrive together with those of the next window."""
    rate = Rate(2, 1.0)
    late, _ = rate.take(0.0), rate.take(0.0)
    late = rate.sent(late, 0.8)
    assert rate.take(1.05) and not rate.take(1.1)
    assert rate.take(1.85)
    rate.cancel(late)
    assert not rate.take(1.9)


def test_permit_sent_when_it_is_over() -> None:
    """Broken: a request that goes out after its window is counted in none, or gives back what is another's."""
    rate = Rate(2, 1.0)
    first, second = rate.take(0.0), rate.take(0.0)
    assert rate.take(2.0)
    assert rate.sent(first, 2.5)
    assert not rate.take(2.6)
    assert rate.sent(second, 2.6) == second
    assert rate.take(3.1) and not rate.take(3.2)


def test_day_begins_at_midnight_of_its_zone() -> None:
    """Broken: a day's permits come back at another hour than the vendor's."""
    wall = [1_700_000_000.0]  # 2023-11-14 22:13:20 UTC, 06:13:20 of the next day in Beijing
    day = Day(timezone(timedelta(hours=8)), clock=lambda: wall[0])
    assert day.left_s() == (24 - 6) * 3600 - 13 * 60 - 20
    rate = Rate(2, 86400.0, day=day)
    assert rate.take(0.0) and rate.take(0.0) and not rate.take(1.0)
    assert rate.due_s(0.0) == pytest.approx(day.left_s() + 0.05)
    assert rate.take(day.left_s() + 0.1)
    wall[0] += 18 * 3600
    assert day.left_s() == 24 * 3600 - 13 * 60 - 20


def test_day_of_a_zone_without_its_midnight() -> None:
    """Broken: a change of the clocks at midnight makes a day without end, or of the wrong length."""
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        zone = zoneinfo.ZoneInfo("Africa/Cairo")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones on this machine")
    clock = [1_682_629_200.0]  # 2023-04-27 21:00 UTC, 23:00 there, an hour before the clocks went from 0:00 to 1:00
    day = Day(zone, clock=lambda: clock[0])
    assert day.left_s() == 3600
    clock[0] += 3600
    assert day.left_s() == 23 * 3600


def test_limits_take_the_day_only_for_whole_requests() -> None:
    """Broken: half a request per day is one each day."""
    zone = timezone(timedelta(0))
    (part,) = Limiter(Limits(rpd=3, day_zone=zone)).parts
    assert part.account.day and part.account.by_wall_clock
    (slow,) = Limiter(Limits(rpd=0.5, day_zone=zone)).parts
    assert slow.account.day is None and slow.account.rest_s > 2 * 86400
    assert slow.account.by_wall_clock and slow.account.id == part.account.id


def test_tokens_are_reserved_and_settled() -> None:
    """Broken: tokens are counted twice, never given back, or let through beyond the limit."""
    tokens = Tokens(1000)
    asked = tokens.amount(Estimate(100, 400))
    assert asked == 500
    first, second = tokens.take(0.0, asked), tokens.take(0.0, asked)
    assert first and second and not tokens.take(0.0, 1)
    assert tokens.due_s(0.0, 1) == pytest.approx(60.05)
    tokens.end(first, 2.0, Usage(100, 100))
    assert tokens.take(2.0, 300) and not tokens.take(2.0, 1)
    tokens.end(second, 10.0, Usage(100, 900))
    assert tokens.due_s(10.0, 1000) == pytest.approx(60.05)
    assert not tokens.take(62.2, 501), "500 more than reserved count from the end of the reply on"
    assert tokens.take(62.2, 500)


def test_tokens_without_a_word_of_the_vendor() -> None:
    """Broken: a reply without usage costs nothing, or one that was never asked for costs something."""
    tokens = Tokens(100)
    mark = tokens.take(0.0, 100)
    tokens.end(mark, 1.0, None)
    assert not tokens.take(1.0, 1)
    mark = tokens.take(61.0, 100)
    tokens.cancel(mark)
    assert tokens.take(61.0, 100)


def test_tokens_rest_from_the_sending_on() -> None:
    """Broken: tokens of a request that goes out late come back early."""
    tokens = Tokens(100)
    mark = tokens.sent(tokens.take(0.0, 60), 20.0)
    assert tokens.take(20.0, 40) and not tokens.take(61.0, 1)
    tokens.end(mark, 5.0, Usage(5, 5))
    assert tokens.take(61.0, 50) and not tokens.take(61.0, 1)


def test_lease_sent_at_once_stays() -> None:
    """Broken: each request is entered twice, though it goes out at once, or one that is sent late is not."""
    limiter, clock = Limiter(Limits(qps=1)), [0.0]
    taken = take_all((limiter,), 0.0)
    assert isinstance(taken, list)
    held = Lease(taken, None, None, 0.0, lambda: None, clock=lambda: clock[0])
    clock[0] = 0.004
    held.sent()
    assert limiter.due_s(0.0) == pytest.approx(1.04)
    clock[0] = 0.5
    held.sent()
    assert limiter.due_s(0.5) == pytest.approx(1.04)
    held.release()
    held.sent()


def test_late_settlement_gives_nothing_back_twice() -> None:
    """Broken: a stream longer than the window returns its tokens when they have long been returned."""
    tokens = Tokens(100)
    mark = tokens.take(0.0, 100)
    assert tokens.take(61.0, 100)
    tokens.end(mark, 70.0, Usage(1, 1))
    assert not tokens.take(71.0, 1)


def test_request_beyond_all_tokens_takes_them_all() -> None:
    """Broken: a request that is larger than the limit waits for ever, or passes as if there were none."""
    tokens = Tokens(100)
    assert tokens.amount(Estimate(5000, None)) == 100
    assert tokens.amount(Estimate(0, 0)) == 1
    assert Tokens(10_000).amount(Estimate(100, None)) == 600


def test_length_of_answers_is_learnt() -> None:
    """Broken: answers without a limit are always expected to be as long as at first."""
    tokens = Tokens(10_000)
    for _ in range(30):
        tokens.end(tokens.take(0.0, 1), 1.0, Usage(10, 20))
    assert tokens.amount(Estimate(100, None)) == pytest.approx(120, abs=2)
    assert tokens.pace_s() == pytest.approx(60 * 30 / 10_000, rel=0.1)


def test_slots_and_double_release() -> None:
    """Broken: a slot is given twice, or given back twice."""
    limiter = Limiter(Limits(concurrency=1))
    held = lease(limiter)
    assert take_all((limiter,), 0.0) is limiter
    held.release()
    held.release()
    held.cancel()
    held = lease(limiter)
    assert take_all((limiter,), 0.0) is limiter
    held.cancel()
    held.cancel()
    assert lease(limiter)
    with pytest.raises(ValueError, match="released too many times"):
        Slots(1).end(True, 1.0, None)


def test_all_or_nothing() -> None:
    """Broken: a start that one limit forbids uses up another limit's permit."""
    busy, free = Limiter(Limits(concurrency=1)), Limiter(Limits(qps=1, tpm=1))
    assert lease(busy)
    assert take_all((free, busy), 0.0) is busy
    assert lease(free)


def test_names_of_accounts() -> None:
    """Broken: two limits share an account, or one has another name after the next start."""
    every = Limits(qps=1, rpm=1, rpd=1, tpm=1, concurrency=1)
    ids = [part.account.id for name in ("a", "b") for part in Limiter(every, name).parts]
    assert len(set(ids)) == 10
    assert [part.account.id for part in Limiter(every, "a").parts] == ids[:5]
    assert Limiter(Limits(qps=5), "a").parts[0].account.id in ids[:5]
