"""On a gateway's PYTHONPATH: names below ``.slow.test`` are resolved after a long while, ``quick.test`` at once.

Python imports this file by its name before anything else. It changes the system's function itself, in its threads, so
that the whole way to it is the real one.
"""

import _socket
import time
from typing import Any, Final

SLOW_S: Final = 30.0

_getaddrinfo = _socket.getaddrinfo


def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    """The system's answer, but for names that only tests use."""
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.endswith(".slow.test"):
        time.sleep(SLOW_S)
        raise _socket.gaierror(_socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _getaddrinfo("127.0.0.1" if name == "quick.test" else host, *args, **kwargs)


_socket.getaddrinfo = getaddrinfo
