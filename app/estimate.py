"""How many tokens a request will cost, guessed before it starts, for limits that count tokens.

A guess has to be quick and not too low: a token is four bytes of English and, at three bytes each, a little more than
one Chinese character. What the reply says in the end replaces it.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from providers.types import ChatRequest, EmbeddingRequest, Json

TOKEN_BYTES: Final = 4
MESSAGE_TOKENS: Final = 4
"""What a message costs beside its text."""

ATTACHMENT_TOKENS: Final = 1000
"""An image, a sound or a file: what a large image costs at most vendors. Its bytes say nothing of it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens of the prompt, and of the answer at most: None where the client sets no limit to it."""

    prompt_tokens: int = 0
    completion_tokens: int | None = 0


NOTHING: Final = Estimate()


def chat(request: ChatRequest) -> Estimate:
    """The guess for a chat."""
    prompt_tokens = sum(_message(message) for message in request.messages)
    for name in ("tools", "functions", "response_format"):
        if request.params.get(name):
            prompt_tokens += len(orjson.dumps(request.params[name])) // TOKEN_BYTES
    limits = (request.params.get(name) for name in ("max_completion_tokens", "max_tokens"))
    most = next((limit for limit in limits if isinstance(limit, int)), None)
    choices = request.params.get("n")
    return Estimate(prompt_tokens, most * choices if most and isinstance(choices, int) else most)


def embedding(request: EmbeddingRequest) -> Estimate:
    """The guess for an embeddings call."""
    tokens = (_text(each) if isinstance(each, str) else len(each) for each in request.inputs)
    return Estimate(sum(tokens), 0)


def _message(message: Json) -> int:
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    calls = message.get("tool_calls")
    return MESSAGE_TOKENS + sum(map(_part, parts)) + (len(orjson.dumps(calls)) // TOKEN_BYTES if calls else 0)


def _part(part: Any) -> int:
    if part is None:
        return 0
    text = part.get("text") if isinstance(part, dict) else part
    return _text(text) if isinstance(text, str) else ATTACHMENT_TOKENS


def _text(text: str) -> int:
    return 1 + len(text.encode(errors="replace")) // TOKEN_BYTES
