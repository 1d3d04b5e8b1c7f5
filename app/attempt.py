"""One try with one target: prepare, encode, sign, send, frame, decode, in plain blocking steps of one greenlet.

What the request's own greenlet must know of it while it runs, or after it failed, are the fields of ``Attempt``.
"""

import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

import gevent

from app import images
from app.call import Call
from app.checked import checked, checked_vectors
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
    Later,
    Secret,
    Usage,
    WireReply,
    WireRequest,
)
from providers.vendor import Embedder, Preparation, Vendor

T = TypeVar("T")
R = TypeVar("R")
W = TypeVar("W")
Items = Generator[T, None, None]

_FAULT_BYTES: Final = 256 * 1024


@dataclass(slots=True)
class Attempt:
    """``sent`` tells whether the upstream was asked at all, ``signed_with`` which credential (and token) it saw.

    ``usage`` is what the reply said of its cost so far. ``on_sent`` is called when a request is on its way.
    """

    target: Target
    call: Call
    sent: bool = False
    signed_with: Mapping[str, Secret] = field(default_factory=dict)
    usage: Usage | None = None
    on_sent: Callable[[], None] | None = None

    def chat(self, request: ChatRequest) -> Items[Delta]:
        """The vendor's deltas as they come. Raises ProviderError."""
        vendor, ranges = self.target.vendor, self.call.runtime.settings.params_range
        # Its own name, the vendor's, and last the one that was called, which may be an alias or "random".
        names = (self.target.name, self.target.to.model, request.model)
        request, clamps = clamped(request, next((ranges[name] for name in names if name in ranges), None))
        request = images.inlined(request, vendor.inlines, self.target.upstream.proxy_url, self.call)
        wire: WireRequest | None = self._encoded(vendor.encode, request, self._destination(request))
        while wire:
            wire = replace(wire, changes=clamps + wire.changes, whole=not request.stream)
            wire = yield from self._tried(self._checked(wire))

    def _tried(self, wire: WireRequest) -> Generator[Delta, None, WireRequest | None]:
        """The deltas of one request; returns the one to make instead if it was refused before its first word."""
        begun = False
        try:
            for delta in self._answer(wire):
                begun = True
                self.usage = delta.usage or self.usage
                yield delta
        except ProviderError as error:
            other = None if begun or wire.instead is None else wire.instead(error)
            if other is None:
                raise
            return other
        return None

    def _answer(self, wire: WireRequest) -> Items[Delta]:
        """The deltas of the reply, or of the one that it leads to in the end."""
        late_at = time.monotonic() + self.target.upstream.timeouts.idle_s
        step: Later | None = Later(wire)
        try:
            while step:
                if step.wait_s:
                    gevent.sleep(min(step.wait_s, max(0.0, late_at - time.monotonic())))
                if step.request is not wire and time.monotonic() >= late_at:
                    raise ProviderError(ErrorKind.TIMEOUT, "the upstream had no answer ready for too long")
                step = yield from self._reply(step.request, wire)
        except BaseException:
            if step and step.give_up:
                gevent.spawn(self._tell, step.give_up)
            raise

    def _reply(self, wire: WireRequest, first: WireRequest) -> Generator[Delta, None, Later | None]:
        """The deltas of one reply; returns what it says is to be asked for later. ``first`` is the client's request."""
        vendor, memory = self.target.vendor, self.call.runtime.memory
        with closing(self._send(wire)) as reply:
            _check_status(vendor, reply)
            deltas = checked((wire.decode or vendor.decode)(vendor.frame(reply.chunks)))
            if first.split_think:
                deltas = thinking.split(deltas)
            memo = wire.memo
            for delta in stops.cut(deltas, first.stops):
                for noted in filter(None, (memo, delta.memo)):
                    memory.keep(noted)
                memo = None
                if delta.later:
                    reply.settle()
                    return delta.later
                yield delta
            reply.settle()
        return None

    def _tell(self, wire: WireRequest) -> None:
        """Send something whose answer nobody waits for."""
        with suppress(ProviderError), closing(self._send(wire)):
            pass

    def embed(self, request: EmbeddingRequest) -> Items[EmbeddingReply]:
        """All vectors in one reply, asked for in as many calls as the vendor needs. Raises ProviderError."""
        embedder = self.target.vendor.embed
        if embedder is None:
            message = f"{self.target.vendor.name} offers no embeddings"
            raise ProviderError(ErrorKind.UNSUPPORTED, message, param="model")
        replies = self._embed_all(request, embedder)
        vectors = [vector for reply in replies for vector in reply.vectors]
        if len(vectors) != len(request.inputs):
            raise ProviderError(ErrorKind.MALFORMED, f"{len(request.inputs)} inputs, but {len(vectors)} vectors came")
        self.usage = Usage(sum(reply.usage.prompt_tokens for reply in replies), 0)
        yield EmbeddingReply(vectors, self.usage)

    def _embed_all(self, request: EmbeddingRequest, embedder: Embedder) -> list[EmbeddingReply]:
        size = embedder.batch if isinstance(embedder.batch, int) else embedder.batch(self.target.to)
        try:
            return [self._embed_batch(batch, embedder) for batch in _batches(request, size)]
        except ProviderError as error:
            other = embedder.instead(error) if embedder.instead else None
            if other is None:
                raise
        return self._embed_all(request, other)

    def _embed_batch(self, request: EmbeddingRequest, embedder: Embedder) -> EmbeddingReply:
        wire = self._checked(self._encoded(embedder.encode, request, self.target.to))
        with closing(self._send(wire)) as reply:
            _check_status(self.target.vendor, reply)
            return checked_vectors(embedder.decode(b"".join(reply.chunks)))

    def _destination(self, request: ChatRequest) -> Destination:
        prepare = self.target.vendor.prepare
        if prepare is None:
            return self.target.to
        wires = self._encoded(prepare.requests, request, self.target.to)
        prepared = [self._prepared(wire, prepare) for wire in wires]
        return replace(self.target.to, prepared=tuple(prepared))

    def _encoded(self, encode: Callable[[R, Destination], W], request: R, to: Destination) -> W:
        """What ``encode`` returns. A shape that it did not find is in the request, for nobody else was asked yet."""
        try:
            return encode(request, to)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.call.trace.note(f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}")
            message = f"{self.target.vendor.name} cannot be asked this: something in the request is of an unusual shape"
            raise ProviderError(ErrorKind.INVALID_REQUEST, message) from error

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
        return target.transport.send(replace(signed, sent=self.on_sent) if self.on_sent else signed)


def _check_status(vendor: Vendor, reply: WireReply) -> None:
    """Raises the vendor's fault unless the status is a success. What stands in a redirect is no vendor's word."""
    if 200 <= reply.status < 300:
        return
    if reply.status < 400:
        message = f"the upstream answered with a redirect ({reply.status}), which is not followed"
        raise ProviderError(ErrorKind.SERVER_ERROR, message)
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
