"""How much reasoning is asked for, as a budget of tokens or as a level, whichever the model knows."""

from typing import Any, Final

from providers.types import Json
from providers.wires.gemini.models import Traits

BUDGETS_TOKENS: Final = {"low": 1024, "medium": 2048, "high": 4096}
"""Other gateways' numbers. Google's own OpenAI surface takes 1024, 8192 and 24576.

Source: https://ai.google.dev/gemini-api/docs/openai#thinking, checked 2026-08.
"""

LEVELS: Final = {"low": "LOW", "medium": "MEDIUM", "high": "HIGH"}
_BEYOND: Final = frozenset({"xhigh", "max"})
_KNOWN: Final = frozenset({"none", "minimal", *LEVELS, *_BEYOND})


def config(effort: Any, native: Any, traits: Traits, losses: list[str]) -> Json:
    """The field ``thinkingConfig``; empty where it must be left out, since models that cannot think refuse it.

    ``native`` is the vendor's own object as a client gave it, which wins over ``effort``.
    """
    if isinstance(native, dict) and native:
        return native
    if effort is None:
        return {}
    if effort not in _KNOWN or traits.thinking == "none":
        losses += [] if effort == "none" else ["dropped reasoning_effort"]
        return {}
    if effort in _BEYOND:
        losses.append("clamped reasoning_effort to high")
        effort = "high"
    if effort == "none":
        return _nothing(traits, losses)
    shown = {"includeThoughts": True}
    if traits.thinking == "budget":
        return {"thinkingBudget": BUDGETS_TOKENS.get(effort, traits.least), **shown}
    return {"thinkingLevel": _level(effort, traits, losses), **shown}


def _nothing(traits: Traits, losses: list[str]) -> Json:
    """As little as the model can do, and no word of it."""
    if traits.off != 0:
        losses.append("raised reasoning_effort to the least there is: this model always thinks")
    name = "thinkingBudget" if traits.thinking == "budget" else "thinkingLevel"
    return {name: traits.off, "includeThoughts": False}


def _level(effort: str, traits: Traits, losses: list[str]) -> Any:
    if effort == "minimal":
        losses += ["raised reasoning_effort to low"] if traits.least == "LOW" else []
        return traits.least
    if effort == "medium" and not traits.medium:
        losses.append("raised reasoning_effort to high")
        return "HIGH"
    return LEVELS[effort]
