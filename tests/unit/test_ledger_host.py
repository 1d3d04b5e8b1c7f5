"""The ledger of one host, with two owners of its file that stand for two workers, and clocks that tests move."""

import math
import os
import random
import struct
from collections.abc import Iterator
from datetime import timezone
from pathlib import Path

import pytest

from app.ledger import Account, Claim, Refusal, Turn, mapped
from app.ledger.days import Day
from app.ledger.host import HostLedger
from app.ledger.mapped import BLOCKS, BUSY, COUNTS, HEAD, TAIL, TOTAL, USED, LedgerFullError, Mapped


class World:
    """A file, its owners, and what time it is for all of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now, self.wall = 1000.0, 1_700_000_000.0
        self.files: list[Mapped] = []

    def worker(self) -> HostLedger:
        self.files.append(Mapped(self.path))
        return HostLedger(self.files[-1], lambda: self.now, lambda: self.wall)

    def turn(self, waiting: int = 0, since: float = 0.0, cell: int = 0) -> Turn:
        return Turn(cell, since or self.now, waiting)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "ledger")
    yield made
    for file in made.files:
        file.close()


def account(size: int, rest_s: float = 0.0, name: str = "a", **more: object) -> Account:
    return Account(name.encode().ljust(16, b"."), size, rest_s, **more)  # type: ignore[arg-type]


def took(ledger: HostLedger, one: Account, turn: Turn, amount: int = 1) -> Claim | None:
    answer = ledger.take([(one, amount)], turn)
    return answer if isinstance(answer, Claim) else None


def due_s(ledger: HostLedger, one: Account, turn: Turn, amount: int = 1) -> float:
    answer = ledger.take([(one, amount)], turn)
    assert isinstance(answer, Refusal) and answer.account is one
    return answer.due_s


def test_window_is_one_for_all(world: World) -> None:
    """Broken: each worker lets as many through as all of them may together."""
    first, second, qps = world.worker(), world.worker(), account(2, 1.04)
    assert took(first, qps, world.turn())
    world.now += 0.5
    assert took(second, qps, world.turn())
    assert due_s(first, qps, world.turn()) == pytest.approx(0.54)
    assert due_s(second, qps, world.turn()) == pytest.approx(0.54)
    world.now += 0.54
    assert took(second, qps, world.turn())
    assert due_s(first, qps, world.turn()) == pytest.approx(0.5)


@pytest.mark.parametrize("size", [1, 7, 1000, 1001, 5000])
def test_never_over_in_any_window(world: World, size: int) -> None:
    """Broken: at some rate a window holds more starts than it may, or far fewer than it might."""
    workers, limit, rng = [world.worker(), world.worker()], account(size, 1.0), random.Random(size)
    starts: list[float] = []
    while world.now < 1004.0:
        world.now += rng.expovariate(1.3 * size)
        claim = took(rng.choice(workers), limit, world.turn())
        if claim and rng.random() < 0.05:
            rng.choice(workers).cancel(claim)
        elif claim:
            starts.append(world.now)
    ahead = iter(starts)
    for place, start in enumerate(ahead):
        last = place + size
        assert last >= len(starts) or starts[last] >= start + 1.0 - 1e-9
    assert len(starts) >= 0.8 * 4 * size - 1


def test_slots_are_one_for_all_and_come_back(world: World) -> None:
    """Broken: more are under way than may be, or a slot given back is not seen by the others."""
    first, second, three = world.worker(), world.worker(), account(3)
    claims = [took(first, three, world.turn()), took(second, three, world.turn()), took(second, three, world.turn())]
    assert all(claims)
    assert due_s(first, three, world.turn()) == math.inf
    second.end(claims[2], None)  # type: ignore[arg-type]
    assert took(first, three, world.turn())
    second.cancel(claims[1])  # type: ignore[arg-type]
    assert took(first, three, world.turn())
    assert due_s(second, three, world.turn()) == math.inf


def test_slots_of_the_dead_come_back_at_once(world: World) -> None:
    """Broken: a worker that was killed keeps its slots for ever, or the living lose theirs with it."""
    first, second, two = world.worker(), world.worker(), account(2)
    assert took(first, two, world.turn()) and took(second, two, world.turn())
    assert due_s(first, two, world.turn()) == math.inf
    world.files[1].close()
    assert took(first, two, world.turn())
    assert due_s(first, two, world.turn()) == math.inf
    third = world.worker()
    assert world.files[2].me == 1
    assert due_s(third, two, world.turn()) == math.inf


def test_place_of_the_dead_is_cleared_for_the_next(world: World) -> None:
    """Broken: a worker begins with the slots, or the place in the line, of the one whose number it got."""
    first, second, two, other = world.worker(), world.worker(), account(2), account(5, name="b")
    assert took(second, two, world.turn()) and took(second, other, world.turn())
    assert took(second, two, world.turn())
    assert due_s(second, two, world.turn(waiting=1)) == math.inf
    world.files[1].close()
    third = world.worker()
    assert took(first, two, world.turn()) and took(third, two, world.turn())
    answer = first.take([(two, 1)], world.turn())
    assert isinstance(answer, Refusal) and answer.ahead == 0


def test_all_or_nothing(world: World) -> None:
    """Broken: a start that one limit forbids uses up the others."""
    ledger, free, worn = world.worker(), account(1, 60.0, "f"), account(1, name="w")
    slots = account(9, name="s")
    assert took(ledger, worn, world.turn())
    answer = ledger.take([(slots, 1), (free, 1), (worn, 1)], world.turn())
    assert isinstance(answer, Refusal) and answer.account is worn
    assert took(ledger, free, world.turn())
    assert ledger._slots(world.files[0].known(slots.id) or 0) == 0


def test_cancel_gives_back_what_was_not_used(world: World) -> None:
    """Broken: a request that never reached the upstream uses up somebody's permit, or gives back another's."""
    first, second, limit = world.worker(), world.worker(), account(2, 10.0)
    unused = took(first, limit, world.turn())
    world.now += 1
    used = took(second, limit, world.turn())
    assert unused and used
    first.cancel(unused)
    assert took(second, limit, world.turn())
    assert due_s(first, limit, world.turn()) == pytest.approx(10.0)
    world.now += 20
    second.cancel(used)
    assert took(first, limit, world.turn()) and took(first, limit, world.turn())
    assert not took(first, limit, world.turn())


def test_what_is_sent_late_rests_longer(world: World) -> None:
    """Broken: requests whose connections take long to open arrive together with those of the next window."""
    first, second, limit, slots = world.worker(), world.worker(), account(2, 1.0), account(9, name="s")
    late = first.take([(slots, 1), (limit, 1)], world.turn())
    assert isinstance(late, Claim) and took(second, limit, world.turn())
    world.now += 0.8
    first.sent(late)
    world.now += 0.25
    assert took(second, limit, world.turn())
    assert due_s(second, limit, world.turn()) == pytest.approx(0.75)
    first.cancel(late)
    assert took(second, limit, world.turn()) and not took(second, limit, world.turn())
    first.sent(Claim([(limit, 1)]))


def test_tokens_are_settled(world: World) -> None:
    """Broken: what a reply did not cost stays taken, or what it cost more is forgotten."""
    first, second = world.worker(), world.worker()
    tpm = account(1000, 60.05, counts_tokens=True)
    claims = [took(ledger, tpm, world.turn(), 500) for ledger in (first, second)]
    assert all(claims) and due_s(first, tpm, world.turn()) == pytest.approx(60.05)
    world.now += 10
    first.end(claims[0], 200)  # type: ignore[arg-type]
    assert took(second, tpm, world.turn(), 300)
    assert due_s(second, tpm, world.turn(), 301) == pytest.approx(50.05)
    second.end(claims[1], 900)  # type: ignore[arg-type]
    world.now += 50.1
    assert due_s(first, tpm, world.turn(), 601) == pytest.approx(9.95, abs=0.01)
    assert took(first, tpm, world.turn(), 300)
    second.end(Claim([(tpm, 1)]), 5)


def test_day_by_the_calendar(world: World) -> None:
    """Broken: a day's count does not end at midnight, or is lost when the machine starts anew."""
    day = Day(timezone.utc, lambda: world.wall)
    rpd = account(2, 0.05, day=day, by_wall_clock=True)
    ledger = world.worker()
    assert took(ledger, rpd, world.turn()) and took(ledger, rpd, world.turn())
    left_s = day.left_s()
    assert due_s(ledger, rpd, world.turn()) == pytest.approx(left_s + 0.05)
    world.files[0].words[mapped.BOOT] += 10_000
    again = world.worker()
    world.now = 1.0
    assert not took(again, rpd, world.turn())
    world.wall += left_s + 0.1
    assert took(again, rpd, world.turn())


