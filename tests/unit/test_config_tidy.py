"""Keys that nearly fit, keys of nobody, and the values that Go wrote for absent ones."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Settings
from tests.unit.rows import ROWS

ENTRY: dict[str, Any] = {"enabled": True, "models": ["m"], "credentials": {"api_key": "k"}}


def settings(environ: dict[str, str] | None = None, **top: Any) -> Settings:
    document = {"services": {"openai": [ENTRY]}, **top}
    return loads(json.dumps(document), "config.json", environ or {}, ROWS)


def faults(text: str, name: str = "config.json", environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loads(text, name, environ or {}, ROWS)
    return [str(fault) for fault in refused.value.faults]


def test_other_case() -> None:
    """Keys that Go's reader took in any case are refused, or win over the exact one."""
    found = settings(Debug=True, DEBUG=True, debug=False)
    assert found.debug is False
    assert [note.partition(" ")[2] for note in found.notes] == [
        '"Debug" is read as "debug"',
        '"DEBUG" is read as "debug"',
    ]
    assert settings(API_KEY="x").caller_keys[0].label == "master"


def test_unknown_keys() -> None:
    """A key that resembles nothing known stops the start, or is passed over in silence."""
    found = settings(weight=1, _debug=True, statistics={"enabled": True})
    assert sorted(note.partition(" ")[2] for note in found.notes) == [
        "statistics: has no effect (this version keeps no statistics)",
        'unknown field "_debug" is ignored',
        'unknown field "weight" is ignored',
    ]


@pytest.mark.parametrize(
    "key",
    ["weight", "priority", "description", "name", "note", "comment", "tags", "type", "region", "headers", "stream"],
)
def test_keys_that_are_nobodys_misspelling(key: str) -> None:
    """A harmless key of an entry is taken for a misspelt one, and an old file is refused."""
    found = settings(services={"openai": [{**ENTRY, key: "x"}]})
    assert len(found.notes) == 1


def test_misspelt_key_beside_the_right_one() -> None:
    """The value of a misspelt key takes the place of the right one."""
    assert faults('{"debug": true, "debgu": 5, "services": {}}') == [
        'config.json:1:17 unknown field "debgu" (did you mean "debug"?)'
    ]


def test_nulls_and_empty_texts() -> None:
    """What Go wrote for absent values is refused."""
    blank = {
        "server_url": "",
        "model_map": None,
        "proxy": None,
        "limit": {"qps": 0, "timeout": 0},
        "id": "",
        "timeout": 0,
    }
    found = settings(
        api_key="",
        api_keys=None,
        load_balancing="",
        model_redirect=None,
        proxy={"strategy": "", "type": "", "http_proxy": "", "socks5_proxy": "", "timeout": 0},
        services={"openai": [{**ENTRY, **blank}], "deepseek": None},
    )
    plain = settings()
    assert found.upstreams == plain.upstreams
    assert replace(found, notes=()) == plain
    assert [note.partition(" ")[2] for note in found.notes] == [
        "services.openai[0].limit.qps: 0 means no limit (leave it out)",
        "services.openai[0].limit.timeout: 0 means the default (leave it out)",
        "services.openai[0].timeout: 0 means the default (leave it out)",
        "proxy.timeout: 0 means the default (leave it out)",
    ]


def test_names_are_fit_to_print() -> None:
    """A control character or an endless name of a file reaches the terminal."""
    told = faults(json.dumps({"services": {"a\x1b[2J" + "x" * 100: []}}))
    assert "\x1b" not in told[0]
    assert len(told[0]) < 220
