"""What ``check`` says of entries for Dify, and that those of existing files load unchanged."""

import json
from typing import Any

import pytest

from app.runtime import build
from config.load import ConfigError, loads
from config.model import Settings
from providers.vendor import load_vendors

VENDORS = load_vendors()


def settings(credentials: Any, **entry: Any) -> Settings:
    written = {"enabled": True, "models": ["m"], "credentials": credentials, **entry}
    return loads(json.dumps({"services": {"dify": [written]}}), "c.json", {}, VENDORS)


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, ['missing field "api_key"', "the key of one app"]),
        ({"api_key": " "}, ["credentials.api_key: is empty"]),
        ({"api-key": "app-x"}, ['unknown field "api-key" (did you mean "api_key"?)']),
        ({"apikey": "app-x"}, ['unknown field "apikey" (did you mean "api_key"?)']),
        ({"token": "app-x"}, ['missing field "api_key"', 'unknown field "token"']),
    ],
)
def test_faults(credentials: Any, words: list[str]) -> None:
    """Broken: a credential that lacks its field, or misspells it, is not told by the field's name."""
    with pytest.raises(ConfigError) as refused:
        settings(credentials)
    told = "\n".join(str(fault) for fault in refused.value.faults)
    assert all(word in told for word in words), told


def test_keys_of_the_knowledge_base() -> None:
    """Broken: an operator is not told of a key that opens no app, or the note tells the key."""
    (note,) = settings({"api_key": "dataset-secret"}).notes
    assert "opens the knowledge base" in note
    assert "dataset-secret" not in note
    assert settings({"api_key": "app-secret"}).notes == ()


def test_options_reach_the_app() -> None:
    """Broken: a setting of the entry does not reach the vendor, or is said to have no effect."""
    options = {
        "inputs": {"lang": "zh"},
        "input_variable": "topic",
        "output_variable": "summary",
        "always_stream": True,
        "split_think": True,
    }
    url = "http://dify.example/v1/workflows/run"
    found = settings({"api_key": "app-k"}, server_url=url, **options)
    assert found.notes == ()
    (target,) = build(found, VENDORS).chat["m"]
    assert (target.to.options, target.to.server_url) == (options, url)
