"""Secrets out of texts that leave the gateway: vendors echo keys in their errors, and logs are read by others.

By type wherever possible (``providers.types.Secret``); this is the net below it, for text that came from outside.
"""

import re
from collections.abc import Iterable
from typing import Final

MAX_MESSAGE_CHARS: Final = 2000
_MIN_SECRET_CHARS: Final = 6
_LOOKS_SECRET: Final = re.compile(
    r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"
    r"|\b((?:sk|gsk|xai|pk|hf|AIza)[-_][\w-]{4})[\w-]{8,}"
    r"|([?&](?:key|api_key|access_token|token|sign|signature|authorization)=)[^&\s\"']+"
    r"|(//[^/\s:@]+:)[^/\s@]+(?=@)"
)

_known: frozenset[str] = frozenset()


def remember(secrets: Iterable[str]) -> None:
    """Replace the set of known secret texts. Those too short to be told from ordinary words are left out."""
    global _known  # noqa: PLW0603 - one set per process, replaced whole when a config is loaded
    _known = frozenset(secret for secret in secrets if len(secret) >= _MIN_SECRET_CHARS)


def scrub(text: str) -> str:
    """``text`` with every known secret, and whatever looks like one, replaced by ``***``."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, "***")
    return _LOOKS_SECRET.sub(lambda match: next((kept for kept in match.groups() if kept), "") + "***", text)


def public_message(text: str) -> str:
    """A vendor's text fit for a client: scrubbed, and cut to MAX_MESSAGE_CHARS."""
    clean = scrub(text)
    return clean if len(clean) <= MAX_MESSAGE_CHARS else clean[:MAX_MESSAGE_CHARS] + "…"
