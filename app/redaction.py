"""Secrets out of texts that leave the gateway: vendors echo keys in their errors, and logs are read by others.

By type wherever possible (``providers.types.Secret``); this is the net below it, for text that came from outside.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

MAX_MESSAGE_CHARS: Final = 2000
_MIN_SECRET_CHARS: Final = 6
_LOOKS_SECRET: Final = re.compile(
    r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"
    r"|\b((?:(?:sk|gsk|xai|pk|hf)[-_]|AIza|ya29\.|bce-v3/)[\w-]{4})[\w/-]{8,}"
    r"|([?&](?:key|api_key|access_token|token|sign|signature|authorization)=)[^&\s\"']+"
    r"|(//[^/\s:@]+:)[^/\s@]+(?=@)"
)

_known: tuple[str, ...] = ()


def remember(secrets: Iterable[str]) -> None:
    """Replace the set of known secret texts. Those too short to be told from ordinary words are left out."""
    global _known  # noqa: PLW0603 - one set per process, replaced whole when a config is loaded
    long = [secret for secret in secrets if len(secret) >= _MIN_SECRET_CHARS]
    spelt = {text for secret in long for text in (secret, *_in_json(secret))}
    # The longer first: what is left of one whose beginning is a secret too would stay.
    _known = tuple(sorted(spelt, key=len, reverse=True))


def _in_json(secret: str) -> tuple[str, ...]:
    """A secret as it stands within JSON, where quotes, line ends and other letters may be written otherwise."""
    return tuple(json.dumps(secret, ensure_ascii=plain)[1:-1] for plain in (False, True))


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
