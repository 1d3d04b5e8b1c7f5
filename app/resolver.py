"""Host names to addresses, so that a name that is slow to resolve holds up nobody who asks for another one.

Names are resolved by the system's own function, which blocks a thread. gevent's resolver has ten of them, and no limit:
ten requests for one name whose server is silent, and no connection is made to any host for half a minute.
"""

import _socket
from typing import Any, Final

import gevent
from gevent.event import AsyncResult
from gevent.resolver.thread import Resolver
from gevent.threadpool import ThreadPool

LIMIT_S: Final = 10.0
"""As long as connecting may take by default."""

_THREADS: Final = 64


class SharedResolver(Resolver):
    """One lookup at a time for each name: whoever asks for it meanwhile waits for the same answer."""

    def __init__(self, hub: Any = None, limit_s: float = LIMIT_S) -> None:
        super().__init__(hub)
        self.pool = ThreadPool(_THREADS)
        self._limit_s = limit_s
        self._under_way: dict[object, AsyncResult[Any]] = {}

    def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        """As ``socket.getaddrinfo``. Raises gaierror also where there is no answer in time; the lookup then goes on."""
        question = (args, tuple(sorted(kwargs.items())))
        late = gevent.Timeout(self._limit_s, _socket.gaierror(_socket.EAI_AGAIN, "no answer in time"))
        with late:
            lookup = self._under_way.get(question)
            if lookup is None:
                lookup = self._under_way[question] = self.pool.spawn(_socket.getaddrinfo, *args, **kwargs)
                lookup.rawlink(lambda _: self._under_way.pop(question, None))
            return lookup.get()


def install() -> None:
    """Resolve names in this way from now on, in this process."""
    gevent.get_hub().resolver = SharedResolver()  # type: ignore[assignment] # the thread resolver is none of theirs
