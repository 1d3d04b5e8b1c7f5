"""A request refused before its first word, made again in the form that the vendor's error asks for."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from app.attempt import Attempt
from app.call import Call
from app.runtime import Runtime
from config.model import ParamsRange
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Delta, Destination, Event, WireRequest
from tests.unit.toy import TOY, call, decode, encode, event, good, request, runtime, upstream, wired

Answer = Callable[[WireRequest], tuple[int, Iterator[bytes]]]


def at(wire: WireRequest, path: str, **fields: Any) -> WireRequest:
    return replace(wire, url=f"http://toy/{path}", **fields)


def second(wire: WireRequest) -> Callable[[ProviderError], WireRequest | None]:
    """Another address where the first says 400; it is worth remembering, and has nothing to try after it."""
    return lambda error: (
        at(wire, "second", memo={"way": {"path": "second"}}) if error.kind is ErrorKind.INVALID_REQUEST else None
    )


def two_ways(asked: ChatRequest, to: Destination) -> WireRequest:
    wire = encode(asked, to)
    return replace(wire, instead=second(wire))


def by_path(**answers: Answer) -> Answer:
    return lambda wire: answers.get(wire.url.rpartition("/")[2], refused)(wire)


def refused(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return 400, iter([b"wrong address"])


def limited(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return 429, iter([b"slowly"])


def late(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return 200, iter([event(text="Hel"), event(other=1)])


VENDOR = replace(TOY, encode=two_ways)


def told(made: Runtime, asked: Call, **params: Any) -> str:
    with closing(Attempt(made.chat["m"][0], asked).chat(request(**params))) as deltas:
        return "".join(delta.text or "" for delta in deltas)


def test_the_other_request_answers() -> None:
    """Broken: a model at a vendor's other address is not found, or the refusal leaves its connection open."""
    ranges = {"params_range": {"m": ParamsRange(max_tokens=5)}}
    made, transports = wired(runtime(upstream("a"), vendor=VENDOR, **ranges), a=by_path(second=good))
    asked = call(made)
    assert told(made, asked, odd=1, max_tokens=9) == "Hello"
    assert [wire.url.rpartition("/")[2] for wire in transports["a"].sent] == ["toy", "second"]
    assert transports["a"].closed == 2
    assert asked.trace.changes == ("clamped max_tokens to 5", "dropped odd")
    assert made.memory.recall("way") == {"path": "second"}


@pytest.mark.parametrize(
    ("answers", "message", "sent"),
    [
        ({"toy": limited, "second": good}, "slowly", 1),
        ({"second": refused}, "wrong address", 2),
        ({"second": limited}, "slowly", 2),
    ],
)
def test_other_failures_stand(answers: dict[str, Answer], message: str, sent: int) -> None:
    """Broken: a failure of another kind is asked again, requests go round in circles, or a failure is remembered."""
    made, transports = wired(runtime(upstream("a"), vendor=VENDOR), a=by_path(**answers))
    with pytest.raises(ProviderError, match=message):
        told(made, call(made))
    assert len(transports["a"].sent) == sent
    assert transports["a"].closed == sent
    assert made.memory.recall("way") is None


def test_nothing_is_asked_again_after_the_first_word() -> None:
    """Broken: the client gets the beginning of one answer and another whole one."""

    def failing(events: Iterator[Event]) -> Iterator[Delta]:
        try:
            yield from decode(events)
        except KeyError:
            raise ProviderError(ErrorKind.INVALID_REQUEST, "wrong address") from None

    vendor = replace(VENDOR, decode=failing)
    made, transports = wired(runtime(upstream("a"), vendor=vendor), a=by_path(toy=late, second=good))
    with pytest.raises(ProviderError, match="wrong address"):
        told(made, call(made))
    assert len(transports["a"].sent) == 1


def test_a_request_brings_its_own_decoder() -> None:
    """Broken: a reply whose form only the request tells is read by the vendor's common decoder."""

    def shouting(events: Iterator[Event]) -> Iterator[Delta]:
        return (replace(delta, text=(delta.text or "").upper()) for delta in decode(events))

    vendor = replace(TOY, encode=lambda asked, to: replace(encode(asked, to), decode=shouting))
    made, _ = wired(runtime(upstream("a"), vendor=vendor), a=good)
    assert told(made, call(made)) == "HELLO"
