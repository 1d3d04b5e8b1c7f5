"""What ``check`` says of entries for DashScope and its applications, and what those entries become."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Settings
from providers.types import WireRequest
from providers.vendor import load_vendors
from tests.unit.dashing import HOST, KEY, ROWS, encoded

VENDORS = load_vendors()
SERVICES = ("dashscope", "aliyun", "bailian")


def settings(service: str, credentials: Any, **entry: Any) -> Settings:
    written = {"enabled": True, "models": ["m"], "credentials": credentials, **entry}
    return loads(json.dumps({"services": {service: [written]}}), "c.json", {}, VENDORS)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, ['missing field "api_key"', "begins with sk-"]),
        ({"api_key": " "}, ["credentials.api_key: is empty"]),
        ({"apikey": "sk-1"}, ['unknown field "apikey" (did you mean "api_key"?)']),
        ({"api_key": "sk-1", "workspce": "w"}, ['unknown field "workspce" (did you mean "workspace"?)']),
        ({"workspace": "w"}, ['missing field "api_key"']),
    ],
)
def test_faults(service: str, credentials: dict[str, str], words: list[str]) -> None:
    """Broken: a credential that lacks a field, or misspells one, is not told by the field's name."""
    with pytest.raises(ConfigError) as refused:
        settings(service, credentials)
    told = "\n".join(str(fault) for fault in refused.value.faults)
    assert all(word in told for word in words), told


def test_misspelt_options() -> None:
    """Broken: an option that is misspelt has no effect and nobody says so."""
    for name, right in (("flow_stream_mod", "flow_stream_mode"), ("has_thought", "has_thoughts")):
        with pytest.raises(ConfigError) as refused:
            settings("bailian", {"api_key": "sk-1"}, **{name: True})
        assert f'did you mean "{right}"?' in str(refused.value.faults[0])


def test_a_key_of_a_coding_plan() -> None:
    """Broken: an operator is not told of a key that works elsewhere only, or the note tells the key."""
    (note,) = settings("dashscope", {"api_key": "sk-sp-secret"}).notes
    assert "coding plan" in note and "secret" not in note
    plan = "https://coding.dashscope.aliyuncs.com/v1"
    assert settings("dashscope", {"api_key": "sk-sp-secret"}, server_url=plan).notes == ()
    assert settings("dashscope", {"api_key": "sk-1", "workspace": "ws"}).notes == ()


@pytest.mark.parametrize("row", ROWS)
def test_signature(row: str) -> None:
    """Broken: a key or workspace is not sent, or both forms of a key are."""
    signed = ROWS[row].sign(WireRequest("POST", HOST, {}, b""), KEY, 0.0)
    assert dict(signed.headers) == {"authorization": "Bearer sk-test"}
    credential = settings("dashscope", {"api_key": "sk-1", "workspace": "ws-1"}).upstreams[0].credentials[0]
    signed = ROWS[row].sign(WireRequest("POST", HOST, {}, b""), credential.fields, 0.0)
    assert dict(signed.headers) == {"authorization": "Bearer sk-1", "X-DashScope-WorkSpace": "ws-1"}


@pytest.mark.parametrize("row", ROWS)
def test_one_form_of_the_key(row: str) -> None:
    """Broken: a signed request holds the key's header of another vendor, if only an empty one."""
    signed = ROWS[row].sign(encoded("m", row=row), KEY, 0.0)
    assert signed.headers["authorization"] == "Bearer sk-test"
    assert "x-api-key" not in {name.lower() for name in signed.headers}


def test_models_of_an_empty_list() -> None:
    """Broken: an entry without models does not offer the old default names, or an application is made up."""
    old = {"qwen-turbo", "qwen-plus", "qwen-max", "qwen-max-longcontext"}
    for service in ("dashscope", "aliyun"):
        offered = settings(service, {"api_key": "sk-1"}, models=[]).upstreams[0]
        assert old <= set(offered.models)
        assert "text-embedding-v4" in offered.embedding_models
    assert VENDORS["bailian"].models == VENDORS["bailian"].embedding_models == ()
