"""Files that the Go program loads, odd as they are: they load here too, and notes say what was made of them."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import CircuitBreaker, Settings

ENTRY = {"enabled": True, "models": ["m"], "credentials": {"api_key": "CANARY"}}


def load(**fields: Any) -> Settings:
    return loads(json.dumps({"services": {"openai": [ENTRY]}, **fields}), "c.json", {})


def notes(**fields: Any) -> list[str]:
    return [note.partition(" ")[2] for note in load(**fields).notes]


def test_zeros_of_the_breaker() -> None:
    """A file whose breaker was written out without ever being set does not load, or never lets anything through."""
    unset = {"enabled": True, "failure_threshold": 0, "recovery_timeout_seconds": 0, "half_open_max_requests": 0}
    assert load(circuit_breaker=unset).circuit_breaker == CircuitBreaker()
    assert len(notes(circuit_breaker=unset)) == 3


def test_a_level_written_out() -> None:
    """The word "warning" stops the start."""
    assert load(log_level="warning").log_level == "warn"


@pytest.mark.parametrize(
    ("listed", "opened"),
    [
        ([("k", ["a"])], {"key-1": {"a"}}),
        ([("k", ["*"])], {"key-1": None}),
        ([("x", ["a"]), ("k", ["a"])], {"key-1": {"a"}, "key-2": {"a"}}),
        ([("x", ["a"]), ("x", ["b"])], {"master": None, "key-1": {"a", "b"}}),
        ([("x", ["a"]), ("x", ["*"])], {"master": None, "key-1": None}),
        ([("x", [])], {"master": None, "key-1": set()}),
    ],
)
def test_a_key_that_stands_twice(listed: list[tuple[str, list[str]]], opened: dict[str, Any]) -> None:
    """A key that is also ``api_key`` opens more than its models, or one that is listed twice opens less than both."""
    keys = [{"api_key": key, "supported_models": {"all": models}} for key, models in listed]
    found = load(api_key="k", api_keys=keys).caller_keys
    assert {caller.label: None if caller.models is None else set(caller.models) for caller in found} == opened


def test_keys_that_stand_twice_are_told() -> None:
    """Nobody learns that one of two keys has no effect, or a key is shown."""
    keys = [{"api_key": key, "supported_models": {"all": ["*"]}} for key in ("CANARY", "CANARY-1", "CANARY-1")]
    told = notes(api_key="CANARY", api_keys=keys)
    assert told == [
        "api_key: stands in api_keys too (it opens what api_keys[0] says)",
        "api_keys[2].api_key: duplicate key (api_keys[1] is the same, and opens both)",
    ]


def test_services_in_capitals() -> None:
    """A service in another case is refused, or not told."""
    settings = loads(json.dumps({"services": {"OpenAI": [ENTRY]}}), "c.json", {})
    assert settings.upstreams[0].vendor == "openai"
    assert settings.notes[0].endswith('"OpenAI" is read as "openai"')


def test_a_service_that_is_not_known_and_not_used() -> None:
    """An entry that is switched off keeps the gateway from starting; or one in use is passed over."""
    off = {**ENTRY, "enabled": False}
    services = {"openai": [ENTRY], "jiutian": [off]}
    settings = loads(json.dumps({"services": services}), "c.json", {})
    assert [one.enabled for one in settings.upstreams] == [True, False]
    assert 'unknown service "jiutian"' in settings.notes[0]
    for entries in ([ENTRY], [off, ENTRY], [], off | {"enabled": True}):
        with pytest.raises(ConfigError, match='unknown service "jiutian"'):
            loads(json.dumps({"services": {**services, "jiutian": entries}}), "c.json", {})


def test_coze() -> None:
    """The older name of a service is not known."""
    settings = loads(json.dumps({"services": {"coze": [{**ENTRY, "credentials": {"token": "t"}}]}}), "c.json", {})
    assert settings.upstreams[0].server_url == "https://api.coze.cn/v3/chat"


def test_a_redirect_to_what_is_switched_off() -> None:
    """Switching an entry off for a while stops the whole gateway."""
    off = {**ENTRY, "enabled": False, "models": ["sleeping"]}
    services = {"openai": [ENTRY, off]}
    settings = loads(json.dumps({"services": services, "model_redirect": {"x": "sleeping"}}), "c.json", {})
    assert "only services.openai[1] offers it, which is not enabled" in settings.notes[0]


def test_fields_of_a_credential_that_do_nothing() -> None:
    """A remark, a field that was never filled in, or an entry that is switched off stops the start."""
    credentials = {"api_key": "CANARY", "_remark": "mine", "secret_key": "", "group_id": None}
    settings = loads(json.dumps({"services": {"openai": [{**ENTRY, "credentials": credentials}]}}), "c.json", {})
    assert set(settings.upstreams[0].credentials[0].fields) == {"api_key"}
    assert [note.partition("unknown field ")[2][:14] for note in settings.notes] == [
        '"_remark" is i',
        '"secret_key" i',
        '"group_id" is ',
    ]
    off = {"enabled": False, "models": ["m"], "credentials": {"appid": "CANARY"}}
    assert load(services={"openai": [ENTRY, off]}).upstreams[1].enabled is False
    with pytest.raises(ConfigError, match='unknown field "apikey"'):
        load(services={"openai": [{**ENTRY, "credentials": {"api_key": "k", "apikey": ""}}]})


@pytest.mark.parametrize(
    ("service", "credentials", "told"),
    [
        ("openai", {"api_key": "CANARY", "appid": "CANARY"}, '"appid" is ignored (openai knows "api_key")'),
        ("dashscope", {"api_key": "CANARY", "secret_key": "CANARY"}, '"secret_key" is ignored (dashscope knows'),
        ("qianfan", {"api_key": "bce-v3/CANARY", "region": "CANARY"}, '"region" is ignored (qianfan-v2 knows'),
        ("hunyuan", {"api_key": "CANARY", "group_id": "CANARY"}, '"group_id" is ignored (hunyuan-openai knows'),
        ("minimax", {"api_key": "CANARY", "secret_key": "CANARY"}, '"secret_key" is ignored (minimax knows'),
        ("ollama", {"token": "CANARY"}, '"token" is ignored (ollama knows "api_key")'),
        ("ollama", {"sk-CANARY-4f9d8e7c6b5a4f9d8e7c": "x"}, 'unknown field is ignored (ollama knows "api_key")'),
    ],
)
def test_fields_beside_a_whole_credential(service: str, credentials: dict[str, str], told: str) -> None:
    """What another program reads stops the start, is passed over in silence, or is shown."""
    entry = {"enabled": True, "models": ["m"], "credentials": credentials}
    settings = loads(json.dumps({"services": {service: [entry]}}), "c.json", {})
    (note,) = (note for note in settings.notes if "unknown field" in note)
    assert told in note and "CANARY" not in note


def test_an_address_that_is_none_yet() -> None:
    """A stand-in for an address stops the start, though its entry is switched off; or one in use does not."""
    off = {**ENTRY, "enabled": False, "server_url": "your address", "auth_url": 5}
    settings = load(services={"openai": [ENTRY, off]})
    assert [note.partition(" ")[2] for note in settings.notes] == [
        "services.openai[1].server_url: the URL holds a blank",
        "services.openai[1].auth_url: expected text, found a number (put it in quotes)",
    ]
    with pytest.raises(ConfigError, match="server_url: the URL holds a blank"):
        load(services={"openai": [{**ENTRY, "server_url": "your address"}]})


@pytest.mark.parametrize("strategy", [" Disabled", "", None])
def test_addresses_of_a_proxy_that_is_not_used(strategy: str | None) -> None:
    """A stand-in for a proxy's address stops the start, though no proxy is wanted; or its password is told."""
    proxy = {"strategy": strategy, "type": "socks5", "http_proxy": "", "socks5_proxy": "socks5://user:CANARY@ip:port"}
    settings = load(proxy=proxy)
    assert settings.upstreams[0].proxy_url is None
    (note,) = settings.notes
    assert "proxy.socks5_proxy: the URL's port is not a number" in note and "CANARY" not in note
    with pytest.raises(ConfigError, match=r"proxy\.socks5_proxy"):
        load(proxy={**proxy, "strategy": "default"})
