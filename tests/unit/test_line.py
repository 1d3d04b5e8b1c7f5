"""The line before the limits: callers take turns, each in order, and nobody waits in vain."""

import gevent
import pytest

from app.client import Client
from app.errors import ClientGone
from app.estimate import Estimate
from app.ledger import Account, Claim, Refusal, Turn, Want, cell
from app.limits import Limiter
from app.queue import Line
from config.model import Limits
from providers.errors import ErrorKind, ProviderError
from providers.types import Usage
from tests.unit.toy import Leaving


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


HERE = Client(None)


class Far:
    """A ledger whose answers a test gives, after a switch of greenlets."""

    def __init__(self, *refusals_s: float) -> None:
        self.refusals_s = list(refusals_s)
        self.turns: list[Turn] = []
        self.wants: list[list[Want]] = []
        self.cancelled: list[Claim] = []
        self.ended: list[int | None] = []
        self.withdrawn: list[Account] = []
        self.waits: list[tuple[int, float]] = []
        self.last_turns: dict[int, int] = {}

    def take(self, wants: list[Want], turn: Turn) -> Claim | Refusal:
        gevent.sleep(0.002)
        self.turns.append(turn)
        self.wants.append(wants)
        return Refusal(wants[0][0], self.refusals_s.pop(0), ahead=7) if self.refusals_s else Claim(wants)

    def cancel(self, claim: Claim) -> None:
        self.cancelled.append(claim)

    def end(self, claim: Claim, tokens: int | None) -> None:
        self.ended.append(tokens)

    def sent(self, claim: Claim) -> None:
        raise NotImplementedError

    def wait(self, account: Account, turn: Turn, due_s: float) -> None:
        self.waits.append((turn.waiting, due_s))

    def last_turn(self, account: Account, cell: int) -> int | None:
        return self.last_turns.get(cell) if self.last_turns else None

    def withdraw(self, account: Account) -> None:
        self.withdrawn.append(account)


def refused(line: Line[Target], target: Target, client: Client = HERE) -> float:
    """What somebody who is refused is told to wait."""
    with pytest.raises(ProviderError) as caught:
        line.acquire([target], client)
    assert caught.value.kind is ErrorKind.RATE_LIMITED
    assert caught.value.retry_after_s and caught.value.retry_after_s > 0
    return caught.value.retry_after_s


def visit(line: Line[Target], target: Target, order: list[str], name: str) -> None:
    """One request of the caller whose name ``name`` begins with."""
    _, lease = line.acquire([target], HERE, name[0])
    order.append(name)
    gevent.sleep(0.001)
    lease.release()


def test_line_keeps_order_and_place() -> None:
    """Broken: somebody who came later starts earlier."""
    target, line, order = Target(Limits(concurrency=1)), Line[Target](), list[str]()
    names = [f"a{number}" for number in range(30)]
    gevent.joinall([gevent.spawn(visit, line, target, order, name) for name in names], raise_error=True)
    assert order == names
    assert len(line) == 0


def test_callers_take_turns() -> None:
    """Broken: whoever asks most is served most."""
    target, line, order = Target(Limits(concurrency=1)), Line[Target](), list[str]()
    names = [*(f"a{number}" for number in range(6)), "b0", "b1", "c0"]
    gevent.joinall([gevent.spawn(visit, line, target, order, name) for name in names], raise_error=True)
    assert order == ["a0", "b0", "c0", "a1", "b1", "a2", "a3", "a4", "a5"]


def test_turns_are_those_of_the_limit_that_is_waited_for() -> None:
    """Broken: a caller who is served a lot elsewhere never gets its turn here."""
    busy, idle, line, order = Target(Limits(concurrency=1)), Target(Limits(qps=1e6)), Line[Target](), list[str]()
    jobs = [gevent.spawn(visit, line, busy, order, name) for name in ("b0", "b1", "b2", "a0", "a1")]
    gevent.sleep(0)
    for _ in range(20):
        line.acquire([idle], HERE, "a")[1].release()
        gevent.sleep(0.0005)
    gevent.joinall(jobs, raise_error=True)
    assert order == ["b0", "a0", "b1", "a1", "b2"]


def test_waiting_too_long_tells_when_to_come_back() -> None:
    """Broken: a caller waits for ever, or is told a time that no one computed."""
    target, line = Target(Limits(rpm=1, queue_s=0.05)), Line[Target]()
    line.acquire([target], HERE)
    assert refused(line, target) == pytest.approx(60.05, abs=0.2)
    assert len(line) == 0


