"""The walk of a request: targets in order, a lease for one of them, an attempt, and the next target if that failed.

Until something meaningful has come from an upstream every failure may still become another attempt; afterwards it
ends the reply. No Flask in here: requests, clients and traces are arguments.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeVar

from app.call import Call
from app.errors import ClientGone
from app.limits import Lease
from app.pump import Pump
from app.queue import TICK_S
from app.runtime import Target
from app.telemetry import Trace
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import ChatRequest, Delta, EmbeddingReply, EmbeddingRequest, WireReply, WireRequest
from providers.vendor import Embedder

T = TypeVar("T")
Items = Generator[T, None, None]

NEW_ATTEMPT_WITHIN_S: Final = 60.0
"""No further target is tried once a request has been under way for so long."""

_FAULT_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that has begun well. ``deltas`` holds None wherever a stream has been silent for ``keepalive_s``.

    ``close`` ends everything, wherever it stands: the upstream's connection, the attempt and its lease.
    """

    deltas: Iterator[Delta | None]
    close: Callable[[], None]


def chat(request: ChatRequest, targets: Sequence[Target], call: Call) -> Reply:
    """The reply, once the first thing that a client would see of it is here.

    A failure before that is an exception: ProviderError of the last target tried, or ClientGone. Later ones come out
    of ``deltas``.
    """

    def encode(target: Target) -> WireRequest:
        return target.vendor.encode(request, target.to)

    def ask(target: Target, wire: WireRequest) -> Items[Delta]:
        with closing(target.transport.send(wire)) as reply:
            _check_status(target, reply)
            yield from target.vendor.decode(target.vendor.frame(reply.chunks))

    items = _completed(_walk(targets, encode, ask, call), call.trace)
    held: list[Delta | None] = []
    for item in items:
        held.append(item)
        if item is None or _visible(item):
            break
    return Reply(chain(held, items), items.close)


def embed(request: EmbeddingRequest, targets: Sequence[Target], call: Call) -> EmbeddingReply:
    """The vectors. Raises ProviderError of the last target tried, or ClientGone."""

    def encode(target: Target) -> WireRequest:
        return _embedder(target).encode(request, target.to)

    def ask(target: Target, wire: WireRequest) -> Items[EmbeddingReply]:
        with closing(target.transport.send(wire)) as reply:
            _check_status(target, reply)
            yield _embedder(target).decode(b"".join(reply.chunks))

    with closing(_walk(targets, encode, ask, call)) as items:
        reply = next(item for item in items if item is not None)
    call.trace.usage = reply.usage
    return reply


def _embedder(target: Target) -> Embedder:
    if target.vendor.embed is None:
        raise ProviderError(ErrorKind.UNSUPPORTED, f"{target.vendor.name} offers no embeddings", param="model")
    return target.vendor.embed


def _check_status(target: Target, reply: WireReply) -> None:
    if 200 <= reply.status < 300:
        return
    body = b""
    for chunk in reply.chunks:
        body += chunk
        if len(body) > _FAULT_BYTES:
            break
    raise target.vendor.fault(reply.status, reply.headers, body)


def _walk(
    targets: Sequence[Target],
    encode: Callable[[Target], WireRequest],
    ask: Callable[[Target, WireRequest], Items[T]],
    call: Call,
) -> Items[T | None]:
    """What the first target that answers yields. The next one is tried as long as none has yielded anything."""
    left, trace = list(targets), call.trace
    while True:
        target, lease = call.runtime.line.acquire(_ready(left), call.client)
        left.remove(target)
        trace.target = target.label
        begun = False
        try:
            for item in _leased(target, lease, encode, ask, call):
                begun = begun or _visible(item)
                yield item
            trace.attempts.append(f"{target.label}:ok")
            return
        except ProviderError as error:
            trace.attempts.append(f"{target.label}:{error.kind.value}")
            late = time.monotonic() - trace.began > NEW_ATTEMPT_WITHIN_S
            if begun or late or not left or error.kind not in RETRYABLE:
                raise


