"""A toy vendor and a scripted transport: the walk of a request without a socket."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from app import runtime as runtimes
from app.call import Call
from app.client import Client
from app.identity import ANYBODY
from app.runtime import Runtime
from app.telemetry import Trace
from config.model import Credential, Settings, Upstream
from providers.errors import ErrorKind, ProviderError
from providers.types import (
    ChatRequest,
    Delta,
    Destination,
    EmbeddingReply,
    EmbeddingRequest,
    Event,
    Secret,
    Usage,
    WireReply,
    WireRequest,
)
from providers.vendor import Embedder, Vendor

Script = Callable[[WireRequest], Iterator[bytes]]


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    if "bad" in request.params:
        raise ProviderError(ErrorKind.UNSUPPORTED, "no bad things", param="bad")
    changes = tuple(f"dropped {name}" for name in request.params if name.startswith("odd"))
    return WireRequest("POST", to.server_url, {}, orjson.dumps({"model": to.model}), changes)


def decode(events: Iterator[Event]) -> Iterator[Delta]:
    for event in events:
        document = orjson.loads(event.data)
        if document.get("stale"):
            raise ProviderError(ErrorKind.UPSTREAM_AUTH, "stale", stale_token=True)
        memo = {document["memo"]: document} if "memo" in document else None
        yield Delta(text=document["text"], finish_reason=document.get("finish"), memo=memo, note=document.get("note"))


def fault(status: int, _headers: Mapping[str, str], body: bytes) -> ProviderError:
    kinds = {400: ErrorKind.INVALID_REQUEST, 401: ErrorKind.UPSTREAM_AUTH, 429: ErrorKind.RATE_LIMITED}
    return ProviderError(kinds.get(status, ErrorKind.SERVER_ERROR), body.decode())


def embed_encode(request: EmbeddingRequest, to: Destination) -> WireRequest:
    return WireRequest("POST", to.server_url, {}, orjson.dumps(request.inputs))


def embed_decode(body: bytes) -> EmbeddingReply:
    vectors = orjson.loads(body)
    return EmbeddingReply(vectors, Usage(len(vectors), 0))


TOY = Vendor(
    "toy",
    "https://example.invalid",
    "http://toy",
    encode,
    decode,
    fault,
    embed=Embedder(embed_encode, embed_decode, batch=2),
)


@dataclass
class Scripted:
    """A transport that answers what ``script`` says and counts what was closed."""

    script: Callable[[WireRequest], tuple[int, Iterator[bytes]]]
    sent: list[WireRequest] = field(default_factory=list)
    closed: int = 0

    def send(self, wire: WireRequest) -> WireReply:
        self.sent.append(wire)
        status, chunks = self.script(wire)
        return WireReply(status, {}, chunks, self._close)

    def _close(self) -> None:
        self.closed += 1

    def close(self) -> None:
        pass


def event(**fields: Any) -> bytes:
    return b"data: " + orjson.dumps(fields) + b"\n\n"


def good(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return 200, iter([event(text="Hel"), event(text="lo", finish="stop")])


def upstream(name: str, **fields: Any) -> Upstream:
    values: dict[str, Any] = {
        "models": ("m",),
        "embedding_models": ("e",),
        "credentials": keyed(f"key-{name}"),
        **fields,
    }
    return Upstream(name, "toy", "toy", **values)


def keyed(*keys: str) -> tuple[Credential, ...]:
    return tuple(Credential({"api_key": Secret(key)}) for key in keys)


def runtime(*upstreams: Upstream, vendor: Vendor = TOY, **settings: Any) -> Runtime:
    values: dict[str, Any] = {"load_balancing": "first", "upstreams": upstreams, **settings}
    return runtimes.build(Settings(**values), {"toy": vendor})


def wired(
    made: Runtime, **scripts: Callable[[WireRequest], tuple[int, Iterator[bytes]]]
) -> tuple[Runtime, dict[str, Scripted]]:
    """``made`` with scripted transports, by the upstream's id."""
    transports = {name: Scripted(script) for name, script in scripts.items()}

    def swap(offers: Mapping[str, tuple[runtimes.Target, ...]]) -> dict[str, tuple[runtimes.Target, ...]]:
        return {
            name: tuple(replace(target, transport=transports[target.upstream.id]) for target in targets)
            for name, targets in offers.items()
        }

    return replace(made, chat=swap(made.chat), embedding=swap(made.embedding)), transports


def call(made: Runtime, client: Client | None = None) -> Call:
    return Call(made, ANYBODY, client or Client(None), Trace("req_1", "POST", "/v1/chat/completions"))


def request(stream: bool = True, **params: Any) -> ChatRequest:
    return ChatRequest("m", [{"role": "user", "content": "hi"}], stream, params)


class Leaving(Client):
    """A client that leaves after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__(None)
        self.looks = looks

    def gone(self) -> bool:
        self.looks -= 1
        return self.looks < 0