def test_those_who_wait_are_counted_in() -> None:
    """Broken: everybody who is refused is told the same time, and they all come back at once."""
    target, line = Target(Limits(rpm=30, queue_s=1000)), Line[Target]()
    jobs = [gevent.spawn(line.acquire, [target], HERE) for _ in range(35)]
    gevent.sleep(0.01)
    assert len(line) == 5
    target.limiters[0].limits = Limits(rpm=30, queue_s=0.01)
    assert refused(line, target) == pytest.approx(60.05 + 5 * 2, abs=0.5)
    gevent.killall(jobs)


def test_length_of_the_line() -> None:
    """Broken: any number of requests may wait."""
    target, line = Target(Limits(concurrency=1, queue_length=2)), Line[Target]()
    jobs = [gevent.spawn(line.acquire, [target], HERE) for _ in range(3)]
    gevent.sleep(0.01)
    assert len(line) == 2
    refused(line, target)
    jobs[0].value[1].release()
    gevent.sleep(0.01)
    assert len(line) == 1 and jobs[1].value
    none = Target(Limits(concurrency=1, queue_length=0))
    assert line.acquire([none], HERE)
    refused(line, none)
    jobs[2].kill()


def test_busy_slot_times_out() -> None:
    """Broken: a slot that never comes back is waited for without end."""
    target, line = Target(Limits(concurrency=1, queue_s=0.05)), Line[Target]()
    _, lease = line.acquire([target], HERE)
    refused(line, target)
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
    target, line = Target(Limits(concurrency=1)), Line[Target]()
    _, lease = line.acquire([target], HERE)
    with pytest.raises(ClientGone):
        line.acquire([target], Leaving(2))
    assert len(line) == 0 and target.limiters[0].waiting == 0
    lease.release()
    assert line.acquire([target], HERE)


def test_killed_waiter_gives_back_what_it_was_just_granted() -> None:
    """Broken: a greenlet killed around its grant takes a slot with it."""
    target, line = Target(Limits(concurrency=1, queue_s=0.2)), Line[Target]()

    def stay() -> None:
        _, lease = line.acquire([target], HERE)
        try:
            gevent.sleep(10)
        finally:
            lease.release()

    _, lease = line.acquire([target], HERE)
    waiting = gevent.spawn(stay)
    gevent.sleep(0.01)
    lease.release()
    waiting.kill()
    assert line.acquire([target], HERE)


def test_grant_met_by_a_kill_is_returned() -> None:
    """Broken: an exception that meets a waiter already granted loses what it was granted."""
    target, line = Target(Limits(concurrency=1, queue_s=0.2)), Line[Target]()
    _, lease = line.acquire([target], HERE)
    waiting = gevent.spawn(line.acquire, [target], HERE)
    gevent.sleep(0.01)
    gevent.get_hub().loop.run_callback(lease.release)
    gevent.sleep(0)
    gevent.get_hub().loop.run_callback(waiting.throw, gevent.GreenletExit)
    gevent.sleep(0.01)
    assert line.acquire([target], HERE)


def test_hopeless_wait_is_refused_at_once() -> None:
    """Broken: a caller is kept waiting although its turn cannot come in time."""
    clock = Clock()
    target, line = Target(Limits(rpd=1, queue_s=100)), Line[Target](clock)
    line.acquire([target], HERE)
    assert refused(line, target) == pytest.approx(86400, rel=0.001)


def test_unlimited_needs_no_turn() -> None:
    """Broken: an upstream without limits is limited, or costs the ledger something."""
    target, ledger = Target(), Far()
    line = Line[Target](ledger=ledger)
    leases = [line.acquire([target], HERE)[1] for _ in range(100)]
    for lease in leases:
        lease.release()
    assert not ledger.turns


def test_nobody_looks_when_nobody_waits() -> None:
    """Broken: a greenlet goes on looking after those who waited have gone."""
    target, line = Target(Limits(concurrency=1)), Line[Target]()
    waiting = [gevent.spawn(line.acquire, [target], HERE) for _ in range(3)]
    gevent.sleep(0.01)
    assert line._usher
    gevent.killall(waiting[1:])
    gevent.sleep(0.01)
    assert not line._usher


