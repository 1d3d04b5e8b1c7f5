"""Names and ids in the alphabet this wire allows: letters, digits, ``_`` and ``-``.

A tool's name must come back as the client wrote it, and a decoder sees only the reply: so a name is written in a way
that can be read back. An id is the client's own and is never read back.
"""

import re
from typing import Final

from providers.errors import ErrorKind, ProviderError

JSON_TOOL: Final = "json_tool_call"
"""The tool whose input is the answer, for models that know no schema of the answer."""

_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_-]")
_ESCAPE: Final = re.compile(r"_x([0-9a-f]{1,6})_")


def sent(name: str, most_chars: int) -> str:
    """A tool's name as the vendor takes it. Raises UNSUPPORTED when it is too long even so."""
    written = _FOREIGN.sub(_escaped, _ESCAPE.sub(lambda found: "_x5f_" + found[0][1:], name))
    if not written or len(written) > most_chars:
        raise ProviderError(
            ErrorKind.UNSUPPORTED,
            f"this model takes names of tools with 1 to {most_chars} letters, digits, _ and -; not {name[:80]!r}",
            param="tools",
        )
    return written


def told(name: str) -> str:
    """The client's name of a tool, out of the one that was sent."""
    return _ESCAPE.sub(_unescaped, name)


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):x}_"


def _unescaped(found: re.Match[str]) -> str:
    """The character meant; what is no character was never sent by us and stays."""
    number = int(found[1], 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number <= 0x10FFFF else found[0]


class Ids:
    """Ids of tool calls within one history: allowed letters only, and each of them once.

    ``issue`` gives the id of a call, ``answered`` the id of the call that a result belongs to.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._open: dict[str, list[str]] = {}

    def issue(self, original: str) -> str:
        """A fresh id for a call that the client knows as ``original``."""
        base = _FOREIGN.sub("_", original) or "call"
        fresh, number = base, 1
        while fresh in self._used:
            number += 1
            fresh = f"{base}_{number}"
        self._used.add(fresh)
        self._open.setdefault(original, []).append(fresh)
        return fresh

    def answered(self, original: str) -> str | None:
        """The id of the first open call that the client knows as ``original``; None when there is none."""
        waiting = self._open.get(original)
        return waiting.pop(0) if waiting else None

    def forget(self) -> None:
        """No call is open any more: results must follow at once."""
        self._open.clear()