def test_restart_of_the_machine_ends_windows(world: World) -> None:
    """Broken: times of a clock that has begun anew since block a limit for weeks."""
    ledger, rpm = world.worker(), account(1, 60.0)
    world.now = 1e6
    assert took(ledger, rpm, world.turn())
    world.files[0].words[mapped.BOOT] += 10_000
    world.now = 5.0
    assert took(world.worker(), rpm, world.turn())


def test_who_waits_longest_goes_first(world: World) -> None:
    """Broken: a worker whose request came later takes what another worker's waits for."""
    first, second, one = world.worker(), world.worker(), account(1)
    held = took(first, one, world.turn())
    assert held
    assert not took(second, one, world.turn(waiting=4, since=world.now))
    waits = first.take([(one, 1)], world.turn(waiting=1, since=world.now + 0.01))
    assert isinstance(waits, Refusal) and waits.ahead == 4
    first.end(held, None)
    assert due_s(first, one, world.turn(waiting=1, since=world.now + 0.01)) == 0.0
    assert due_s(first, one, world.turn(since=world.now + 0.02)) == 0.0
    assert took(second, one, world.turn(waiting=4, since=world.now))
    assert due_s(second, one, world.turn()) == math.inf


def test_who_waits_behind_its_own_worker_keeps_its_turn(world: World) -> None:
    """Broken: a worker that holds all slots loses its turn to others while it waits for one of its own."""
    first, second, one = world.worker(), world.worker(), account(1)
    held = took(first, one, world.turn())
    assert held
    first.wait(one, world.turn(waiting=1, since=world.now - 5), math.inf)
    first.wait(account(1, name="never seen"), world.turn(waiting=1), math.inf)
    world.now += 0.1
    first.end(held, None)
    assert due_s(second, one, world.turn(waiting=1)) == 0.0
    assert took(first, one, world.turn(waiting=1, since=world.now - 5.1, cell=7))
    assert first.last_turn(one, 7) == second.last_turn(one, 7) == 2
    assert second.last_turn(account(1, name="never seen"), 7) == 0