def test_surprise_while_looking_ends_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a bug met while serving the line leaves everybody in it waiting for ever."""
    monkeypatch.setattr("app.queue.TICK_S", 0.01)
    monkeypatch.setattr(gevent.get_hub(), "print_exception", lambda *_: None)
    target, line = Target(Limits(concurrency=1)), Line[Target]()
    _, lease = line.acquire([target], HERE)
    serve = line._serve
    monkeypatch.setattr(line, "_serve", lambda: 1 / 0)
    waiting = gevent.spawn(line.acquire, [target], HERE)
    gevent.sleep(0.005)
    assert not line._usher
    monkeypatch.setattr(line, "_serve", serve)
    lease.release()
    assert waiting.get(timeout=1)


def test_ledger_is_asked_again_when_it_said() -> None:
    """Broken: who waits for what other workers hold is forgotten, or asks all the time."""
    target, ledger = Target(Limits(qps=100, queue_s=5)), Far(0.03, 0.03)
    line = Line[Target](ledger=ledger)
    job = gevent.spawn(line.acquire, [target], HERE, "me")
    gevent.sleep(0.01)
    limiter = target.limiters[0]
    assert limiter.elsewhere == 7 and limiter.waiting == 1
    gevent.sleep(0)
    assert len(ledger.turns) == 1
    _, lease = job.get(timeout=1)
    assert [turn.waiting for turn in ledger.turns] == [0, 1, 1]
    assert ledger.turns[0].since == ledger.turns[2].since
    assert ledger.withdrawn == [limiter.parts[0].account]
    lease.release(Usage(3, 4))
    assert ledger.ended == [7]


def test_ledger_that_cannot_tell_is_looked_at() -> None:
    """Broken: a slot that another worker gave back is never noticed, or one refused here stays taken."""
    target, ledger = Target(Limits(concurrency=1)), Far(float("inf"), float("inf"), 0.0)
    line = Line[Target](ledger=ledger)
    _, lease = gevent.spawn(line.acquire, [target], HERE).get(timeout=1)
    assert len(ledger.turns) == 4
    lease.cancel()
    assert len(ledger.cancelled) == 1
    assert line.acquire([target], HERE)


def test_ledger_with_a_far_due_time_is_hopeless_too() -> None:
    """Broken: a caller waits although the other workers have used up the minute."""
    target = Target(Limits(rpm=30, queue_s=5))
    assert refused(Line[Target](ledger=Far(40.0)), target) == pytest.approx(40 + 7 * 2, abs=0.2)


def test_leaving_while_the_ledger_is_asked() -> None:
    """Broken: what a far ledger grants to somebody who has left is lost."""
    target, ledger = Target(Limits(concurrency=1)), Far(0.001)
    line = Line[Target](ledger=ledger)
    waiting = gevent.spawn(line.acquire, [target], HERE)
    while len(ledger.turns) < 1 or not line._usher:
        gevent.sleep(0.001)
    gevent.sleep(0.002)
    waiting.kill()
    gevent.sleep(0.02)
    assert len(line) == 0
    assert len(ledger.cancelled) == len(ledger.turns) - 1
    assert line.acquire([target], HERE)


def test_others_leave_while_the_ledger_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: the line stands still because those who waited in one row left while it was another one's turn."""
    surprises: list[object] = []
    monkeypatch.setattr(gevent.get_hub(), "print_exception", lambda *met: surprises.append(met))

    class Slow(Far):
        def take(self, wants: list[Want], turn: Turn) -> Claim | Refusal:
            if len(self.turns) == 2:
                jobs[1].kill()
            return super().take(wants, turn)

    line = Line[Target](ledger=Slow(0.02, 0.02, 0.02))
    jobs = [gevent.spawn(line.acquire, [Target(Limits(qps=9))], HERE) for _ in range(2)]
    assert jobs[0].get(timeout=2)
    assert not surprises and not len(line)


def test_time_already_waited() -> None:
    """Broken: a request that has to look for another target may wait all of its time once more, or past its end."""
    clock = Clock()
    target, line = Target(Limits(concurrency=1, queue_s=100)), Line[Target](clock)
    _, lease = line.acquire([target], HERE)
    with pytest.raises(ProviderError):
        line.acquire([target], HERE, since=clock.now - 100)
    with pytest.raises(ProviderError):
        line.acquire([target], HERE, until=clock.now)
    lease.release()
    assert line.acquire([target], HERE, since=clock.now - 200, until=clock.now - 100)


