"""How many examples a property is tried with, and how long one of them may take."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.strategies import SearchStrategy

HANG_S: Final = 5.0
"""CPU seconds after which an example is taken for one that never ends; usual ones take milliseconds."""


class Hangs(AssertionError):  # noqa: N818 - it is a finding
    """An example that does not end."""


@dataclass(frozen=True, slots=True)
class Size:
    """``examples`` of a property; ``long`` ones differ from run to run."""

    examples: int
    long: bool

    def check(self, holds: Callable[[Any], None], inputs: SearchStrategy[Any]) -> None:
        """Fail with the smallest input found for which ``holds`` raises anything, or does not end."""
        began = time.monotonic()
        _within_limits(self)(given(inputs)(_timed(holds)))()
        if self.long:
            print(f"\n{self.examples} examples of {holds.__name__} in {time.monotonic() - began:.0f} s")


def sized(suite: int, long: int) -> pytest.MarkDecorator:
    """Run a test with ``size`` twice: small, and as one that only ``make fuzz`` runs."""
    return pytest.mark.parametrize(
        "size",
        [
            pytest.param(Size(suite, long=False), id=f"{suite}"),
            pytest.param(Size(long, long=True), id=f"{long}", marks=pytest.mark.long),
        ],
    )


def _within_limits(size: Size) -> settings:
    return settings(
        max_examples=size.examples,
        derandomize=not size.long,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        # Explaining a failure costs more examples than finding it.
        phases=(Phase.generate, Phase.target, Phase.shrink),
    )


def _timed(holds: Callable[[Any], None]) -> Callable[[Any], None]:
    def timed(value: Any) -> None:
        note(repr(value)[:3000])
        with ending():
            holds(value)

    return timed


@contextmanager
def ending() -> Iterator[None]:
    """Raise Hangs in the middle of a block that uses HANG_S of CPU. Other programs on the machine do not count."""
    before = signal.signal(signal.SIGPROF, _hangs)
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hangs(_number: int, _frame: FrameType | None) -> None:
    raise Hangs(f"still busy after {HANG_S} s of CPU")


def keep_files_in(folder: str) -> None:
    """Let hypothesis put what it remembers of Unicode and of this code elsewhere than into the repository."""
    set_hypothesis_home_dir(folder)
