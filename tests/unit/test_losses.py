"""What the header of lost parameters names."""

from providers.losses import NEUTRAL, dropped, nameless


def test_names_what_is_not_known() -> None:
    """A client is not told that a vendor ignores what it asked for."""
    assert dropped({"n": 2, "user": "u", "seed": 1}, {"seed"}) == ["dropped n", "dropped user"]


def test_neutral_values_are_no_loss() -> None:
    """Clients that spell out the defaults get warnings, or are refused where losses are."""
    assert dropped({**NEUTRAL, "user": None}, ()) == []


def test_names_of_speakers() -> None:
    """Who speaks is lost in silence, or a tool's own name is taken for a loss."""
    assert nameless([{"role": "tool", "name": "f"}, {"role": "function", "name": "f"}, {"role": "user"}]) == []
    assert nameless([{"role": "user", "name": "Ada"}, {"role": "user", "name": "Bob"}]) == ["dropped messages[].name"]
