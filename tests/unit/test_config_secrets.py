"""No value of a secret field ever shows: in a fault, a note, or a printed Settings, whatever is wrong with it."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from tests.unit.rows import ROWS

CANARY = "CANARY"
VALUES: tuple[Any, ...] = (
    CANARY,
    f"{CANARY} {CANARY}",
    f"{CANARY}\n",
    [CANARY],
    {"type": CANARY},
    f"${{{CANARY} {CANARY}}}",
    f"http://{CANARY}:{CANARY}@[::1",
    f"http://user:{CANARY}@host:99999",
    f"ftp://{CANARY}@host",
    f"socks5://{CANARY}:{CANARY}@:1",
    f"{CANARY}://{CANARY}",
    f"https://{CANARY} x",
)
FIELDS = sorted({(row.name, name) for row in ROWS.values() for name in row.credentials.known})


def told(document: Any, environ: dict[str, str] | None = None) -> str:
    """All that anybody gets to read of a file."""
    try:
        found = loads(json.dumps(document), "c.json", environ or {}, ROWS)
    except ConfigError as refused:
        return "\n".join(map(str, (*refused.faults, *refused.notes, refused, repr(refused))))
    return repr(found)


def services(service: str = "openai", **entry: Any) -> dict[str, Any]:
    base = {"enabled": True, "models": ["m"], "credentials": {"api_key": "k"}, "server_url": "https://x"}
    return {service: [{**base, **entry}]}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(("service", "name"), FIELDS)
def test_credentials(service: str, name: str, value: Any) -> None:
    """The value of a credential's field is shown."""
    for entry in (
        {"credentials": {name: value}},
        {"credentials": {name.upper(): value, name + "x": value}},
        {"credential_list": [{name: value}, value], "credentials": value},
    ):
        assert CANARY not in told({"services": services(service, **entry)})


@pytest.mark.parametrize("value", VALUES)
def test_caller_keys(value: Any) -> None:
    """A key of clients is shown."""
    for top in (
        {"api_key": value},
        {"apikey": value, "API_KEY": value},
        {"api_keys": [{"api_key": value}, {"api_key": value}, {"apiKey": value}, value]},
        {"api_keys": value},
        {"api_key": value, "api_keys": [{"api_key": value}]},
    ):
        assert CANARY not in told({**top, "services": services()})


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "socks5_proxy", "http_prox"])
def test_proxies(name: str, value: Any) -> None:
    """The address of a proxy, and so its password, is shown."""
    rules = {"strategy": "all", name: value}
    assert CANARY not in told({"proxy": rules, "services": services()})
    assert CANARY not in told({"services": services(proxy=rules)})
    if not isinstance(value, dict):  # an object is read as a proxy, and its type is no secret
        assert CANARY not in told({"services": services(proxy=value, proxyy=value, proxy_url=value)})
        assert CANARY not in told({"proxy": value, "services": services()})


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["server_url", "auth_url", "serverUrl"])
def test_faulty_urls(name: str, value: Any) -> None:
    """A faulty address, which may hold a key, is quoted."""
    with pytest.raises(ConfigError) as refused:
        loads(json.dumps({"services": services(**{name: value})}), "c.json", {}, ROWS)
    assert CANARY not in str(refused.value)


def test_environment() -> None:
    """A value of the environment is shown because it does not fit."""
    environ = {"X": CANARY}
    for top in ({"server_port": "${X}"}, {"load_balancing": "${X}"}, {"keepalive_seconds": "${X}"}, {"debug": "${X}"}):
        assert CANARY not in told({**top, "services": services(server_url="${X}", proxy="${X}://")}, environ)


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": "CANARY"',
        '{"api_key": CANARY}',
        "{'api_key': 'CANARY\"}",
        '{"api_key": "CANARY\n"}',
        '{"api_key": "CANARY" "x": 1}',
        '{"api_key": "CANARY", "services": {}} CANARY',
        '{"api_key" "CANARY"}',
    ],
)
def test_syntax(text: str) -> None:
    """The line at fault is quoted."""
    with pytest.raises(ConfigError) as refused:
        loads(text, "c.json", {}, ROWS)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "api_key: *CANARY",
        "api_key: !CANARY x",
        "api_key: [CANARY",
        "api_key: CANARY: x",
        'api_key: "CANARY\\q"',
        "a: %CANARY",
    ],
)
def test_yaml_syntax(text: str) -> None:
    """YAML's reader quotes what it cannot read."""
    with pytest.raises(ConfigError) as refused:
        loads(text, "c.yaml", {}, ROWS)
    assert CANARY not in str(refused.value)
