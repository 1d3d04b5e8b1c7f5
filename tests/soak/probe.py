"""The gateway's worker, with a look into itself every now and then: what it holds, as a line of JSON in a file.

Named by ``--worker-class`` in ``GUNICORN_CMD_ARGS``, so that nothing of this is in the gateway itself.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from greenlet import greenlet

from config.worker import Worker as Plain

EVERY_S = 1.0


class Worker(Plain):
    """Writes ``$SOAK_PROBE_DIR/<pid>.json``. Its own requests do not count."""

    _probed_s = 0.0

    def notify(self) -> None:
        """Tell the master that it lives, as before; and look."""
        super().notify()
        now = time.monotonic()
        if now - self._probed_s >= EVERY_S and "wsgi" in sys.modules:
            self._probed_s = now
            path = Path(os.environ["SOAK_PROBE_DIR"], f"{os.getpid()}.json")
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps({"at_s": now, **held()}))
            fresh.replace(path)


def held() -> dict[str, int]:
    """Greenlets that live, slots that are taken, requests that wait."""
    runtime = sys.modules["wsgi"].holder.current
    targets = [target for targets in (*runtime.chat.values(), *runtime.embedding.values()) for target in targets]
    limiters = {limiter for target in targets for limiter in target.limiters}
    gc.collect()
    return {
        "greenlets": sum(isinstance(one, greenlet) and not one.dead for one in gc.get_objects()),
        "slots": sum(_taken(part) for limiter in limiters for part in limiter.parts),
        "waiting": len(runtime.line),
        "objects": len(gc.get_objects()),
    }


def _taken(part: Any) -> int:
    """Slots in use, for parts that are slots."""
    free = getattr(part, "_free", None)
    return part.account.size - free.counter if type(part).__name__ == "Slots" and free is not None else 0
