"""A whole file to Settings: formats, references, defaults, what old files hold, and one report of all faults."""

import json
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
        ("production", ("info", False)),
        ("productionjson", ("info", True)),
        ("prodjson", ("info", True)),
        ("development", ("debug", False)),
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


def test_blanks_in_lists_and_maps() -> None:
    """What a form left empty is taken for a name, and so a file that worked is refused."""
    entry = {**ENTRY, "models": [None, " ", "m"], "model_redirect": {"a": "", "b": None}, "model_map": {"m": " "}}
    found = settings(model_redirect={"x": " "}, services={"openai": [entry]})
    assert (found.notes, found.model_redirect) == ((), {})
    (upstream,) = found.upstreams
    assert (upstream.models, upstream.model_redirect, upstream.model_map) == (("m",), {}, {})


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


def test_range_that_was_never_set() -> None:
    """A range that the Go program wrote out with zeros, because nobody set it, holds every value at zero."""
    unset = {"min": 0, "max": 0}
    found = settings(params_range={"m": {"temperatureRange": {"min": 0.1, "max": 0.9}, "topPRange": unset}})
    assert found.params_range["m"] == ParamsRange(temperature=(0.1, 0.9))
    assert found.notes[0].endswith('topPRange: 0 means no bounds; "max": 0 alone is one (leave it out)')
    assert settings(params_range={"m": {"topPRange": {"max": 0}}}).params_range["m"].top_p == (None, 0)


def test_unreadable_file(tmp_path: Path) -> None:
    """A missing file ends in a traceback."""
    with pytest.raises(ConfigError, match=r"no\.json:1:1 cannot be read: No such file"):
        load(tmp_path / "no.json")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


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


def test_no_redirect_faults_while_names_are_unknown() -> None:
    """A fault in one entry's models makes every redirect a fault."""
    told = faults('{"model_redirect": {"a": "b"}, "services": {"openai": [{"enabled": true, "models": 5}]}}')
    assert not any("no enabled service" in line for line in told)


def test_installed_vendors() -> None:
    """Without vendors of the caller's choice, those of this version are not used."""
    found = loads(json.dumps({"services": {"openai": [ENTRY]}}), environ={})
    assert found.upstreams[0].vendor == "openai"
