"""The ledger in Redis: several gateways against a real one, and what each does when it is away."""

import gc
import math
import socket
import time
from collections.abc import Iterator
from datetime import timezone
from pathlib import Path

import gevent
import pytest
import redis

from app.ledger import Account, Claim, Refusal, Turn, scripts
from app.ledger.days import Day
from app.ledger.host import HostLedger
from app.ledger.mapped import Mapped
from app.ledger.remote import RemoteLedger
from tests.e2e.process import free_port
from tests.e2e.redisserver import RedisServer, redis_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(free_port(), tmp_path_factory.mktemp("redis")) as started:
        yield started


class World:
    """Gateways that share the Redis; each has a ledger of its own host."""

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.ledgers: list[RemoteLedger] = []
        self.files: list[Mapped] = []
        self.redis = redis.Redis.from_url(server.url)
        self.redis.flushall()

    def gateway(self, url: str = "") -> RemoteLedger:
        self.files.append(Mapped(self.folder / f"{len(self.files)}"))
        self.ledgers.append(RemoteLedger(url or self.server.url, HostLedger(self.files[-1])))
        return self.ledgers[-1]

    def close(self) -> None:
        for ledger in self.ledgers:
            ledger._link.clerk.kill()
            ledger._link._redis.connection_pool.disconnect()
        for file in self.files:
            file.close()
        self.redis.close()
        gc.collect()


@pytest.fixture
def world(server: RedisServer, tmp_path: Path) -> Iterator[World]:
    if server.process is None:
        server.start()
    made = World(server, tmp_path)
    yield made
    made.close()


def account(size: int, rest_s: float = 0.0, name: str = "a", **more: object) -> Account:
    return Account(name.encode().ljust(16, b"."), size, rest_s, **more)  # type: ignore[arg-type]


def turn(waiting: int = 0, ago_s: float = 0.0, cell: int = 0) -> Turn:
    return Turn(cell, time.monotonic() - ago_s, waiting)


def took(ledger: RemoteLedger, one: Account, amount: int = 1, its: Turn | None = None) -> Claim | None:
    answer = ledger.take([(one, amount)], its or turn())
    return answer if isinstance(answer, Claim) else None


def refused(ledger: RemoteLedger, one: Account, amount: int = 1, its: Turn | None = None) -> Refusal:
    answer = ledger.take([(one, amount)], its or turn())
    assert isinstance(answer, Refusal) and answer.account is one
    return answer


def eventually(holds: object, within_s: float = 3.0) -> bool:
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if holds():  # type: ignore[operator]
            return True
        gevent.sleep(0.01)
    return False


def test_window_is_one_for_all(world: World) -> None:
    """Broken: each gateway lets as many through as all of them may together."""
    first, second, limit = world.gateway(), world.gateway(), account(2, 0.4)
    assert took(first, limit) and took(second, limit)
    assert 0.3 < refused(second, limit).due_s <= 0.4
    assert refused(first, limit).due_s == pytest.approx(refused(second, limit).due_s, abs=0.05)
    gevent.sleep(0.41)
    assert took(second, limit)


def test_slots_are_one_for_all_and_come_back(world: World) -> None:
    """Broken: more are under way than may be, or a slot given back is not seen by others."""
    first, second, two = world.gateway(), world.gateway(), account(2)
    claims = [took(first, two), took(second, two)]
    assert refused(first, two).due_s == math.inf
    second.end(claims[1], None)  # type: ignore[arg-type]
    assert eventually(lambda: took(first, two))
    first.cancel(claims[0])  # type: ignore[arg-type]
    assert eventually(lambda: took(second, two))


def test_all_or_nothing(world: World) -> None:
    """Broken: what one limit forbids uses up another, here or in Redis."""
    first, second = world.gateway(), world.gateway()
    free, worn = account(1, 60.0, "f"), account(1, 60.0, "w")
    assert took(first, worn)
    answer = second.take([(free, 1), (worn, 1)], turn())
    assert isinstance(answer, Refusal) and answer.account is worn
    assert took(second, free)


def test_cancel_and_late_sending(world: World) -> None:
    """Broken: a permit that was never used stays taken, or one that was sent late rests no longer for that."""
    first, second, limit = world.gateway(), world.gateway(), account(1, 0.5)
    claim = took(first, limit)
    assert claim
    first.cancel(claim)
    assert eventually(lambda: took(second, limit))
    gevent.sleep(0.51)
    claim = took(first, limit)
    assert claim
    gevent.sleep(0.3)
    first.sent(claim)
    gevent.sleep(0.05)
    assert refused(second, limit).due_s > 0.4


