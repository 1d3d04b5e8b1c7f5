"""A small Qianfan that checks what it is sent: tokens and their age, signatures, paths, bodies. In threads of a test.

Here is its start; its state is in ``qianfan_state.py``, and what it answers to which request in ``qianfan_http.py``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakevendor.qianfan_http import Handler
from tests.fakevendor.qianfan_state import Qianfan
from tests.fakevendor.small import serving

__all__ = ["Qianfan", "running"]


@contextmanager
def running() -> Iterator[Qianfan]:
    """A started Qianfan, which ends with the block."""
    qianfan = Qianfan()
    with serving(Handler, qianfan=qianfan) as qianfan.url:
        yield qianfan
