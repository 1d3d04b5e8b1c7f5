"""Limits under a burst of clients, as the vendor sees them: its own count of arrivals is what counts."""

import time
from itertools import combinations
from typing import Any, Final

import pytest

from tests.e2e.calls import Call, Reply, bearer, chat, chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.process import PROMPT, Gateway
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.journal import Entry
from tests.fakevendor.replies import TEXT

pytestmark = pytest.mark.e2e

KEY: Final = "good-key-limits-"
ON_THE_WAY_S: Final = 0.3
"""How much later than another one a request may arrive that started earlier, on a machine that is busy with more tests.

``make soak-limits`` looks at exact windows, on a machine of its own.
"""
LIMITS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "qps2": ({"qps": 2, "timeout": 3}, "ok"),
    "half": ({"qps": 0.5, "timeout": 3}, "ok"),
    "five": ({"concurrency": 5, "timeout": 2}, "ok?delay=0.4"),
    "qpm30": ({"qpm": 30, "timeout": 2}, "ok"),
    "rpm12": ({"rpm": 12, "qpm": 20, "timeout": 1}, "ok"),
    "rpd3": ({"rpd": 3, "timeout": 1}, "ok"),
    "several": ({"qps": 4, "concurrency": 2, "qpm": 10, "timeout": 4}, "ok?delay=0.3"),
    "streams": ({"concurrency": 2, "timeout": 3}, "ok?gap=0.1"),
    "failing": ({"concurrency": 1, "timeout": 2}, "fault:close-mid-event"),
}


def entry(vendor: FakeVendor, name: str, target: str = "ok", **fields: Any) -> dict[str, Any]:
    """An entry whose models are ``name`` and ``name-too``, so that two models can meet at one limit."""
    return {
        "id": name,
        "server_url": vendor.url,
        "models": [name, f"{name}-too"],
        "model_map": {name: target, f"{name}-too": target},
        "credentials": {"api_key": KEY + name},
        **fields,
    }


@pytest.fixture(scope="module")
def limited(vendor: FakeVendor, lasting_gateway: StartGateway) -> Gateway:
    """One gateway with an entry for each limit."""
    pair = [{"api_key": f"{KEY}pair-{n}", "limit": {"qps": 1, "timeout": 2.6}} for n in (1, 2)]
    both = [{"api_key": f"{KEY}both-{n}", "limit": {"concurrency": 1, "timeout": 3}} for n in (1, 2)]
    special = [
        entry(vendor, "pair", credentials=None, credential_list=pair),
        entry(vendor, "both", "ok?delay=0.5", limit={"qps": 3, "timeout": 3}, credentials=None, credential_list=both),
        entry(vendor, "vectors", embedding_models=["vectors-e"], embedding_limit={"qps": 2, "timeout": 2}),
    ]
    special[2]["model_map"]["vectors-e"] = "ok"
    usual = [entry(vendor, name, target, limit=limit) for name, (limit, target) in LIMITS.items()]
    return lasting_gateway({"circuit_breaker": {"enabled": False}, "services": {"openai": [*usual, *special]}})


def burst(gateway: Gateway, count: int, *models: str, **fields: Any) -> list[Reply]:
    """The answers to requests sent one right after the other, all of them before any is read."""
    calls = []
    for number in range(count):
        messages = [{"role": "user", "content": f"{PROMPT} #{number:03}"}]
        calls.append(chat_call(gateway, models[number % len(models)], messages=messages, **fields))
        time.sleep(0.004)
    return [call.reply() for call in calls]


def seen(vendor: FakeVendor, mark: int, key: str) -> list[Entry]:
    return [entry for entry in vendor.entries(since=mark) if entry.key.startswith(KEY + key)]


def most_in_window(entries: list[Entry], window_s: float) -> int:
    """The most arrivals in any window, whose far end is open: at t and at t + window both are allowed."""
    times = sorted(entry.arrived_s for entry in entries)
    span_s = window_s - ON_THE_WAY_S
    return max(sum(start <= other < start + span_s for other in times) for start in times)


def most_at_once(entries: list[Entry]) -> int:
    """The most requests that were under way at the same time."""
    ends = [entry.finished_s or entry.closed_by_peer_s or entry.arrived_s for entry in entries]
    spans = [(entry.arrived_s, end) for entry, end in zip(entries, ends, strict=True)]
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


def check_order(entries: list[Entry]) -> None:
    """Nobody came before somebody who had asked earlier, but for the moment that a connection takes."""
    numbers = sorted(entries, key=lambda entry: entry.prompt[-3:])
    overtaken = [
        (earlier.prompt, later.prompt)
        for earlier, later in combinations(numbers, 2)
        if earlier.arrived_s - later.arrived_s > ON_THE_WAY_S
    ]
    assert not overtaken


def check_answers(replies: list[Reply], served: int) -> list[float]:
    """The Retry-After values of those who were refused; all others must have been answered whole."""
    good = [reply for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status != 200]
    assert len(good) == served
    for reply in good:
        assert TEXT in reply.body.decode() or reply.chunks
    for reply in refused:
        assert reply.status == 429 and reply.error["code"] == "rate_limit_exceeded"
        assert int(reply.headers["retry-after"]) > 0 and int(reply.headers["retry-after-ms"]) > 0
    return [int(reply.headers["retry-after-ms"]) / 1000 for reply in refused]


