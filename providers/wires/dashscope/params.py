"""What goes under ``parameters``: the sampling, the tools, and whatever the vendor knows beyond OpenAI."""

from typing import Any, Final

from providers.losses import NEUTRAL
from providers.types import Json
from providers.wires.dashscope import models
from providers.wires.openai.dialect import Range

FOREIGN: Final = frozenset(
    {
        *("frequency_penalty", "logit_bias", "user", "safety_identifier", "store", "metadata", "service_tier"),
        *("prediction", "verbosity", "prompt_cache_key", "prompt_cache_retention", "modalities", "audio"),
        "web_search_options",
    }
)
"""OpenAI's own parameters that this wire does not know. Names that are not OpenAI's are taken for the vendor's."""

_OURS: Final = frozenset({"stream_options", "max_completion_tokens", "incremental_output", "result_format"})
_RANGES: Final = {
    "temperature": Range(0, 2, at_high=1.99),
    "top_p": Range(0, 1, at_low=0.01),
    "presence_penalty": Range(-2, 2),
    "n": Range(1, 4),
}
"""Source: https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope, checked 2026-08."""


def adapt(given: Json, model: str, losses: list[str]) -> Json:
    """The parameters for ``model``, without those that depend on endpoint and stream."""
    fresh = {name: value for name, value in given.items() if name not in _OURS}
    if "max_completion_tokens" in given:
        fresh["max_tokens"] = given["max_completion_tokens"]
    drop(fresh, FOREIGN, losses)
    clamp(fresh, losses)
    if isinstance(fresh.get("seed"), int) and fresh["seed"] < 0:
        drop(fresh, frozenset({"seed"}), losses)
    if fresh.get("tools") and fresh.get("n", 1) != 1:
        fresh["n"] = 1
        losses.append("clamped n to 1")
    _think(fresh, model, losses)
    if "tool_choice" in fresh:
        fresh["tool_choice"] = _choice(fresh["tool_choice"], losses)
    return fresh


def drop(params: Json, names: frozenset[str], losses: list[str]) -> None:
    """Take ``names`` out of ``params``; what asked for something is lost."""
    for name in [name for name in params if name in names]:
        value = params.pop(name)
        if name not in NEUTRAL or NEUTRAL[name] != value:
            losses.append(f"dropped {name}")


def clamp(params: Json, losses: list[str]) -> None:
    """Bring numbers into the vendor's ranges."""
    for name, bounds in _RANGES.items():
        value = params.get(name)
        if isinstance(value, int | float) and bounds.clamp(value) != value:
            params[name] = bounds.clamp(value)
            losses.append(f"clamped {name} to {params[name]}")


def _think(params: Json, model: str, losses: list[str]) -> None:
    """Say by ``enable_thinking`` what ``reasoning_effort`` asked for: the vendor knows whether, but not how much."""
    effort = params.pop("reasoning_effort", None)
    if effort is None or "enable_thinking" in params:
        return
    if not models.may_think(model):
        losses.append("dropped reasoning_effort")
        return
    params["enable_thinking"] = effort != "none"
    if params["enable_thinking"]:
        losses.append("changed reasoning_effort to enable_thinking")


def _choice(choice: Any, losses: list[str]) -> Any:
    """The choice of a tool. ``required`` is refused by older models; which ones take it is not documented."""
    if choice in ("auto", "none") or (isinstance(choice, dict) and choice.get("type") == "function"):
        return choice
    losses.append("dropped tool_choice")
    return "auto"
