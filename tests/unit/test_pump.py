"""The greenlet per attempt: items in order, failures as they are, and an end wherever it blocks."""

import gc
from collections.abc import Iterator

import gevent
import pytest

from app.pump import Pump


def take_all(pump: Pump[int]) -> list[int]:
    items = []
    while taken := pump.take(1.0):
        items += taken
    return items


def test_items_and_end() -> None:
    """Broken: an item is lost or the end is not told."""
    pump = Pump(lambda: (number for number in range(100)))
    assert take_all(pump) == list(range(100))
    pump.close()
    pump.close()


def test_nothing_within_the_wait() -> None:
    """Broken: whoever waits cannot look up in between."""

    def slow() -> Iterator[int]:
        gevent.sleep(0.05)
        yield 1

    pump = Pump(slow)
    assert pump.take(0.01) is None
    assert pump.take(1.0) == [1]
    assert pump.take(1.0) == []


def test_failure_comes_after_what_was_before_it() -> None:
    """Broken: a failure overtakes items, or is swallowed."""

    def failing() -> Iterator[int]:
        yield 1
        raise KeyError("choices")

    pump = Pump(failing)
    assert pump.take(1.0) == [1]
    with pytest.raises(KeyError):
        pump.take(1.0)


@pytest.mark.parametrize("endless", [False, True])
def test_close_ends_it_wherever_it_blocks(endless: bool) -> None:
    """Broken: an iterator that blocks, or that nobody takes from, goes on for ever."""
    ended = []

    def blocking() -> Iterator[int]:
        try:
            yield 0
            while endless:
                yield 1
            gevent.sleep(60)
        finally:
            ended.append(True)

    pump = Pump(blocking)
    assert pump.take(1.0) == [0]
    gevent.sleep(0.01)
    pump.close()
    assert ended == [True]
    gc.collect()


def test_no_more_than_a_few_ahead() -> None:
    """Broken: a slow client makes the gateway hold a whole answer."""
    made = []

    def eager() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    pump = Pump(eager)
    gevent.sleep(0.01)
    assert len(made) < 30
    pump.close()
