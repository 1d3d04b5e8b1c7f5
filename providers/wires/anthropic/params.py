"""The parameters beside messages and tools, as each model takes them. Whatever is lost is added to ``losses``."""

import hashlib
import re
from typing import Any, Final

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import Json
from providers.wires.anthropic.models import Traits
from providers.wires.anthropic.thinking import Plan

_READ: Final = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "user",
        "safety_identifier",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "thinking",
        "cache_control",
        "stream_options",
        "n",
    }
)
"""Fields that are read here or in a neighbouring module; the API refuses any it does not know."""

_NEUTRAL: Final[Json] = {"modalities": ["text"], "service_tier": "auto", "metadata": {}}
"""Values of others that say what the API does anyway."""

_MOST_USER_ID_CHARS: Final = 256
_PERSONAL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[\d\s()./-]{7,}")
"""An e-mail address or a phone number: the API refuses both as a user id."""


def check(params: Json, losses: list[str]) -> None:
    """Add what the API does not know to ``losses``. Raises UNSUPPORTED for more than one answer."""
    if params.get("n", 1) != 1:
        raise ProviderError(ErrorKind.UNSUPPORTED, "this model gives one answer to a request: n must be 1", param="n")
    losses += dropped({n: value for n, value in params.items() if _NEUTRAL.get(n) != value}, _READ)


def max_tokens(params: Json, configured: Any, traits: Traits, plan: Plan, losses: list[str]) -> int:
    """The limit of the answer: the client's, the configured one, or the model's default; never above its maximum.

    It counts thinking too, so it has to be larger than the budget for that. Otherwise the client's limit is taken as
    the length of what is read, with the budget on top.
    """
    asked = params.get("max_completion_tokens", params.get("max_tokens"))
    if asked is None:
        own = configured if isinstance(configured, int) and configured > 0 else _default(traits, plan)
        return _at_most(own + plan.budget_tokens, traits)
    limit = _at_most(asked, traits)
    if limit < asked:
        losses.append(f"clamped max_tokens to {limit}")
    if limit <= plan.budget_tokens:
        limit = _at_most(limit + plan.budget_tokens, traits)
        losses.append(f"raised max_tokens to {limit}: it counts reasoning too")
    return limit


def _default(traits: Traits, plan: Plan) -> int:
    """The model's default, with room for thinking where it was asked to think hard and no budget is set."""
    return traits.default_tokens * (4 if plan.effort in ("xhigh", "max") else 1)


def _at_most(tokens: int, traits: Traits) -> int:
    return min(tokens, traits.most_tokens) if traits.most_tokens else tokens


def sampling(params: Json, traits: Traits, plan: Plan, losses: list[str]) -> Json:
    """temperature, top_p and top_k, as far as the model and its thinking allow them."""
    asked: Json = {name: params[name] for name in ("temperature", "top_p", "top_k") if name in params}
    if traits.sampling == "none":
        return _without(asked, frozenset(asked), losses)
    if asked.get("temperature", 0) > 1:
        asked["temperature"] = 1.0
        losses.append("clamped temperature to 1")
    if plan.active:
        # Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking, checked 2026-08.
        asked = _without(asked, frozenset({"temperature", "top_k"}), losses)
        return _clamped(asked, 0.95, losses)
    if traits.sampling == "either" and "temperature" in asked and "top_p" in asked:
        # The client's own 1, not one that was clamped to it: who asks for more than 1 means the temperature.
        says_nothing = params["temperature"] == 1 and asked["top_p"] != 1
        asked = _without(asked, frozenset({"temperature" if says_nothing else "top_p"}), losses)
    return _clamped(asked, 0.0, losses)


def _without(asked: Json, names: frozenset[str], losses: list[str]) -> Json:
    """``asked`` without ``names``. A temperature or top_p of 1 is what the API uses anyway: no loss."""
    losses += [f"dropped {name}" for name in asked if name in names and (name == "top_k" or asked[name] != 1)]
    return {name: value for name, value in asked.items() if name not in names}


def _clamped(asked: Json, least: float, losses: list[str]) -> Json:
    """``asked`` with top_p between ``least`` and 1."""
    if "top_p" not in asked or least <= asked["top_p"] <= 1:
        return asked
    bound = least if asked["top_p"] < least else 1.0
    losses.append(f"clamped top_p to {bound:g}")
    return {**asked, "top_p": bound}


def stop_sequences(params: Json, losses: list[str]) -> list[str]:
    """The stop texts; blank ones are refused by the API and left out."""
    told = params.get("stop") or []
    stops = [told] if isinstance(told, str) else told
    kept = [stop for stop in stops if stop.strip()]
    if len(kept) < len(stops):
        losses.append("dropped stop (blank ones)")
    return kept


def user_id(params: Json, losses: list[str]) -> str:
    """The id that stands for the client's user, hashed where it would tell who that is; empty without one."""
    told = params.get("safety_identifier") or params.get("user")
    if not isinstance(told, str) or not told:
        return ""
    if len(told) <= _MOST_USER_ID_CHARS and not _PERSONAL.fullmatch(told.strip()):
        return told
    losses.append("hashed user")
    return hashlib.sha256(told.encode()).hexdigest()
