"""Reasoning: how much of it is asked for, in each model's own way, and whether its history allows it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from providers.types import Json
from providers.wires.anthropic import layout
from providers.wires.anthropic.models import Traits

EFFORTS: Final[Mapping[str, str]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}
"""Source: https://platform.claude.com/docs/en/build-with-claude/effort, checked 2026-08."""

BUDGETS_TOKENS: Final[Mapping[str, int]] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 2048,
    "high": 4096,
    "xhigh": 8192,
    "max": 16_384,
}
"""The API takes 1024 and more.

Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking, checked 2026-08.
"""

_ON: Final = frozenset({"enabled", "adaptive"})


@dataclass(frozen=True, slots=True)
class Plan:
    """``config`` is the field ``thinking``, None to leave it out; ``effort`` belongs into ``output_config``."""

    config: Json | None = None
    effort: str | None = None

    @property
    def active(self) -> bool:
        """Whether thinking is asked for, which forbids other things."""
        return self.config is not None and self.config.get("type") in _ON

    def may_think(self, traits: Traits) -> bool:
        """Whether there may be thinking all the same: some models think unless they are told not to."""
        return self.active or (traits.thinking == "adaptive" and (self.config or {}).get("type") != "disabled")

    @property
    def budget_tokens(self) -> int:
        """The tokens set aside for thinking, 0 where the model decides."""
        budget = (self.config or {}).get("budget_tokens")
        return budget if isinstance(budget, int) else 0


def plan(params: Json, traits: Traits, losses: list[str]) -> Plan:
    """What the client asks for. The vendor's own field ``thinking`` wins over ``reasoning_effort``."""
    native, effort = params.get("thinking"), params.get("reasoning_effort")
    if isinstance(native, dict) and isinstance(native.get("type"), str | None):
        return _native(native, effort, traits, losses)
    if effort is None:
        return Plan()
    if effort == "none":
        return _nothing(traits, losses)
    if effort not in EFFORTS or traits.thinking == "none":
        losses.append("dropped reasoning_effort")
        return Plan()
    return _thinking(effort, traits)


def _thinking(effort: str, traits: Traits) -> Plan:
    if traits.thinking == "adaptive":
        # The newest models leave the text of their thinking out unless they are asked for it.
        return Plan({"type": "adaptive", "display": "summarized"}, EFFORTS[effort])
    return Plan({"type": "enabled", "budget_tokens": BUDGETS_TOKENS[effort]})


def _nothing(traits: Traits, losses: list[str]) -> Plan:
    if traits.off is None:
        losses.append("raised reasoning_effort to low: this model always thinks")
        return Plan(None, "low")
    return Plan(traits.off or None)


def _native(native: Json, effort: str | None, traits: Traits, losses: list[str]) -> Plan:
    level = EFFORTS.get(effort or "") if traits.thinking == "adaptive" else None
    if native.get("type") == "enabled" and not traits.manual:
        losses.append("replaced a thinking budget by adaptive thinking")
        return Plan({"type": "adaptive", "display": "summarized"}, level)
    if native.get("type") == "disabled" and traits.off is None:
        return _nothing(traits, losses)
    return Plan(native, level)


def settled(asked: Plan, messages: list[Json], traits: Traits, laid_out: layout.Layouts, losses: list[str]) -> Plan:
    """The plan, without thinking where the last tool calls were made with thinking that nobody kept.

    The API refuses such a history; a model that cannot leave thinking off is asked all the same. ``laid_out`` gives
    the layout of an assistant's message.
    """
    last = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    if not asked.active or last is None or not last.get("tool_calls") or traits.off is None:
        return asked
    blocks = laid_out(last)
    if blocks is not None and (layout.has_thinking(blocks) or traits.thinking == "adaptive"):
        return asked
    losses.append("switched reasoning off for this turn: the signed thinking before the last tool calls is not known")
    return replace(asked, config=traits.off or None, effort=None)