def test_tokens_are_settled(world: World) -> None:
    """Broken: what a reply did not cost stays taken everywhere, or what it cost more is forgotten."""
    first, second = world.gateway(), world.gateway()
    tpm = account(1000, 60.05, counts_tokens=True)
    claims = [took(first, tpm, 500), took(second, tpm, 500)]
    assert refused(first, tpm).due_s == pytest.approx(60, abs=0.5)
    first.end(claims[0], 200)  # type: ignore[arg-type]
    assert eventually(lambda: took(second, tpm, 300))
    second.end(claims[1], 900)  # type: ignore[arg-type]
    total = f"{scripts.PREFIX}:{tpm.id.hex()}:a"
    assert eventually(lambda: world.redis.hget(total, "total") == b"1400")
    claim = took(second, account(2000, 60.05, counts_tokens=True), 100)
    assert claim
    second.cancel(claim)
    assert eventually(lambda: world.redis.hget(total, "total") == b"1400")


def test_day_by_the_calendar(world: World) -> None:
    """Broken: a day ends at another time in Redis than for its host."""
    day = Day(timezone.utc)
    rpd = account(1, 0.05, day=day, by_wall_clock=True)
    first, second = world.gateway(), world.gateway()
    assert took(first, rpd)
    assert refused(second, rpd).due_s == pytest.approx(day.left_s(), abs=1)


def test_tokens_of_a_window_that_is_over(world: World) -> None:
    """Broken: the sum of all tokens goes on counting those that are over."""
    first, tpm = world.gateway(), account(10, 0.2, counts_tokens=True)
    assert took(first, tpm, 6) and took(first, tpm, 4)
    assert 0 < refused(world.gateway(), tpm, 10).due_s <= 0.2
    gevent.sleep(0.21)
    assert took(first, tpm, 10)


def test_who_waits_longest_goes_first(world: World) -> None:
    """Broken: a gateway whose request came later takes what another one's waits for, or callers take no turns."""
    first, second, third, one = world.gateway(), world.gateway(), world.gateway(), account(1)
    held = took(first, one, its=turn(cell=1))
    assert held
    refused(second, one, its=turn(3, ago_s=1.0, cell=1))
    assert refused(third, one, its=turn(2, ago_s=0.5, cell=2)).ahead == 3
    first.end(held, None)
    assert eventually(lambda: refused(second, one, its=turn(3, ago_s=1.0, cell=1)).due_s == 0)
    assert refused(first, one).ahead == 5
    assert took(third, one, its=turn(2, ago_s=0.5, cell=2))


def test_one_that_is_stuck_holds_up_nobody(world: World) -> None:
    """Broken: a gateway that died while it waited keeps its turn."""
    first, second, one = world.gateway(), world.gateway(), account(1)
    held = took(first, one)
    assert held
    refused(second, one, its=turn(1, ago_s=5.0))
    second.withdraw(one)
    first.end(held, None)
    assert eventually(lambda: took(first, one), 1.0)


def test_slots_of_a_dead_host_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: slots of a host that died are lost, or those of a living one run out while it holds them."""
    monkeypatch.setattr(scripts, "SLOT_S", 0.4)
    monkeypatch.setattr("app.ledger.link.BEAT_S", 0.1)
    first, second, two = world.gateway(), world.gateway(), account(2)
    assert took(first, two) and took(second, two)
    first._link.clerk.kill()
    gevent.sleep(0.6)
    assert took(second, two)
    assert not took(second, two)


def test_same_take_twice_counts_once(world: World) -> None:
    """Broken: a call that is repeated because its answer got lost takes twice."""
    ledger, limit = world.gateway(), account(1, 60.0)
    args = scripts.take_args("lease", "owner", [(limit, 1)], turn(), time.monotonic())
    job = (scripts.TAKE, scripts.keys([limit]), args)
    assert [ledger._link.call(job)[0] for _ in range(2)] == [0, 0]
    assert world.redis.zcard(f"{scripts.PREFIX}:{limit.id.hex()}:e") == 1


def test_taking_that_is_killed_holds_nothing(world: World) -> None:
    """Broken: a request killed while Redis is asked keeps what Redis gave it."""
    ledger, one = world.gateway(), account(1)
    call = ledger._link.call
    ledger._link.call = lambda job: (call(job), gevent.sleep(5))  # type: ignore[method-assign]
    job = gevent.spawn(took, ledger, one)
    gevent.sleep(0.05)
    ledger._link.call = call  # type: ignore[method-assign]
    job.kill()
    assert eventually(lambda: took(world.gateway(), one))


def test_without_redis_the_host_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Broken: without Redis requests stand still or pass without limit, it is not said, or Redis is never found again.

    Broken too: what began meanwhile is unknown to Redis when it is back.
    """
    monkeypatch.setattr("app.ledger.link.BEAT_S", 0.05)
    first, second, limit, slots = world.gateway(), world.gateway(), account(2, 60.0), account(3, name="s")
    held = took(first, slots)
    assert held and took(first, limit)
    world.server.stop()
    began_s = time.monotonic()
    assert took(first, limit)
    assert not took(first, limit)
    assert time.monotonic() - began_s < 2.0
    assert took(first, slots) and took(first, slots)
    first.end(held, None)
    assert took(second, limit), "each gateway counts alone"
    first.withdraw(limit)
    assert caplog.text.count("Redis is away") == 2
    assert world.server.password not in caplog.text
    world.server.start()
    assert eventually(lambda: first._link.up and second._link.up)
    assert caplog.text.count("Redis is back") == 2
    entries = [f"{scripts.PREFIX}:{one.id.hex()}:e" for one in (limit, slots)]
    assert eventually(lambda: [world.redis.zcard(each) for each in entries] == [3, 2])
    assert not took(second, limit)


