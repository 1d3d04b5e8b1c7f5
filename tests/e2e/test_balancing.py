"""Which of several upstreams answers: the strategies, failover from one to the next, and the breaker."""

import time
from collections import Counter
from typing import Any, Final

import pytest

from tests.e2e.calls import chat
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor import deadends
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import TEXT

pytestmark = pytest.mark.e2e

KEYS: Final = ("good-key-a1", "good-key-a2", "good-key-b1", "good-key-b2")


def entry(name: str, url: str, *keys: str, models: tuple[str, ...] = ("m",), **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "server_url": url,
        "models": list(models),
        "model_map": dict.fromkeys(models, "ok"),
        "credential_list": [{"api_key": key} for key in keys],
        **fields,
    }


def two_entries(vendor: FakeVendor, strategy: str, **top: Any) -> dict[str, Any]:
    entries = [entry("a", vendor.url, *KEYS[:2]), entry("b", vendor.url, *KEYS[2:], models=("m", "other"))]
    return {"load_balancing": strategy, "services": {"openai": entries}, **top}


def ask(gateway: Gateway, vendor: FakeVendor, count: int, model: str = "m", **fields: Any) -> list[str]:
    """The keys that served ``count`` requests, one after another."""
    mark = vendor.mark()
    for _ in range(count):
        reply = chat(gateway, model, **fields)
        assert reply.status == 200, reply.body
        assert reply.json["choices"][0]["message"]["content"] == TEXT
    return [entry.key for entry in vendor.entries(since=mark)]


def test_first(gateway: StartGateway, vendor: FakeVendor) -> None:
    """``first`` does not keep to the first upstream of the file; a redirect of all models is not followed."""
    started = gateway(two_entries(vendor, "first", model_redirect={"all": "m"}))
    assert ask(started, vendor, 5) == [KEYS[0]] * 5
    assert ask(started, vendor, 3, model="anything at all") == [KEYS[0]] * 3


def test_round_robin(gateway: StartGateway, vendor: FakeVendor) -> None:
    """``round_robin`` leaves an upstream or a credential out."""
    started = gateway(two_entries(vendor, "round_robin"))
    served = ask(started, vendor, 12)
    assert Counter(served) == dict.fromkeys(KEYS, 3)
    assert served[:4] == served[4:8] == served[8:]


def test_random(gateway: StartGateway, vendor: FakeVendor) -> None:
    """``random`` leaves an upstream out, or the model ``random`` leaves a model out."""
    started = gateway(two_entries(vendor, "random", model_redirect={"all": "all"}))
    assert set(ask(started, vendor, 60)) == set(KEYS)
    targets = Counter(chat(started, "random").headers["x-gateway-target"] for _ in range(20))
    assert {target[0] for target in targets} == {"a", "b"}


def test_hash(gateway: StartGateway, vendor: FakeVendor) -> None:
    """``hash`` sends one conversation to several upstreams, or all conversations to one."""
    started = gateway(two_entries(vendor, "hash"))
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tell me of Köln."}]
    longer = [*talk, {"role": "assistant", "content": "Old."}, {"role": "user", "content": "More."}]
    served = ask(started, vendor, 3, messages=talk) + ask(started, vendor, 3, messages=longer)
    assert len(set(served)) == 1
    others = [ask(started, vendor, 1, messages=[{"role": "user", "content": str(number)}])[0] for number in range(40)]
    assert len(set(others)) == 4


def test_the_next_one_answers(gateway: StartGateway, vendor: FakeVendor) -> None:
    """A failure before anything came reaches the client although another upstream would have answered."""
    faults = (
        "status-429?retry_after=1",
        "status-401",
        "status-402",
        "status-500",
        "status-503",
        "html-200",
        "only-done",
    )
    more = ("close-before-headers", "reset-after-headers", "error-200-dict", "stall-headers", "no-terminal")
    keys = [f"good-key-{number}+fault:{name}" for number, name in enumerate((*faults, *more))]
    with deadends.refusing() as port:
        entries = [
            entry("refused", f"http://127.0.0.1:{port}/v1", "good-key-r"),
            *(
                entry(f"bad-{n}", vendor.url, key, first_event_timeout=0.5, timeout=0.5)
                for n, key in enumerate(keys[:-1])
            ),
            entry("good", vendor.url, "good-key-last"),
        ]
        started = gateway(
            {"load_balancing": "first", "failover": {"rest_keys": False}, "services": {"openai": entries}}
        )
        mark = vendor.mark()
        for stream in (False, True):
            reply = chat(started, "m", stream=stream)
            assert reply.status == 200 and reply.headers["x-gateway-target"] == "good"
            attempts = started.access_line(reply.id).split("attempts=")[1].split()[0]
            assert attempts.startswith("refused:connection,bad-0:rate_limited,bad-1:upstream_auth,bad-2:quota")
            assert attempts.endswith(",good:ok") and attempts.count(",") == len(keys)
        assert Counter(entry.key for entry in vendor.entries(since=mark)) == {
            **dict.fromkeys(keys[:-1], 2),
            "good-key-last": 2,
        }


