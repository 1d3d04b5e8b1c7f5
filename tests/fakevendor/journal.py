"""What the fake vendor saw: one entry per request, shared by the server and by the tests that read it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request as it arrived. All times are seconds of the machine's monotonic clock, one for all processes.

    ``finished_s`` is set when the whole answer was sent, ``closed_by_peer_s`` when the other side closed before that;
    an answer that the vendor itself broke off has neither. ``connection`` counts the connections accepted, so that
    equal numbers tell a connection used again.
    """

    number: int
    arrived_s: float
    connection: int
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    model: str = ""
    key: str = ""
    refused: str = ""
    finished_s: float | None = None
    closed_by_peer_s: float | None = None

    @property
    def prompt(self) -> str:
        """The text of the last message, or of the first input of an embeddings call."""
        messages = self.body.get("messages") if isinstance(self.body, dict) else None
        if messages:
            return str(messages[-1].get("content"))
        given = self.body.get("input") if isinstance(self.body, dict) else ""
        return str(given[0] if isinstance(given, list) else given)


@dataclass(slots=True)
class Journal:
    """All entries since the last reset. Numbers go on over a reset, so that ``since`` never repeats."""

    entries: list[Entry] = field(default_factory=list)
    count: int = 0

    def next_number(self) -> int:
        """The number for a new entry."""
        self.count += 1
        return self.count

    def since(self, number: int) -> list[Entry]:
        """The entries after ``number``."""
        return [entry for entry in self.entries if entry.number > number]
