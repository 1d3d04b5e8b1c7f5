"""Entries to upstreams: which row speaks, what is offered, with which credentials, limits and timeouts."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Credential, Limits, Settings, Upstream
from providers.types import Secret, Timeouts
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


def test_whole_entry() -> None:
    """A field of an entry is lost or lands in the wrong place."""
    found = one(
        "openai",
        id="main",
        provider="deepseek",
        models=[" a ", "b", "a", ""],
        embedding_models=["e"],
        credentials={"api_key": " k "},
        server_url=" https://relay.example/v1 ",
        auth_url="https://auth.example",
        model_map={"a": "A"},
        model_redirect={"x": "a"},
        limit={"qps": 0.5, "rpd": 10, "tpm": 1000, "concurrency": 2.0, "timeout": 5},
        embedding_limit={"qpm": 30},
        timeout=7,
        connect_timeout=1,
        first_event_timeout=2.5,
        on_unsupported="refuse",
        reasoning_models={"a": {"kind": "x"}},
    )
    assert found == Upstream(
        id="main",
        service="openai",
        vendor="deepseek",
        models=("a", "b"),
        embedding_models=("e",),
        credentials=(Credential({"api_key": Secret("k")}),),
        server_url="https://relay.example/v1",
        auth_url="https://auth.example",
        model_map={"a": "A"},
        model_redirect={"x": "a"},
        limits=Limits(qps=0.5, rpd=10, tpm=1000, concurrency=2, queue_s=5),
        embedding_limits=Limits(rpm=30),
        timeouts=Timeouts(1, 2.5, 7),
        on_unsupported="refuse",
        reasoning_models={"a": {"kind": "x"}},
    )


@pytest.mark.parametrize(
    ("service", "entry", "row"),
    [
        ("openai", {}, "openai"),
        ("openai", {"server_url": "https://api.deepseek.com/v1"}, "deepseek"),
        ("openai", {"server_url": "http://192.168.0.1:8000/v1"}, "compatible"),
        ("openai", {"provider": "zhipu"}, "zhipu"),
        ("glm", {}, "zhipu"),
        ("xinghuo", {"credentials": {"appid": "1", "api_key": "k", "api_secret": "s"}}, "xinghuo"),
        ("xinghuo", {}, "xinghuo-http"),
        ("xinghuo", {"credential_list": [KEY], "credentials": {"appid": "1"}}, "xinghuo-http"),
        (
            "xinghuo",
            {
                "credentials": {"appid": 1, "api_key": "k", "api_secret": "s"},
                "server_url": "ws://spark-api.xf-yun.com/v1",
            },
            "xinghuo",
        ),
    ],
)
def test_row(service: str, entry: dict[str, Any], row: str) -> None:
    """An entry is spoken for by the wrong row."""
    assert one(service, **entry).vendor == row


def test_defaults_of_the_row() -> None:
    """An entry that lists nothing does not offer the vendor's own, or lacks its address."""
    found = one("openai", models=[])
    assert found.models == ROWS["openai"].models
    assert found.embedding_models == ROWS["openai"].embedding_models
    assert found.server_url == ROWS["openai"].base_url


def test_defaults_of_the_family() -> None:
    """A protocol without a list of its own offers nothing, or a strange host offers the service's models."""
    assert one("xinghuo", models=[]).models == ("spark-lite",)
    assert one("openai", models=[], server_url="http://127.0.0.1:8000").models == ()


def test_chosen_models_only() -> None:
    """An operator who names chat models also opens the vendor's embeddings to everybody."""
    assert one("openai").embedding_models == ()


def test_limits() -> None:
    """Of qpm and rpm the larger one holds, or nobody is told that they are the same."""
    assert one("openai", limit={"qpm": 5, "rpm": 3}).limits.rpm == 3
    assert one("openai", limit={"rpm": 4}).limits.rpm == 4
    assert notes("openai", limit={"qpm": 5, "rpm": 3}) == [
        "services.openai[0].limit: qpm and rpm mean the same; the smaller one holds"
    ]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, Timeouts(10, 60, 120)),
        ({"timeout": 30}, Timeouts(10, 60, 30)),
        ({"timeout": 300}, Timeouts(10, 300, 300)),
        ({"timeout": 300, "first_event_timeout": 20}, Timeouts(10, 20, 300)),
    ],
)
def test_timeouts(entry: dict[str, Any], expected: Timeouts) -> None:
    """A long timeout does not cover the wait for the first byte, or a short one cuts it."""
    assert one("openai", **entry).timeouts == expected


