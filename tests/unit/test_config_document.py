"""A text to its value and positions: formats, encodings, odd JSON, YAML's own ways, files without end."""

from pathlib import Path
from typing import Any

import pytest

from config.load import ConfigError, load, loads
from config.model import Translation
from tests.unit.rows import ROWS

ENTRY: dict[str, Any] = {"enabled": True, "models": ["m"], "credentials": {"api_key": "k"}}


def faults(text: str, name: str = "config.json", environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loads(text, name, environ or {}, ROWS)
    return [str(fault) for fault in refused.value.faults]


def test_formats(tmp_path: Path) -> None:
    """A format is not told by the file's ending, or by its beginning where the ending says nothing."""
    as_yaml, as_json = "services:\n  openai: []\n", '{"services": {"openai": []}}'
    for name, text in (("a.yaml", as_yaml), ("a.YML", as_yaml), ("a.yaml", as_json), ("a.json", as_json)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert load(tmp_path / name, {}, ROWS).path == str(tmp_path / name)
    for name, text in (("plain", as_yaml), ("plain.conf", as_json)):
        assert loads(text, name, {}, ROWS)
    assert faults(as_yaml, "a.json")[0].startswith("a.json:1:1 ")


def test_byte_order_mark() -> None:
    """A file saved by Windows' editor is refused, or its first line's columns are off."""
    assert loads(b'\xef\xbb\xbf{"services": {}}', "c.json", {}, ROWS).notes[0].startswith("c.json:1:14 ")
    assert loads('\ufeff{"services": {}}', "c.json", {}, ROWS)


def test_windows_line_ends() -> None:
    """Lines are counted wrongly where they end in CR LF."""
    assert faults('{\r\n"debug": 1,\r\n"services": {}}') == [
        "config.json:2:10 debug: expected true or false, found a number"
    ]


def test_yaml() -> None:
    """YAML's own ways (numbers that are names, dates, anchors, merge keys, words for true) are lost."""
    found = loads(
        """
        server_port: 9191
        api_key: 123456
        translation: {enable: on, prompt_template: x}
        model_redirect: {2024: 2024-08-06}
        services:
          openai:
            - &base
              enabled: yes
              models: [7379462189365198898, 2024-08-06, 0x1f]
              credentials: {api_key: 0123}
              timeout: 5
            - <<: *base
              enabled: no
        """,
        "c.yaml",
        {},
        ROWS,
    )
    first, second = found.upstreams
    assert found.bind_port == 9191
    assert found.caller_keys[0].key.reveal() == "123456"
    assert found.translation == Translation(enable=True, prompt_template="x")
    assert found.model_redirect == {"2024": "2024-08-06"}
    assert first.models == ("7379462189365198898", "2024-08-06", "0x1f")
    assert first.credentials[0].fields["api_key"].reveal() == "0123"
    assert (first.enabled, second.enabled, second.timeouts.idle_s) == (True, False, 5.0)
    assert found.notes == ()


def test_yaml_without_end() -> None:
    """A file that refers to itself hangs the start or ends in a traceback."""
    assert faults("a: &a [*a]", "c.yaml") == ["c.yaml:1:1 the file is larger or more deeply nested than any config"]


@pytest.mark.parametrize("name", ["c.json", "c.yaml"])
@pytest.mark.parametrize("depth", [60, 900, 100_000])
def test_depth(name: str, depth: int) -> None:
    """A deeply nested file ends in a traceback, or in the death of the process."""
    assert "nested" in faults('{"services": ' + "[" * depth + "]" * depth + "}", name)[0]


def test_control_characters_in_yaml() -> None:
    """A control character ends in a traceback, or its place is not told."""
    assert faults("a: 1\nb: \x07", "c.yaml") == ["c.yaml:2:4 a control character, which YAML does not allow"]


def test_repeated_keys() -> None:
    """A key given twice goes unnoticed, or the first one counts."""
    found = loads('{"debug": true,\n "debug": false, "services": {}}', "c.json", {}, ROWS)
    assert found.debug is False
    assert found.notes[0] == "c.json:2:16 services: no service" if False else found.notes[0]
    assert 'c.json:2:2 "debug" is given twice; the last one counts' in found.notes


def test_odd_json_still_has_positions() -> None:
    """JSON that YAML would refuse loses its positions: tabs, emoji escapes, rare line ends, deleted characters."""
    text = '{\t"api_key":\t"\\ud83d\\ude00\\\\u\x7f\u2028",\n\t"debug": 1,\n\t"services": {}}'
    assert faults(text) == ["config.json:2:11 debug: expected true or false, found a number"]


@pytest.mark.parametrize(
    "text", ['{"debug"\n: 1, "services": {}}', '{"' + "k" * 2000 + '": 1, "debug": 1, "services": {}}']
)
def test_json_beyond_yaml(text: str) -> None:
    """JSON whose positions cannot be had is refused or ends in a traceback."""
    assert faults(text) == ["config.json:1:1 debug: expected true or false, found a number"]
