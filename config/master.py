"""gunicorn's master with changes about workers that come and go (gunicorn 27.0).

After HUP fresh workers take over while the old ones end in peace. The original waits for the last stream of those, for
``graceful_timeout`` at the most, and meanwhile neither starts a worker for one that died nor hears an order to stop.
Old ones also count as if they still served: where a fresh one dies, nobody is there for new requests.

An order to stop that meets a worker before it listens to orders is lost, and the original waits for that worker just as
long. Here it is kept for it.
"""

import signal
from collections.abc import Callable
from typing import Any, Final

ORDERS: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
"""Signals that a worker is born deaf to; it has to listen to them (config/worker.py)."""


class _EnoughError(Exception):
    """The fresh workers are there, and the old ones know that they are to end."""


def change(server: Any, faults: Callable[[], str]) -> None:
    """Change the running master. ``faults`` tells what forbids fresh workers, or nothing; then the old ones stay."""
    hang_up, manage, spawn = server.handle_hup, server.manage_workers, server.spawn_worker
    first_fresh = 0

    def handle_hup() -> None:
        nonlocal first_fresh
        if found := faults():
            server.log.error("not reloaded, the old config stays in force:\n%s", found)
            return
        first_fresh = server.worker_age + 1
        server.reap_workers = _enough  # with this the original begins to wait
        try:
            hang_up()
        except _EnoughError:
            pass
        finally:
            del server.reap_workers

    def manage_workers() -> None:
        old = sum(worker.age < first_fresh for worker in server.WORKERS.values())
        if old:
            for _ in range(server.num_workers + old - len(server.WORKERS)):
                server.spawn_worker()
        manage()

    def spawn_worker() -> Any:
        signal.pthread_sigmask(signal.SIG_BLOCK, ORDERS)
        try:
            return spawn()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ORDERS)

    server.handle_hup, server.manage_workers, server.spawn_worker = handle_hup, manage_workers, spawn_worker


def _enough() -> None:
    raise _EnoughError
