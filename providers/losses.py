"""Which of the client's parameters a vendor cannot take, in the words of ``WireRequest.changes``."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

NEUTRAL: Final[Mapping[str, Any]] = {
    "temperature": 1,
    "top_p": 1,
    "n": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
    "logit_bias": {},
    "parallel_tool_calls": True,
    "store": False,
    "response_format": {"type": "text"},
}
"""Values that ask for what every vendor does anyway: leaving them out is no loss."""


def nameless(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """The loss of ``name``, once, where any message tells who speaks; that of a tool or function is its own."""
    named = any(message.get("name") and message["role"] not in ("tool", "function") for message in messages)
    return ["dropped messages[].name"] if named else []


def dropped(given: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """``dropped <name>`` for each given parameter that is not ``known``, but for nulls and neutral values."""
    lost = (name for name, value in given.items() if name not in known and value is not None)
    return [f"dropped {name}" for name in lost if name not in NEUTRAL or NEUTRAL[name] != given[name]]
