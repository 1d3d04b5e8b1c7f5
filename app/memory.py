"""What vendors want back and OpenAI's clients drop, kept by key for a while: bounded in number and in age."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from app.limits import Clock
from providers.types import Json

_MOST: Final = 20_000
_FOR_S: Final = 6 * 3600.0


class Memory:
    """Notes of one worker. The least recently used go first when there are too many."""

    def __init__(self, most: int = _MOST, for_s: float = _FOR_S, clock: Clock = time.monotonic) -> None:
        self._most, self._for_s, self._clock = most, for_s, clock
        self._notes: OrderedDict[str, tuple[float, Json]] = OrderedDict()

    def keep(self, memo: Mapping[str, Json]) -> None:
        """Keep every note of ``memo`` under its key."""
        for key, note in memo.items():
            self._notes[key] = (self._clock(), note)
            self._notes.move_to_end(key)
        while len(self._notes) > self._most:
            self._notes.popitem(last=False)

    def recall(self, key: str) -> Json | None:
        """The note under ``key``, or None when there is none or it is too old."""
        kept = self._notes.get(key)
        if kept is None or self._clock() - kept[0] > self._for_s:
            self._notes.pop(key, None)
            return None
        self._notes.move_to_end(key)
        return kept[1]
