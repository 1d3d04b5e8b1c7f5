"""Token counts: repeated in every event, none of them complete, each of them absolute."""

from typing import Any, Final

from providers.counts import Counts
from providers.types import Usage

_COUNTED: Final = (
    "promptTokenCount",
    "toolUsePromptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
)


class Meter:
    """The usage of one reply so far."""

    def __init__(self) -> None:
        self._counts = Counts(_COUNTED)
        self._audio: int | None = None

    def add(self, told: Any) -> Usage | None:
        """The usage after what one event tells of it; None when it tells nothing."""
        if not self._counts.add(told):
            return None
        for detail in told.get("promptTokensDetails") or ():
            if detail.get("modality") == "AUDIO" and type(detail.get("tokenCount")) is int:
                self._audio = detail["tokenCount"]
        return self.total()

    def total(self) -> Usage | None:
        """The usage so far; None when none was told."""
        counts = self._counts.told
        if not counts:
            return None
        thoughts = counts.get("thoughtsTokenCount")
        prompt = {"cached_tokens": counts.get("cachedContentTokenCount"), "audio_tokens": self._audio}
        return Usage(
            counts.get("promptTokenCount", 0) + counts.get("toolUsePromptTokenCount", 0),
            counts.get("candidatesTokenCount", 0) + (thoughts or 0),
            {name: count for name, count in prompt.items() if count is not None},
            {} if thoughts is None else {"reasoning_tokens": thoughts},
        )