def test_entries_of_a_day_do_not_keep_those_of_a_second() -> None:
    """Broken: what a gateway remembers for Redis grows for a whole day, because one limit counts by the day."""

    class Deaf:
        def call(self, _job: object) -> list[object]:
            return [0, 0, 0, b"1"]

        def later(self, _job: object) -> None:
            pass

    ledger = RemoteLedger("", None, lambda _url, _beat: Deaf())  # type: ignore[arg-type]
    daily, quick = account(9, 86400.0, "d"), account(9, 0.001, "q")
    assert took(ledger, daily)
    for _ in range(20):
        claim = took(ledger, quick)
        time.sleep(0.002)
    assert sum(map(len, ledger._resting.values())) == 2
    assert claim
    ledger.cancel(claim)
    assert sum(map(len, ledger._resting.values())) == 1


def test_redis_that_forgot_is_told_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Broken: a Redis that was restarted in between lets everybody start anew."""
    first, second, limit, slots = world.gateway(), world.gateway(), account(3, 60.0), account(2, name="s")
    assert took(first, limit) and took(first, slots) and took(second, limit)
    world.redis.flushall()
    for ledger in (first, second):
        assert took(ledger, account(100, 60.0, "other"))
    assert eventually(lambda: world.redis.zcard(f"{scripts.PREFIX}:{limit.id.hex()}:e") == 2)
    assert took(second, limit) and not took(first, limit) and not took(second, limit)
    assert caplog.text.count("lost its memory") >= 1


@pytest.mark.parametrize("password", ["wrong-canary", ""])
def test_redis_that_refuses(world: World, caplog: pytest.LogCaptureFixture, password: str) -> None:
    """Broken: a wrong password ends requests, or is told to whoever reads the log."""
    url = world.server.url.replace(world.server.password, password) if password else world.server.url.split("@")[1]
    ledger, limit = world.gateway(url if password else f"redis://{url}"), account(1, 60.0)
    assert took(ledger, limit) and not took(ledger, limit)
    assert "Redis is away" in caplog.text
    assert "canary" not in caplog.text


def test_silent_redis_is_not_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Broken: a Redis that accepts and says nothing holds up every request."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        ledger, limit = world.gateway(f"redis://127.0.0.1:{deaf.getsockname()[1]}"), account(9, 60.0)
        began_s = time.monotonic()
        assert all(took(ledger, limit) for _ in range(5))
        assert time.monotonic() - began_s < 1.2
    assert caplog.text.count("Redis is away") == 1


def test_redis_with_a_slow_name(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Broken: a name server that says nothing holds up every request for as long as it likes."""
    ledger, limit = world.gateway(), account(9, 60.0)
    monkeypatch.setattr("app.ledger.link.LONGEST_S", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: gevent.sleep(5))
    began_s = time.monotonic()
    assert all(took(ledger, limit) for _ in range(5))
    assert time.monotonic() - began_s < 1.0
    assert caplog.text.count("Redis is away") == 1


def test_surprise_in_the_clerk(world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a bug ends the greenlet that keeps slots alive, in silence."""
    monkeypatch.setattr("app.ledger.link.BEAT_S", 0.01)
    ledger = world.gateway()
    work = ledger._link._work
    ledger._link._work = lambda: 1 / 0  # type: ignore[assignment,return-value]
    assert eventually(lambda: "surprise" in caplog.text)
    ledger._link._work = work  # type: ignore[method-assign]
    claim = took(ledger, account(1))
    assert claim
    ledger.end(claim, None)
    assert eventually(lambda: took(ledger, account(1)))
