"""Token counts: the wire counts cached input apart, OpenAI counts it as part of the prompt."""

from typing import Any, Final

from providers.counts import Counts
from providers.types import Json, Usage

_COUNTED: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


class Meter:
    """The usage of one reply so far."""

    def __init__(self) -> None:
        self._counts = Counts(_COUNTED)
        self._thinking_tokens: int | None = None

    def add(self, told: Any) -> Usage | None:
        """The usage after what one event tells of it; None when it tells nothing."""
        if not self._counts.add(told):
            return None
        details = told.get("output_tokens_details")
        if isinstance(details, dict) and type(details.get("thinking_tokens")) is int:
            self._thinking_tokens = details["thinking_tokens"]
        return self._usage()

    def _usage(self) -> Usage:
        counts = self._counts.told
        written, read = counts.get("cache_creation_input_tokens"), counts.get("cache_read_input_tokens")
        details: Json = {"cached_tokens": read, "cache_write_tokens": written}
        reasoning = self._thinking_tokens
        return Usage(
            counts.get("input_tokens", 0) + (written or 0) + (read or 0),
            counts.get("output_tokens", 0),
            {name: count for name, count in details.items() if count is not None},
            {} if reasoning is None else {"reasoning_tokens": reasoning},
        )
