"""Who calls: the key a client sent to the caller it belongs to, and what that caller may use."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from werkzeug.datastructures import Headers

from app.errors import ApiError
from config.model import CallerKey


@dataclass(frozen=True, slots=True)
class Caller:
    """A client known by its key. ``models`` None means all of them."""

    label: str
    models: frozenset[str] | None = None

    def may_use(self, model: str) -> bool:
        """Whether this caller may call ``model`` by this name."""
        return self.models is None or model in self.models


ANYBODY: Final = Caller("-")
"""The caller of a gateway that asks for no key."""


@dataclass(frozen=True, slots=True)
class Callers:
    """The known keys as digests. Without any, everybody is let in."""

    digests: tuple[tuple[bytes, Caller], ...]

    @classmethod
    def of(cls, keys: tuple[CallerKey, ...]) -> "Callers":
        """The callers of a config."""
        return cls(tuple((_digest(key.key.reveal()), Caller(key.label, key.models)) for key in keys))

    def identify(self, headers: Headers, token: str = "") -> Caller:
        """The caller whose key stands in ``Authorization: Bearer`` or ``x-api-key``, or else is ``token``.

        Every known key is compared, in constant time, so that the time taken tells nothing. Raises ApiError 401.
        """
        if not self.digests:
            return ANYBODY
        presented = presented_key(headers) or token
        if not presented:
            raise _unknown("no API key was sent; send it as 'Authorization: Bearer <key>'")
        digest, found = _digest(presented), None
        for known, caller in self.digests:
            if hmac.compare_digest(known, digest):
                found = caller
        if found is None:
            raise _unknown("this API key is not one of this gateway's")
        return found


def presented_key(headers: Headers) -> str:
    """The key a client sent, or an empty text. DeepL's clients have a scheme of their own."""
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() in ("bearer", "deepl-auth-key") and token.strip():
        return _as_sent(token.strip())
    return _as_sent(headers.get("X-Api-Key", "").strip())


def _as_sent(value: str) -> str:
    """A header's text. WSGI takes its bytes for Latin-1, but who sends other letters than ASCII's sends UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _unknown(message: str) -> ApiError:
    return ApiError(401, message, code="invalid_api_key")
