"""Which proxy each upstream is reached through: strategies, kinds, an entry's own, and the environment's."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Settings, Upstream
from tests.unit.rows import ROWS


def settings(rules: Any, environ: dict[str, str] | None = None, **entry: Any) -> Settings:
    written = {"enabled": True, "models": ["m"], "credentials": {"api_key": "k"}, **entry}
    document = {"proxy": rules, "services": {"openai": [written]}}
    return loads(json.dumps(document), "c.json", environ or {}, ROWS)


def one(rules: Any, environ: dict[str, str] | None = None, **entry: Any) -> Upstream:
    return settings(rules, environ, **entry).upstreams[0]


def reached(rules: Any, environ: dict[str, str] | None = None, **entry: Any) -> str | None:
    url = one(rules, environ, **entry).proxy_url
    return url.reveal() if url else None


HTTP = {"strategy": "all", "http_proxy": "http://h:1", "https_proxy": "https://s:2", "socks5_proxy": "k:3"}


@pytest.mark.parametrize(
    ("rules", "entry", "expected"),
    [
        ({**HTTP, "strategy": ""}, {"use_proxy": True}, None),
        ({**HTTP, "strategy": "disabled"}, {"use_proxy": True}, None),
        ({**HTTP, "strategy": "default"}, {}, None),
        ({**HTTP, "strategy": "default"}, {"use_proxy": True}, "https://s:2"),
        ({**HTTP, "strategy": "default"}, {"use_proxy": False}, None),
        (HTTP, {}, "https://s:2"),
        (HTTP, {"use_proxy": False}, None),
        ({**HTTP, "strategy": "force_all"}, {"use_proxy": False}, "https://s:2"),
        (HTTP, {"server_url": "http://x"}, "http://h:1"),
        (HTTP, {"server_url": "ws://x"}, "http://h:1"),
        (HTTP, {"server_url": "wss://x"}, "https://s:2"),
        ({"strategy": "all", "http_proxy": "h:1"}, {}, "http://h:1"),
        ({"strategy": "all", "https_proxy": "h:1"}, {"server_url": "http://x"}, "http://h:1"),
        ({**HTTP, "type": "socks5"}, {}, "socks5h://k:3"),
        ({"strategy": "all", "socks5_proxy": "socks5://u:p@k"}, {}, "socks5h://u:p@k:1080"),
        ({"strategy": "all", "type": "http", "http_proxy": "socks5://k:3"}, {}, "socks5h://k:3"),
        (None, {"proxy": "http://own:1"}, "http://own:1"),
        (None, {"proxy": "socks5h://own"}, "socks5h://own:1080"),
        (HTTP, {"proxy": "own:1", "use_proxy": False}, "http://own:1"),
        (HTTP, {"proxy": {"type": "socks5", "socks5_proxy": "[::1]:9"}}, "socks5h://[::1]:9"),
        (HTTP, {"proxy": {"strategy": "disabled"}}, None),
    ],
)
def test_proxy(rules: Any, entry: dict[str, Any], expected: str | None) -> None:
    """An upstream is reached through the wrong proxy, or through one that its operator did not ask for."""
    assert reached(rules, **entry) == expected


@pytest.mark.parametrize(
    ("environ", "entry", "expected"),
    [
        ({}, {}, None),
        ({"HTTPS_PROXY": "h:1", "HTTP_PROXY": "h:2"}, {}, "http://h:1"),
        ({"HTTPS_PROXY": "h:1", "https_proxy": "h:3"}, {}, "http://h:3"),
        ({"HTTPS_PROXY": "h:1", "HTTP_PROXY": "h:2"}, {"server_url": "http://x"}, "http://h:2"),
        ({"ALL_PROXY": "socks5://k:3"}, {}, "socks5h://k:3"),
        ({"HTTPS_PROXY": "h:1"}, {"use_proxy": False}, None),
        ({"HTTPS_PROXY": "h:1", "NO_PROXY": "*"}, {}, None),
        ({"HTTPS_PROXY": "h:1", "NO_PROXY": "a.com, .OpenAI.com"}, {}, None),
        ({"HTTPS_PROXY": "h:1", "NO_PROXY": "pi.openai.com"}, {}, "http://h:1"),
        ({"HTTP_PROXY": "h:1", "NO_PROXY": "x:8000"}, {"server_url": "http://x:8000"}, None),
        ({"HTTP_PROXY": "h:1", "NO_PROXY": "x:8000"}, {"server_url": "http://x:9000"}, "http://h:1"),
    ],
)
def test_proxy_of_the_environment(environ: dict[str, str], entry: dict[str, Any], expected: str | None) -> None:
    """The environment's proxy is used against its own rules."""
    assert reached({"strategy": "environment"}, environ, **entry) == expected


def test_environment_is_not_asked_for_nothing() -> None:
    """A proxy of the environment is used that the file does not ask for."""
    assert reached(None, {"HTTPS_PROXY": "h:1", "ALL_PROXY": "h:1"}) is None


def test_bad_proxy_of_the_environment() -> None:
    """An address of the environment that is none is used, or shown."""
    with pytest.raises(ConfigError) as refused:
        settings({"strategy": "environment"}, {"HTTPS_PROXY": "ftp://CANARY"})
    assert str(refused.value).partition(" ")[2] == (
        'proxy: the address in HTTPS_PROXY\'s scheme "ftp" is not one of http, https, socks5, socks5h, socks'
    )


def test_proxy_timeout() -> None:
    """The proxy's patience does not reach the upstreams behind it, or reaches others."""
    rules = {**HTTP, "timeout": 3}
    assert one(rules).timeouts.connect_s == 3
    assert one(rules, connect_timeout=4).timeouts.connect_s == 4
    assert one(rules, use_proxy=False).timeouts.connect_s == 10


def test_disabled_entry_needs_no_proxy() -> None:
    """A disabled entry without a proxy's address stops the start."""
    assert reached({"strategy": "all"}, enabled=False) is None


def test_notes() -> None:
    """Proxy settings without effect go unnoticed."""
    assert [note.partition(" ")[2] for note in settings(None, use_proxy=True).notes] == [
        "services.openai[0].use_proxy: has no effect (proxy has no strategy)"
    ]
    assert [note.partition(" ")[2] for note in settings({"http_proxy": "h:1"}).notes] == [
        'proxy: no strategy, so no proxy is used (strategy "all" sends everything through it)'
    ]
