"""Days as vendors count them: from midnight to midnight in the vendor's own zone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo


@dataclass(slots=True, eq=False)
class Day:
    """The day that is on in ``zone``, by the wall clock, in Unix seconds."""

    zone: tzinfo
    clock: Callable[[], float] = time.time
    _begin: float = field(default=0.0, repr=False)
    _end: float = field(default=0.0, repr=False)

    def left_s(self) -> float:
        """Seconds until the day is over; more than 0."""
        now = self.clock()
        if not self._begin <= now < self._end:
            self._begin, self._end = _around(now, self.zone)
        return self._end - now


def _around(now: float, zone: tzinfo) -> tuple[float, float]:
    """The midnights before and after ``now``. Where a change of the clocks skips midnight, the first moment after."""
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = (today + timedelta(hours=36)).replace(hour=0)
    return today.timestamp(), tomorrow.timestamp()
