"""A client that hangs up: the vendor is let go within a second, and the slot is free for the next one."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests.e2e.calls import Call, bearer, chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.process import PROMPT, Gateway
from tests.fakevendor import deadends
from tests.fakevendor.control import FakeVendor

pytestmark = pytest.mark.e2e

CASES: Final = {
    "stream-before-headers": "fault:stall-headers",
    "stream-before-first-event": "fault:stall-first-event",
    "stream-silent-midway": "fault:stall-mid",
    "stream-busy-midway": "ok?gap=0.05&words=200",
    "plain-before-headers": "ok?delay=8",
    "plain-before-body": "fault:stall-first-event",
    "plain-midway": "fault:stall-mid",
}
"""A case's name is a model, and what it stands for at the vendor follows. ``next`` in each entry answers at once."""


def entry(name: str, url: str, target: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "server_url": url,
        "models": [name, f"{name}-next"],
        "embedding_models": [f"{name}-vector"],
        "model_map": {name: target, f"{name}-next": "ok", f"{name}-vector": target},
        "credentials": {"api_key": key_of(name)},
        "limit": {"concurrency": 1, "timeout": 5},
        "embedding_limit": {"concurrency": 1, "timeout": 5},
        **fields,
    }


@pytest.fixture(scope="module")
def strict(vendor: FakeVendor, lasting_gateway: StartGateway) -> Iterator[Gateway]:
    """A gateway where each case's entry serves one at a time."""
    with deadends.never_connecting() as port:
        deaf = entry("deaf", f"http://127.0.0.1:{port}/v1", "ok", connect_timeout=1.5)
        deaf["limit"]["timeout"] = 1
        queue = entry("queue", vendor.url, "ok?delay=1.2")
        cases = [entry(name, vendor.url, target) for name, target in CASES.items()]
        yield lasting_gateway({"services": {"openai": [*cases, queue, deaf]}})


def check_let_go(vendor: FakeVendor, name: str, mark: int, call: Call, ask_next: Callable[[], Call]) -> None:
    """Hang up, and see the vendor let go and the next one served at once."""
    left_s = call.hang_up()
    following = ask_next()
    seen = vendor.wait_for(lambda entry: entry.key == key_of(name) and entry.closed_by_peer_s is not None, since=mark)
    assert seen.closed_by_peer_s is not None and seen.closed_by_peer_s - left_s < 1
    assert seen.finished_s is None
    served = vendor.wait_for(lambda entry: entry.key == key_of(name), since=seen.number)
    assert served.arrived_s - left_s < 1
    following.close()


def key_of(name: str) -> str:
    return f"good-key-{name}"


def embed_call(gateway: Gateway, name: str) -> Call:
    body = json.dumps({"model": f"{name}-vector", "input": PROMPT}).encode()
    return Call(gateway.port, "/v1/embeddings", body, bearer("any"))


@pytest.mark.parametrize("name", CASES)
def test_the_vendor_is_let_go(strict: Gateway, vendor: FakeVendor, name: str) -> None:
    """The vendor goes on writing for nobody, at the operator's cost, and the slot stays taken."""
    mark = vendor.mark()
    call = chat_call(strict, name, stream=name.startswith("stream"))
    vendor.wait_for(lambda entry: entry.key == key_of(name), since=mark)
    if name.startswith("stream") and name.endswith("midway"):
        assert next(call.events())
    check_let_go(vendor, name, mark, call, lambda: chat_call(strict, f"{name}-next"))


def test_the_vendor_is_let_go_by_embeddings(strict: Gateway, vendor: FakeVendor) -> None:
    """The same for an embeddings call."""
    name, mark = "plain-before-headers", vendor.mark()
    call = embed_call(strict, name)
    vendor.wait_for(lambda entry: entry.path.endswith("/embeddings"), since=mark)
    check_let_go(vendor, name, mark, call, lambda: embed_call(strict, name))


def test_who_leaves_the_queue_is_never_sent(strict: Gateway, vendor: FakeVendor) -> None:
    """A request whose client has left the queue is sent all the same, and the next in line waits for it."""
    mark = vendor.mark()
    first, left, last = (chat_call(strict, "queue", messages=[_said(text)]) for text in ("first", "left", "last"))
    vendor.wait_for(lambda entry: entry.prompt == "first", since=mark)
    left.hang_up()
    assert first.reply().status == 200
    served = vendor.wait_for(lambda entry: entry.prompt == "last", 1, since=mark)
    done = next(entry for entry in vendor.entries(since=mark) if entry.prompt == "first")
    assert done.finished_s is not None and served.arrived_s - done.finished_s < 0.2
    assert last.reply().status == 200
    assert "left" not in [entry.prompt for entry in vendor.entries(since=mark)]


def _said(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def test_who_leaves_while_connecting_frees_the_slot(strict: Gateway) -> None:
    """A connection that will never be made keeps the slot after its client has left."""
    call = chat_call(strict, "deaf")
    time.sleep(0.3)
    call.hang_up()
    after = chat_call(strict, "deaf").reply()
    assert after.status == 504, "it did not get the slot within a second, or the wrong answer"


def test_a_client_that_left_is_noted(strict: Gateway, vendor: FakeVendor) -> None:
    """The access line takes a client that left for a success or for a fault of the vendor."""
    for stream in (True, False):
        mark = vendor.mark()
        headers = {**bearer("any"), "X-Request-Id": f"left-{stream}"}
        asked = {"model": "stream-silent-midway", "messages": [_said(PROMPT)], "stream": stream}
        call = Call(strict.port, "/v1/chat/completions", json.dumps(asked).encode(), headers)
        vendor.wait_for(lambda entry: entry.key == "good-key-stream-silent-midway", since=mark)
        call.hang_up()
        assert "error=client_gone" in strict.access_line(f"left-{stream}")


def test_the_breaker_does_not_count_clients_that_left(strict: Gateway, vendor: FakeVendor) -> None:
    """Six impatient clients in a row shut a healthy upstream off for everybody."""
    for _ in range(6):
        mark = vendor.mark()
        call = chat_call(strict, "stream-busy-midway", stream=True)
        vendor.wait_for(lambda entry: entry.key == "good-key-stream-busy-midway", since=mark)
        call.hang_up()
    call = chat_call(strict, "stream-busy-midway", stream=True)
    assert call.head().status == 200
    call.hang_up()
