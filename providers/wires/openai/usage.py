"""Token counts, wherever a speaker of the wire hides them and whatever it calls them."""

from collections.abc import Mapping
from typing import Any, Final

from providers.types import Json, Usage

_CACHED: Final = ("cached_tokens", "prompt_cache_hit_tokens")


def of_reply(doc: Json, choices: list[Json]) -> Usage | None:
    """The counts told by one payload, or None. All zeros count as told; the caller decides what they are worth.

    Places: ``usage``, ``x_groq.usage``, ``choices[].usage``, ``bot_usage.model_usage[]`` and ``timings``.
    """
    told = doc.get("usage") or (doc.get("x_groq") or {}).get("usage")
    told = told or next((choice["usage"] for choice in choices if choice.get("usage")), None)
    counts = of_object(told) if isinstance(told, dict) else None
    if doc.get("bot_usage") and (counts is None or not counts.total_tokens):
        counts = _summed(doc["bot_usage"].get("model_usage") or [])
    if counts is None and isinstance(doc.get("timings"), dict):
        counts = _of_timings(doc["timings"])
    return counts


def of_object(told: Json) -> Usage | None:
    """The counts of one usage object, or None when it names none.

    Completion tokens get the reasoning tokens added where the total shows that they are counted beside them. A total
    alone counts as completion, so that the sum is right.
    """
    prompt = _count(told, "prompt_tokens", "input_tokens")
    completion = _count(told, "completion_tokens", "output_tokens")
    total = _count(told, "total_tokens")
    if prompt is None and completion is None and total is None:
        return None
    outputs = _details(told.get("completion_tokens_details") or told.get("output_tokens_details"))
    if "reasoning_tokens" not in outputs and type(told.get("reasoning_tokens")) is int:
        outputs["reasoning_tokens"] = told["reasoning_tokens"]
    inputs = _details(told.get("prompt_tokens_details") or told.get("input_tokens_details"))
    cached = next((told[name] for name in _CACHED if type(told.get(name)) is int), None)
    if cached is not None:
        inputs.setdefault("cached_tokens", cached)
    prompt = prompt if prompt is not None else max(0, (total or 0) - completion) if completion is not None else 0
    completion = completion if completion is not None else max(0, (total or 0) - prompt)
    if total is not None and total == prompt + completion + outputs.get("reasoning_tokens", 0):
        completion = total - prompt
    return Usage(prompt, completion, inputs, outputs)


def _count(told: Mapping[str, Any], *names: str) -> int | None:
    value = next((told[name] for name in names if isinstance(told.get(name), (int, float))), None)
    return None if value is None else int(value)


def _details(told: Any) -> dict[str, int]:
    if not isinstance(told, dict):
        return {}
    return {name: int(value) for name, value in told.items() if type(value) in (int, float)}


def _summed(parts: list[Json]) -> Usage | None:
    counted = [usage for usage in map(of_object, parts) if usage]
    if not counted:
        return None
    return Usage(sum(u.prompt_tokens for u in counted), sum(u.completion_tokens for u in counted))


def _of_timings(timings: Json) -> Usage | None:
    """Counts of a local server that tells speeds only. That ``prompt_n`` leaves cached tokens out is an inference."""
    fresh, predicted = _count(timings, "prompt_n"), _count(timings, "predicted_n")
    if fresh is None and predicted is None:
        return None
    cached = _count(timings, "cache_n") or 0
    return Usage((fresh or 0) + cached, predicted or 0, {"cached_tokens": cached} if cached else {})
