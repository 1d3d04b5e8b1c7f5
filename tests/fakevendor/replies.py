"""What a good OpenAI-like vendor says: completions, chunks, embeddings, models and errors."""

import base64
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from tests.fakevendor.wire import Ask, Step

PIECES: Final = ("Grüße", " aus", " der", " Werkstatt:", " 你好", " 🙂")
TEXT: Final = "".join(PIECES)
"""The text of every good answer; letters of two, three and four bytes are in it."""

PROMPT_TOKENS: Final = 7
COMPLETION_TOKENS: Final = 6
DONE: Final = b"data: [DONE]\n\n"
USAGE: Final = {
    "prompt_tokens": PROMPT_TOKENS,
    "completion_tokens": COMPLETION_TOKENS,
    "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
}
_CREATED: Final = 1_750_000_000
_EMBEDDING_SIZE: Final = 8


def completion(ask: Ask, **changes: Any) -> dict[str, Any]:
    """One whole ``chat.completion``."""
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": _CREATED,
        "model": ask.model,
        "choices": [choice],
        "usage": USAGE,
        **changes,
    }


def chunk_object(ask: Ask, delta: dict[str, Any], finish_reason: str | None = None, **changes: Any) -> dict[str, Any]:
    """One ``chat.completion.chunk``."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": ask.model,
        "choices": [choice],
        **changes,
    }


def event(value: object) -> bytes:
    """One SSE event with JSON in it."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def opening(ask: Ask, pieces: Iterable[str] = PIECES[:3]) -> list[bytes]:
    """The first events of a stream: the role, then some text."""
    texts = [event(chunk_object(ask, {"content": piece})) for piece in pieces]
    return [event(chunk_object(ask, {"role": "assistant", "content": ""})), *texts]


def closing(ask: Ask) -> list[bytes]:
    """The last events of a stream: the finish reason, usage where it was asked for, ``[DONE]``."""
    finish = event(chunk_object(ask, {}, "stop"))
    usage = event(chunk_object(ask, {}, choices=[], usage=USAGE))
    options = ask.body.get("stream_options")
    wanted = isinstance(options, dict) and options.get("include_usage") is True
    return [finish, usage, DONE] if wanted else [finish, DONE]


def stream(ask: Ask) -> list[bytes]:
    """All events of a good stream that says TEXT, or the piece ``word`` over and over, ``words`` times."""
    words = int(ask.number("words", 0))
    pieces = [ask.params.get("word", "word ")] * words if words else PIECES
    return [*opening(ask, pieces), *closing(ask)]


def spaced(events: Iterable[bytes], gap_s: float) -> list[Step]:
    """The events with a pause after each but the last."""
    steps: list[Step] = []
    for each in events:
        steps.extend((each, gap_s) if gap_s else (each,))
    return steps[:-1] if gap_s else steps


def embedding(body: Mapping[str, Any]) -> dict[str, Any]:
    """Vectors of ``dimensions`` numbers; the first number of each tells the place of its input."""
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if inputs and isinstance(inputs[0], int):
        inputs = [inputs]
    size = int(body.get("dimensions") or _EMBEDDING_SIZE)
    as_text = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": place, "embedding": _vector(place, size, as_text=as_text)}
        for place in range(len(inputs))
    ]
    usage = {"prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _vector(place: int, size: int, *, as_text: bool) -> list[float] | str:
    numbers = [float(place), *(0.25 * step for step in range(1, size))]
    return base64.b64encode(struct.pack(f"<{size}f", *numbers)).decode() if as_text else numbers


def models() -> dict[str, Any]:
    """The list of models."""
    return {"object": "list", "data": [{"id": "ok", "object": "model", "created": _CREATED, "owned_by": "fake"}]}


def error(
    message: str, type_: str = "invalid_request_error", code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """OpenAI's error body."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}