def test_enough_for_both_needs_no_turn(world: World) -> None:
    """Broken: a slot lies idle because somebody waits for another one."""
    first, second, two = world.worker(), world.worker(), account(2)
    claims = [took(first, two, world.turn()), took(first, two, world.turn())]
    assert not took(second, two, world.turn(waiting=1))
    for claim in claims:
        first.end(claim, None)  # type: ignore[arg-type]
    world.now += 0.01
    assert took(first, two, world.turn())
    assert not took(first, two, world.turn())
    assert took(second, two, world.turn(waiting=1, since=world.now - 1))


def test_callers_take_turns_across_workers(world: World) -> None:
    """Broken: a caller whose requests fill one worker keeps out those of another worker."""
    first, second, one = world.worker(), world.worker(), account(1)
    held = took(first, one, world.turn(cell=1))
    assert held
    assert not took(first, one, world.turn(waiting=9, since=world.now - 9, cell=1))
    assert not took(second, one, world.turn(waiting=1, since=world.now, cell=2))
    first.end(held, None)
    assert not took(first, one, world.turn(waiting=9, since=world.now - 9, cell=1))
    assert took(second, one, world.turn(waiting=1, since=world.now, cell=2))


@pytest.mark.parametrize("how", ["leaves", "dies", "sticks"])
def test_who_waits_no_more_holds_up_nobody(world: World, how: str) -> None:
    """Broken: a worker that has nobody waiting, or is dead or stuck, keeps its turn."""
    first, second, one = world.worker(), world.worker(), account(1)
    held = took(first, one, world.turn())
    assert held and not took(second, one, world.turn(waiting=1))
    first.end(held, None)
    world.now += 0.001
    assert not took(first, one, world.turn())
    if how == "leaves":
        second.withdraw(one)
        second.withdraw(account(1, name="never seen"))
    elif how == "dies":
        world.files[1].close()
    else:
        world.now += 0.2
    assert took(first, one, world.turn())


