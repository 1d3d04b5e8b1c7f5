"""Tokens got in exchange for credentials: fetched once at a time, kept until shortly before they expire."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache

from gevent.lock import BoundedSemaphore

from app.limits import Clock
from providers.errors import ProviderError
from providers.types import Secret, Token, WireReply, WireRequest
from providers.vendor import Exchange, Vendor

Send = Callable[[WireRequest], WireReply]


@dataclass(slots=True)
class TokenKeeper:
    """The token of one credential. ``credential()`` is the credential with its ``token``, exchanged when needed.

    Whoever comes while there is no token waits for the exchange under way. A failed exchange fails all who waited for
    it only once each: the next one in line tries anew. ``_early_s`` and ``_late_s`` are Unix seconds: from the first,
    one request renews the token, and should that fail, goes on with the old one; from the second, all wait for it.
    """

    exchange: Exchange
    fields: Mapping[str, Secret]
    auth_url: str | None
    clock: Clock = time.time
    _token: Token | None = None
    _early_s: float = 0.0
    _late_s: float = 0.0
    _lock: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    def credential(self, send: Send) -> Mapping[str, Secret]:
        """The fields to sign with. Raises ProviderError when there is no good token and the exchange fails."""
        token, now = self._token, self.clock()
        if token is None or self._late_s <= now:
            with self._lock:
                token = self._good() or self._exchanged(send)
        elif self._early_s <= now and self._lock.acquire(blocking=False):
            try:
                token = self._renewed(send, token)
            finally:
                self._lock.release()
        return {**self.fields, "token": token.value} if token else self.fields

    def _good(self) -> Token | None:
        """The token, if it is not too late for it."""
        return self._token if self._late_s > self.clock() else None

    def _renewed(self, send: Send, old: Token) -> Token | None:
        """A new token, or the old one where none is to be had; the next try is then a while ahead."""
        try:
            return self._exchanged(send)
        except ProviderError:
            self._early_s += (self._late_s - self._early_s) / 4
            return old

    def _exchanged(self, send: Send) -> Token | None:
        now = self.clock()
        wire = self.exchange.request(self.fields, self.auth_url, now)
        if wire is None:
            return None
        with closing(send(wire)) as reply:
            token = self.exchange.parse(reply.status, reply.headers, b"".join(reply.chunks), now)
        ahead_s = min(self.exchange.ahead_s, max(0.0, token.expires_at - now) / 10)
        self._token, self._early_s, self._late_s = token, token.expires_at - ahead_s, token.expires_at - ahead_s / 3
        return token

    def forget(self, refused: Mapping[str, Secret]) -> None:
        """Drop the token that ``refused`` was signed with, unless a newer one is here already."""
        if self._token is not None and refused.get("token") == self._token.value:
            self._token, self._late_s = None, 0.0


def keepers(vendor: Vendor, fields: Mapping[str, Secret], auth_url: str | None) -> Callable[[str], TokenKeeper | None]:
    """For one credential: the vendor's name of a model to the keeper of its token, None where none is needed.

    Models share one keeper unless the vendor's tokens are ``per_model``.
    """
    exchange = vendor.exchange
    if exchange is None:
        return lambda _model: None

    @cache
    def keeper(model: str) -> TokenKeeper | None:
        named = {**fields, "model": Secret(model)} if model else fields
        return TokenKeeper(exchange, named, auth_url) if _needed(exchange, named, auth_url) else None

    return keeper if exchange.per_model else lambda _model: keeper("")


def _needed(exchange: Exchange, fields: Mapping[str, Secret], auth_url: str | None) -> bool:
    """Whether a credential is to be exchanged. One that cannot be used says so to whoever first asks with it."""
    try:
        return exchange.request(fields, auth_url, time.time()) is not None
    except ProviderError:
        return True
