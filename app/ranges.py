"""The operator's clamps (``params_range``): numbers of a request kept within the bounds set for a model."""

from dataclasses import replace

from config.model import ParamsRange
from providers.types import ChatRequest

Bounds = tuple[float | None, float | None]


def clamped(request: ChatRequest, bounds: ParamsRange | None) -> tuple[ChatRequest, tuple[str, ...]]:
    """The request within ``bounds``, and what was changed, in words for ``x-gateway-changes``."""
    if bounds is None:
        return request, ()
    limits: dict[str, Bounds] = {
        "temperature": bounds.temperature,
        "top_p": bounds.top_p,
        "max_tokens": (None, bounds.max_tokens),
        "max_completion_tokens": (None, bounds.max_tokens),
    }
    changed = {
        name: _within(request.params[name], limit)
        for name, limit in limits.items()
        if request.params.get(name) is not None and _within(request.params[name], limit) != request.params[name]
    }
    if not changed:
        return request, ()
    words = tuple(f"clamped {name} to {value}" for name, value in changed.items())
    return replace(request, params={**request.params, **changed}), words


def _within(value: float, limit: Bounds) -> float:
    low, high = limit
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value
