"""Thoughts in tags, wherever the tags are cut."""

from collections.abc import Iterable

import pytest

from providers.thinking import split
from providers.types import Delta


def joined(pieces: Iterable[str], finish: bool = True) -> tuple[str, str]:
    """The text and the reasoning of a choice whose text comes in these pieces."""
    deltas = [Delta(0, piece) for piece in pieces]
    out = list(split([*deltas, Delta(0, finish_reason="stop")] if finish else deltas))
    return "".join(d.text or "" for d in out), "".join(d.reasoning or "" for d in out)


CASES = [
    ("<think>\nhm\n</think>\n\nHi", ("Hi", "\nhm\n")),
    ("  <think>hm</think>Hi </think> there", ("Hi </think> there", "hm")),
    ("Hi <think>no</think>", ("Hi <think>no</think>", "")),
    ("<thinking>Hi", ("<thinking>Hi", "")),
    ("<think>never ends </thi", ("", "never ends </thi")),
    ("<thi", ("<thi", "")),
    ("", ("", "")),
    ("<think></think>Hi", ("Hi", "")),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
@pytest.mark.parametrize("finish", [True, False])
def test_every_cut(text: str, expected: tuple[str, str], finish: bool) -> None:
    """A tag that is cut between two chunks is not seen, or text is lost or doubled."""
    assert joined([text], finish) == expected
    assert joined(list(text), finish) == expected
    for cut in range(len(text)):
        assert joined([text[:cut], text[cut:]], finish) == expected


def test_choices_are_apart_and_the_rest_passes() -> None:
    """One choice's thoughts open or close another's, or what is no text is held back."""
    note = Delta(note="x")
    out = list(split([Delta(0, "<think>a"), note, Delta(1, "b"), Delta(0, "</think>c"), Delta(1, reasoning="r")]))
    assert note in out
    assert [(d.choice, d.text, d.reasoning) for d in out if d.note is None] == [
        (0, None, "a"),
        (1, "b", None),
        (0, "c", None),
        (1, None, "r"),
    ]
