"""gunicorn's gevent worker with changes about its end and about slow clients (gunicorn 27.0).

Told to stop, the original waits for every idle connection until its keep-alive time is over: with 75 seconds of it and
one pooled connection of a proxy in front, a stop took 75 seconds. This one closes them; requests under way finish.
Ctrl-C reaches it from the terminal and once more from its master; the original ends with a traceback then.

A client may keep it waiting for as long as ``keepalive`` says: for a request with all its headers, for each 64 KiB of a
body (config/patience.py), and with an answer that it does not take. The original has no limit for the last two. When
almost all connections are taken, the one that has been idle for longest makes room.
"""

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import gevent
from greenlet import greenlet
from gunicorn.workers.ggevent import GeventWorker

from config import unreadable
from config.master import ORDERS
from config.patience import Patient

GRACE_S = 1.0
"""How long an idle connection may still bring a request after the order to stop; that one is answered."""

MOST_IDLE = 0.9
"""Which part of all connections may be idle at the same time."""

NOT_TAKEN = 1.25
"""How many times ``keepalive`` bytes may lie with the kernel, so that an idle connection ends in silence before."""

_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
"""The kernel's own watch over bytes that are not taken, or not acknowledged; Linux has it."""


class Worker(GeventWorker):  # type: ignore[misc] # gunicorn has no types
    """A gevent worker that stops as soon as its last request is answered, and waits for no client for ever."""

    _quitting = False

    def init_signals(self) -> None:
        """Listen to orders from now on, and to those that came before."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ORDERS)

    def run(self) -> None:
        """Serve until told to stop, then until no request is left or ``graceful_timeout`` is over."""
        unreadable.install()
        self._idle: dict[greenlet, gevent.Timeout] = {}
        gevent.spawn(self._close_idle)
        super().run()

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """The time in which a connection waits for its next request; gunicorn closes it when this ends without one."""
        waiting = gevent.getcurrent()
        if len(self._idle) >= MOST_IDLE * self.worker_connections:
            self._end_soon(*next(iter(self._idle.items())))
        with gevent.Timeout(self.cfg.keepalive, False) as limit:  # type: ignore[arg-type] # False: end in silence
            self._idle[waiting] = limit
            try:
                yield
            finally:
                del self._idle[waiting]

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection to its end."""
        if _USER_TIMEOUT is not None and client.family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, int(NOT_TAKEN * self.cfg.keepalive * 1000))
        super().handle(listener, client, addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request."""
        req.body = Patient(req.body, self.cfg.keepalive)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        except OSError as error:
            if error.errno != errno.ETIMEDOUT:
                raise
            raise StopIteration from None  # the client is gone, or takes nothing: that is no fault of ours

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
                self._end_soon(waiting, limit)

    def _end_soon(self, waiting: greenlet, limit: gevent.Timeout) -> None:
        gevent.get_hub().loop.run_callback(self._end, waiting, limit)

    def _end(self, waiting: greenlet, limit: gevent.Timeout) -> None:
        if self._idle.get(waiting) is limit:  # else a request arrived just now
            waiting.throw(limit)
