"""Tokens got in exchange for credentials: fetched once at a time, kept until shortly before they expire."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from gevent.lock import BoundedSemaphore

from app.limits import Clock
from providers.types import Secret, Token, WireReply, WireRequest
from providers.vendor import Exchange

Send = Callable[[WireRequest], WireReply]


@dataclass(slots=True)
class TokenKeeper:
    """The token of one credential. ``credential()`` is the credential with its ``token``, exchanged when needed.

    Whoever comes while an exchange is under way waits for it. A failed exchange fails all who waited for it only once
    each: the next one in line tries anew.
    """

    exchange: Exchange
    fields: Mapping[str, Secret]
    auth_url: str | None
    clock: Clock = time.time
    _token: Token | None = None
    _lock: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    def credential(self, send: Send) -> Mapping[str, Secret]:
        """The fields to sign with. Raises ProviderError when the exchange fails."""
        token = self._token
        if token is None or token.expires_at - self.exchange.ahead_s <= self.clock():
            with self._lock:
                token = self._renewed(send)
        return {**self.fields, "token": token.value} if token else self.fields

    def _renewed(self, send: Send) -> Token | None:
        now = self.clock()
        if self._token is not None and self._token.expires_at - self.exchange.ahead_s > now:
            return self._token
        wire = self.exchange.request(self.fields, self.auth_url, now)
        if wire is None:
            return None
        with closing(send(wire)) as reply:
            self._token = self.exchange.parse(reply.status, reply.headers, b"".join(reply.chunks), now)
        return self._token

    def forget(self, refused: Mapping[str, Secret]) -> None:
        """Drop the token that ``refused`` was signed with, unless a newer one is here already."""
        if self._token is not None and refused.get("token") == self._token.value:
            self._token = None
