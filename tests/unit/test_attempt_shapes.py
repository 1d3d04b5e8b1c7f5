"""Shapes that nobody expects: of a request's field, of a reply's values, and of a reply that points elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from app import render
from app.attempt import Attempt
from app.checked import checked, checked_vectors
from app.telemetry import Trace
from providers.errors import ErrorKind, ProviderError
from providers.types import (
    ChatRequest,
    Delta,
    Destination,
    EmbeddingReply,
    EmbeddingRequest,
    Head,
    ToolCallDelta,
    Usage,
    WireRequest,
)
from tests.unit.toy import TOY, call, event, good, request, runtime, upstream, wired

ODD: list[Delta] = [
    Delta(text=5),  # type: ignore[arg-type]
    Delta(text=["x"]),  # type: ignore[arg-type]
    Delta(reasoning={}),  # type: ignore[arg-type]
    Delta(finish_reason=True),  # type: ignore[arg-type]
    Delta(choice=None),  # type: ignore[arg-type]
    Delta(choice=True, text="x"),
    Delta(tool_calls=(ToolCallDelta(0, 5, "f"),)),  # type: ignore[arg-type]
    Delta(tool_calls=(ToolCallDelta(0, "a", "f", None),)),  # type: ignore[arg-type]
    Delta(tool_calls=(ToolCallDelta("0", "a", "f"),)),  # type: ignore[arg-type]
    Delta(usage=Usage("5", 1)),  # type: ignore[arg-type]
    Delta(usage=Usage(10**30, 1)),
    Delta(usage=Usage(5, 1, {"cached_tokens": None})),  # type: ignore[dict-item]
    Delta(usage=Usage(5, 1, {}, {"reasoning_tokens": 0.5})),  # type: ignore[dict-item]
    Delta(head=Head(id=7)),  # type: ignore[arg-type]
    Delta(head=Head(created="now")),  # type: ignore[arg-type]
    Delta(extra=["x"]),  # type: ignore[arg-type]
    Delta(beside="x"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("delta", ODD, ids=range(len(ODD)))
def test_what_is_not_of_its_type(delta: Delta) -> None:
    """Broken: a number in the place of a text fails while the reply is written, as a 500 or in the middle of it."""
    with pytest.raises(TypeError):
        list(checked([delta]))


def test_what_is_of_its_type() -> None:
    """Broken: a good delta is refused, or changed."""
    good_ones = [
        Delta(head=Head("id", 5, {"system_fingerprint": None})),
        Delta(
            1, "text", "thought", (ToolCallDelta(0, "a", "f", "{}"), ToolCallDelta(0)), "stop", Usage(1, 2, {"x": 3})
        ),
        Delta(extra={"refusal": None}, beside={}, note="n"),
    ]
    assert list(checked(good_ones)) == good_ones
    assert orjson.dumps(render.fold(checked(good_ones), "m"))


@pytest.mark.parametrize("vector", [None, {"a": 1}, "text", [None], [True], ["0.5"], [[0.5]]], ids=str)
def test_what_is_no_vector(vector: Any) -> None:
    """Broken: a vector that is none fails while the answer is written, as a 500."""
    with pytest.raises(TypeError):
        checked_vectors(EmbeddingReply([[0.5, 1], vector], Usage(1, 0)))
    assert checked_vectors(EmbeddingReply([[0.5, 1], []], Usage(1, 0))).vectors == [[0.5, 1], []]


def broken(_request: ChatRequest | EmbeddingRequest, _to: Destination) -> WireRequest:
    table: Mapping[str, WireRequest] = {}
    return table["the words of a client"]


@pytest.mark.parametrize("embeds", [False, True])
def test_a_shape_that_encode_did_not_find(embeds: bool) -> None:
    """Broken: a client's odd field is blamed on the upstream, counted against its health, or logged."""
    assert TOY.embed
    vendor = replace(TOY, encode=broken, embed=replace(TOY.embed, encode=broken))
    made, transports = wired(runtime(upstream("a"), vendor=vendor), a=good)
    asked = call(made)
    attempt = Attempt((made.embedding["e"] if embeds else made.chat["m"])[0], asked)
    items: Iterator[Any] = attempt.embed(EmbeddingRequest("e", ["x"], {})) if embeds else attempt.chat(request())
    with pytest.raises(ProviderError, match="toy cannot be asked this") as caught:
        list(items)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST and not transports["a"].sent and not attempt.sent
    assert _noted(asked.trace).startswith("KeyError at test_attempt_shapes.py:") and "client" not in _noted(asked.trace)


def _noted(trace: Trace) -> str:
    return " ".join(trace.notes)


def test_a_redirect_is_no_answer() -> None:
    """Broken: a redirect's status reaches the client, or is taken for its fault."""
    made, _ = wired(runtime(upstream("a")), a=lambda _wire: (302, iter([b"go there"])))
    with pytest.raises(ProviderError, match="redirect \\(302\\)") as caught:
        list(Attempt(made.chat["m"][0], call(made)).chat(request()))
    assert caught.value.kind is ErrorKind.SERVER_ERROR and caught.value.status is None


def test_an_odd_value_ends_the_attempt() -> None:
    """Broken: what ``checked`` refuses is sent all the same."""
    made, _ = wired(runtime(upstream("a")), a=lambda _wire: (200, iter([event(text=5, finish="stop")])))
    with pytest.raises(TypeError):
        list(Attempt(made.chat["m"][0], call(made)).chat(request()))
