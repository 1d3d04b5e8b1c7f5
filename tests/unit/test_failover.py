"""Sequences of faults over several targets: what is tried, what the client is told, and the state that is left.

A target is written as its answers in order: ``ok``, ``cut`` (ends after its first words), an HTTP status, or the name
of an exception's kind. ``503 ok`` fails once and answers then.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import gevent
import pytest

from app import failover, gateway
from app.client import Client
from app.keys import Key, Keys, refusal
from app.keystate import PROBE_AFTER_S
from app.runtime import Runtime
from config.model import CircuitBreaker, Failover, Limits
from providers.errors import ErrorKind, ProviderError
from providers.types import Timeouts, WireRequest
from tests.unit.toy import TOY, call, event, good, keyed, request, runtime, upstream, wired

FAULTS: Final = {
    "400": (400, ErrorKind.INVALID_REQUEST, None),
    "413": (413, ErrorKind.CONTEXT_LENGTH, None),
    "403": (403, ErrorKind.UPSTREAM_REFUSED, None),
    "401": (401, ErrorKind.UPSTREAM_AUTH, None),
    "402": (402, ErrorKind.QUOTA, None),
    "404": (404, ErrorKind.MODEL_NOT_FOUND, None),
    "429": (429, ErrorKind.RATE_LIMITED, None),
    "429+9": (429, ErrorKind.RATE_LIMITED, 9.0),
    "429+40": (429, ErrorKind.RATE_LIMITED, 40.0),
    "500": (500, ErrorKind.SERVER_ERROR, None),
    "503": (503, ErrorKind.OVERLOADED, None),
}
RAISED: Final = {kind.value: kind for kind in (ErrorKind.CONNECTION, ErrorKind.TIMEOUT, ErrorKind.MALFORMED)}
PAIRS: Final = {status: (kind, wait_s) for status, kind, wait_s in FAULTS.values() if wait_s is None}


def fault(status: int, headers: Any, body: bytes) -> ProviderError:
    """The toy vendor's error table: the body names the line."""
    _, kind, wait_s = FAULTS[body.decode()]
    return ProviderError(kind, f"words of {body.decode()}", retry_after_s=wait_s)


VENDOR: Final = replace(TOY, fault=fault)


