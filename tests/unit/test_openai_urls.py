"""Addresses in all the forms operators write them."""

import pytest

from providers.wires.openai.urls import CHAT, EMBEDDINGS, endpoint


@pytest.mark.parametrize(
    ("server_url", "url"),
    [
        ("https://a.example", "https://a.example/v1/chat/completions"),
        ("https://a.example/", "https://a.example/v1/chat/completions"),
        ("https://a.example:8443/v1/", "https://a.example:8443/v1/chat/completions"),
        ("https://a.example/v1/chat/completions/", "https://a.example/v1/chat/completions"),
        ("https://a.example/chat/completions", "https://a.example/chat/completions"),
        ("https://a.example/v1?api-version=1&b=2", "https://a.example/v1/chat/completions?api-version=1&b=2"),
        ("https://a.example/v1/chat/completions?k=v", "https://a.example/v1/chat/completions?k=v"),
        ("https://a.example/v1/embeddings", "https://a.example/v1/chat/completions"),
        ("https://a.example/v1/completions", "https://a.example/v1/chat/completions"),
        ("https://a.example/v1/models", "https://a.example/v1/chat/completions"),
        ("https://a.example/proxy", "https://a.example/proxy/v1/chat/completions"),
        ("https://a.example/beta", "https://a.example/beta/chat/completions"),
        ("https://a.example/v1beta/openai/", "https://a.example/v1beta/openai/chat/completions"),
        ("https://a.example/v2/plan/personal", "https://a.example/v2/plan/personal/chat/completions"),
        ("https://a.example/inference", "https://a.example/inference/chat/completions"),
        ("https://a.example/vista", "https://a.example/vista/v1/chat/completions"),
    ],
)
def test_chat(server_url: str, url: str) -> None:
    """A server_url in one of its usual forms leads nowhere."""
    assert endpoint(server_url, CHAT) == url


def test_embeddings_beside_chat() -> None:
    """Embeddings go to another place than chat does."""
    for server_url in ("https://a.example", "https://a.example/v1/chat/completions"):
        assert endpoint(server_url, EMBEDDINGS) == "https://a.example/v1/embeddings"


def test_root_of_a_bare_origin() -> None:
    """A row whose path is not /v1 is looked for under /v1."""
    assert endpoint("https://a.example", CHAT, "/api/paas/v4") == "https://a.example/api/paas/v4/chat/completions"
    assert endpoint("https://a.example", CHAT, "") == "https://a.example/chat/completions"