@pytest.mark.parametrize(
    "fault,status,tried",
    [
        ("status-400", 400, 1),
        ("status-422", 422, 1),
        ("status-400?code=context_length_exceeded", 400, 1),
        ("status-400?code=content_filter", 400, 1),
        ("status-500", 500, 2),
    ],
)
def test_who_is_to_blame(gateway: StartGateway, vendor: FakeVendor, fault: str, status: int, tried: int) -> None:
    """A client's own fault is sent to every upstream there is, or the last error is not the one that is told."""
    keys = [f"good-key-{number}+fault:{fault}" for number in (1, 2)]
    started = gateway({"load_balancing": "first", "services": {"openai": [entry("a", vendor.url, *keys)]}})
    mark = vendor.mark()
    reply = chat(started, "m")
    assert reply.status == status and "the vendor says" in reply.error["message"]
    assert len(vendor.entries(since=mark)) == tried


def test_a_stream_that_has_begun_stays_where_it_is(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Half an answer of one model is followed by another model's."""
    keys = ("good-key-1+fault:close-mid-event", "good-key-2")
    started = gateway({"load_balancing": "first", "services": {"openai": [entry("a", vendor.url, *keys)]}})
    mark = vendor.mark()
    reply = chat(started, "m", stream=True)
    assert reply.chunks[-1]["error"]["code"] == "upstream_incomplete" and len(vendor.entries(since=mark)) == 1
    assert chat(started, "m").json["choices"][0]["message"]["content"] == TEXT, "a document can still be had elsewhere"


def test_the_breaker(gateway: StartGateway, vendor: FakeVendor) -> None:
    """A dead upstream is asked each time, is never asked again, or takes a healthy model with it."""
    breaker = {"failure_threshold": 2, "recovery_timeout_seconds": 1}
    models = ("script-b", "ok")
    service = {"server_url": vendor.url, "models": list(models), "credentials": {"api_key": "good-key-1"}}
    started = gateway({"circuit_breaker": breaker, "services": {"openai": [service]}})
    vendor.script("script-b", [(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 0)])
    mark = vendor.mark()
    replies = [chat(started, "script-b") for _ in range(5)]
    assert [reply.status for reply in replies] == [500, 500, 503, 503, 503]
    assert len(vendor.entries("script-b", mark)) == 2
    assert replies[-1].error["code"] == "server_is_overloaded" and int(replies[-1].headers["retry-after"]) == 1
    assert chat(started, "ok").status == 200
    body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"back"},"finish_reason":"stop"}]}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    vendor.script("script-b", [(head.encode() + body, 0)])
    time.sleep(1.1)
    assert [chat(started, "script-b").status for _ in range(3)] == [200] * 3


def test_refused_keys_rest_on_all_workers(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Each worker, or each request, asks with a refused key anew, or the client is not told what was tried."""
    keys = [{"api_key": "bad-key-resting"}, {"api_key": "good-key-resting"}]
    one = {"id": "pair", "server_url": vendor.url, "models": ["m"], "model_map": {"m": "ok"}, "credential_list": keys}
    started = gateway({"load_balancing": "first", "services": {"openai": [one]}}, workers=2)
    mark = vendor.mark()
    first = chat(started, "m")
    assert first.headers["x-gateway-attempts"] == "pair#1:upstream_auth, pair#2:ok"
    time.sleep(0.6)
    later = [chat(started, "m") for _ in range(12)]
    assert all(reply.status == 200 and "x-gateway-attempts" not in reply.headers for reply in later)
    assert [entry.key for entry in vendor.entries("ok", mark)].count("bad-key-resting") <= 1
    state = started.output.parent.glob("keys-*.json")
    assert "bad-key" not in next(state).read_text()


def test_fallback_models(gateway: StartGateway, vendor: FakeVendor) -> None:
    """A fallback does not answer when the model's own upstream cannot, or its name is told to the client."""
    entries = [
        entry("main", vendor.url, "good-key-main+fault:status-500"),
        {**entry("spare", vendor.url, "good-key-spare"), "models": ["spare"], "model_map": {"spare": "ok"}},
    ]
    started = gateway({"fallbacks": {"m": ["spare"]}, "services": {"openai": entries}})
    reply = chat(started, "m")
    assert reply.json["model"] == "m" and reply.headers["x-gateway-target"] == "spare"
