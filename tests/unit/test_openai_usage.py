"""Token counts in all their places and names."""

from typing import Any

import pytest

from providers.types import Usage
from providers.wires.openai.usage import of_object, of_reply


@pytest.mark.parametrize(
    "doc",
    [
        {"usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        {"usage": {"input_tokens": 3, "output_tokens": 2}},
        {"usage": {"prompt_tokens": 3, "total_tokens": 5}},
        {"usage": {"completion_tokens": 2.0, "total_tokens": 5}},
        {"usage": None, "x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}},
        {"choices": [{}, {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}]},
        {"timings": {"prompt_n": 3, "predicted_n": 2}},
        {
            "usage": {"prompt_tokens": 0, "completion_tokens": 0},
            "bot_usage": {
                "model_usage": [
                    {"prompt_tokens": 1, "completion_tokens": 1},
                    {"prompt_tokens": 2, "completion_tokens": 1},
                ]
            },
        },
    ],
)
def test_places(doc: dict[str, Any]) -> None:
    """Counts in one of their places are not found."""
    counts = of_reply(doc, doc.get("choices", []))
    assert counts is not None
    assert (counts.prompt_tokens, counts.completion_tokens) == (3, 2)


@pytest.mark.parametrize(
    "doc", [{}, {"usage": {}}, {"usage": {"cost": 1}}, {"timings": {"ms": 1}}, {"bot_usage": {"model_usage": [{}]}}]
)
def test_nothing_told(doc: dict[str, Any]) -> None:
    """Counts are made up where none were told."""
    assert of_reply(doc, []) is None


def test_bots_without_parts_keep_the_plain_counts() -> None:
    """A bot's empty list of parts wipes out the reply's own counts."""
    told = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}, "bot_usage": {"model_usage": []}}
    assert of_reply(told, []) == Usage(1, 1)


@pytest.mark.parametrize(
    "told",
    [
        {"prompt_tokens_details": {"cached_tokens": 4, "text": "x", "flag": True}},
        {"cached_tokens": 4},
        {"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6},
        {"input_tokens_details": {"cached_tokens": 4.0}},
    ],
)
def test_cached_tokens(told: dict[str, Any]) -> None:
    """Cached tokens under one of their names are not found, or something else is taken for a count."""
    counts = of_object({"prompt_tokens": 10, "completion_tokens": 1, **told})
    assert counts is not None
    assert counts.prompt_details == {"cached_tokens": 4}


def test_cached_tokens_of_timings() -> None:
    """A local server's cached tokens are missing from the prompt's."""
    assert of_reply({"timings": {"cache_n": 3, "prompt_n": 7}}, []) == Usage(10, 0, {"cached_tokens": 3})


@pytest.mark.parametrize(("total", "completion"), [(25, 15), (15, 5), (None, 5)])
def test_reasoning_beside_completion(total: int | None, completion: int) -> None:
    """Reasoning counted beside the completion is missing from it, or is counted twice where it was inside."""
    told = {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 10}}
    counts = of_object({**told, "total_tokens": total} if total else told)
    assert counts is not None
    assert counts.completion_tokens == completion


def test_reasoning_tokens_at_the_top() -> None:
    """Reasoning tokens that stand beside the details are lost."""
    counts = of_object({"prompt_tokens": 1, "completion_tokens": 5, "reasoning_tokens": 3})
    assert counts is not None
    assert counts.completion_details == {"reasoning_tokens": 3}


def test_total_alone() -> None:
    """A vendor that tells only a total has another total at the client."""
    counts = of_object({"total_tokens": 12})
    assert counts is not None
    assert counts.total_tokens == 12