def test_requests_per_second(limited: Gateway, vendor: FakeVendor) -> None:
    """More than two requests start in some second, somebody is overtaken, or a refusal does not say when to come."""
    mark = vendor.mark()
    replies = burst(limited, 60, "qps2", "qps2-too")
    entries = seen(vendor, mark, "qps2")
    check_answers(replies, len(entries))
    assert 5 <= len(entries) <= 8
    assert most_in_window(entries, 1) <= 2
    check_order(entries)


def test_half_a_request_per_second(limited: Gateway, vendor: FakeVendor) -> None:
    """A rate below one lets nobody through, or two in two seconds."""
    mark = vendor.mark()
    replies = burst(limited, 60, "half")
    entries = seen(vendor, mark, "half")
    check_answers(replies, len(entries))
    assert len(entries) == 2 and most_in_window(entries, 2) == 1
    check_order(entries)


def test_requests_at_once(limited: Gateway, vendor: FakeVendor) -> None:
    """More than five are under way, slots lie idle, or somebody is overtaken."""
    mark = vendor.mark()
    replies = burst(limited, 60, "five")
    entries = seen(vendor, mark, "five")
    check_answers(replies, len(entries))
    assert most_at_once(entries) == 5
    assert 12 <= len(entries) <= 30
    check_order(entries)


def test_requests_per_minute(limited: Gateway, vendor: FakeVendor) -> None:
    """More than thirty start in a minute, or those who can never make it wait for nothing."""
    mark = vendor.mark()
    replies = burst(limited, 60, "qpm30")
    entries = seen(vendor, mark, "qpm30")
    assert len(entries) == 30
    assert all(50 < wait_s < 130 for wait_s in check_answers(replies, 30))
    check_order(entries)


@pytest.mark.parametrize("name,served", [("rpm12", 12), ("rpd3", 3)])
def test_other_names_of_limits(limited: Gateway, vendor: FakeVendor, name: str, served: int) -> None:
    """``rpm`` is not the same as ``qpm``, the laxer of two counts, or a limit per day is not kept."""
    mark = vendor.mark()
    check_answers(burst(limited, 20, name), served)
    assert len(seen(vendor, mark, name)) == served


def test_several_limits_at_once(limited: Gateway, vendor: FakeVendor) -> None:
    """Of several limits only one is kept."""
    mark = vendor.mark()
    replies = burst(limited, 40, "several")
    entries = seen(vendor, mark, "several")
    check_answers(replies, 10)
    assert len(entries) == 10
    assert most_in_window(entries, 1) <= 4
    assert most_at_once(entries) == 2
    check_order(entries)


def test_limits_of_credentials(limited: Gateway, vendor: FakeVendor) -> None:
    """A credential's own limit is not kept, or a free credential is not used while another is busy."""
    mark = vendor.mark()
    replies = burst(limited, 40, "pair")
    keys = [seen(vendor, mark, f"pair-{number}") for number in (1, 2)]
    check_answers(replies, sum(map(len, keys)))
    assert all(most_in_window(entries, 1) == 1 and 2 <= len(entries) <= 4 for entries in keys)


def test_limits_of_entry_and_credential_together(limited: Gateway, vendor: FakeVendor) -> None:
    """The limit of an entry is kept for each credential by itself, or the other way round."""
    mark = vendor.mark()
    replies = burst(limited, 40, "both")
    entries = seen(vendor, mark, "both")
    check_answers(replies, len(entries))
    assert most_in_window(entries, 1) <= 3
    assert most_at_once(entries) == 2
    assert all(most_at_once(seen(vendor, mark, f"both-{number}")) == 1 for number in (1, 2))


def test_a_stream_keeps_its_slot_to_its_end(limited: Gateway, vendor: FakeVendor) -> None:
    """A slot returns when a stream begins, so that the vendor sees more of them than it allows."""
    mark = vendor.mark()
    replies = burst(limited, 8, "streams", stream=True)
    entries = seen(vendor, mark, "streams")
    assert all(reply.status == 200 and b"[DONE]" in reply.body for reply in replies)
    assert len(entries) == 8 and most_at_once(entries) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_gives_its_slot_back(limited: Gateway, vendor: FakeVendor, stream: bool) -> None:
    """A failed attempt keeps its slot, and after a few of them nothing works any more."""
    mark = vendor.mark()
    burst(limited, 12, "failing", stream=stream)
    assert len(seen(vendor, mark, "failing")) == 12


def test_embeddings_have_limits_of_their_own(limited: Gateway, vendor: FakeVendor) -> None:
    """Embeddings are not limited, or hold up chats."""
    mark = vendor.mark()
    body = b'{"model": "vectors-e", "input": "x"}'
    calls = [Call(limited.port, "/v1/embeddings", body, bearer("any")) for _ in range(20)]
    began = time.monotonic()
    assert chat(limited, "vectors").status == 200
    assert time.monotonic() - began < 1.5
    replies = [call.reply() for call in calls]
    entries = [entry for entry in seen(vendor, mark, "vectors") if entry.path.endswith("/embeddings")]
    assert 4 <= len(entries) <= 6 and most_in_window(entries, 1) <= 2
    assert sorted({reply.status for reply in replies}) == [200, 429]
