"""Credentials of an entry: one or several, checked by the fields that the vendor knows."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Credential, Limits, Settings, Upstream
from providers.types import Secret
from tests.unit.rows import ROWS

KEY = {"api_key": "k"}


def settings(services: dict[str, Any]) -> Settings:
    return loads(json.dumps({"services": services}), "c.json", {}, ROWS)


def one(service: str, **entry: Any) -> Upstream:
    written = {"enabled": True, "models": ["m"], "credentials": KEY, **entry}
    return settings({service: [written]}).upstreams[0]


def notes(service: str, **entry: Any) -> list[str]:
    written = {"enabled": True, "models": ["m"], "credentials": KEY, **entry}
    return [note.partition(" ")[2] for note in settings({service: [written]}).notes]


def faults(service: str, **entry: Any) -> list[str]:
    written = {"enabled": True, "models": ["m"], "credentials": KEY, **entry}
    with pytest.raises(ConfigError) as refused:
        settings({service: [written]})
    return [str(fault).partition(" ")[2] for fault in refused.value.faults]


def test_list_of_credentials() -> None:
    """A credential of a list is lost, or one that is switched off is used."""
    found = one(
        "openai",
        credentials={},
        credential_list=[
            {"api_key": "a", "limit": {"qps": 1}, "id": "x", "name": "y", "model_limits": {"m": {}}},
            {"api_key": "b", "enabled": False},
            {"enabled": False},
            {"api_key": 123},
        ],
    )
    assert found.credentials == (
        Credential({"api_key": Secret("a")}, Limits(qps=1)),
        Credential({"api_key": Secret("123")}),
    )


def test_list_beside_one_credential() -> None:
    """Nobody is told that one of two ways to give credentials has no effect."""
    assert notes("openai", credential_list=[KEY]) == [
        "services.openai[0].credentials: has no effect beside credential_list"
    ]


def test_list_without_an_enabled_credential() -> None:
    """An entry whose credentials are all switched off is called without any."""
    entry = {"enabled": True, "models": ["m"], "credential_list": [{**KEY, "enabled": False}]}
    found = settings({"openai": [entry]})
    assert not found.upstreams[0].enabled
    assert "no credential is enabled" in found.notes[1]


def test_credential_values() -> None:
    """A key file's content given as an object, or a limit beside a single credential, is refused."""
    fields = {"project_id": "p", "location": "l", "json_file": {"type": "x"}, "limit": {"qps": 2}}
    (found,) = one("vertexai", credentials=fields).credentials
    assert found.fields["json_file"].reveal() == '{"type": "x"}'
    assert found.limits.qps == 2
    assert "limit" not in found.fields


def test_optional_fields() -> None:
    """An optional field is lost, or an empty one is kept."""
    fields = {"api_key": "a", "secret_key": "s", "address": "x"}
    assert set(one("qianfan", credentials=fields).credentials[0].fields) == {"api_key", "secret_key", "address"}
    assert set(one("ollama", credentials={"api_key": ""}).credentials[0].fields) == set()


def test_no_credential_needed() -> None:
    """A vendor that asks for nothing is refused without credentials."""
    assert one("ollama", credentials=None).credentials == (Credential({}),)


def test_note_of_the_row() -> None:
    """What a vendor says of its fields does not reach who left one out."""
    assert faults("xinghuo", credentials={}) == [
        'services.xinghuo[0].credentials: missing field "api_key" (api_key is the console\'s APIPassword)'
    ]


def test_begun_alternative() -> None:
    """Who left out one of two fields is asked for another one."""
    told = faults("hunyuan", credentials={"secret_key": "x"})
    assert told[0].startswith('services.hunyuan[0].credentials: missing field "secret_id"')
