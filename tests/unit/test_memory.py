"""Notes for vendors: kept for a while, and never too many."""

from app.memory import Memory


def test_kept_for_a_while() -> None:
    """Broken: a note is lost too early, or kept for ever."""
    now = [0.0]
    memory = Memory(for_s=10, clock=lambda: now[0])
    memory.keep({"a": {"x": 1}})
    assert memory.recall("a") == {"x": 1}
    assert memory.recall("b") is None
    now[0] = 11
    assert memory.recall("a") is None


def test_never_too_many() -> None:
    """Broken: the memory grows without end, or throws away what is in use."""
    memory = Memory(most=2)
    memory.keep({"a": {}, "b": {}})
    memory.recall("a")
    memory.keep({"c": {}})
    assert memory.recall("b") is None
    assert memory.recall("a") == {}
    assert memory.recall("c") == {}