def _ready(targets: Sequence[Target]) -> list[Target]:
    """Those whose breaker lets a request through. Raises OVERLOADED when none does."""
    now = time.monotonic()
    waits_s = {target: target.breaker.wait_s(now) for target in targets}
    ready = [target for target in targets if not waits_s[target]]
    if not ready:
        message = "every upstream for this model has failed repeatedly and is left alone for a while"
        raise ProviderError(ErrorKind.OVERLOADED, message, retry_after_s=min(waits_s.values()))
    return ready


def _leased(
    target: Target,
    lease: Lease,
    encode: Callable[[Target], WireRequest],
    ask: Callable[[Target, WireRequest], Items[T]],
    call: Call,
) -> Items[T | None]:
    """One target's items; the lease goes back at the end, however it comes, and the breaker is told of it."""
    target.breaker.begin(time.monotonic())
    fault: ErrorKind | None = ErrorKind.INTERNAL
    try:
        try:
            wire = _prepare(target, encode, call.trace)
        except ProviderError:
            lease.cancel()
            raise
        yield from _attempt(target, wire, ask, call)
        fault = None
    except ProviderError as error:
        fault = error.kind
        raise
    finally:
        target.breaker.end(time.monotonic(), fault)
        lease.release()


def _prepare(target: Target, encode: Callable[[Target], WireRequest], trace: Trace) -> WireRequest:
    """The signed request. Raises UNSUPPORTED where something would be dropped and the operator said ``refuse``."""
    wire = encode(target)
    trace.changes = wire.changes
    if wire.changes and target.upstream.on_unsupported == "refuse":
        dropped = [change for change in wire.changes if change.startswith("dropped ")]
        if dropped:
            message = f"this model does not take {dropped[0].removeprefix('dropped ')}"
            raise ProviderError(ErrorKind.UNSUPPORTED, message, param=dropped[0].split()[1])
    return target.vendor.sign(wire, target.to.credential, time.time())


def _attempt(
    target: Target,
    wire: WireRequest,
    ask: Callable[[Target, WireRequest], Items[T]],
    call: Call,
) -> Items[T | None]:
    """One target's items as they come, and None after each silence of ``keepalive_s``. Raises ClientGone."""
    keepalive_s = call.runtime.settings.keepalive_s
    with closing(Pump(lambda: ask(target, wire))) as pump:
        silent_since = time.monotonic()
        while True:
            taken = _taken(pump, min(TICK_S, keepalive_s), target)
            if taken is None:
                if call.client.gone():
                    raise ClientGone
                if time.monotonic() - silent_since >= keepalive_s:
                    silent_since = time.monotonic()
                    yield None
                continue
            if not taken:
                return
            yield taken[0]
            silent_since = time.monotonic()


def _taken(pump: Pump[T], wait_s: float, target: Target) -> list[T] | None:
    """What the pump has; a shape that a decoder did not find becomes MALFORMED with the vendor's name."""
    try:
        return pump.take(wait_s)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        message = f"the answer of {target.vendor.name} is not what its reference says ({type(error).__name__})"
        raise ProviderError(ErrorKind.MALFORMED, message) from error


def _completed(items: Items[Delta | None], trace: Trace) -> Items[Delta | None]:
    """``items``, with usage and notes put into the trace. Raises INCOMPLETE when they end without a finish reason."""
    finished = False
    with closing(items):
        for item in items:
            if item is not None:
                finished = finished or item.finish_reason is not None
                trace.usage = item.usage or trace.usage
                if item.note:
                    trace.note(item.note)
            yield item
    if not finished:
        raise ProviderError(ErrorKind.INCOMPLETE, "the upstream's answer broke off before its end")


def _visible(item: object) -> bool:
    """Whether a client would see anything of ``item``."""
    if isinstance(item, Delta):
        return bool(item.text or item.reasoning or item.tool_calls or item.finish_reason or item.extra)
    return item is not None
