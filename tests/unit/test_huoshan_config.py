"""What ``check`` says of credentials for Ark and for agents, and what entries of theirs become."""

import json
from typing import Any

import pytest

from app.runtime import build
from config.load import ConfigError, loads
from config.model import Settings
from providers.vendor import load_vendors

VENDORS = load_vendors()


def settings(service: str, credentials: Any, **entry: Any) -> Settings:
    written = {"enabled": True, "models": ["m"], "credentials": credentials, **entry}
    return loads(json.dumps({"services": {service: [written]}}), "c.json", {}, VENDORS)


@pytest.mark.parametrize(
    ("service", "credentials", "words"),
    [
        ("huoshan", {}, ['missing field "api_key"', "access_key + secret_key"]),
        ("huoshan", {"access_key": "AK"}, ['missing field "secret_key"']),
        ("huoshan", {"secret_key": "SK"}, ['missing field "access_key"']),
        ("huoshan", {"access_key": "AK", "secret_key": " "}, ["credentials.secret_key: is empty"]),
        (
            "huoshan",
            {"acces_key": "AK", "secret_kye": "SK"},
            ['did you mean "access_key"', 'did you mean "secret_key"'],
        ),
        ("huoshan", {"apikey": "K"}, ['unknown field "apikey" (did you mean "api_key"?)']),
        ("huoshanbot", {"access_key": "AK"}, ['missing field "secret_key"']),
        ("huoshanbot", {"token": "x"}, ['unknown field "token" (huoshanbot knows', 'missing field "api_key"']),
        ("agentbuilder", {}, ['missing field "secret_key"', "app id is the model"]),
        ("agentbuilder", {"secretKey": "x"}, ['did you mean "secret_key"?']),
        ("agentbuilder", {"api_key": "x"}, ['missing field "secret_key"', 'unknown field "api_key"']),
    ],
)
def test_faults(service: str, credentials: dict[str, str], words: list[str]) -> None:
    """Broken: a credential that lacks a field, or misspells one, is not told by the field's name."""
    with pytest.raises(ConfigError) as refused:
        settings(service, credentials)
    told = "\n".join(str(fault) for fault in refused.value.faults)
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("credentials", "note"),
    [
        ({"api_key": "AKLTsecret"}, "looks like the id of an access key"),
        ({"api_key": "k", "access_key": "AK", "secret_key": "SK"}, "access_key and secret_key have no effect"),
    ],
)
def test_notes(credentials: dict[str, str], note: str) -> None:
    """Broken: an operator is not told of a key in the wrong field, or the note tells the key."""
    (found,) = settings("huoshan", credentials).notes
    assert note in found
    assert "AKLTsecret" not in found


@pytest.mark.parametrize("service", ["huoshan", "huoshanbot"])
def test_patience(service: str) -> None:
    """Broken: a thinking model's whole answer is cut after two minutes, or a stream that never begins is waited for."""
    told = settings(service, {"api_key": "k"}).upstreams[0].timeouts
    assert (told.first_event_s, told.idle_s) == (60, 600)
    assert settings(service, {"api_key": "k"}, timeout=5).upstreams[0].timeouts.idle_s == 5


def test_keepers_of_an_entry() -> None:
    """Broken: ids that are asked with a pair of keys share one key, or an API key is exchanged."""
    pair = {"access_key": "AKLTx", "secret_key": "c2Vj"}
    names = {"models": ["a", "b", "c"], "model_map": {"a": "ep-1", "b": "ep-1", "c": "bot-1"}}
    made = build(settings("huoshan", pair, **names, embedding_models=["ep-1"]), VENDORS)
    keepers = {name: made.chat[name][0].tokens for name in "abc"}
    assert keepers["a"] is keepers["b"] is made.embedding["ep-1"][0].tokens is not None
    assert keepers["a"] is not keepers["c"]
    made = build(settings("huoshan", {**pair, "api_key": "k"}, **names), VENDORS)
    assert [made.chat[name][0].tokens for name in "abc"] == [None] * 3
