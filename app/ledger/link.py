"""The way to Redis: calls that take little time or fail, and one greenlet that does what nobody has to wait for.

Where Redis is away calls fail at once, until that greenlet has found it again; it says so in the log, once for each
going and coming.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import gevent
import redis
from gevent.event import Event
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_S: Final = 0.25
"""The longest wait for each step of a call: a free connection, connecting, the answer."""

LONGEST_S: Final = 1.0
"""The longest that a request waits for Redis before it goes on without: for all steps, and the name's resolving."""

BEAT_S: Final = 1.0
"""How often the greenlet gives a sign of life, and looks for a Redis that is away."""

_CONNECTIONS: Final = 64
_BACKLOG: Final = 10_000

_LOG: Final = logging.getLogger("simple_one_api")


class AwayError(Exception):
    """Redis cannot be asked now."""


Job = tuple[str, list[str], list[str | int]]
"""A script with its KEYS and ARGV."""


class Link:
    """One worker's way to Redis. ``beat`` gives the jobs of each sign of life; ``True`` means that Redis was away."""

    def __init__(self, url: str, beat: Callable[[bool], list[Job]]) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = redis.Redis(connection_pool=pool)
        self._beat = beat
        self._scripts: dict[str, Any] = {}
        self._later: deque[Job] = deque(maxlen=_BACKLOG)
        self._kicked = Event()
        self._epoch = b""
        self.up = True
        self.clerk = gevent.spawn(self._run)

    def call(self, job: Job) -> Any:
        """What a script returns; it must be an epoch, or end with one. Raises AwayError."""
        if not self.up:
            raise AwayError
        try:
            with gevent.Timeout(LONGEST_S, TimeoutError("no answer in time")):
                answer = self._script(job[0])(keys=job[1], args=job[2])
            return self._noted(answer)
        except (redis.RedisError, OSError) as error:
            self._lost(error)
            raise AwayError from None

    def later(self, job: Job) -> None:
        """Have a script run soon. What cannot be done is forgotten: entries are over by themselves in the end."""
        if self.up:
            self._later.append(job)
            self._kicked.set()

    def _script(self, text: str) -> Any:
        if text not in self._scripts:
            self._scripts[text] = self._redis.register_script(text)
        return self._scripts[text]

    def _noted(self, answer: Any) -> Any:
        """The answer; where Redis has forgotten everything since the last one, it is told anew what is held."""
        epoch = answer[-1] if isinstance(answer, list) else answer
        if self._epoch not in (b"", epoch):
            _LOG.warning("Redis has lost its memory; what this worker holds is entered anew")
            self._later.extend(self._beat(True))
            self._kicked.set()
        self._epoch = epoch
        return answer

    def _lost(self, error: Exception) -> None:
        if self.up:
            self.up = False
            _LOG.error("Redis is away, so limits hold for this gateway alone until it is back: %s", error)
        self._later.clear()
        self._kicked.set()

    def _run(self) -> None:
        while True:
            try:
                self._work() if self.up else self._seek()
            except (AwayError, redis.RedisError, OSError):
                gevent.sleep(BEAT_S)
            except Exception:  # limits would be kept no more, in silence
                _LOG.exception("the ledger's clerk met a surprise")
                gevent.sleep(BEAT_S)

    def _work(self) -> None:
        """Do what is to be done, then wait for more, or for the next sign of life."""
        while self._later:
            self.call(self._later.popleft())
        self._kicked.clear()
        if not self._kicked.wait(BEAT_S):
            for job in self._beat(False):
                self.call(job)

    def _seek(self) -> None:
        """See whether Redis is back, and tell it then what is held, before anybody asks it for more."""
        self._redis.ping()
        for script, keys, args in self._beat(True):
            self._noted(self._script(script)(keys=keys, args=args))
        self.up = True
        self._later.extend(self._beat(True))  # what began meanwhile; what has been told is not entered twice
        _LOG.warning("Redis is back; limits hold for all gateways again")