def test_time_already_waited_counts_in_the_order() -> None:
    """Broken: who has waited elsewhere goes to the end of the line."""
    clock = Clock()
    target, line, order = Target(Limits(concurrency=1)), Line[Target](clock), list[float]()
    _, lease = line.acquire([target], HERE)

    def visit_since(since: float) -> None:
        _, own = line.acquire([target], HERE, since=since)
        order.append(since)
        own.release()

    visits = []
    for since in (990.0, 995.0, 985.0, 1000.0, 990.5):
        visits.append(gevent.spawn(visit_since, since))
        gevent.sleep(0)
    lease.release()
    gevent.joinall(visits, raise_error=True)
    assert order == [985.0, 990.0, 990.5, 995.0, 1000.0]


def test_ledger_learns_the_cost() -> None:
    """Broken: tokens are entered in the ledger as if they were one."""
    target, ledger = Target(Limits(tpm=1000)), Far()
    line = Line[Target](ledger=ledger)
    line.acquire([target], HERE, "", lambda: Estimate(200, 100))
    assert [amount for _, amount in ledger.wants[0]] == [300]
    line.acquire([Target(Limits(qps=1))], HERE, "", lambda: pytest.fail("nobody asked for it"))


def test_large_request_does_not_spin() -> None:
    """Broken: a request that waits for many tokens is looked at all the time because a few are free."""
    target, line = Target(Limits(tpm=1000, queue_s=200)), Line[Target]()
    line.acquire([target], HERE, "", lambda: Estimate(600, 0))
    looks = []
    serve, line._serve = line._serve, lambda: looks.append(1) or serve()  # type: ignore[method-assign]
    waiting = gevent.spawn(line.acquire, [target], HERE, "", lambda: Estimate(600, 0))
    gevent.sleep(0.03)
    assert len(looks) == 1
    waiting.kill()


def test_others_hear_of_those_who_wait_for_what_is_held_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: who waits behind requests of its own worker is overtaken by requests of others."""
    monkeypatch.setattr("app.queue.WAIT_S", 0.01)
    target, ledger = Target(Limits(concurrency=1)), Far()
    line = Line[Target](ledger=ledger)
    _, lease = line.acquire([target], HERE)
    jobs = [gevent.spawn(line.acquire, [target], HERE) for _ in range(2)]
    gevent.sleep(0.035)
    assert 3 <= len(ledger.waits) <= 5 and set(ledger.waits[1:]) == {(2, float("inf"))}
    lease.release()
    gevent.joinall(jobs[:1], timeout=1, raise_error=True)
    jobs[1].kill()


def test_turns_are_those_of_all_workers() -> None:
    """Broken: a caller that others have just served is served here as well before one that waits everywhere."""
    target, ledger, order = Target(Limits(concurrency=1)), Far(), list[str]()
    ledger.last_turns = {cell("a"): 9, cell("b"): 2}
    line = Line[Target](ledger=ledger)
    _, lease = line.acquire([target], HERE, "c")
    jobs = [gevent.spawn(visit, line, target, order, name) for name in ("a0", "b0")]
    gevent.sleep(0.01)
    lease.release()
    gevent.joinall(jobs, raise_error=True)
    assert order == ["b0", "a0"]


def test_small_request_does_not_overtake_a_large_one() -> None:
    """Broken: a request that waits for many tokens never gets them, because small ones take what comes free."""
    target, line = Target(Limits(tpm=1000, queue_s=200)), Line[Target]()
    line.acquire([target], HERE, "", lambda: Estimate(600, 0))
    large, small = lambda: Estimate(600, 0), lambda: Estimate(100, 0)
    jobs = [gevent.spawn(line.acquire, [target], HERE, "", estimate) for estimate in (large, small)]
    gevent.sleep(0.01)
    assert len(line) == 2
    gevent.killall(jobs)


def test_release_here_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a slot that a worker gives back lies idle until it would have asked the ledger again."""
    monkeypatch.setattr("app.queue.LOOK_S", (10.0, 10.0))
    target, ledger = Target(Limits(concurrency=2)), Far()
    line = Line[Target](ledger=ledger)
    _, lease = line.acquire([target], HERE)
    ledger.refusals_s = [float("inf"), float("inf")]
    waiting = gevent.spawn(line.acquire, [target], HERE)
    gevent.sleep(0.02)
    assert len(ledger.turns) == 2
    ledger.refusals_s = []
    lease.release()
    assert waiting.get(timeout=1)
