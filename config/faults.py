"""What can be wrong with a config: one fault, all faults of a file, and the report that gathers them.

No message holds a value that may be secret: messages name fields, types and numbers, never texts out of the file
other than names (models, services, ids, keys).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from config.positions import Place

Path = tuple[str | int, ...]
"""The way from the root of a config to a value: ``("services", "openai", 0, "limit")``."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, fit to print. Lines and columns count from 1; ``hint`` says how to mend it."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column} "
        what = f"{self.path}: {self.message}" if self.path else self.message
        return where + what + (f" ({self.hint})" if self.hint else "")


class ConfigError(Exception):
    """A config that cannot be used. ``faults`` holds all that is wrong with it, in the order of the file.

    ``notes`` are the remarks that a usable config would have carried.
    """

    def __init__(self, faults: Iterable[Fault], notes: Iterable[Fault] = ()) -> None:
        self.faults = tuple(faults)
        self.notes = tuple(notes)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(slots=True)
class Report:
    """The faults and notes found so far in one file, and where its values stand."""

    file: str
    root: Place = field(default_factory=Place)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    told: set[Path] = field(default_factory=set)

    def fault(self, path: Path, message: str, hint: str = "", *, key: str | None = None) -> None:
        """Record that the value at ``path`` is wrong, or with ``key`` that this key of it is.

        Only the first fault of a value counts: others follow from it.
        """
        if key is None:
            if path in self.told:
                return
            self.told.add(path)
        self.faults.append(self._at(path, message, hint, key))

    def note(self, path: Path, message: str, hint: str = "", *, key: str | None = None) -> None:
        """Record a remark about the value at ``path``, or with ``key`` about this key of it."""
        self.notes.append(self._at(path, message, hint, key))

    def note_at(self, path: Path, place: tuple[int, int], message: str) -> None:
        """Record a remark about something in the value at ``path`` that stands at ``place``."""
        self.notes.append(Fault(self.file, *place, dotted(path), message))

    def syntax(self, line: int, column: int, message: str, hint: str = "") -> None:
        """Record a fault of the text itself, which has no path."""
        self.faults.append(Fault(self.file, line, column, "", message, hint))

    def _at(self, path: Path, message: str, hint: str, key: str | None) -> Fault:
        place = self.root.find(path)
        child = place.children.get(key) if key is not None else None
        line, column = child.key if child else place.value
        return Fault(self.file, line, column, dotted(path), message, hint)

    def broken(self) -> ConfigError:
        """All faults as one exception."""
        return ConfigError(sorted(self.faults, key=_order), self.sorted_notes())

    def sorted_notes(self) -> list[Fault]:
        """All notes, in the order of the file."""
        return sorted(self.notes, key=_order)


def _order(fault: Fault) -> tuple[int, int]:
    return fault.line, fault.column


def dotted(path: Path) -> str:
    """``services.openai[0].limit``; keys that are not plain words stand in brackets and quotes."""
    steps = [f"[{step}]" if isinstance(step, int) else _key(step) for step in path]
    return "".join(steps).removeprefix(".")


def _key(name: str) -> str:
    return f".{name}" if _PLAIN_KEY.fullmatch(name) else f'["{printable(name)}"]'


def printable(name: str) -> str:
    """A name out of the file, without control characters and at most 60 characters long."""
    shown = "".join(char if char.isprintable() else "?" for char in name)
    return shown if len(shown) <= 60 else shown[:59] + "…"
