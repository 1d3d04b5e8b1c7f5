"""``python -m tests.fakevendor --port 0`` starts a fake vendor and prints its port as its first line."""

import argparse
import os
import signal
import sys
import threading

import gevent
from gevent.event import Event

from tests.fakevendor.server import listen


def main() -> None:
    """Serve until SIGTERM or SIGINT, or until the standard input ends where that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakevendor", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--certificate", default="", help="PEM file; makes the server speak TLS")
    parser.add_argument("--private-key", default="", help="PEM file")
    parser.add_argument("--until-stdin-ends", action="store_true", help="so that it never outlives who started it")
    options = parser.parse_args()
    server = listen(options.port, options.certificate, options.private_key)
    if options.until_stdin_ends:
        threading.Thread(target=_leave_at_end_of_input, daemon=True).start()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop.set)
    print(server.server_port, flush=True)
    stop.wait()
    server.stop(timeout=0)
    # The thread that waits for the input cannot be ended, and Python would complain of it.
    os._exit(0)


def _leave_at_end_of_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


main()
