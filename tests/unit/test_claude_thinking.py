"""Reasoning on the Messages wire: asked for as each model knows it, with what it forbids beside it."""

import pytest

from providers.types import Json
from tests.unit.claude import ADAPTIVE, BOTH, BUDGET, NEWEST, OLD, sent

SUMMARY = {"type": "adaptive", "display": "summarized"}


def budget(tokens: int) -> Json:
    return {"type": "enabled", "budget_tokens": tokens}


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "level"),
    [
        (BUDGET, "minimal", budget(1024), None),
        (BUDGET, "low", budget(1024), None),
        (BUDGET, "medium", budget(2048), None),
        (BUDGET, "high", budget(4096), None),
        (BUDGET, "xhigh", budget(8192), None),
        (BUDGET, "max", budget(16_384), None),
        (BUDGET, "none", None, None),
        (OLD, "low", budget(1024), None),
        (BOTH, "minimal", SUMMARY, "low"),
        (ADAPTIVE, "medium", SUMMARY, "medium"),
        (ADAPTIVE, "xhigh", SUMMARY, "xhigh"),
        (ADAPTIVE, "none", {"type": "disabled"}, None),
        ("claude-haiku-5-5", "none", {"type": "disabled"}, None),
        ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None),
        (NEWEST, "none", None, "low"),
        ("claude-fable-5-1", "none", None, "low"),
        (NEWEST, "max", SUMMARY, "max"),
    ],
)
def test_reasoning_effort(model: str, effort: str, thinking: Json | None, level: str | None) -> None:
    """Reasoning is asked for in a way that the model does not know."""
    body, told = sent(model, reasoning_effort=effort, max_tokens=20_000)
    assert body.get("thinking") == thinking
    assert body.get("output_config") == ({"effort": level} if level else None)
    assert bool(told) is (effort == "none" and level == "low")


def test_effort_that_cannot_be() -> None:
    """An effort nobody knows, or one for a model without reasoning, is lost without a word."""
    assert sent(BUDGET, reasoning_effort="enormous")[1] == ("dropped reasoning_effort",)
    assert sent("claude-3-haiku-20240307", reasoning_effort="low")[1] == ("dropped reasoning_effort",)


@pytest.mark.parametrize(
    ("model", "native", "thinking"),
    [
        (BUDGET, budget(3000), budget(3000)),
        (BOTH, budget(3000), budget(3000)),
        (ADAPTIVE, budget(3000), SUMMARY),
        (ADAPTIVE, {"type": "disabled"}, {"type": "disabled"}),
        (NEWEST, {"type": "disabled"}, None),
        (ADAPTIVE, {"type": "adaptive", "display": "omitted"}, {"type": "adaptive", "display": "omitted"}),
    ],
)
def test_native_thinking(model: str, native: Json, thinking: Json | None) -> None:
    """A client that speaks the vendor's own field is not understood, or gets a 400 from a newer model."""
    assert sent(model, thinking=native)[0].get("thinking") == thinking


def test_limit_leaves_room_beside_the_budget() -> None:
    """The limit is no larger than the thinking budget, which the API refuses."""
    body, told = sent(BUDGET, max_tokens=100, reasoning_effort="high")
    assert body["max_tokens"] == 4196
    assert told == ("raised max_tokens to 4196: it counts reasoning too",)
    assert sent(BUDGET, reasoning_effort="high")[0]["max_tokens"] == 8192 + 4096
    assert sent(BUDGET, max_tokens=4097, reasoning_effort="high")[0]["max_tokens"] == 4097
    assert sent(ADAPTIVE, reasoning_effort="max")[0]["max_tokens"] == 65_536


@pytest.mark.parametrize("model", [BUDGET, BOTH])
def test_thinking_forbids_sampling(model: str) -> None:
    """A temperature or top_k goes up together with thinking, and the API refuses the request."""
    body, told = sent(model, reasoning_effort="low", temperature=0.2, top_p=0.5, top_k=4, max_tokens=5000)
    assert not body.keys() & {"temperature", "top_k"}
    assert body["top_p"] == 0.95
    assert told == ("dropped temperature", "dropped top_k", "clamped top_p to 0.95")
    assert sent(model, reasoning_effort="low", temperature=1, max_tokens=5000)[1] == ()