def test_ids() -> None:
    """A default id is taken twice, or changes when an entry of another service is added."""
    entry = {"enabled": True, "models": ["m"], "credentials": KEY}
    found = settings({"openai": [{**entry, "id": "openai-2"}, entry, entry], "deepseek": [entry]})
    assert [upstream.id for upstream in found.upstreams] == ["openai-2", "openai-3", "openai-4", "deepseek-1"]


def test_enabled_left_out() -> None:
    """An entry without "enabled" is not used, or nobody is told that it is."""
    found = settings({"openai": [{"models": ["m"], "credentials": KEY}]})
    assert found.upstreams[0].enabled
    assert found.notes == ('c.json:1:26 services.openai[0]: "enabled" is absent and taken as true',)


def test_disabled_entries_may_lack_things() -> None:
    """A disabled entry that was never filled in stops the start."""
    found = settings({"azure": [{"enabled": False, "models": ["m"], "credentials": {"api_key": ""}}]})
    assert not found.upstreams[0].enabled
    assert [note.partition(" ")[2] for note in found.notes] == [
        "services: no service is enabled: every request will be answered with an error",
        "services.azure[0]: missing server_url (azure has no address of its own)",
        "services.azure[0].credentials.api_key: is empty",
    ]


def test_options() -> None:
    """A setting of a vendor's own does not reach it, or has no effect in silence."""
    found = one("azure", server_url="https://x.openai.azure.com", api_version="2024-10-21")
    assert found.options == {"api_version": "2024-10-21"}
    assert notes("openai", api_version="x") == ["services.openai[0].api_version: has no effect for openai"]
    assert faults("azure", server_url="https://x", apiVersion=1) == [
        'services.azure[0]: unknown field "apiVersion" (did you mean "api_version"?)'
    ]


def test_row_notes() -> None:
    """A provider that is none goes unnoticed."""
    assert notes("openai", provider="someone") == [
        'services.openai[0].provider: no vendor is called "someone"; openai is used'
    ]
    assert notes("openai", provider="openai") == []


def test_provider_in_capitals() -> None:
    """A provider in another case than its vendor's name has no effect."""
    assert one("openai", provider="DeepSeek", server_url="https://relay.example/v1").vendor == "deepseek"
    assert notes("openai", provider="DeepSeek") == []


def test_settings_without_effect() -> None:
    """A setting of the old program that this one does not have stops the start, or is passed over in silence."""
    assert notes("openai", upstream_protocol="auto", model_limits={"m": {"tpm": 5}}) == [
        "services.openai[0].upstream_protocol: has no effect (the vendor and server_url tell the protocol)",
        "services.openai[0].model_limits: has no effect (limits by model are not kept here)",
    ]


def test_names_that_lead_nowhere() -> None:
    """A redirect or a map of an entry that does nothing goes unnoticed, or one that works is complained of."""
    told = notes(
        "openai",
        models=["gpt-4o", "b"],
        embedding_models=["e"],
        model_redirect={"x": "gpt-4", "y": "b"},
        model_map={"b": "B", "e": "E", "gpt-4": "G", "gpt-4p": "P", "zzz": "Z"},
    )
    assert told == [
        'services.openai[0].model_redirect.x: "gpt-4" is not among the models (did you mean "gpt-4o"?)',
        'services.openai[0].model_map.gpt-4p: no request arrives under this name (did you mean "gpt-4o"?)',
        "services.openai[0].model_map.zzz: no request arrives under this name (list it in models)",
    ]


def test_entry_without_models() -> None:
    """An entry that offers nothing goes unnoticed."""
    assert "services.zhipu[0]: offers no model, so nothing reaches it (list some in models)" in notes(
        "zhipu", models=[]
    )


def test_unused_names_of_an_unknown_service() -> None:
    """The models of an entry whose service is unknown are taken to be offered by nobody."""
    document = {
        "model_redirect": {"a": "m"},
        "services": {"mine": [{"enabled": True, "models": ["m"], "server_url": "http://x"}]},
    }
    with pytest.raises(ConfigError) as refused:
        loads(json.dumps(document), "c.json", {}, ROWS)
    assert [fault.path for fault in refused.value.faults] == ["services"]
