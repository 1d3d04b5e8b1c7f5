"""Entries for Coze: what ``check`` says of credentials, which row speaks, and which host is asked."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.runtime import build
from config.load import ConfigError, loads
from config.model import Settings
from providers.types import WireRequest
from providers.vendor import load_vendors
from tests import rsakeys
from tests.unit.cozing import asked, user

VENDORS = load_vendors()
APP = {"client_id": "1112223334445", "public_key_id": "kid", "private_key": "<pem>"}


def settings(service: str, credentials: Any, **entry: Any) -> Settings:
    told = {name: rsakeys.key().pem if value == "<pem>" else value for name, value in credentials.items()}
    written = {"enabled": True, "models": ["bot"], "model_map": {"bot": "7379"}, "credentials": told, **entry}
    return loads(json.dumps({"services": {service: [written]}}), "c.json", {}, VENDORS)


@pytest.mark.parametrize("service", ["cozecn", "cozecom"])
@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, ['missing field "token"', "client_id + public_key_id + private_key"]),
        ({"tokne": "x"}, ['unknown field "tokne"', 'did you mean "token"?']),
        ({"token": " "}, ["credentials.token: is empty"]),
        ({**APP, "client_id": ""}, ["credentials.client_id: is empty"]),
        ({"client_id": "1", "private_key": "<pem>"}, ['missing field "public_key_id"']),
        ({"public_key_id": "k", "private_key": "<pem>"}, ['missing field "client_id"']),
        ({"client_id": "1", "public_key_id": "k"}, ['missing field "private_key"']),
        ({**APP, "private_key": "AAAA-secret"}, ["credentials.private_key: it is no PEM", "${file:"]),
        ({"clientid": "1", "publickey_id": "k", "privatekey": "<pem>"}, ['"client_id"', '"public_key_id"']),
        ({"secret": "x"}, ['unknown field "secret"', 'missing field "token"']),
    ],
)
def test_faults(service: str, credentials: dict[str, str], words: list[str]) -> None:
    """Broken: a credential that lacks a field, misspells one or holds no key is not told by the field's name."""
    with pytest.raises(ConfigError) as refused:
        settings(service, credentials)
    told = "\n".join(str(fault) for fault in refused.value.faults)
    assert all(word in told for word in words), told
    assert "AAAA" not in told


@pytest.mark.parametrize(
    ("credentials", "note"),
    [
        ({"api_key": "pat_a", "token": "pat_b"}, "token has no effect beside api_key"),
        ({**APP, "token": "pat_a"}, "client_id, public_key_id and private_key have no effect beside a token"),
    ],
)
def test_notes(credentials: dict[str, str], note: str) -> None:
    """Broken: an operator is not told which of two tokens counts."""
    assert any(note in told for told in settings("cozecn", credentials).notes)


def sent(service: str, credentials: Any, **entry: Any) -> tuple[str, WireRequest]:
    """The name of the row that speaks, and the chat as it leaves."""
    (target,) = build(settings(service, credentials, **entry), VENDORS).chat["bot"]
    wire = target.vendor.encode(asked([user("a")]), target.to)
    return target.vendor.name, target.vendor.sign(wire, target.to.credential, 0.0)


@pytest.mark.parametrize(
    ("service", "server_url", "row", "url"),
    [
        ("cozecn", "", "cozecn", "https://api.coze.cn/v3/chat"),
        ("cozecom", "", "cozecom", "https://api.coze.com/v3/chat"),
        ("cozecn", "https://api.coze.cn/v3/chat", "cozecn", "https://api.coze.cn/v3/chat"),
        ("cozecom", "https://api.coze.com/v3/chat", "cozecom", "https://api.coze.com/v3/chat"),
        ("cozecom", "https://api.coze.com", "cozecom", "https://api.coze.com/v3/chat"),
        ("cozecn", "https://api.coze.com/v3/chat", "cozecom", "https://api.coze.com/v3/chat"),
        ("cozecn", "https://api.coze.cn/open_api/v2/chat", "cozecn-v2", "https://api.coze.cn/open_api/v2/chat"),
        ("cozecom", "https://api.coze.com/open_api/v2/chat", "cozecom-v2", "https://api.coze.com/open_api/v2/chat"),
        ("cozecn", "http://studio.lan:8888", "cozecn", "http://studio.lan:8888/v3/chat"),
        ("cozecom", "http://studio.lan:8888/v3/chat", "cozecom", "http://studio.lan:8888/v3/chat"),
        ("cozecom", "https://proxy.lan/coze/v3/chat", "cozecom", "https://proxy.lan/coze/v3/chat"),
    ],
)
def test_hosts(service: str, server_url: str, row: str, url: str) -> None:
    """Broken: a config of one site, or of a self-hosted server, is sent elsewhere, or by the other protocol."""
    spoken, wire = sent(service, {"token": "pat_a"}, server_url=server_url)
    assert (spoken, wire.url) == (row, url)


@pytest.mark.parametrize(
    ("service", "server_url", "auth_url", "host"),
    [
        ("cozecn", "", "", "api.coze.cn"),
        ("cozecom", "", "", "api.coze.com"),
        ("cozecn", "https://api.coze.com", "", "api.coze.com"),
        ("cozecom", "http://studio.lan", "", "api.coze.com"),
        ("cozecom", "", "https://auth.lan", "auth.lan"),
    ],
)
def test_hosts_of_the_exchange(service: str, server_url: str, auth_url: str, host: str) -> None:
    """Broken: an app of one site is taken to the other."""
    made = build(settings(service, APP, server_url=server_url, auth_url=auth_url), VENDORS)
    tokens = made.chat["bot"][0].tokens
    assert tokens is not None
    wire = tokens.exchange.request(tokens.fields, tokens.auth_url, 1.0)
    assert wire is not None and urlsplit(wire.url).hostname == host


def test_which_token_is_sent() -> None:
    """Broken: a field is looked at before the one that wins, or a token is exchanged."""
    for credentials in (
        {"token": "pat_a"},
        {"api_key": "pat_a"},
        {"api_key": "pat_a", "token": "b"},
        {**APP, "token": "pat_a"},
    ):
        made = build(settings("cozecn", credentials), VENDORS).chat["bot"][0]
        assert made.tokens is None
        assert sent("cozecn", credentials)[1].headers["authorization"] == "Bearer pat_a"
