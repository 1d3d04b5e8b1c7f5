"""Mistral: every unknown field is a 422, tool call ids have nine letters, and roles keep an order."""

import hashlib
import re
import string

from providers.types import Json
from providers.vendor import Vendor
from providers.wires.openai.dialect import REPLY_ONLY_FIELDS, Dialect, Range
from providers.wires.openai.row import row

_ID_LETTERS = string.ascii_letters + string.digits
_OWN_ID = re.compile(r"[a-zA-Z0-9]{9}")


def tool_call_id(identity: str) -> str:
    """The nine letters that stand for a tool call id, always the same; the vendor's own ids stay.

    Source: https://docs.mistral.ai/capabilities/function_calling, checked 2026-08 (error code 3280).
    """
    if _OWN_ID.fullmatch(identity):
        return identity
    digest = hashlib.sha256(identity.encode()).digest()
    return "".join(_ID_LETTERS[byte % len(_ID_LETTERS)] for byte in digest[:9])


def _adjust(body: Json, losses: list[str]) -> None:
    messages: list[Json] = []
    for message in body["messages"]:
        if messages and messages[-1]["role"] == "tool" and message["role"] == "user":
            # A user may not speak right after a tool: error code 3230.
            messages.append({"role": "assistant", "content": "OK."})
            losses.append("added an assistant message between tool and user")
        messages.append(message)
    last = messages[-1] if messages else None
    if last and last["role"] == "assistant" and not last.get("tool_calls"):
        messages[-1] = {**last, "prefix": True}
    body["messages"] = messages


_KNOWN = frozenset(
    {
        *("temperature", "top_p", "max_tokens", "stop", "random_seed", "n", "prediction", "metadata", "guardrails"),
        *("response_format", "tools", "tool_choice", "parallel_tool_calls", "presence_penalty", "frequency_penalty"),
        *("prompt_mode", "reasoning_effort", "logprobs", "top_logprobs", "top_k", "min_tokens"),
        *("repetition_penalty", "prompt_logprobs", "stream_options"),
    }
)
"""What the vendor takes; ``stream_options`` stands here only so that its loss, which is none, goes unsaid.

Source: https://docs.mistral.ai/api/endpoint/chat, checked 2026-08.
"""

DIALECT = Dialect(
    only=_KNOWN,
    rename={"seed": "random_seed"},
    clamp={"temperature": Range(0, 1.5)},
    required_word="any",
    stream_options=False,
    adjust=_adjust,
    modern_only=True,
    strip=REPLY_ONLY_FIELDS | {"name", "function_call"},
    null_content="empty",
    empty_assistant=False,
    tool_call_id=tool_call_id,
    embedding_drop=frozenset({"user"}),
)

VENDOR: Vendor = row(
    "mistral",
    "https://docs.mistral.ai/api",
    "https://api.mistral.ai/v1",
    DIALECT,
    hosts=("api.mistral.ai", "codestral.mistral.ai"),
    models=(
        *("mistral-large-latest", "mistral-medium-latest", "mistral-small-latest", "ministral-8b-latest"),
        *("magistral-medium-latest", "codestral-latest", "pixtral-large-latest"),
    ),
    embedding_models=("mistral-embed", "codestral-embed"),
    title="Mistral AI",
)