@pytest.mark.parametrize("when", ["entered", "collected"])
def test_death_in_the_middle_is_mended(world: World, when: str) -> None:
    """Broken: a process killed between two stores leaves a total that is wrong for ever."""
    ledger, other, limit = world.worker(), world.worker(), account(3, 10.0)
    assert took(ledger, limit, world.turn())
    words, at = world.files[0].words, world.files[0].known(limit.id) or 0
    words[BUSY] = 1
    if when == "entered":
        words[at + mapped.RING + 3] = 1
        world.files[0].reals[at + mapped.RING + 2] = world.now + 5
        words[at + HEAD] += 1
    else:
        words[at + TAIL] += 1
    assert took(other, limit, world.turn())
    assert words[at + TOTAL] == (3 if when == "entered" else 1)
    assert words[BUSY] == 0
    words[BUSY], words[at + TOTAL] = 1, 99
    world.worker()
    assert words[at + TOTAL] == (3 if when == "entered" else 1)


def test_state_outlasts_its_workers(world: World) -> None:
    """Broken: a restart of all workers forgets what has started within the minute."""
    limit = account(1, 60.0)
    assert took(world.worker(), limit, world.turn())
    world.files[0].close()
    assert not took(world.worker(), limit, world.turn())


def test_full_ledger_lets_pass_and_says_so(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Broken: a ledger without room stops the gateway, or fills its log."""
    ledger = world.worker()
    assert took(ledger, account(1, 60.0), world.turn())
    world.files[0].words[USED] = BLOCKS
    new = account(1, 60.0, "new")
    claims = [ledger.take([(new, 1)], world.turn()) for _ in range(3)]
    for claim in claims:
        assert isinstance(claim, Claim)
        ledger.end(claim, 7)
        ledger.cancel(claim)
    assert caplog.text.count("limits hold for each worker by itself") == 1
    assert world.files[0].words[BUSY] == 0
    assert not took(ledger, account(1, 60.0), world.turn())


def test_too_many_owners(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a worker too many overwrites what others hold."""
    monkeypatch.setattr(mapped, "OWNERS", 2)
    world.worker()
    world.worker()
    with pytest.raises(LedgerFullError):
        world.worker()
    world.files[0].close()
    world.worker()
    assert world.files[-1].me == 0


def test_files_that_are_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a file of somebody else's is overwritten, or trusted."""
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    with pytest.raises(ValueError, match="something else"):
        Mapped(other)
    assert other.read_bytes() == b"precious"
    same_size = tmp_path / "same"
    with same_size.open("wb") as file:
        file.truncate(mapped.SIZE_BYTES)
    with pytest.raises(ValueError, match="something else"):
        Mapped(same_size)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="link"):
        Mapped(link)
    mine = Mapped(tmp_path / "mine")
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ValueError, match="somebody else"):
        Mapped(tmp_path / "mine")
    mine.close()


def test_no_secret_and_little_memory(world: World) -> None:
    """Broken: an account costs more memory than it has to, or its id is not all that is told of it."""
    ledger = world.worker()
    for number in range(10):
        assert took(ledger, account(5, 60.0, f"n{number}"), world.turn())
    blocks = world.path.stat().st_blocks * 512
    assert blocks < 400_000
    words = world.files[0].words
    at = world.files[0].known(account(5, 60.0, "n3").id)
    assert at and struct.pack("<qq", words[at], words[at + 1]) == account(5, 60.0, "n3").id
    assert words[at + COUNTS] == 0
