"""One try with one target: prepare, encode, sign, send, frame, decode, in plain blocking steps of one greenlet.

What the request's own greenlet must know of it while it runs, or after it failed, are the fields of ``Attempt``.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from app.call import Call
from app.ranges import clamped
from app.runtime import Target
from providers import stops, thinking
from providers.errors import ErrorKind, ProviderError
from providers.types import (
    ChatRequest,
    Delta,
    Destination,
    EmbeddingReply,
    EmbeddingRequest,
    Secret,
    Usage,
    WireReply,
    WireRequest,
)
from providers.vendor import Embedder, Preparation, Vendor

T = TypeVar("T")
Items = Generator[T, None, None]

_FAULT_BYTES: Final = 256 * 1024


@dataclass(slots=True)
class Attempt:
    """``sent`` tells whether the upstream was asked at all, ``signed_with`` which credential (and token) it saw."""

    target: Target
    call: Call
    sent: bool = False
    signed_with: Mapping[str, Secret] = field(default_factory=dict)

    def chat(self, request: ChatRequest) -> Items[Delta]:
        """The vendor's deltas as they come. Raises ProviderError."""
        vendor, ranges = self.target.vendor, self.call.runtime.settings.params_range
        request, clamps = clamped(request, ranges.get(self.target.name) or ranges.get(self.target.to.model))
        wire: WireRequest | None = vendor.encode(request, self._destination(request))
        while wire:
            wire = replace(wire, changes=clamps + wire.changes, whole=not request.stream)
            wire = yield from self._tried(self._checked(wire))

    def _tried(self, wire: WireRequest) -> Generator[Delta, None, WireRequest | None]:
        """The deltas of one request; returns the one to make instead if it was refused before its first word."""
        begun = False
        try:
            for delta in self._answer(wire):
                begun = True
                yield delta
        except ProviderError as error:
            other = None if begun or wire.instead is None else wire.instead(error)
            if other is None:
                raise
            return other
        return None

    def _answer(self, wire: WireRequest) -> Items[Delta]:
        vendor, memory = self.target.vendor, self.call.runtime.memory
        with closing(self._send(wire)) as reply:
            _check_status(vendor, reply)
            deltas = (wire.decode or vendor.decode)(vendor.frame(reply.chunks))
            if wire.split_think:
                deltas = thinking.split(deltas)
            memo = wire.memo
            for delta in stops.cut(deltas, wire.stops):
                for noted in filter(None, (memo, delta.memo)):
                    memory.keep(noted)
                memo = None
                yield delta
            reply.settle()

    def embed(self, request: EmbeddingRequest) -> Items[EmbeddingReply]:
        """All vectors in one reply, asked for in as many calls as the vendor needs. Raises ProviderError."""
        embedder = self.target.vendor.embed
        if embedder is None:
            message = f"{self.target.vendor.name} offers no embeddings"
            raise ProviderError(ErrorKind.UNSUPPORTED, message, param="model")
        size = embedder.batch if isinstance(embedder.batch, int) else embedder.batch(self.target.to)
        replies = [self._embed_batch(batch, embedder) for batch in _batches(request, size)]
        vectors = [vector for reply in replies for vector in reply.vectors]
        if len(vectors) != len(request.inputs):
            raise ProviderError(ErrorKind.MALFORMED, f"{len(request.inputs)} inputs, but {len(vectors)} vectors came")
        yield EmbeddingReply(vectors, Usage(sum(reply.usage.prompt_tokens for reply in replies), 0))

    def _embed_batch(self, request: EmbeddingRequest, embedder: Embedder) -> EmbeddingReply:
        wire = self._checked(embedder.encode(request, self.target.to))
        with closing(self._send(wire)) as reply:
            _check_status(self.target.vendor, reply)
            return embedder.decode(b"".join(reply.chunks))

    def _destination(self, request: ChatRequest) -> Destination:
        prepare = self.target.vendor.prepare
        if prepare is None:
            return self.target.to
        prepared = [self._prepared(wire, prepare) for wire in prepare.requests(request, self.target.to)]
        return replace(self.target.to, prepared=tuple(prepared))

    def _prepared(self, wire: WireRequest, prepare: Preparation) -> dict[str, object]:
        with closing(self._send(wire)) as reply:
            return prepare.parse(reply.status, reply.headers, b"".join(reply.chunks))

    def _checked(self, wire: WireRequest) -> WireRequest:
        """Raises UNSUPPORTED where something would be dropped and the operator said ``refuse``."""
        self.call.trace.changes = wire.changes
        dropped = [change.removeprefix("dropped ") for change in wire.changes if change.startswith("dropped ")]
        if dropped and self.target.upstream.on_unsupported == "refuse":
            message = f"this model does not take {dropped[0]}"
            raise ProviderError(ErrorKind.UNSUPPORTED, message, param=dropped[0].split()[0])
        return wire

    def _send(self, wire: WireRequest) -> WireReply:
        target = self.target
        tokens = target.tokens
        self.signed_with = tokens.credential(target.transport.send) if tokens else target.to.credential
        signed = target.vendor.sign(wire, self.signed_with, time.time())
        self.sent = True
        return target.transport.send(signed)


def _check_status(vendor: Vendor, reply: WireReply) -> None:
    """Raises the vendor's fault unless the status is a success."""
    if 200 <= reply.status < 300:
        return
    body = bytearray()
    for chunk in reply.chunks:
        body += chunk
        if len(body) > _FAULT_BYTES:
            break
    raise vendor.fault(reply.status, reply.headers, bytes(body))


def _batches(request: EmbeddingRequest, size: int) -> Iterator[EmbeddingRequest]:
    if not size:
        yield request
        return
    for start in range(0, len(request.inputs), size):
        yield replace(request, inputs=request.inputs[start : start + size])
