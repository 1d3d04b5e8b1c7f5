"""Slow names: a lookup for each, with a limit, and nobody else waits for it."""

import _socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import socket as sockets

from app import resolver
from app.resolver import SharedResolver

ANSWER = [(2, 1, 6, "", ("127.0.0.1", 80))]


class Names:
    """The system's function: names that begin with ``slow`` wait until ``answer`` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = threading.Event()

    def __call__(self, host: str, *_args: Any, **_kwargs: Any) -> Any:
        self.asked.append(host)
        if host.startswith("slow"):
            self.answer.wait(20)
        if host.startswith("no"):
            raise _socket.gaierror(_socket.EAI_NONAME, "unknown")
        return ANSWER


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    made = Names()
    monkeypatch.setattr(_socket, "getaddrinfo", made)
    yield made
    made.answer.set()


def test_a_slow_name_is_asked_once_and_holds_up_nobody(names: Names) -> None:
    """Broken: requests for one dead name take all threads, and no other host can be reached."""
    shared = SharedResolver()
    waiting = [gevent.spawn(shared.getaddrinfo, "slow.example", 443, 0, 1) for _ in range(200)]
    gevent.sleep(0.05)
    with gevent.Timeout(5):
        assert shared.getaddrinfo("quick.example", 443, 0, 1) == ANSWER
    assert names.asked == ["slow.example", "quick.example"] and not any(waiting_one.ready() for waiting_one in waiting)
    names.answer.set()
    gevent.joinall(waiting, 5)
    assert [waiting_one.value for waiting_one in waiting] == [ANSWER] * 200
    assert shared.getaddrinfo("slow.example", 443, 0, 1) == ANSWER and names.asked.count("slow.example") == 2


def test_a_name_without_an_answer(names: Names) -> None:
    """Broken: a request waits for a name for as long as the system likes, or its failure is kept."""
    shared = SharedResolver(limit_s=0.05)
    began = time.monotonic()
    with pytest.raises(_socket.gaierror, match="no answer in time"):
        shared.getaddrinfo("slow.example", 443)
    assert time.monotonic() - began < 5
    for _ in range(2):
        with pytest.raises(_socket.gaierror, match="unknown"):
            shared.getaddrinfo("no.example", 443)
    assert names.asked == ["slow.example", "no.example", "no.example"]


def test_who_leaves_takes_nobody_along(names: Names) -> None:
    """Broken: a client that leaves ends the lookup that others wait for."""
    shared = SharedResolver()
    first, second = (gevent.spawn(shared.getaddrinfo, "slow.example", 443) for _ in range(2))
    gevent.sleep(0.05)
    first.kill()
    names.answer.set()
    second.join(5)
    assert second.value == ANSWER


def test_it_is_the_one_that_sockets_use(names: Names) -> None:
    """Broken: it is made, and nobody asks it."""
    hub = gevent.get_hub()
    before = hub.resolver
    try:
        resolver.install()
        assert sockets.getaddrinfo("quick.example", 80, type=1)[0][4] == ("127.0.0.1", 80)
        assert isinstance(hub.resolver, SharedResolver)
    finally:
        hub.resolver = before
