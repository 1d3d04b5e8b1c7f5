"""Counts that are told piece by piece."""

from providers.counts import Counts


def test_the_last_one_told_holds() -> None:
    """Broken: counts are added up, forgotten when an event does not repeat them, or taken from what is no count."""
    counts = Counts(("a", "b"))
    assert [counts.add(told) for told in (None, [], {}, {"c": 1}, {"a": "1", "b": True})] == [False] * 5
    assert counts.told == {}
    assert counts.add({"a": 1, "b": 2, "c": 3})
    assert counts.add({"a": 5, "b": None})
    assert counts.told == {"a": 5, "b": 2}
