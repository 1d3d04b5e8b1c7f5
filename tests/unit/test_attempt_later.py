"""Answers that are to be asked for later, and requests that go on with what one credential began."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import gevent
import orjson
import pytest

from app import gateway, owners
from app.attempt import Attempt
from app.runtime import Runtime
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Delta, Destination, Event, Later, Timeouts, WireRequest
from tests.unit.toy import TOY, Scripted, call, decode, event, good, keyed, request, runtime, upstream, wired

CANCEL = WireRequest("POST", "http://toy/cancel", {}, b"")


def asking(events: Iterator[Event]) -> Iterator[Delta]:
    """The toy's deltas, or where an answer is to be asked for."""
    for one in events:
        told = orjson.loads(one.data)
        if "ask" in told:
            wire = WireRequest("GET", f"http://toy/{told['ask']}", {}, b"", decode=asking)
            yield Delta(later=Later(wire, told.get("wait", 0.0), CANCEL))
        else:
            yield from decode(iter([one]))


VENDOR = replace(TOY, decode=asking)


def by_path(**events: bytes) -> Callable[[WireRequest], tuple[int, Iterator[bytes]]]:
    def answer(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        found = events.get(wire.url.removeprefix("http://toy").strip("/") or "first")
        return (200, iter([found])) if found is not None else (500, iter([b"down"]))

    return answer


def asked(idle_s: float = 5.0, **events: bytes) -> tuple[Runtime, Scripted]:
    entry = upstream("a", timeouts=Timeouts(idle_s=idle_s))
    made, transports = wired(runtime(entry, vendor=VENDOR), a=by_path(**events))
    return made, transports["a"]


def read(made: Runtime, **params: Any) -> str:
    with closing(Attempt(made.chat["m"][0], call(made)).chat(request(**params))) as deltas:
        return "".join(delta.text or "" for delta in deltas)


def paths(transport: Scripted) -> list[str]:
    return [f"{wire.method} {wire.url.removeprefix('http://toy')}" for wire in transport.sent]


def test_the_answer_is_asked_for() -> None:
    """Broken: a reply that names another one is taken for the answer, or leaves its connection open."""
    ready = event(text="Hello", finish="stop")
    made, transport = asked(first=event(ask="state"), state=event(ask="list", wait=0.01), list=ready)
    assert read(made) == "Hello"
    assert paths(transport) == ["POST ", "GET /state", "GET /list"]
    assert transport.closed == 3


def test_a_failure_on_the_way() -> None:
    """Broken: a chat goes on at the vendor's after the gateway gave it up, or its failure is not told."""
    made, transport = asked(first=event(ask="gone"), cancel=b"")
    with pytest.raises(ProviderError, match="down"):
        read(made)
    gevent.sleep(0)
    assert paths(transport) == ["POST ", "GET /gone", "POST /cancel"]


def test_patience() -> None:
    """Broken: an answer that is never ready is asked for without end."""
    made, transport = asked(0.05, first=event(ask="state", wait=0.02), state=event(ask="state", wait=0.02), cancel=b"")
    with pytest.raises(ProviderError) as raised:
        read(made)
    gevent.sleep(0)
    assert raised.value.kind is ErrorKind.TIMEOUT
    assert paths(transport)[-1] == "POST /cancel"
    assert 2 <= len(transport.sent) <= 6


def test_a_client_that_leaves() -> None:
    """Broken: a vendor is not told that nobody waits any longer."""
    made, transport = asked(first=event(ask="state", wait=60.0), cancel=b"")
    reply = gevent.spawn(gateway.chat, request(), (made.chat["m"],), call(made))
    until_s = time.monotonic() + 5
    while not transport.closed and time.monotonic() < until_s:
        gevent.sleep(0.005)
    reply.kill()
    while len(transport.sent) < 2 and time.monotonic() < until_s:
        gevent.sleep(0.005)
    assert paths(transport) == ["POST ", "POST /cancel"]


def owned(asked_: ChatRequest, to: Destination) -> bool:
    return bool(asked_.params.get("owner") == to.credential["api_key"].reveal())


def test_owners_come_first() -> None:
    """Broken: a request that only one credential can go on with is tried with another, or with that one only."""
    made, transports = wired(
        runtime(upstream("a", credentials=keyed("1", "2", "3")), upstream("b"), vendor=replace(TOY, owns=owned)),
        a=good,
        b=good,
    )
    tier = made.chat["m"]
    first, others = owners.first(request(owner="3"), (tier,))
    assert [target.label for target in first] == ["a#3"]
    assert [target.label for target in others] == ["a#1", "a#2", "b"]
    assert owners.first(request(owner="9"), (tier,)) == (tier,)
    assert owners.first(request(owner="key-b"), ((tier[3],), tier)) == ((tier[3],), tier[:3])
    asked_ = call(made)
    reply = gateway.chat(request(owner="2"), (tier,), asked_)
    assert [delta.text for delta in reply.deltas if delta] == ["Hel", "lo"]
    assert asked_.trace.attempts == ["a#2:ok"]
    assert len(transports["a"].sent) == 1
