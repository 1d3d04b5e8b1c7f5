"""Token counts that a reply tells piece by piece: not every event tells all of them, and each is a total so far."""

from collections.abc import Sequence
from typing import Any


class Counts:
    """The counts of one reply by the vendor's own names, whole numbers only; of each the one told last holds."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.told: dict[str, int] = {}

    def add(self, usage: Any) -> bool:
        """Take in what one event tells, whatever it is; whether that was any count at all."""
        if not isinstance(usage, dict):
            return False
        fresh = {name: usage[name] for name in self._names if type(usage.get(name)) is int}
        self.told |= fresh
        return bool(fresh)
