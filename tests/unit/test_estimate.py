"""The guess of what a request will cost: near enough, and never by the bytes of an image."""

from typing import Any

import pytest

from app import estimate
from app.estimate import Estimate
from providers.types import ChatRequest, EmbeddingRequest


def chat(content: Any = "", **params: Any) -> Estimate:
    return estimate.chat(ChatRequest("m", [{"role": "user", "content": content}], False, params))


@pytest.mark.parametrize(
    ("content", "least", "most"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 20, 180, 240),
        ("床前明月光，疑是地上霜。" * 20, 150, 260),
        ("", 1, 10),
        (None, 1, 10),
        ([{"type": "text", "text": "x" * 400}, {"image_url": {"url": "data:" + "A" * 10**6}}], 1100, 1200),
        ("\ud800" * 4, 1, 10),
    ],
    ids=["english", "chinese", "empty", "null", "image", "half a letter"],
)
def test_prompts(content: Any, least: int, most: int) -> None:
    """Broken: a prompt's tokens are guessed far too low or high."""
    assert least <= chat(content).prompt_tokens <= most


def test_tools_and_calls_count() -> None:
    """Broken: what is sent beside the messages costs nothing."""
    tools = [{"type": "function", "function": {"name": "f", "description": "x" * 400}}]
    assert chat("", tools=tools).prompt_tokens > 100
    called = [{"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "x" * 400}}]}]
    assert estimate.chat(ChatRequest("m", called, False, {})).prompt_tokens > 100


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, None),
        ({"max_tokens": 50}, 50),
        ({"max_completion_tokens": 60, "max_tokens": 50}, 60),
        ({"max_tokens": 50, "n": 3}, 150),
        ({"max_tokens": None}, None),
    ],
)
def test_answers(params: dict[str, Any], expected: int | None) -> None:
    """Broken: the client's own limit is not heeded."""
    assert chat("", **params).completion_tokens == expected


def test_embeddings() -> None:
    """Broken: inputs cost nothing, or an answer is expected of them."""
    assert estimate.embedding(EmbeddingRequest("e", ["x" * 400, "y"], {})) == Estimate(102, 0)
    assert estimate.embedding(EmbeddingRequest("e", [[1, 2, 3], [4]], {})) == Estimate(4, 0)