def script(answers: str) -> Any:
    left = answers.split()

    def send(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer == "ok":
            return good(wire)
        if answer == "cut":
            return 200, iter([event(text="Hel")])
        if answer == "empty":
            return 200, iter([])
        if answer in RAISED:
            raise ProviderError(RAISED[answer], f"words of {answer}")
        return FAULTS[answer][0], iter([answer.encode()])

    return send


@dataclass(frozen=True)
class Sequence:
    """The answers of targets a, b, c; then what is expected. ``told`` is the kind the client is told, or ``ok``.

    ``rests`` names the targets whose credential is left alone, ``open`` those whose breaker has counted a fault.
    """

    answers: tuple[str, ...]
    tried: str
    told: str
    rests: str = ""
    faults: str = ""


S = Sequence
SEQUENCES: Final = [
    S(("ok", "ok", "ok"), "a", "ok"),
    S(("500", "ok", "ok"), "ab", "ok", faults="a"),
    S(("503", "ok", "ok"), "ab", "ok", faults="a"),
    S(("connection", "ok", "ok"), "ab", "ok", faults="a"),
    S(("timeout", "ok", "ok"), "ab", "ok", faults="a"),
    S(("malformed", "ok", "ok"), "ab", "ok", faults="a"),
    S(("empty", "ok", "ok"), "ab", "ok", faults="a"),
    S(("429", "ok", "ok"), "ab", "ok", rests="a"),
    S(("429+9", "ok", "ok"), "ab", "ok", rests="a"),
    S(("402", "ok", "ok"), "ab", "ok", rests="a"),
    S(("401", "ok", "ok"), "ab", "ok", rests="a"),
    S(("500", "503", "ok"), "abc", "ok", faults="ab"),
    S(("429", "402", "ok"), "abc", "ok", rests="ab"),
    S(("401", "429", "ok"), "abc", "ok", rests="ab"),
    S(("401", "500", "ok"), "abc", "ok", rests="a", faults="b"),
    S(("timeout", "connection", "ok"), "abc", "ok", faults="ab"),
    S(("empty", "malformed", "ok"), "abc", "ok", faults="ab"),
    S(("cut", "ok", "ok"), "a", "incomplete", faults="a"),
    S(("500", "cut", "ok"), "ab", "incomplete", faults="ab"),
    S(("429", "cut", "ok"), "ab", "incomplete", rests="a", faults="b"),
    S(("400", "ok", "ok"), "a", "invalid_request"),
    S(("413", "ok", "ok"), "a", "context_length"),
    S(("404", "ok", "ok"), "a", "model_not_found"),
    S(("403", "ok", "ok"), "a", "upstream_refused"),
    S(("500", "400", "ok"), "ab", "invalid_request", faults="a"),
    S(("429", "413", "ok"), "ab", "context_length", rests="a"),
    S(("401", "404", "ok"), "ab", "model_not_found", rests="a"),
    S(("429", "429", "429"), "abc", "rate_limited", rests="abc"),
    S(("429+40", "429+9", "429"), "abc", "rate_limited", rests="abc"),
    S(("402", "402", "402"), "abc", "quota", rests="abc"),
    S(("429", "402", "402"), "abc", "rate_limited", rests="abc"),
    S(("401", "401", "401"), "abc", "upstream_auth", rests="abc"),
    S(("401", "429", "500"), "abc", "overloaded", rests="ab", faults="c"),
    S(("401", "401", "429"), "abc", "overloaded", rests="abc"),
    S(("402", "402", "401"), "abc", "overloaded", rests="abc"),
    S(("500", "500", "500"), "abc", "server_error", faults="abc"),
    S(("503", "503", "503 503"), "abcc", "overloaded", faults="abc"),
    S(("connection", "connection", "connection"), "abcc", "connection", faults="abc"),
    S(("timeout", "timeout", "timeout"), "abc", "timeout", faults="abc"),
    S(("malformed", "malformed", "malformed"), "abc", "malformed", faults="abc"),
    S(("empty", "empty", "empty"), "abc", "incomplete", faults="abc"),
    S(("500", "timeout", "503 503"), "abcc", "overloaded", faults="abc"),
    S(("500", "500", "503 ok"), "abcc", "ok", faults="ab"),
    S(("500", "500", "connection ok"), "abcc", "ok", faults="ab"),
    S(("500", "500", "503 400"), "abcc", "invalid_request", faults="abc"),
    S(("500", "500", "503 429"), "abcc", "overloaded", rests="c", faults="abc"),
    S(("500", "500", "503 cut"), "abcc", "incomplete", faults="abc"),
    S(("500", "500", "timeout ok"), "abc", "overloaded", faults="abc"),
    S(("429", "500", "connection ok"), "abcc", "ok", rests="a", faults="b"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.failover.random.uniform", lambda _low, _high: 0.001)


def ask(made: Runtime, tiers: Any = None) -> tuple[str, list[str], ProviderError | None]:
    """The kind of the outcome, the labels tried, and the error."""
    asked, error = call(made), None
    told = "ok"
    try:
        reply = gateway.chat(request(), tiers or (made.chat["m"],), asked)
        list(reply.deltas)
    except ProviderError as caught:
        told, error = caught.kind.value, caught
    return told, [attempt.split(":")[0] for attempt in asked.trace.attempts], error


def three(*answers: str, **settings: Any) -> tuple[Runtime, dict[str, Any]]:
    names = "abc"[: len(answers)]
    made = runtime(*(upstream(name) for name in names), vendor=VENDOR, **settings)
    return wired(made, **{name: script(each) for name, each in zip(names, answers, strict=True)})


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: "-".join(sequence.answers))
def test_sequences(sequence: Sequence) -> None:
    """A target is passed over or tried in vain, the client is told something else, or the wrong one is blamed."""
    made, _ = three(*sequence.answers)
    told, tried, _ = ask(made)
    assert ("".join(tried), told) == (sequence.tried, sequence.told)
    found = made.chat["m"]
    assert "".join(each.label for each in found if made.keys.resting(each.key, "m")) == sequence.rests
    assert "".join(each.label for each in found if each.breaker.failures) == sequence.faults
    assert not len(made.line)


def test_whole_answers_that_break_off() -> None:
    """Half an answer that nobody has seen ends a request, or stays in front of the next target's whole one."""
    made, _ = three("cut", "500", "ok")
    asked = call(made)
    deltas = list(gateway.chat(request(stream=False), (made.chat["m"],), asked).deltas)
    assert "".join(delta.text or "" for delta in deltas if delta) == "Hello"
    assert [attempt.partition(":")[2] for attempt in asked.trace.attempts] == ["incomplete", "server_error", "ok"]
    made, _ = three("cut", "cut", failover=Failover(same_target_retry=False))
    with pytest.raises(ProviderError) as failed:
        list(gateway.chat(request(stream=False), (made.chat["m"],), call(made)).deltas)
    assert failed.value.kind is ErrorKind.INCOMPLETE


def test_what_is_told_when_all_are_limited() -> None:
    """The client is told to come back later than the first target is ready."""
    _, _, error = ask(three("429+40", "429+9", "429+40")[0])
    assert error is not None and error.retry_after_s == 9.0


def test_budgets() -> None:
    """A request walks on for ever, or the last target is tried again although that is switched off."""
    told, tried, _ = ask(three("500", "500", "ok", failover=Failover(targets=2))[0])
    assert (told, tried) == ("server_error", ["a", "b"])
    assert ask(three("500", "ok", failover=Failover(within_s=0))[0])[1] == ["a"]
    assert ask(three("503 ok", failover=Failover(same_target_retry=False))[0])[1] == ["a"]


def test_resting_credentials_are_left_alone() -> None:
    """A credential that was just refused is asked again while others are there, or is not when its time has come."""
    made, transports = three("401 ok", "ok")
    assert ask(made)[1] == ["a", "b"]
    assert ask(made)[1] == ["b"] and ask(made)[1] == ["b"]
    made.keys.clear()
    assert ask(made)[1] == ["a"]
    assert len(transports["a"].sent) == 2


def test_a_target_that_stands_alone_is_asked() -> None:
    """A key that works again is not asked for hours although there is no other."""
    made, transports = three("402 401 429+40 ok")
    assert [ask(made)[0] for _ in range(4)] == ["quota", "upstream_auth", "rate_limited", "ok"]
    assert len(transports["a"].sent) == 4


def test_a_target_that_stands_alone_behind_limits() -> None:
    """A spent key is not asked, though it may have been filled up; or a limited one is, though its time is told."""
    answers, limits = "402 401 429+40 ok", Limits(rpm=1000, queue_s=5.0)
    made, transports = wired(runtime(upstream("a", limits=limits), vendor=VENDOR), a=script(answers))
    assert [ask(made)[0] for _ in range(4)] == ["quota", "upstream_auth", "rate_limited", "rate_limited"]
    assert len(transports["a"].sent) == 3


def test_credentials_that_all_rest() -> None:
    """Spent keys are all asked with every request, or none is asked again for hours."""
    made, transports = three("402 ok", "402")
    assert ask(made)[0] == "quota"
    told, tried, error = ask(made)
    assert (told, tried) == ("quota", []) and error is not None and "words of 402" in error.message
    made.keys.clear()
    made.keys.clock = lambda: time.time() - PROBE_AFTER_S - 1
    for target in made.chat["m"]:
        made.keys.refused(target.key, "m", ProviderError(ErrorKind.QUOTA, "spent", retry_after_s=3600))
    made.keys.clock = time.time
    assert ask(made)[:2] == ("ok", ["a"])
    assert made.keys.resting(made.chat["m"][0].key, "m") is None
    assert [len(transports[name].sent) for name in "ab"] == [2, 1]


def test_waiting_for_the_soonest() -> None:
    """A request fails although its entry lets it wait until a key is ready, or waits longer than that."""
    answers = ("429 ok", "429+9")
    for patience_s, expected in ((5.0, ("ok", ["a", "b", "a"])), (0.1, ("rate_limited", ["a", "b"]))):
        limits = Limits(rpm=1000, queue_s=patience_s)
        entries = [upstream(name, limits=limits) for name in "ab"]
        scripts = {name: script(each) for name, each in zip("ab", answers, strict=True)}
        made, _ = wired(runtime(*entries, vendor=VENDOR), **scripts)
        began = time.monotonic()
        assert ask(made)[:2] == expected
        assert time.monotonic() - began < 3


def test_a_vendor_that_refuses_everybody() -> None:
    """All of a hundred keys are shown to a vendor that refuses this host, or other vendors are left out too."""
    many = upstream("many", credentials=keyed(*(f"key-{number}" for number in range(9))))
    made, transports = wired(
        runtime(many, upstream("other", server_url="http://other"), vendor=VENDOR),
        many=script("401"),
        other=script("ok"),
    )
    assert ask(made)[0] == "ok"
    assert len(transports["many"].sent) == failover.REFUSED_TOGETHER


def test_a_model_that_one_entry_has_wrong() -> None:
    """One entry with a wrong name for a model keeps the request from others, or all keys of that entry are tried."""
    wrong = upstream("wrong", credentials=keyed("key-1", "key-2"), server_url="http://wrong")
    mapped = upstream("mapped", server_url="http://wrong", model_map={"m": "m-1"})
    made, transports = wired(
        runtime(wrong, mapped, upstream("right"), vendor=VENDOR),
        wrong=script("404"),
        mapped=script("404 ok"),
        right=good,
    )
    assert ask(made)[:2] == ("ok", ["wrong#1", "mapped", "right"])
    assert len(transports["wrong"].sent) == 1
    assert ask(three("404", "404")[0])[:2] == ("model_not_found", ["a"])


def test_fallbacks() -> None:
    """A fallback answers while the model itself can, or does not when nothing else does."""
    made, _ = three("ok", "ok")
    a, b = made.chat["m"]
    assert ask(made, ((a,), (b,)))[1] == ["a"]
    made, _ = three("500", "ok", failover=Failover(same_target_retry=False))
    a, b = made.chat["m"]
    assert ask(made, ((a,), (b,)))[1] == ["a", "b"]
    made.keys.refused(a.key, "m", ProviderError(ErrorKind.QUOTA, "spent"))
    assert ask(made, ((a,), (b,)))[1] == ["b"]


def test_fallbacks_when_a_limit_is_used_up() -> None:
    """A client is sent away until tomorrow although a fallback would answer, or is not told that of today."""
    entries = [upstream("a", limits=Limits(rpd=1, queue_s=1.0)), upstream("b")]
    made, _ = wired(runtime(*entries, vendor=VENDOR), a=script("ok"), b=script("ok 401"))
    a, b = made.chat["m"]
    assert [ask(made, ((a,), (b,)))[1] for _ in range(2)] == [["a"], ["b"]]
    assert ask(made, ((a,),))[:2] == ("rate_limited", [])
    assert ask(made, ((a,), (b,)))[:2] == ("overloaded", ["b"])
    assert ask(made, ((a,), (b,)))[:2] == ("rate_limited", [])


def test_breaker_and_rest_together() -> None:
    """A model of which no target is well is asked all the same, or the client is not told when to come back."""
    made, transports = three("500", "429", circuit_breaker=CircuitBreaker(failure_threshold=1))
    assert ask(made)[0] == "overloaded"
    told, tried, error = ask(made)
    assert (told, tried) == ("overloaded", []) and error is not None and 0 < (error.retry_after_s or 0) <= 1
    assert len(transports["a"].sent) == 1


def test_rests_can_be_switched_off() -> None:
    """The switch has no effect."""
    made, transports = three("401", failover=Failover(rest_keys=False))
    assert [ask(made)[0] for _ in range(3)] == ["upstream_auth"] * 3
    assert len(transports["a"].sent) == 3


def test_words_after_a_restart() -> None:
    """A rest that was read from the file has no words for the client."""
    keys = Keys()
    keys.refused(Key("id", "a"), "m", ProviderError(ErrorKind.UPSTREAM_AUTH, ""))
    entry = keys.resting(Key("id", "a"), "m")
    assert entry is not None
    error = refusal(entry, time.time())
    assert error.message == "the vendor refused this gateway's key" and error.retry_after_s is None


def slowly(answers: str) -> Any:
    send = script(answers)

    def sent(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        gevent.sleep(0.02)
        return send(wire)  # type: ignore[no-any-return]

    return sent


def together(made: Runtime, number: int) -> list[str]:
    """The outcomes of so many requests that come at the same time."""
    jobs = [gevent.spawn(ask, made) for _ in range(number)]
    return [job.get()[0] for job in jobs]


@pytest.mark.parametrize(("answers", "then"), [("429+40 ok", "rate_limited"), ("500 ok", "overloaded")])
def test_what_became_known_while_a_request_waited(answers: str, then: str) -> None:
    """Everybody who waits for a turn is sent to a target that was found to be limited, or broken, meanwhile."""
    entry = upstream("a", limits=Limits(concurrency=1, queue_s=5.0))
    made = runtime(entry, vendor=VENDOR, circuit_breaker=CircuitBreaker(failure_threshold=1))
    made, transports = wired(made, a=slowly(answers))
    first, *others = together(made, 5)
    assert first != "ok" and others == [then] * 4
    assert len(transports["a"].sent) == 1
    assert not len(made.line) and made.line.acquire(made.chat["m"], Client(None))


def test_one_probe_among_many() -> None:
    """All who come at once are sent to an upstream that is tried for the first time after its rest."""
    entry = upstream("a", limits=Limits(concurrency=5, queue_s=5.0))
    made, transports = wired(runtime(entry, vendor=VENDOR), a=slowly("ok"))
    breaker = made.chat["m"][0].breaker
    breaker.opened_at = time.monotonic() - breaker.settings.recovery_timeout_s
    leases = [made.line.acquire(made.chat["m"], Client(None))[1] for _ in range(5)]
    for lease in leases:
        gevent.spawn_later(0.02, lease.release)
    assert sorted(together(made, 5)) == ["ok", *["overloaded"] * 4]
    assert len(transports["a"].sent) == 1 and breaker.state(time.monotonic()) == "closed" and not breaker.probes


def test_one_in_a_minute_asks_with_a_spent_key() -> None:
    """All who come at once ask with keys that are known to be spent."""
    made, transports = wired(runtime(*map(upstream, "ab"), vendor=VENDOR), a=slowly("402"), b=slowly("402"))
    made.keys.clock = lambda: time.time() - PROBE_AFTER_S - 1
    for target in made.chat["m"]:
        made.keys.refused(target.key, "m", ProviderError(ErrorKind.QUOTA, "spent", retry_after_s=3600))
    made.keys.clock = time.time
    assert together(made, 6) == ["quota"] * 6
    assert [len(transports[name].sent) for name in "ab"] == [1, 1]


def test_last_one_that_is_well_is_tried_twice() -> None:
    """A fault that would have passed fails the request because a key that rests stands beside the one that works."""
    made, _ = three("402", "503 ok")
    ask(made, (made.chat["m"][:1],))
    assert ask(made)[:2] == ("ok", ["b", "b"])


def test_two_names_for_one_place() -> None:
    """A target is tried twice because two names lead to it."""
    entry = upstream("a", model_redirect={"alias": "m"})
    made, transports = wired(runtime(entry, upstream("b"), vendor=VENDOR), a=script("500"), b=script("ok"))
    a, b = made.chat["m"]
    assert ask(made, ((a, *made.chat["alias"], b),))[1] == ["a", "b"]
    assert len(transports["a"].sent) == 1


def test_keys_at_rest_count_in_what_is_told() -> None:
    """A key that is ready soon is forgotten in what the client is told because another one was tried in vain."""
    for answer, kind in (("429+40", "rate_limited"), ("429", "rate_limited"), ("402", "rate_limited")):
        made, _ = three("429+9", answer)
        assert ask(made, (made.chat["m"][:1],))[0] == "rate_limited"
        told, tried, error = ask(made)
        assert (told, tried) == (kind, ["b"]) and error is not None
        assert error.retry_after_s == pytest.approx(1.0 if answer == "429" else 9.0, abs=0.5)
    made, _ = three("429+9", "401")
    ask(made, (made.chat["m"][:1],))
    assert ask(made)[:2] == ("overloaded", ["b"])


def test_waiting_goes_on_while_there_is_time() -> None:
    """A request that waits for a key fails because another one asked with it a moment too early."""
    limits = Limits(rpm=1000, queue_s=5.0)
    made, _ = wired(
        runtime(*(upstream(name, limits=limits) for name in "ab"), vendor=VENDOR), a=script("ok"), b=script("ok")
    )
    a, b = made.chat["m"]
    made.keys.refused(b.key, "m", ProviderError(ErrorKind.RATE_LIMITED, "", retry_after_s=600))
    made.keys.refused(a.key, "m", ProviderError(ErrorKind.RATE_LIMITED, "", retry_after_s=0.1))
    job = gevent.spawn(ask, made)
    gevent.sleep(0.05)
    made.keys.refused(a.key, "m", ProviderError(ErrorKind.RATE_LIMITED, "", retry_after_s=0.2))
    assert job.get(timeout=3)[:2] == ("ok", ["a"])


def test_the_wall_clock_holds_in_the_line_too() -> None:
    """A request whose first try failed waits for the limit of another target far longer than it may."""
    entries = [upstream("a"), upstream("b", limits=Limits(concurrency=1, queue_s=60.0))]
    made = runtime(*entries, vendor=VENDOR, failover=Failover(within_s=0.1))
    made, transports = wired(made, a=script("500"), b=script("ok"))
    made.line.acquire(made.chat["m"][1:], Client(None))
    began = time.monotonic()
    assert ask(made)[:2] == ("rate_limited", ["a"])
    assert time.monotonic() - began < 3 and not transports["b"].sent


def limited(a: Limits, b: Limits, answers: str = "ok") -> tuple[Runtime, Any, Any]:
    """Two targets behind limits, and both of them."""
    entries = [upstream("a", limits=a), upstream("b", limits=b)]
    made, _ = wired(runtime(*entries, vendor=VENDOR), a=script(answers), b=script("ok"))
    first, second = made.chat["m"]
    return made, first, second


def test_soonest_of_limits_and_refusals_together() -> None:
    """A client is sent away until tomorrow although one of its targets is ready within a minute."""
    made, a, b = limited(Limits(rpm=1, queue_s=1.0), Limits(rpd=1, queue_s=1.0), "ok 429+9")
    assert [ask(made, ((each,),))[0] for each in (a, b)] == ["ok", "ok"]
    for tiers in (((a,), (b,)), ((b,), (a,))):
        told, tried, error = ask(made, tiers)
        assert (told, tried) == ("rate_limited", []) and error is not None
        assert error.retry_after_s == pytest.approx(60, abs=1)
    made, a, b = limited(Limits(rpm=1000, queue_s=1.0), Limits(rpd=1, queue_s=1.0), "429+9")
    assert ask(made, ((b,),))[0] == "ok"
    for tried_first in (["a"], []):
        told, tried, error = ask(made)
        assert (told, tried) == ("rate_limited", tried_first) and error is not None
        assert error.retry_after_s == pytest.approx(9, abs=1)


@pytest.mark.parametrize("limits", [Limits(rpd=1, queue_s=1.0), Limits(concurrency=1, queue_s=5.0)])
def test_key_that_is_ready_while_another_is_waited_for(limits: Limits) -> None:
    """A request is refused, or stays in the line of a target, although another one is ready and free in a moment."""
    made, a, b = limited(limits, Limits(concurrency=1, queue_s=5.0))
    made.line.acquire([a], Client(None))
    for tiers in (((a, b),), ((a,), (b,))) if limits.rpd else (((a, b),),):
        made.keys.refused(b.key, "m", ProviderError(ErrorKind.RATE_LIMITED, "", retry_after_s=0.1))
        began = time.monotonic()
        assert ask(made, tiers)[:2] == ("ok", ["b"])
        assert time.monotonic() - began < 3
    assert not len(made.line) and not a.limiters[0].waiting


def test_probe_when_the_other_limit_is_used_up() -> None:
    """A request is refused by a limit although a key that was spent a while ago may be asked."""
    made, a, b = limited(Limits(rpd=1, queue_s=1.0), Limits(rpm=1000, queue_s=1.0))
    made.line.acquire([a], Client(None))
    made.keys.clock = lambda: time.time() - PROBE_AFTER_S - 1
    made.keys.refused(b.key, "m", ProviderError(ErrorKind.QUOTA, "spent", retry_after_s=3600))
    made.keys.clock = time.time
    assert ask(made)[:2] == ("ok", ["b"])


def test_a_silent_target_can_be_left_by_default() -> None:
    """The time for all tries is over before the first one that stays silent is."""
    assert Failover().within_s > Timeouts().connect_s + max(Timeouts().first_event_s, Timeouts().idle_s)
