"""Embeddings asked for in another way where the vendor's first way is not there."""

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from app.attempt import Attempt
from app.runtime import Runtime
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingReply, EmbeddingRequest, WireRequest
from providers.vendor import Embedder
from tests.unit.toy import TOY, call, embed_decode, runtime, upstream, wired


def one_by_one(request: EmbeddingRequest, to: Destination) -> WireRequest:
    return WireRequest("POST", f"{to.server_url}/older", {}, orjson.dumps(request.inputs))


def other(error: ProviderError) -> Embedder | None:
    return Embedder(one_by_one, embed_decode, batch=1) if error.kind is ErrorKind.INVALID_REQUEST else None


assert TOY.embed
VENDOR = replace(TOY, embed=replace(TOY.embed, instead=other))
REQUEST = EmbeddingRequest("e", ["a", "b", "c"], {})


def server(status: int, older: int = 200) -> object:
    def answer(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        told = older if wire.url.endswith("/older") else status
        return told, iter([orjson.dumps([[float(len(wire.body))]]) if told == 200 else b"not here"])

    return answer


def asked(made: Runtime) -> list[EmbeddingReply]:
    (target,) = made.embedding["e"]
    return list(Attempt(target, call(made)).embed(REQUEST))


def test_the_other_way_answers() -> None:
    """Broken: vectors of a server that knows only another endpoint are not had, or come for half of the inputs."""
    made, transports = wired(runtime(upstream("a"), vendor=VENDOR), a=server(400))  # type: ignore[arg-type]
    (reply,) = asked(made)
    assert len(reply.vectors) == 3
    assert [wire.url.endswith("/older") for wire in transports["a"].sent] == [False, True, True, True]


@pytest.mark.parametrize(("statuses", "sent"), [((500, 200), 1), ((400, 400), 2)])
def test_other_failures_stand(statuses: tuple[int, int], sent: int) -> None:
    """Broken: a failure of another kind is asked again in another way, or requests go round in circles."""
    made, transports = wired(runtime(upstream("a"), vendor=VENDOR), a=server(*statuses))  # type: ignore[arg-type]
    with pytest.raises(ProviderError, match="not here"):
        asked(made)
    assert len(transports["a"].sent) == sent
