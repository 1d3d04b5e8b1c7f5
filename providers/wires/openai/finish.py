"""Finish reasons: the words of many vendors for OpenAI's four."""

import re
from typing import Final

_WORDS: Final = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "completed": "stop",
    "normal": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "max_output_tokens": "length",
    "max_output": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "sensitive": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}
_FILTERED: Final = re.compile(r"guardrail|risk|sensitive|safety|content_filter")

FAILURES: Final = {
    "network_error": "stop",
    "error": "stop",
    "abort": "stop",
    "insufficient_system_resource": "length",
}
"""Words that tell of a failure, and what they mean when part of the answer is out already."""


def told(word: object) -> str | None:
    """The vendor's word in lower case, or None where it says that the choice goes on."""
    if not isinstance(word, str):
        return None
    lowered = word.lower()
    return None if lowered in ("", "null", "none") else lowered


def mapped(word: str) -> str | None:
    """OpenAI's word for the vendor's, or None for one nobody has documented."""
    known = _WORDS.get(word) or FAILURES.get(word)
    if known is None and _FILTERED.search(word):
        return "content_filter"
    return known
