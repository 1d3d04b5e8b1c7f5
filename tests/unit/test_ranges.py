"""The operator's clamps."""

from typing import Any

import pytest

from app.ranges import clamped
from config.model import ParamsRange
from tests.unit.toy import request

BOUNDS = ParamsRange(temperature=(0.2, 0.9), top_p=(None, 0.8), max_tokens=100)


@pytest.mark.parametrize(
    ("given", "sent", "words"),
    [
        (
            {"temperature": 0.5, "top_p": 0.1, "max_tokens": 100},
            {"temperature": 0.5, "top_p": 0.1, "max_tokens": 100},
            (),
        ),
        ({"temperature": 0}, {"temperature": 0.2}, ("clamped temperature to 0.2",)),
        (
            {"temperature": 2, "top_p": 1},
            {"temperature": 0.9, "top_p": 0.8},
            ("clamped temperature to 0.9", "clamped top_p to 0.8"),
        ),
        ({"max_completion_tokens": 500}, {"max_completion_tokens": 100}, ("clamped max_completion_tokens to 100",)),
        ({"temperature": None, "seed": 5}, {"temperature": None, "seed": 5}, ()),
    ],
)
def test_clamps(given: dict[str, Any], sent: dict[str, Any], words: tuple[str, ...]) -> None:
    """Broken: a bound of the config is not kept, or kept in silence."""
    asked, told = clamped(request(**given), BOUNDS)
    assert asked.params == sent
    assert told == words


def test_no_bounds() -> None:
    """Broken: a model without bounds is clamped."""
    asked = request(temperature=2)
    assert clamped(asked, None) == (asked, ())
    assert clamped(asked, ParamsRange())[0] is asked
