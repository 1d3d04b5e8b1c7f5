"""Which of Ollama's two protocols an entry means, at which address; its embeddings; and what its config may hold."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Settings
from providers.errors import ProviderError
from providers.types import Destination, EmbeddingRequest, Json
from providers.vendor import choose, load_vendors
from tests.unit.test_ollama_request import LOCAL, NATIVE, OPENAI, TOOL, body, encoded

ROWS = load_vendors()


@pytest.mark.parametrize(
    ("server_url", "url", "row"),
    [
        ("http://h:1", "http://h:1/api/chat", "ollama"),
        ("http://h:1/", "http://h:1/api/chat", "ollama"),
        ("h:1", "http://h:1/api/chat", "ollama"),
        ("http://h/api/", "http://h/api/chat", "ollama"),
        ("http://h/api/generate", "http://h/api/chat", "ollama"),
        ("http://h/api/tags?x=1", "http://h/api/chat?x=1", "ollama"),
        ("http://h/ollama", "http://h/ollama/api/chat", "ollama"),
        ("http://h/ollama/api/chat/", "http://h/ollama/api/chat", "ollama"),
        ("https://ollama.com", "https://ollama.com/api/chat", "ollama"),
        ("http://h/v1", "http://h/v1/chat/completions", "ollama-openai"),
        ("http://h/v1/", "http://h/v1/chat/completions", "ollama-openai"),
        ("http://h/p/v1/chat/completions", "http://h/p/v1/chat/completions", "ollama-openai"),
    ],
)
def test_addresses(server_url: str, url: str, row: str) -> None:
    """Broken: a form of server_url leads to another endpoint, or to the other protocol."""
    found = choose(ROWS, "ollama", "", server_url, frozenset())
    assert found
    assert found.name == row
    assert encoded(row=found, url=server_url).url == url


def test_key_of_the_cloud() -> None:
    """Broken: a key is invented where none is needed, or not sent where one is."""
    wire = encoded()
    assert "authorization" not in NATIVE.sign(wire, {}, 0).headers
    entry = loads(json.dumps({"services": {"ollama": [{"credentials": {"api_key": "k"}}]}}), "c", {}, ROWS).upstreams[0]
    signed = NATIVE.sign(wire, entry.credentials[0].fields, 0)
    assert signed.headers["authorization"] == "Bearer k"


def test_openai_surface() -> None:
    """Broken: the OpenAI surface gets what it passes over in silence."""
    asked = {"max_completion_tokens": 5, "n": 2, "user": "u", "tools": [TOOL], "tool_choice": "required"}
    wire = encoded(row=OPENAI, **asked)
    assert body(wire).keys() == {"model", "messages", "max_tokens", "tools"}
    assert sorted(wire.changes) == ["dropped n", "dropped tool_choice", "dropped user"]
    assert body(encoded(row=OPENAI, tools=[TOOL], tool_choice="none")).keys() == {"model", "messages"}


def test_embeddings() -> None:
    """Broken: a setting of embeddings is lost, or token numbers go up."""
    assert NATIVE.embed
    to = Destination("e", f"{LOCAL}/api/chat", options={"keep_alive": "1h", "options": {"num_ctx": 9}, "think": True})
    wire = NATIVE.embed.encode(
        EmbeddingRequest("e", ["a"], {"dimensions": 3, "user": "u", "encoding_format": "base64"}), to
    )
    assert wire.url == f"{LOCAL}/api/embed"
    assert body(wire) == {"model": "e", "input": ["a"], "keep_alive": "1h", "options": {"num_ctx": 9}, "dimensions": 3}
    assert wire.changes == ("dropped user",)
    with pytest.raises(ProviderError, match="not token numbers"):
        NATIVE.embed.encode(EmbeddingRequest("e", [[1, 2]], {}), to)


def settings(**entry: Any) -> Settings:
    return loads(json.dumps({"services": {"ollama": [{"enabled": True, **entry}]}}), "c.json", {}, ROWS)


@pytest.mark.parametrize("credentials", [{}, None, {"api_key": ""}, {"api_key": "k"}])
def test_entries(credentials: Any) -> None:
    """Broken: an entry of an old file, without a key or an address, is refused or offers nothing."""
    found = settings(credentials=credentials)
    assert found.notes == ()
    assert found.upstreams[0].server_url == f"{LOCAL}/api/chat"
    assert "llama3.2" in found.upstreams[0].models
    assert found.upstreams[0].timeouts.first_event_s == 600
    assert settings(timeout=30, first_event_timeout=40).upstreams[0].timeouts.first_event_s == 40
    assert settings(server_url="127.0.0.1:11434/v1").upstreams[0].vendor == "ollama-openai"
    tuned = {"options": {"num_ctx": 8192}, "keep_alive": "10m", "think": False, "truncate": False}
    assert settings(**tuned).upstreams[0].options == tuned


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"credentials": {"apikey": "k"}}, 'unknown field "apikey" (did you mean "api_key"?)'),
        ({"server_url": "ollama.example"}, "the URL has no scheme"),
        ({"server_url": "127.0.0.1:99999"}, "port is not a number"),
        ({"keep_aliv": "1h"}, 'did you mean "keep_alive"?'),
    ],
)
def test_faults_of_the_config(entry: Json, told: str) -> None:
    """Broken: a field that is misspelt is not told by its name."""
    with pytest.raises(ConfigError) as refused:
        settings(**entry)
    assert told in "\n".join(str(fault) for fault in refused.value.faults)
