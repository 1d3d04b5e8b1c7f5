"""Live objects that outlast a reload of the config, each under the key of what it stands for."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """The live objects of one runtime. What the runtime before had under the same key is taken over."""

    def __init__(self, before: "Kept | None" = None) -> None:
        self._before: dict[Hashable, Any] = before._objects if before else {}
        self._objects: dict[Hashable, Any] = {}
        self._seen: dict[Hashable, int] = {}

    def get(self, make: Callable[[], T], *key: Hashable) -> T:
        """The object under ``key``: this runtime's, else the one before's, else what ``make`` makes."""
        if key not in self._objects:
            self._objects[key] = self._before[key] if key in self._before else make()
        found: T = self._objects[key]
        return found

    def numbered(self, key: Hashable) -> tuple[Hashable, int]:
        """``key`` with the number of times it was numbered here: two things that look alike stay two."""
        self._seen[key] = number = self._seen.get(key, 0) + 1
        return key, number

    def forget_before(self) -> None:
        """Let go of what was not taken over."""
        self._before = {}
