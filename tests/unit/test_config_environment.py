"""References to the environment and to files, replaced where they may stand and refused where they may not."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.load import ConfigError, load, loads
from tests.unit.rows import ROWS

ENTRY: dict[str, Any] = {"enabled": True, "models": ["m"], "credentials": {"api_key": "k"}}


def faults(text: str, name: str = "config.json", environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loads(text, name, environ or {}, ROWS)
    return [str(fault) for fault in refused.value.faults]


def test_references(tmp_path: Path) -> None:
    """A reference is not replaced, or a number or a yes or no out of the environment is refused."""
    (tmp_path / "key").write_text("from-file\r\n\n", encoding="utf-8")
    environ = {"KEY": "from-env", "PORT": "8080", "WEB": "true", "QPS": "0.5", "FILE": "x"}
    entry = {**ENTRY, "credentials": {"api_key": "${file:key}"}, "limit": {"qps": "${QPS}"}, "id": "$${KEY} ${KEY}-1"}
    document = {"server_port": ":${PORT}", "enable_web": "${WEB}", "api_key": "${KEY}", "services": {"openai": [entry]}}
    (tmp_path / "c.json").write_text(json.dumps(document), encoding="utf-8")
    found = load(tmp_path / "c.json", environ, ROWS)
    assert (found.bind_port, found.enable_web, found.caller_keys[0].key.reveal()) == (8080, True, "from-env")
    assert found.upstreams[0].credentials[0].fields["api_key"].reveal() == "from-file"
    assert found.upstreams[0].limits.qps == 0.5
    assert found.upstreams[0].id == "${KEY} from-env-1"


def test_references_of_the_wrong_kind() -> None:
    """A value of the environment that is no number is taken for one, or is shown."""
    text = '{"keepalive_seconds": "${A}", "debug": "${A}", "log_level": "${A}", "services": {}}'
    told = faults(text, environ={"A": "CANARY"})
    assert [line.partition(" ")[2] for line in told] == [
        "keepalive_seconds: expected a number, found text",
        "debug: expected true or false, found text",
        "log_level: unknown value (one of debug, info, warn, error, dev, prod, prodj)",
    ]


def test_unreadable_references(tmp_path: Path) -> None:
    """A file that holds no text, or too much, is taken for a key."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_bytes(b"x" * (2**20 + 1))
    told = faults(f'{{"api_key": "${{file:{tmp_path}/binary}}", "services": {{}}}}')
    assert told[0].endswith("binary cannot be read: it is not UTF-8 text")
    told = faults(f'{{"api_key": "${{file:{tmp_path}/large}}", "services": {{}}}}')
    assert told[0].endswith("large holds more than 1048576 bytes")


@pytest.mark.parametrize("key", ["${KEY}", " ${KEY}${KEY} ", "${file:key}"])
def test_a_key_whose_variable_is_empty(tmp_path: Path, key: str) -> None:
    """A variable that was never filled in opens the gateway to everybody in silence."""
    (tmp_path / "key").write_text(" \n", encoding="utf-8")
    text = json.dumps({"api_key": key, "services": {"openai": [ENTRY]}})
    name = str(tmp_path / "c.json")
    assert faults(text, name, {"KEY": ""}) == [f"{name}:1:13 api_key: is empty (leave it out where everybody may call)"]
    assert loads(text.replace(json.dumps(key), '" "'), name, {}, ROWS).caller_keys == ()
