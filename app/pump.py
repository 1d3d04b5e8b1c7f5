"""A blocking iterator, run in a greenlet of its own so that whoever waits for it can look up in between.

Vendor code and the transport block: while connecting, while waiting for headers, while reading. The request's own
greenlet takes what they yield from here, a short while at a time, and between two waits it can send a keep-alive,
watch a deadline, or see that the client has left and end everything by ``close``. One mechanism for every phase and
every transport (see docs/decisions/0002-a-greenlet-per-attempt.md).
"""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Final, Generic, TypeVar

import gevent
from gevent.queue import Empty, SimpleQueue

T = TypeVar("T")
_END: Final = object()
_AHEAD: Final = 16
"""How many items may wait to be taken. A slow client thus slows the upstream, by the usual means of TCP."""


class _Failure:
    """An exception on its way from the greenlet that met it to the one that waits."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Pump(Generic[T]):
    """Runs ``items()`` in the background from now on. ``close`` must be called; it may be called twice."""

    def __init__(self, items: Callable[[], Generator[T, None, None]]) -> None:
        self._box: SimpleQueue[Any] = SimpleQueue(_AHEAD)
        self._greenlet = gevent.spawn(self._run, items)

    def _run(self, items: Callable[[], Generator[T, None, None]]) -> None:
        try:
            with closing(items()) as iterator:
                for item in iterator:
                    self._box.put(item)
            self._box.put(_END)
        except Exception as error:
            self._box.put(_Failure(error))

    def take(self, wait_s: float) -> list[T] | None:
        """The next item in a list of one, an empty list at the end, or None when nothing came within ``wait_s``.

        Raises what ``items`` raised.
        """
        try:
            item = self._box.get(timeout=wait_s)
        except Empty:
            return None
        if item is _END:
            return []
        if isinstance(item, _Failure):
            raise item.error
        return [item]

    def close(self) -> None:
        """End the iterator wherever it blocks, and wait until its own clean-up is done."""
        self._greenlet.kill()
