"""Names that nearly fit: which known name was meant by one that is not known."""

import difflib
import re
from collections.abc import Iterable

_JOINTS = re.compile(r"[-_.\s]")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is most likely a misspelling of, None when none is near.

    Case, hyphens and underscores do not count. Otherwise one letter may be wrong in three to six and two in
    more, or the names share four fifths of their letters.
    """
    candidates = sorted(known)
    plain = _plain(name)
    for candidate in candidates:
        if _plain(candidate) == plain:
            return candidate
    near = [(_distance(plain, _plain(candidate)), -len(candidate), candidate) for candidate in candidates]
    likely = [one for one in near if one[0] <= _tolerance(max(len(plain), -one[1]))]
    return min(likely)[2] if likely else _alike(name, candidates, 0.8)


def _alike(name: str, candidates: list[str], ratio: float) -> str | None:
    return next(iter(difflib.get_close_matches(name, candidates, 1, ratio)), None)


def _tolerance(letters: int) -> int:
    return 0 if letters < 3 else 1 if letters < 7 else 2


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known; empty when nothing is near."""
    candidates = sorted(known)
    guess = nearest(name, candidates) or _alike(name, candidates, 0.7)
    return f'did you mean "{guess}"?' if guess else ""


def _plain(name: str) -> str:
    return _JOINTS.sub("", name).casefold()


def _distance(one: str, other: str) -> int:
    """How many letters must be added, left out, changed or swapped with their neighbour."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, theirs in enumerate(other, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != theirs))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == theirs:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, above = above, line
    return above[-1]
