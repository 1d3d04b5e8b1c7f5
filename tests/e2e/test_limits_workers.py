"""Limits of several workers and of several gateways, as the vendor sees them. For longer: ``make soak-limits``."""

import json
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.conftest import StartGateway
from tests.e2e.process import PROMPT, Gateway, free_port
from tests.e2e.redisserver import RedisServer, redis_server
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.journal import Entry

pytestmark = pytest.mark.e2e

WORKERS: Final = 4
QUICK_S: Final = 3.3
SOAK_S: Final = 30.0
CLIENTS: Final = 6
ORPHANS_S: Final = 0.6
GUARD: Final = 1.05
"""A permit rests up to 5 % longer than its window; what is left is at least 95 % of what the limit allows."""

LIMITS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "qps2": ({"qps": 2}, "ok"),
    "half": ({"qps": 0.5}, "ok"),
    "three": ({"concurrency": 3}, "ok?delay=0.3"),
    "rpm30": ({"rpm": 30}, "ok"),
}
LATE_S: Final = 0.3
WINDOW_S: Final = {"qps2": (2, 1.0), "half": (1, 2.0), "rpm30": (30, 60.0)}


def config(vendor: FakeVendor, key: str, **top: Any) -> dict[str, Any]:
    """Entries for each limit, and for all of them at once, whose requests are told apart by their keys."""
    entries = [
        {
            "id": name,
            "server_url": vendor.url,
            "models": [name],
            "model_map": {name: target},
            "credentials": {"api_key": f"good-key-{key}-{name}"},
            "limit": {**limit, "timeout": 100},
        }
        for name, (limit, target) in LIMITS.items()
    ]
    return {"circuit_breaker": {"enabled": False}, "services": {"openai": entries}, **top}


class Crowd:
    """Clients that ask ``gateways`` in turn for ``model``, each again as soon as it is answered."""

    def __init__(self, gateways: list[Gateway], model: str, clients: int = CLIENTS) -> None:
        self.statuses: list[int] = []
        self._stopped = False
        self._ports, self._model = [gateway.port for gateway in gateways], model
        self._open: dict[int, socket.socket] = {}
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        for turn in count(number):
            try:
                self.statuses.append(self._ask(number, self._ports[turn % len(self._ports)]))
            except (OSError, HTTPException):
                if self._stopped:
                    return
                self.statuses.append(0)  # the worker was killed

    def _ask(self, number: int, port: int) -> int:
        body = json.dumps({"model": self._model, "messages": [{"role": "user", "content": PROMPT}]})
        with closing(HTTPConnection("127.0.0.1", port, timeout=70)) as connection:
            connection.connect()
            self._open[number] = connection.sock
            if self._stopped:
                raise ConnectionError
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            with connection.getresponse() as response:
                response.read()
                return response.status

    def stop(self) -> None:
        """Hang up, all of them."""
        self._stopped = True
        for sock in self._open.values():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


def crowds(gateways: list[Gateway], names: list[str], for_s: float) -> dict[str, Crowd]:
    """Crowds at all the models at the same time, for so long."""
    started = {name: Crowd(gateways, name) for name in names}
    time.sleep(for_s)
    for crowd in started.values():
        crowd.stop()
    return started


def seen(vendor: FakeVendor, mark: int, key: str, until_s: float = math.inf) -> list[Entry]:
    wanted = f"good-key-{key}"
    entries = [entry for entry in vendor.entries(since=mark) if entry.key == wanted and entry.arrived_s < until_s]
    return sorted(entries, key=lambda entry: entry.arrived_s)


def check_rate(entries: list[Entry], name: str, for_s: float) -> None:
    """Never more than the limit in any window, and at least 95 % of what it allows.

    Beside other tests, on a machine that is busy, a request may be late on its way, and fewer may make it.
    """
    size, window_s = WINDOW_S[name]
    least = size * max(1, math.floor(for_s / (window_s * GUARD)))
    if for_s == QUICK_S:
        window_s, least = window_s - LATE_S, size
    times = [entry.arrived_s for entry in entries]
    over = [later - earlier for earlier, later in zip(times, times[size:], strict=False) if later - earlier < window_s]
    assert not over, f"{size} in {window_s} s, but {over}"
    assert len(times) >= least


def check_slots(entries: list[Entry], size: int, for_s: float, kills_s: Sequence[float] = ()) -> None:
    """Never more than ``size`` at once, and hardly ever fewer.

    Requests of a worker that was killed are nobody's any more, but the vendor goes on with them to their end.
    """
    spans = [(entry.arrived_s, entry.finished_s or entry.closed_by_peer_s or entry.arrived_s) for entry in entries]
    moments = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    held = most = 0
    for at, step in moments:
        held += step
        if not any(kill_s <= at < kill_s + ORPHANS_S for kill_s in kills_s):
            most = max(most, held)
    assert most == size
    busy = 0.3 if for_s == QUICK_S else 0.7
    assert sum(end - begin for begin, end in spans) >= busy * size * (for_s - 0.3)


