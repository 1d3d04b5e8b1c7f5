"""Stop texts that a vendor leaves in its answer."""

import random

import pytest

from providers.stops import cut
from providers.types import Delta, ToolCallDelta, Usage


def texts(deltas: list[Delta], choice: int = 0) -> str:
    return "".join(delta.text or "" for delta in deltas if delta.choice == choice)


@pytest.mark.parametrize(
    ("answer", "stops", "left"),
    [
        ("one two END", ["END"], "one two "),
        ("one two", ["END"], "one two"),
        ("one EN", ["END"], "one EN"),
        ("aab", ["ab"], "a"),
        ("aaab", ["aab"], "a"),
        ("你好。再见", ["。"], "你好"),
        ("a\n\nb", ["\n\n", "b"], "a"),
        ("a STOP b STOP", ["STOP"], "a "),
        ("x", ["x"], ""),
        ("ENEND", ["END"], "EN"),
    ],
)
def test_cuts_at_the_first_stop_however_it_comes(answer: str, stops: list[str], left: str) -> None:
    """A client sees the stop text, or loses text in front of it."""
    rng = random.Random(answer)
    for _ in range(60):
        marks = sorted(rng.choices(range(len(answer) + 1), k=4))
        pieces = [answer[a:b] for a, b in zip([0, *marks], [*marks, len(answer)], strict=True)]
        deltas = [*(Delta(text=piece) for piece in pieces), Delta(finish_reason="stop")]
        assert texts(list(cut(deltas, stops))) == left
        assert texts(list(cut([Delta(text=answer, finish_reason="stop")], stops))) == left


def test_everything_else_passes() -> None:
    """Usage, reasoning, tool calls or the finish reason get lost beside a held text."""
    call = ToolCallDelta(0, "c", "f", "{}")
    deltas = [
        Delta(text="E", reasoning="r", usage=Usage(1, 2)),
        Delta(tool_calls=(call,)),
        Delta(text="x", finish_reason="tool_calls"),
    ]
    got = list(cut(deltas, ["END"]))
    assert texts(got) == "Ex"
    assert [d.reasoning for d in got] == ["r", None, None]
    assert got[0].usage == Usage(1, 2)
    assert got[1].tool_calls == (call,)
    assert got[2].finish_reason == "tool_calls"


def test_choices_are_apart() -> None:
    """The stop of one choice cuts another."""
    deltas = [Delta(0, "a#"), Delta(1, "b"), Delta(0, "c"), Delta(1, "d"), Delta(0, finish_reason="stop")]
    got = list(cut(deltas, ["#"]))
    assert (texts(got, 0), texts(got, 1)) == ("a", "bd")


def test_a_cut_reply_keeps_its_last_letters() -> None:
    """Text that was held back is lost when the vendor's stream breaks off."""
    assert texts(list(cut([Delta(text="abEN")], ["END"]))) == "abEN"


@pytest.mark.parametrize("stops", [(), ("",)])
def test_nothing_to_cut(stops: tuple[str, ...]) -> None:
    """An empty stop cuts the whole answer away."""
    deltas = [Delta(text="a"), Delta(finish_reason="stop")]
    assert list(cut(deltas, stops)) == deltas
