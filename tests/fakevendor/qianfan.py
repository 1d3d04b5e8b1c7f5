"""A small Qianfan that checks what it is sent: tokens and their age, signatures, paths, bodies. In threads of a test.

Here is its state and its start; what it answers to which request stands in ``qianfan_http.py``.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.fakevendor.qianfan_http import Handler
from tests.fakevendor.qianfan_state import Qianfan

__all__ = ["Qianfan", "running"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[Qianfan]:
    """A started Qianfan, which ends with the block."""
    qianfan = Qianfan()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"qianfan": qianfan}))
    qianfan.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield qianfan
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
