"""What a vendor may say that it can do: the closed list of words in ``Vendor.supports``.

A word is claimed by a row when at least one of the vendor's models does it through the gateway as OpenAI's own would:
nothing of it is named in ``WireRequest.changes``. Models differ, and so a row's claim says nothing of each of them.
What is not claimed, or not by this model, is refused, is named in ``changes``, or goes up word for word for the vendor
to judge; it never gets lost in silence. ``tests/conformance`` holds every row to this.

Embeddings are no word: ``Vendor.embed`` says it. Plain chat is none either, since every row does that.
"""

from collections.abc import Iterable
from typing import Final

STREAM: Final = "stream"
"""The vendor sends its answer in pieces."""

TOOLS: Final = "tools"
"""Functions are offered with ``tools``, called in ``tool_calls``, and their results taken in messages of role tool."""

PARALLEL_TOOLS: Final = "parallel_tools"
"""One answer may hold several tool calls."""

TOOL_NONE: Final = "tool_none"
"""``tool_choice: none``: the model calls nothing, be it that the vendor knows the word or that it sees no tools."""

TOOL_REQUIRED: Final = "tool_required"
"""``tool_choice: required``: the model has to call one of several tools."""

TOOL_NAMED: Final = "tool_named"
"""``tool_choice`` with a function's name: the model has to call that one."""

IMAGES: Final = "images"
"""Parts of type ``image_url`` in a user's message, as a ``data:`` URL or an http(s) address."""

JSON_OBJECT: Final = "json_object"
"""``response_format: json_object``: the answer is some JSON object."""

JSON_SCHEMA: Final = "json_schema"
"""``response_format: json_schema``: the answer fits the client's schema, by the vendor's own means."""

REASONING: Final = "reasoning"
"""Thoughts come apart from the answer, in ``reasoning_content``; of some vendors only with ``split_think``."""

STOP: Final = "stop"
"""``stop``: the answer ends before these texts, whether the vendor or the gateway sees to it."""

MAX_TOKENS: Final = "max_tokens"
"""``max_tokens`` or ``max_completion_tokens``: the answer is cut there."""

LENGTH: Final = "length"
"""An answer that was cut, by whatever limit, is told with the finish reason ``length``."""

USAGE: Final = "usage"
"""The vendor counts tokens of question and answer, whole and streamed. Where it does not, zeros are told."""

EVERYTHING: Final = frozenset(
    {
        *(STREAM, TOOLS, PARALLEL_TOOLS, TOOL_NONE, TOOL_REQUIRED, TOOL_NAMED, IMAGES),
        *(JSON_OBJECT, JSON_SCHEMA, REASONING, STOP, MAX_TOKENS, LENGTH, USAGE),
    }
)
"""All words."""

ANY_TOOLS: Final = frozenset({TOOLS, PARALLEL_TOOLS, TOOL_NONE, TOOL_REQUIRED, TOOL_NAMED})
"""The words about tools: none of them makes sense without ``tools``."""


def all_but(*lacking: str | Iterable[str]) -> frozenset[str]:
    """Every word but these, given one by one or as sets. Raises ValueError for one that is no word."""
    left_out = {word for each in lacking for word in ((each,) if isinstance(each, str) else each)}
    if not left_out <= EVERYTHING:
        raise ValueError(f"no words of support: {sorted(left_out - EVERYTHING)}")
    return EVERYTHING - left_out
