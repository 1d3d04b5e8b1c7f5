"""The vocabulary every vendor speaks: what goes up, what comes back, and the pieces of both.

Requests stay OpenAI JSON, since most upstreams want exactly that; replies come in many dialects and need a
tongue of ours. Nothing here does anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from providers.errors import ProviderError

Json = dict[str, Any]
"""A JSON object as it came off a wire: the border where ``Any`` stops."""

BODY: Final = "<body>"
"""The event name of a reply that is one whole document instead of a stream."""


class Secret:
    """A credential that shows itself only when asked by name; ``repr``, ``str`` and f-strings give ``***``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret text. Call it where a request is signed and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One chat completion as the client asked for it.

    ``messages`` is a list of OpenAI message objects whose shape ``app/parse.py`` has checked. ``params`` holds every
    other top-level field of the body as it came, unknown ones included, without ``model``, ``messages`` and
    ``stream``. Nobody mutates either: copy what you change.
    """

    model: str
    messages: list[Json]
    stream: bool
    params: Json

    @property
    def include_usage(self) -> bool:
        """Whether the client asked for the usage chunk at the end of a stream."""
        options = self.params.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """One embeddings call: ``inputs`` is a list of texts or of token lists, never a bare string."""

    model: str
    inputs: list[str] | list[list[int]]
    params: Json


@dataclass(frozen=True, slots=True)
class Token:
    """What an exchange of credentials gave: ``expires_at`` is Unix seconds."""

    value: Secret
    expires_at: float


def _nothing(_key: str) -> Json | None:
    return None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes: the vendor's model name, the configured address and one credential.

    ``flatten`` is the operator's word on content arrays: True turns arrays of text parts into strings, False leaves
    them, None lets the vendor decide. ``options`` are further settings of the upstream (``api_version``, …).
    ``recall`` gives back what an earlier reply's ``Delta.memo`` noted under a key, usually a tool call's id; None when
    it is unknown or forgotten. ``prepared`` holds what ``Vendor.prepare`` got, in the order of its requests.
    ``alias`` is what the entry calls the model before its own maps; empty where nobody told.
    """

    model: str
    server_url: str
    credential: Mapping[str, Secret] = field(default_factory=dict)
    flatten: bool | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    recall: Callable[[str], Json | None] = _nothing
    prepared: tuple[Json, ...] = ()
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long silence may last, in seconds: until connected, until the first byte of the answer, between two bytes.

    An answer that comes whole is silent until it is ready, so its first byte may take as long as any silence. Nothing
    limits the total, so that a long answer is never cut.
    """

    connect_s: float = 10.0
    first_event_s: float = 60.0
    idle_s: float = 120.0


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One HTTP request, ready but for its signature. The body is bytes because signatures cover bytes.

    ``changes`` names what the vendor could not take, in words for the ``x-gateway-changes`` header:
    ``dropped logit_bias``, ``clamped temperature to 0.99``. ``stops`` are stop texts that the vendor leaves at the end
    of its answer; the gateway cuts them off. ``split_think`` asks it to tell thoughts in ``<think>`` tags from text.
    ``whole`` tells the transport that no byte is to be expected before the answer is ready. ``decode`` reads the reply
    in the vendor's stead where only the request tells what it will look like. ``instead`` takes the error that came in
    place of the first word and gives another request that may fare better, such as one to the vendor's other endpoint,
    or None; a chain of them must end. ``memo`` is kept as a delta's is, once the vendor has begun to answer this
    request. ``sent`` is called when all of it is on its way.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    changes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    split_think: bool = False
    whole: bool = False
    decode: "Callable[[Iterator[Event]], Iterator[Delta]] | None" = None
    instead: "Callable[[ProviderError], WireRequest | None] | None" = None
    memo: Mapping[str, Json] | None = None
    sent: Callable[[], None] | None = None


def _no_rest() -> None:
    return None


@dataclass(frozen=True, slots=True)
class WireReply:
    """What the transport answers, HTTP and WebSocket alike. Header names are lower case; ``close`` works twice.

    ``settle`` is for a reader that knows the answer to be whole: what little is left of it is taken in if it is there
    at once, so that ``close`` can keep the connection for the next request. It takes 50 ms at the most.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    close: Callable[[], None]
    settle: Callable[[], None] = _no_rest


@dataclass(frozen=True, slots=True)
class Event:
    """One unit of a vendor's framing: an SSE event, a line, a frame, or a whole document named ``BODY``."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, absolute and never increments; the last one of a reply wins.

    ``prompt_tokens`` includes cached ones and ``completion_tokens`` includes reasoning. The details are OpenAI's
    ``prompt_tokens_details`` and ``completion_tokens_details``, empty where the vendor says nothing.
    """

    prompt_tokens: int
    completion_tokens: int
    prompt_details: Mapping[str, int] = field(default_factory=dict)
    completion_details: Mapping[str, int] = field(default_factory=dict)

    @property
    def total_tokens(self) -> int:
        """The sum of both sides."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of one tool call. Fragments of ``arguments`` (JSON text) with one ``index`` concatenate.

    ``id`` and ``name`` stand in the first fragment of an index and are None afterwards. ``custom`` marks, there too, a
    call of a custom tool, whose ``arguments`` are any text.
    """

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What a reply says of itself as a whole. ``created`` is Unix seconds; ``extra`` holds further top-level fields."""

    id: str | None = None
    created: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delta:
    """The only thing a vendor yields: a piece of one choice, or news of the reply as a whole.

    Order: a ``head`` first if the vendor names its reply, then text, reasoning and tool calls as they come, then
    one ``finish_reason`` per choice (OpenAI's words only), ``usage`` anywhere. ``extra`` holds OpenAI fields that
    pass as they are: ``refusal``, ``annotations`` and ``audio`` of a message, ``logprobs`` of a choice. ``beside``
    holds the vendor's own fields of a choice, beside its message, where the operator wants them. ``note`` is a
    remark for the access line and never reaches the client. ``memo`` is kept in memory for a while, per key, and
    handed to ``encode`` through ``Destination.recall``: things a vendor wants back that OpenAI's clients drop.
    ``later`` is the last delta of a reply that is not the answer yet: the gateway goes on with the one that it names.
    """

    choice: int = 0
    text: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCallDelta, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    head: Head | None = None
    extra: Mapping[str, Any] | None = None
    beside: Mapping[str, Any] | None = None
    note: str | None = None
    memo: Mapping[str, Json] | None = None
    later: "Later | None" = None


@dataclass(frozen=True, slots=True)
class Later:
    """An answer to be asked for: ``request`` is sent in ``wait_s`` seconds, and its reply read by its own ``decode``.

    An answer that is still not begun after the longest silence allowed is a TIMEOUT. ``give_up`` tells the vendor that
    nobody waits any longer, then and when the client leaves; what it answers is passed over.
    """

    request: WireRequest
    wait_s: float = 0.0
    give_up: WireRequest | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingReply:
    """Vectors in the order of the inputs, as floats; ``usage.completion_tokens`` is 0."""

    vectors: list[list[float]]
    usage: Usage
