"""gunicorn's gevent worker with two changes, both about its end (gunicorn 27.0).

Told to stop, the original waits for every idle connection until its keep-alive time is over: with 75 seconds of it and
one pooled connection of a proxy in front, a stop took 75 seconds. This one closes them; requests under way finish.
Ctrl-C reaches it from the terminal and once more from its master; the original ends with a traceback then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import gevent
from greenlet import greenlet
from gunicorn.workers.ggevent import GeventWorker

GRACE_S = 1.0
"""How long an idle connection may still bring a request after the order to stop; that one is answered."""


class Worker(GeventWorker):  # type: ignore[misc] # gunicorn has no types
    """A gevent worker that stops as soon as its last request is answered."""

    _quitting = False

    def run(self) -> None:
        """Serve until told to stop, then until no request is left or ``graceful_timeout`` is over."""
        self._idle: dict[greenlet, gevent.Timeout] = {}
        gevent.spawn(self._close_idle)
        super().run()

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """The time in which a connection waits for its next request; gunicorn closes it when this ends without one."""
        waiting = gevent.getcurrent()
        with gevent.Timeout(self.cfg.keepalive, False) as limit:  # type: ignore[arg-type] # False: end in silence
            self._idle[waiting] = limit
            try:
                yield
            finally:
                del self._idle[waiting]

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End at once, when told the first time."""
        if not self._quitting:
            self._quitting = True
            super().handle_quit(sig, frame)

    def _close_idle(self) -> None:
        while self.alive:
            gevent.sleep(0.2)
        while True:
            gevent.sleep(GRACE_S)
            for waiting, limit in list(self._idle.items()):
                gevent.get_hub().loop.run_callback(self._end, waiting, limit)

    def _end(self, waiting: greenlet, limit: gevent.Timeout) -> None:
        if self._idle.get(waiting) is limit:  # else a request arrived just now
            waiting.throw(limit)
