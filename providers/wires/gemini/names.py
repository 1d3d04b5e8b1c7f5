"""Names of tools in the alphabet this wire allows, and the way back to the client's own."""

import re
from collections.abc import Mapping
from typing import Final

_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_.:-]")


class Names:
    """The names of one request. ``sent`` writes one for the vendor, each client's name in one way and no two alike."""

    def __init__(self, most_chars: int) -> None:
        self._most_chars = most_chars
        self._sent: dict[str, str] = {}
        self._told: dict[str, str] = {}

    def sent(self, name: str) -> str:
        """The name that goes up: foreign letters become ``_``, and what is too long is cut."""
        if name not in self._sent:
            written = _FOREIGN.sub("_", name)
            if not re.match(r"[A-Za-z_]", written):
                written = f"_{written}"
            self._sent[name] = self._unlike_others(written[: self._most_chars])
            self._told[self._sent[name]] = name
        return self._sent[name]

    def _unlike_others(self, written: str) -> str:
        fresh, number = written, 1
        while fresh in self._told:
            number += 1
            mark = f"_{number}"
            fresh = written[: self._most_chars - len(mark)] + mark
        return fresh

    @property
    def told(self) -> Mapping[str, str]:
        """The client's names by those that were sent."""
        return self._told
