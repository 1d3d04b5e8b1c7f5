"""What a client or an entry says in the vendor's own words: thinking, safety settings, cached content.

A client says it as the vendor's OpenAI surface has it: ``{"extra_body": {"google": {"thinking_config": {…}}}}``.
Source: https://ai.google.dev/gemini-api/docs/openai#extra-body, checked 2026-08.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from providers.types import Json

_CATEGORIES: Final = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
_PREFIX: Final = "HARM_CATEGORY_"
_KNOWN: Final = frozenset({"thinking_config", "safety_settings", "cached_content"})


def google(params: Json) -> Json:
    """The vendor's own fields of a request, in snake case; empty where there are none."""
    extra = params.get("extra_body")
    told = extra.get("google") if isinstance(extra, dict) else None
    return {_snake(name): value for name, value in told.items()} if isinstance(told, dict) else {}


def fields(params: Json, configured: Any, losses: list[str]) -> Json:
    """``safetySettings`` and ``cachedContent`` of a body, each only where somebody asked for it.

    The client's safety settings win over the ``configured`` ones: a list as the API has it, an object of categories
    and thresholds, or one threshold for all.
    """
    own = google(params)
    losses += [f"dropped extra_body.google.{name}" for name in own if name not in _KNOWN and name.isascii()]
    safety = settings(own.get("safety_settings") or params.get("safety_settings") or configured)
    cached = own.get("cached_content")
    return {
        **({"safetySettings": safety} if safety else {}),
        **({"cachedContent": cached} if isinstance(cached, str) and cached else {}),
    }


def settings(told: Any) -> list[Json]:
    """Safety settings as the API has them."""
    if isinstance(told, str):
        told = dict.fromkeys(_CATEGORIES, told)
    if isinstance(told, Mapping):
        pairs = [(str(category).upper().removeprefix(_PREFIX), threshold) for category, threshold in told.items()]
        return [{"category": _PREFIX + category, "threshold": threshold} for category, threshold in pairs]
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def camel(told: Any) -> Any:
    """An object with its names in camel case; anything else as it is."""
    if not isinstance(told, dict):
        return told
    return {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): value for name, value in told.items()}


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