def check_all(vendor: FakeVendor, mark: int, key: str, for_s: float, until_s: float) -> None:
    for name in WINDOW_S:
        check_rate(seen(vendor, mark, f"{key}-{name}", until_s), name, for_s)
    check_slots(seen(vendor, mark, f"{key}-three", until_s), 3, for_s)


def workers_of(gateway: Gateway) -> list[int]:
    """The process ids of its workers."""
    pid = gateway.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


LONG: Final = pytest.param(SOAK_S, marks=pytest.mark.long)


@pytest.mark.parametrize("for_s", [QUICK_S, LONG])
def test_four_workers(gateway: StartGateway, vendor: FakeVendor, for_s: float) -> None:
    """Four workers let through four times as much, or what one of them does not use is lost."""
    started, mark = gateway(config(vendor, "four", workers=1), workers=WORKERS), vendor.mark()
    assert len(workers_of(started)) == WORKERS
    begun = crowds([started], list(LIMITS), for_s)
    until_s = time.monotonic()
    check_all(vendor, mark, "four", for_s, until_s)
    assert all(set(crowd.statuses) <= {200} for crowd in begun.values())


@pytest.mark.parametrize("for_s", [LONG])
def test_killed_worker(gateway: StartGateway, vendor: FakeVendor, for_s: float) -> None:
    """A worker that is killed keeps its slots, or takes the count of the last second with it."""
    started, mark = gateway(config(vendor, "killed"), workers=WORKERS), vendor.mark()
    victims = workers_of(started)[:2]
    kills_s: list[float] = []

    def kill(pid: int) -> None:
        kills_s.append(time.monotonic())
        os.kill(pid, signal.SIGKILL)

    for share, pid in zip((0.3, 0.5), victims, strict=True):
        threading.Timer(share * for_s, kill, (pid,)).start()
    crowds([started], ["qps2", "three"], for_s)
    until_s = time.monotonic()
    check_rate(seen(vendor, mark, "killed-qps2", until_s), "qps2", for_s - 1)
    entries = seen(vendor, mark, "killed-three", until_s)
    check_slots(entries, 3, for_s - 1, kills_s)
    assert max(entry.arrived_s for entry in entries) > until_s - 1, "all slots are lost"
    assert not set(victims) & set(workers_of(started))


def test_reload_forgets_nothing(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Workers that a HUP starts begin with limits of their own, while those of before still serve."""
    started, mark = gateway(config(vendor, "reload"), workers=2), vendor.mark()
    crowd, before = Crowd([started], "rpm30", clients=4), set(workers_of(started))
    deadline_s = time.monotonic() + 10
    while len(seen(vendor, mark, "reload-rpm30")) < 30 and time.monotonic() < deadline_s:
        time.sleep(0.05)
    started.process.send_signal(signal.SIGHUP)
    while len(set(workers_of(started)) - before) < 2 and time.monotonic() < deadline_s:
        time.sleep(0.02)
    crowd.stop()
    while before & set(workers_of(started)) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not before & set(workers_of(started)), "the old workers did not go"
    crowd = Crowd([started], "rpm30", clients=8)
    time.sleep(0.5)
    crowd.stop()
    assert len(seen(vendor, mark, "reload-rpm30")) == 30


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of one's own; the test is skipped where there is none."""
    with redis_server(free_port(), tmp_path) as started:
        yield started


@pytest.mark.parametrize("for_s", [LONG])
def test_two_gateways_with_redis(gateway: StartGateway, vendor: FakeVendor, server: RedisServer, for_s: float) -> None:
    """Two gateways that share a Redis let through twice as much, or less than one would."""
    settings = config(vendor, "redis", shared_state=server.url)
    pair, mark = [gateway(settings, workers=2), gateway(settings, workers=2)], vendor.mark()
    begun = crowds(pair, list(LIMITS), for_s)
    until_s = time.monotonic()
    check_all(vendor, mark, "redis", for_s, until_s)
    assert all(set(crowd.statuses) <= {200} for crowd in begun.values())
    assert not any(server.password in started.log for started in pair)


@pytest.mark.parametrize("for_s", [LONG])
def test_redis_goes_and_comes_back(
    gateway: StartGateway, vendor: FakeVendor, server: RedisServer, for_s: float
) -> None:
    """Without Redis the gateway stands still or lets everything through, or it never notices that Redis is back."""
    started, mark = gateway(config(vendor, "back", shared_state=server.url), workers=2), vendor.mark()
    began_s = time.monotonic()
    crowd = {name: Crowd([started], name) for name in ("qps2", "three")}
    time.sleep(for_s * 0.25)
    server.stop()
    time.sleep(for_s * 0.4)
    server.start()
    time.sleep(for_s * 0.35)
    until_s = time.monotonic()
    for each in crowd.values():
        each.stop()
    check_rate(seen(vendor, mark, "back-qps2", until_s), "qps2", until_s - began_s - 0.5)
    check_slots(seen(vendor, mark, "back-three", until_s), 3, until_s - began_s - 0.5)
    assert set(crowd["qps2"].statuses) <= {200}
    assert started.log.count("Redis is away") == started.log.count("Redis is back") == 2, started.log
    assert server.password not in started.log
    assert server.keys() > 1
