"""A whole file to Settings: formats, references, defaults, what old files hold, and one report of all faults."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.load import ConfigError, Fault, load, loads
from config.model import CallerKey, CircuitBreaker, ParamsRange, Settings, Translation
from providers.types import Secret
from tests.unit.rows import ROWS

ENTRY: dict[str, Any] = {"enabled": True, "models": ["m"], "credentials": {"api_key": "k"}}


def settings(environ: dict[str, str] | None = None, **top: Any) -> Settings:
    document = {"services": {"openai": [ENTRY]}, **top}
    return loads(json.dumps(document), "config.json", environ or {}, ROWS)


def faults(text: str, name: str = "config.json", environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        loads(text, name, environ or {}, ROWS)
    return [str(fault) for fault in refused.value.faults]


def test_defaults() -> None:
    """The least file does not give the defaults of the model."""
    found = loads('{"services": {}}', "c.json", {}, ROWS)
    assert replace(found, notes=()) == Settings(path="c.json")
    assert found.notes == ("c.json:1:14 services: no service is enabled: every request will be answered with an error",)


def test_everything() -> None:
    """A setting of the top level is lost or lands in the wrong place."""
    found = settings(
        server_port="127.0.0.1:8080",
        debug=True,
        log_level="prodj",
        load_balancing="rr",
        enable_web=True,
        max_body_mb=1.5,
        keepalive_seconds=5,
        multi_content_models=["gpt-4o*"],
        model_redirect={"gpt-4": "m", "any": "random"},
        circuit_breaker={
            "enabled": False,
            "failure_threshold": 2,
            "recovery_timeout_seconds": 1.5,
            "half_open_max_requests": 3,
        },
        translation={"enable": True, "promptTemplate": " x", "retry": 2, "concurrency": 7},
        params_range={"m": {"temperatureRange": {"min": 0, "max": 1}, "topPRange": {"max": 0.5}, "maxTokens": 10}},
    )
    assert (found.bind_host, found.bind_port, found.debug, found.enable_web) == ("127.0.0.1", 8080, True, True)
    assert (found.log_level, found.log_json, found.load_balancing) == ("info", True, "round_robin")
    assert (found.max_body_bytes, found.keepalive_s) == (3 * 2**19, 5.0)
    assert found.multi_content_models == ("gpt-4o*",)
    assert found.model_redirect == {"gpt-4": "m", "any": "random"}
    assert found.circuit_breaker == CircuitBreaker(False, 2, 1.5, 3)
    assert found.translation == Translation(True, "x", 2, 7)
    assert found.params_range == {"m": ParamsRange((0.0, 1.0), (None, 0.5), 10)}
    assert found.notes == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (":9090", ("", 9090)),
        ("9090", ("", 9090)),
        (9090, ("", 9090)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("localhost:80", ("localhost", 80)),
        ("", ("", 9090)),
        (None, ("", 9090)),
    ],
)
def test_server_port(value: Any, expected: tuple[str, int]) -> None:
    """An address that existing files hold is refused or read wrongly."""
    found = settings(server_port=value)
    assert (found.bind_host, found.bind_port) == expected


@pytest.mark.parametrize("value", [1.5, True, ["9090"], "x", ":", ":0", ":65536", "1.2.3.4", ":" + "9" * 30])
def test_bad_server_port(value: Any) -> None:
    """Something that is no port is taken for one."""
    with pytest.raises(ConfigError, match="server_port: "):
        settings(server_port=value)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("debug", ("debug", False)),
        ("dev", ("debug", False)),
        ("prod", ("info", False)),
        ("prodj", ("info", True)),
        ("WARN", ("warn", False)),
        ("error", ("error", False)),
        ("", ("info", False)),
    ],
)
def test_log_level(written: str, expected: tuple[str, bool]) -> None:
    """An old spelling of a log level is lost."""
    found = settings(log_level=written)
    assert (found.log_level, found.log_json) == expected


def test_caller_keys() -> None:
    """A key opens other models than its file says, or its label moves."""
    found = settings(
        api_key="top",
        api_keys=[
            {"api_key": "a", "supported_models": {"x": ["m"], "y": ["n"]}},
            {"api_key": "b", "supported_models": {"x": ["m"], "y": ["*"]}},
            {"api_key": "c"},
        ],
    )
    assert found.caller_keys == (
        CallerKey(Secret("top"), "master", None),
        CallerKey(Secret("a"), "key-1", frozenset({"m", "n"})),
        CallerKey(Secret("b"), "key-2", None),
        CallerKey(Secret("c"), "key-3", frozenset()),
    )
    assert [note.partition(" ")[2] for note in found.notes] == [
        'api_keys[0].supported_models: no enabled service offers "n"',
        'api_keys[2]: opens no model (list some in supported_models, or "*" for all)',
    ]


def test_empty_list_of_content_models() -> None:
    """An empty list flattens the content of every model."""
    assert settings(multi_content_models=[]).multi_content_models is None


@pytest.mark.parametrize(
    "redirect", [{"all": "all"}, {"all": "random"}, {"all": "m"}, {"x": "random"}, {"x": "alias"}, {"x": "e"}]
)
def test_redirects_that_lead_somewhere(redirect: dict[str, str]) -> None:
    """A redirect that works is refused."""
    entry = {**ENTRY, "model_redirect": {"alias": "m"}, "embedding_models": ["e"]}
    assert settings(model_redirect=redirect, services={"openai": [entry]}).notes == ()


def test_redirect_named_all_to_another_name() -> None:
    """Only the key "all" may lead to "all"."""
    with pytest.raises(ConfigError, match='no enabled service offers "all"'):
        settings(model_redirect={"x": "all"})


def test_redirects_without_services() -> None:
    """A gateway without upstreams is refused for the redirects it cannot follow anyway."""
    found = settings(model_redirect={"x": "y"}, services={"openai": [{**ENTRY, "enabled": False}]})
    assert "no service is enabled" in found.notes[0]


def test_range_for_nobody() -> None:
    """A range that no request will meet goes unnoticed."""
    found = settings(params_range={"n": {}, "random": {}})
    assert found.notes == ('config.json:1:114 params_range: no enabled service offers "n"',)


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


def test_unreadable_file(tmp_path: Path) -> None:
    """A missing file ends in a traceback."""
    with pytest.raises(ConfigError, match=r"no\.json:1:1 cannot be read: No such file"):
        load(tmp_path / "no.json")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


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


def test_control_characters_in_yaml() -> None:
    """A control character ends in a traceback, or its place is not told."""
    assert faults("a: 1\nb: \x07", "c.yaml") == ["c.yaml:2:4 a control character, which YAML does not allow"]


def test_repeated_keys() -> None:
    """A key given twice goes unnoticed, or the first one counts."""
    found = loads('{"debug": true,\n "debug": false, "services": {}}', "c.json", {}, ROWS)
    assert found.debug is False
    assert found.notes[0] == "c.json:2:16 services: no service" if False else found.notes[0]
    assert 'c.json:2:2 "debug" is given twice; the last one counts' in found.notes


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


def test_order_of_faults() -> None:
    """Faults do not come in the order of the file."""
    told = faults('{"services": {"openai": [{"models": 1}]},\n"debug": 1}')
    assert [line.split(" ")[0] for line in told] == ["config.json:1:26", "config.json:1:37", "config.json:2:10"]


def test_error_in_parts() -> None:
    """The parts of a fault cannot be had, or the notes of a broken file are lost."""
    with pytest.raises(ConfigError) as refused:
        loads('{"debug": 1, "weight": 1, "services": {}}', "c.json", {}, ROWS)
    assert refused.value.faults == (Fault("c.json", 1, 11, "debug", "expected true or false, found a number"),)
    assert refused.value.notes[0].message == 'unknown field "weight" is ignored'


def test_names_are_fit_to_print() -> None:
    """A control character or an endless name of a file reaches the terminal."""
    told = faults(json.dumps({"services": {"a\x1b[2J" + "x" * 100: []}}))
    assert "\x1b" not in told[0]
    assert len(told[0]) < 220


def test_no_redirect_faults_while_names_are_unknown() -> None:
    """A fault in one entry's models makes every redirect a fault."""
    told = faults('{"model_redirect": {"a": "b"}, "services": {"openai": [{"enabled": true, "models": 5}]}}')
    assert not any("no enabled service" in line for line in told)


def test_installed_vendors() -> None:
    """Without vendors of the caller's choice, those of this version are not used."""
    found = loads(json.dumps({"services": {"openai": [ENTRY]}}), environ={})
    assert found.upstreams[0].vendor == "openai"


def test_speed() -> None:
    """A file of fifty entries takes so long that a reload is felt."""
    entry = {**ENTRY, "models": [f"model-{n}" for n in range(20)], "limit": {"qps": 1}, "model_map": {"model-1": "x"}}
    text = json.dumps({"services": {"openai": [{**entry, "id": str(n)} for n in range(50)]}}, indent=2)
    loads(text, "c.json", {}, ROWS)
    started = time.process_time()
    loads(text, "c.json", {}, ROWS)
    assert time.process_time() - started < (1 if "coverage" in sys.modules else 0.1)
