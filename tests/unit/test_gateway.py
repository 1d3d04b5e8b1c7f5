"""The walk: which target is tried when, what a failure does before and after the first word, and what is given back."""

import dataclasses
import time
from collections.abc import Callable, Iterator

import gevent
import orjson
import pytest

from app import gateway
from app.call import Call
from app.client import Client
from app.errors import ClientGone
from app.estimate import Estimate
from app.identity import Caller
from app.runtime import Runtime, Target
from config.model import CircuitBreaker, Failover, Limits, ParamsRange
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, EmbeddingRequest, Event, Head, Secret, Token, Usage, WireRequest
from providers.vendor import Exchange, Preparation
from tests.unit.toy import TOY, Leaving, call, event, good, keyed, request, runtime, upstream, wired

Script = Callable[[WireRequest], tuple[int, Iterator[bytes]]]


def status(code: int) -> Script:
    return lambda _wire: (code, iter([b"vendor says no"]))


def cut(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return 200, iter([event(text="Hel")])


def broken(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return 200, iter([event(other=1)])


def silent(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    def wait() -> Iterator[bytes]:
        gevent.sleep(5)
        yield b""

    return 200, wait()


def targets(made: Runtime) -> tuple[Target, ...]:
    return made.chat["m"]


def tiers(made: Runtime) -> tuple[tuple[Target, ...], ...]:
    return (made.chat["m"],)


def read(made: Runtime, asked: Call | None = None) -> list[Delta | None]:
    reply = gateway.chat(request(), tiers(made), asked or call(made))
    try:
        return list(reply.deltas)
    finally:
        reply.close()


def text(deltas: list[Delta | None]) -> str:
    return "".join(delta.text or "" for delta in deltas if delta)


def test_good_answer_and_everything_given_back() -> None:
    """Broken: a slot or connection stays taken after an answer."""
    made, transports = wired(runtime(upstream("a", limits=Limits(concurrency=1))), a=good)
    for _ in range(3):
        asked = call(made)
        assert text(read(made, asked)) == "Hello"
        assert asked.trace.attempts == ["a:ok"]
    assert transports["a"].closed == 3


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (status(500), ErrorKind.SERVER_ERROR),
        (status(401), ErrorKind.UPSTREAM_AUTH),
        (status(429), ErrorKind.RATE_LIMITED),
        (broken, ErrorKind.MALFORMED),
        (lambda _wire: (200, iter([])), ErrorKind.INCOMPLETE),
    ],
)
def test_failure_before_the_first_word_goes_on_to_the_next_target(script: Script, kind: ErrorKind) -> None:
    """Broken: a client sees a failure although another target was there."""
    made, transports = wired(runtime(upstream("a"), upstream("b")), a=script, b=good)
    asked = call(made)
    assert text(read(made, asked)) == "Hello"
    assert asked.trace.attempts == [f"a:{kind.value}", "b:ok"]
    assert transports["a"].closed == 1


def test_clients_fault_is_not_tried_elsewhere() -> None:
    """Broken: a bad request is sent to every upstream in turn."""
    made, transports = wired(runtime(upstream("a"), upstream("b")), a=status(400), b=good)
    with pytest.raises(ProviderError, match="vendor says no"):
        read(made)
    assert not transports["b"].sent


def test_last_failure_is_told_when_all_fail() -> None:
    """Broken: all attempts fail and the client hears of none."""
    made, _ = wired(runtime(upstream("a"), upstream("b")), a=status(500), b=status(429))
    asked = call(made)
    with pytest.raises(ProviderError) as caught:
        read(made, asked)
    assert caught.value.kind is ErrorKind.OVERLOADED
    assert "a: server_error; b: rate_limited" in caught.value.message and "vendor says no" in caught.value.message
    assert asked.trace.attempts == ["a:server_error", "b:rate_limited"]


def test_late_failure_is_not_tried_elsewhere() -> None:
    """Broken: attempts go on without end."""
    made, transports = wired(
        runtime(upstream("a"), upstream("b"), failover=Failover(within_s=0)), a=status(500), b=good
    )
    with pytest.raises(ProviderError):
        read(made)
    assert not transports["b"].sent


def test_failure_after_the_first_word_ends_the_reply() -> None:
    """Broken: two halves of different answers are glued together, or a cut passes for an end."""
    made, transports = wired(runtime(upstream("a", limits=Limits(concurrency=1)), upstream("b")), a=cut, b=good)
    reply = gateway.chat(request(), tiers(made), call(made))
    deltas = []
    with pytest.raises(ProviderError) as caught:
        for delta in reply.deltas:
            deltas.append(delta)
    assert text(deltas) == "Hel"
    assert caught.value.kind is ErrorKind.INCOMPLETE
    assert not transports["b"].sent
    assert made.line.acquire(targets(made)[:1], Client(None))


def test_closing_early_gives_everything_back() -> None:
    """Broken: a client that leaves in mid-stream keeps its upstream busy."""

    def endless(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            while True:
                yield event(text="x")
                gevent.sleep(0.001)

        return 200, chunks()

    made, transports = wired(runtime(upstream("a", limits=Limits(concurrency=1))), a=endless)
    reply = gateway.chat(request(), tiers(made), call(made))
    assert next(iter(reply.deltas))
    reply.close()
    reply.close()
    assert transports["a"].closed == 1
    assert made.line.acquire(targets(made), Client(None))


class Left(Client):
    """A client that is gone."""

    def __init__(self) -> None:
        super().__init__(None)

    def gone(self) -> bool:
        return True


def test_client_that_left_ends_a_silent_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: an upstream that says nothing is waited for on behalf of nobody."""
    monkeypatch.setattr(gateway, "TICK_S", 0.01)
    made, transports = wired(runtime(upstream("a", limits=Limits(concurrency=1))), a=silent)
    with pytest.raises(ClientGone):
        read(made, call(made, Left()))
    assert transports["a"].closed == 1
    assert made.line.acquire(targets(made), Client(None))


def test_client_that_left_ends_a_talkative_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: an answer that is collected for a client goes on to its end after that client has left."""

    def endless(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            for _ in range(1000):
                yield event(text="x")
                gevent.sleep(0.001)
            yield event(text="", finish="stop")

        return 200, chunks()

    monkeypatch.setattr(gateway, "TICK_S", 0.02)
    made, transports = wired(runtime(upstream("a", limits=Limits(concurrency=1))), a=endless)
    with pytest.raises(ClientGone):
        read(made, call(made, Leaving(2)))
    assert transports["a"].closed == 1
    assert made.line.acquire(targets(made), Client(None))


def test_what_a_failed_target_said_of_itself_is_dropped() -> None:
    """Broken: an answer carries the id and the usage of an upstream that failed before its first word."""

    def decode(events: Iterator[Event]) -> Iterator[Delta]:
        for each in events:
            name = each.data.decode()
            yield Delta(head=Head(id=name), usage=Usage(1, 1), note=f"of {name}")
            if name == "a":
                raise ProviderError(ErrorKind.OVERLOADED, "busy")
            yield Delta(text=name, finish_reason="stop")

    says = lambda name: lambda _wire: (200, iter([f"data: {name}\n\n".encode()]))
    vendor = dataclasses.replace(TOY, decode=decode)
    made, _ = wired(runtime(upstream("a"), upstream("b"), vendor=vendor), a=says("a"), b=says("b"))
    asked = call(made)
    deltas = read(made, asked)
    assert [delta.head.id for delta in deltas if delta and delta.head] == ["b"] and text(deltas) == "b"
    assert asked.trace.notes == {"of a": 1, "of b": 1}


def test_silence_yields_keepalives() -> None:
    """Broken: a silent stream has no sign of life, or is committed to no sooner than its first word."""
    made, _ = wired(runtime(upstream("a"), keepalive_s=0.02), a=silent)
    reply = gateway.chat(request(), tiers(made), call(made))
    deltas = iter(reply.deltas)
    assert [next(deltas), next(deltas)] == [None, None]
    reply.close()


def test_permit_rests_from_the_sending_on() -> None:
    """Broken: a request whose connection took long to open arrives together with those of the next second."""

    def slow(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        gevent.sleep(0.3)
        assert wire.sent
        wire.sent()
        return good(wire)

    made, _ = wired(runtime(upstream("a", limits=Limits(qps=1))), a=slow)
    assert text(read(made)) == "Hello"
    assert 0.9 < targets(made)[0].limiters[0].due_s(time.monotonic()) <= 1.04


def test_tokens_are_settled_by_the_reply() -> None:
    """Broken: a limit of tokens counts guesses only, or takes no notice of what a request asks for."""
    vectors = lambda _wire: (200, iter([b"[[1.0], [2.0]]"]))
    made, _ = wired(runtime(upstream("a", embedding_limits=Limits(tpm=100))), a=vectors)
    (target,) = made.embedding["e"]
    gateway.embed(EmbeddingRequest("e", ["x" * 120, "y" * 120], {}), (made.embedding["e"],), call(made))
    assert target.limiters[0].due_s(time.monotonic(), Estimate(98, 0)) == 0
    assert target.limiters[0].due_s(time.monotonic(), Estimate(99, 0)) > 59


def test_callers_take_turns() -> None:
    """Broken: the line does not know who asks."""
    made, _ = wired(runtime(upstream("a", limits=Limits(concurrency=1, queue_s=5))), a=good)
    order: list[str] = []

    def ask(name: str) -> None:
        read(made, dataclasses.replace(call(made), caller=Caller(name)))
        order.append(name)

    gevent.joinall([gevent.spawn(ask, name) for name in "aaab"], raise_error=True)
    assert order == ["a", "b", "a", "a"]


def test_request_that_cannot_be_encoded_costs_no_permit() -> None:
    """Broken: a bad request uses up the rate of an upstream that never saw it."""
    made, transports = wired(runtime(upstream("a", limits=Limits(rpm=1, queue_s=0.05))), a=good)
    with pytest.raises(ProviderError, match="no bad things"):
        gateway.chat(request(bad=1), tiers(made), call(made))
    assert not transports["a"].sent
    assert text(read(made)) == "Hello"


@pytest.mark.parametrize(
    ("kind", "leaves"), [(ErrorKind.CONNECTION, False), (ErrorKind.TIMEOUT, False), (ErrorKind.CONNECTION, True)]
)
def test_request_that_never_left_costs_no_permit(kind: ErrorKind, leaves: bool) -> None:
    """Broken: an upstream that cannot be reached uses up the day's requests."""

    def unreachable(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        if leaves and wire.sent:
            wire.sent()
        raise ProviderError(kind, "not there")

    entry = upstream("a", limits=Limits(rpd=1, queue_s=0.05))
    made, _ = wired(runtime(entry, failover=Failover(same_target_retry=False)), a=unreachable)
    with pytest.raises(ProviderError, match="not there"):
        read(made)
    assert bool(targets(made)[0].limiters[0].due_s(time.monotonic())) == leaves


def test_dropped_fields_are_told_or_refused() -> None:
    """Broken: something is dropped in silence, or ``refuse`` is not honoured."""
    made, _ = wired(runtime(upstream("a")), a=good)
    asked = call(made)
    gateway.chat(request(odd_field=1), tiers(made), asked).close()
    assert asked.trace.changes == ("dropped odd_field",)
    made, transports = wired(runtime(upstream("a", on_unsupported="refuse")), a=good)
    with pytest.raises(ProviderError) as caught:
        gateway.chat(request(odd_field=1), tiers(made), call(made))
    assert (caught.value.kind, caught.value.param) == (ErrorKind.UNSUPPORTED, "odd_field")
    assert not transports["a"].sent


def test_ranges_of_the_config_reach_the_vendor() -> None:
    """Broken: ``params_range`` has no effect, or none that the client hears of."""
    made, _ = wired(runtime(upstream("a"), params_range={"m": ParamsRange(temperature=(0.0, 1.0))}), a=good)
    asked = call(made)
    gateway.chat(request(temperature=2, odd_field=1), tiers(made), asked).close()
    assert asked.trace.changes == ("clamped temperature to 1.0", "dropped odd_field")


def test_breaker_leaves_a_sick_upstream_alone() -> None:
    """Broken: a failing upstream is asked again and again, or its rest is not told."""
    made, transports = wired(runtime(upstream("a"), circuit_breaker=CircuitBreaker(failure_threshold=2)), a=status(500))
    for _ in range(2):
        with pytest.raises(ProviderError):
            read(made)
    with pytest.raises(ProviderError) as caught:
        read(made)
    assert caught.value.kind is ErrorKind.OVERLOADED
    assert caught.value.retry_after_s
    assert len(transports["a"].sent) == 2


def test_breaker_closes_with_the_first_word() -> None:
    """Broken: while the first answer after a breakdown goes on everybody else is sent away."""
    made, transports = wired(runtime(upstream("a")), a=good)
    breaker = targets(made)[0].breaker
    breaker.opened_at = time.monotonic() - breaker.settings.recovery_timeout_s
    reply = gateway.chat(request(), tiers(made), call(made))
    assert text(read(made)) == "Hello"
    assert text(list(reply.deltas)) == "Hello"
    assert breaker.state(time.monotonic()) == "closed" and not breaker.probes and len(transports["a"].sent) == 2


def test_notes_usage_and_memos_are_kept() -> None:
    """Broken: what a vendor noted is lost."""

    def noting(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        return 200, iter([event(text="x", note="odd", memo="k"), event(text="y", note="odd", finish="stop")])

    made, _ = wired(runtime(upstream("a")), a=noting)
    asked = call(made)
    read(made, asked)
    assert asked.trace.notes == {"odd": 2}
    kept = targets(made)[0].to.recall("k")
    assert kept
    assert kept["text"] == "x"


def test_embeddings_in_batches() -> None:
    """Broken: a long list of inputs is not split, or its vectors come out of order."""

    def vectors(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        return 200, iter([orjson.dumps([[float(len(text))] for text in orjson.loads(wire.body)])])

    made, transports = wired(runtime(upstream("a")), a=vectors)
    asked = EmbeddingRequest("e", ["a", "bb", "ccc", "dddd", "eeeee"], {})
    reply = gateway.embed(asked, (made.embedding["e"],), call(made))
    assert reply.vectors == [[1.0], [2.0], [3.0], [4.0], [5.0]]
    assert reply.usage.prompt_tokens == 5
    assert len(transports["a"].sent) == 3


def test_embeddings_that_do_not_fit_their_inputs() -> None:
    """Broken: a client gets vectors that belong to other texts."""
    made, _ = wired(runtime(upstream("a")), a=lambda _wire: (200, iter([b"[[1.0]]"])))
    with pytest.raises(ProviderError, match="2 inputs"):
        gateway.embed(EmbeddingRequest("e", ["a", "b"], {}), (made.embedding["e"],), call(made))


def test_vendor_without_embeddings() -> None:
    """Broken: asking for what a vendor has not got ends in a crash."""
    made, _ = wired(runtime(upstream("a"), vendor=dataclasses.replace(TOY, embed=None)), a=good)
    with pytest.raises(ProviderError, match="offers no embeddings"):
        gateway.embed(EmbeddingRequest("e", ["a"], {}), (made.embedding["e"],), call(made))


def _token_request(fields: dict[str, Secret], auth_url: str | None, now: float) -> WireRequest | None:
    return WireRequest("POST", "http://auth", {}, b"") if fields else None


def _sign(wire: WireRequest, fields: dict[str, Secret], now: float) -> WireRequest:
    return dataclasses.replace(wire, headers={"token": fields["token"].reveal()})


@dataclasses.dataclass
class Bank:
    """An authority that counts the tokens it gave, and an upstream that takes only the newest."""

    given: int = 0
    newest: str = ""

    def parse(self, status: int, headers: object, body: bytes, now: float) -> Token:
        self.given += 1
        self.newest = f"token-{self.given}"
        return Token(Secret(self.newest), now + 1000)

    def answer(self, wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        gevent.sleep(0.001)
        if wire.url == "http://auth":
            return 200, iter([b"{}"])
        if wire.headers["token"] != self.newest:
            return 200, iter([event(text="", stale=True)])
        return good(wire)


def test_one_exchange_at_a_time_and_one_more_when_stale() -> None:
    """Broken: a hundred first requests fetch a hundred tokens, or a token that turned stale fails requests."""
    bank = Bank()
    vendor = dataclasses.replace(TOY, exchange=Exchange(_token_request, bank.parse), sign=_sign)
    made, _ = wired(runtime(upstream("a", credentials=keyed("k")), vendor=vendor), a=bank.answer)
    jobs = [gevent.spawn(read, made) for _ in range(100)]
    gevent.joinall(jobs, raise_error=True)
    assert bank.given == 1
    bank.newest = "rotated"
    jobs = [gevent.spawn(read, made) for _ in range(100)]
    gevent.joinall(jobs, raise_error=True)
    assert bank.given == 2
    assert {text(job.value) for job in jobs} == {"Hello"}


def test_token_that_stays_stale_is_told() -> None:
    """Broken: an upstream that refuses every token is asked for ever."""
    bank = Bank()
    vendor = dataclasses.replace(TOY, exchange=Exchange(_token_request, bank.parse), sign=_sign)
    refusing = lambda wire: (
        bank.answer(wire) if wire.url == "http://auth" else (200, iter([event(text="", stale=True)]))
    )
    made, transports = wired(runtime(upstream("a", credentials=keyed("k")), vendor=vendor), a=refusing)
    with pytest.raises(ProviderError, match="stale"):
        read(made)
    assert len(transports["a"].sent) == 4


def test_preparation_comes_before_the_chat() -> None:
    """Broken: an upload's answer does not reach the request that needs it."""

    def encode(asked: object, to: gateway.Target) -> WireRequest:
        return WireRequest("POST", "http://toy", {"file": to.prepared[0]["id"]}, b"{}")  # type: ignore[attr-defined]

    prepare = Preparation(
        lambda asked, to: (WireRequest("POST", "http://toy/files", {}, b"bytes"),),
        lambda status, headers, body: {"id": body.decode()},
    )
    vendor = dataclasses.replace(TOY, encode=encode, prepare=prepare)
    answer = lambda wire: (200, iter([b"f-1"])) if wire.url.endswith("files") else good(wire)
    made, transports = wired(runtime(upstream("a"), vendor=vendor), a=answer)
    assert text(read(made)) == "Hello"
    assert transports["a"].sent[1].headers["file"] == "f-1"
    assert transports["a"].closed == 2
