"""Spark's table of models, its two rows and what leads to them, and what the config says of wrong credentials."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.load import ConfigError, loads
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Secret, Timeouts
from providers.vendor import choose, load_vendors
from providers.wires.xinghuo.models import HTTP_URL, OFFERED, SOCKET_URL, http, socket

VENDORS = load_vendors()
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "xinghuo.json").read_text())
HOST = "wss://spark-api.xf-yun.com"
OPEN = "https://spark-api-open.xf-yun.com"

TABLE = [
    ("spark-lite general lite", "/v1.1/chat", "lite"),
    ("spark-v2.0 generalv2", "/v2.1/chat", "generalv2"),
    ("spark-pro generalv3", "/v3.1/chat", "generalv3"),
    ("spark-pro-128k pro-128k", "/chat/pro-128k", "pro-128k"),
    ("spark-max spark3.5-max generalv3.5", "/v3.5/chat", "generalv3.5"),
    ("spark-max-32k spark-max32k max-32k", "/chat/max-32k", "max-32k"),
    ("spark-4.0-ultra spark4.0-ultra 4.0Ultra", "/v4.0/chat", "4.0Ultra"),
    ("spark-x1 x1 spark-x", "/v1/x1", "spark-x"),
    ("spark-x2", "/x2", "spark-x"),
]
NAMES = [(name, path, domain) for names, path, domain in TABLE for name in names.split()]


@pytest.mark.parametrize(("name", "path", "domain"), NAMES)
def test_socket_table(name: str, path: str, domain: str) -> None:
    """A model's name, in either case, leads to another address or domain than the reference's."""
    for spelling in (name, name.upper(), name.lower()):
        assert socket(spelling, "", SOCKET_URL) == (HOST + path, domain)


@pytest.mark.parametrize("name", VECTORS["ws_model_urls"])
def test_vectors_table(name: str) -> None:
    """A model of the vectors leads elsewhere."""
    assert list(socket(name, "", SOCKET_URL)) == VECTORS["ws_model_urls"][name]


@pytest.mark.parametrize("variant", VECTORS["variants"])
def test_variants(variant: dict[str, Any]) -> None:
    """An address or a set of credential fields leads to the wrong protocol."""
    url, fields = variant["server_url"] or "", frozenset(variant.get("credentials", ["appid", "api_key", "api_secret"]))
    row = choose(VENDORS, "xinghuo", "", url, fields)
    assert row is not None
    assert row.transport == {"ws": "websocket", "http": "http"}[variant["variant"]]
    if "base" in variant:
        assert http("spark-lite", "", url or row.base_url) == (variant["base"], "lite")


@pytest.mark.parametrize(
    ("url", "fields", "name"),
    [
        ("", "appid api_key api_secret", "xinghuo"),
        ("", "appid api_key api_secret domain", "xinghuo"),
        ("", "appid api_key", "xinghuo"),
        ("", "api_key api_secret", "xinghuo-http"),
        ("", "", "xinghuo-http"),
        ("ws://127.0.0.1:1/x", "api_key", "xinghuo"),
        ("WSS://spark-api.xf-yun.com/v3.5/chat", "appid api_key api_secret", "xinghuo"),
        ("http://127.0.0.1:1", "appid api_key api_secret", "xinghuo-http"),
        ("https://spark-api-open.xf-yun.com/v2", "api_key", "xinghuo-http"),
    ],
)
def test_rows(url: str, fields: str, name: str) -> None:
    """The address does not win over the credential, or the credential does not tell where there is no address."""
    for service in ("xinghuo", "spark"):
        row = choose(VENDORS, service, "", url, frozenset(fields.split()))
        assert row is not None
        assert row.name == name


@pytest.mark.parametrize(
    ("name", "domain", "server_url", "expected"),
    [
        ("spark-max", "", "wss://relay.example/some/where", ("wss://relay.example/some/where", "generalv3.5")),
        ("spark-max", "", "ws://127.0.0.1:81", ("ws://127.0.0.1:81/v3.5/chat", "generalv3.5")),
        ("spark-max", "", "ws://127.0.0.1:81/", ("ws://127.0.0.1:81/v3.5/chat", "generalv3.5")),
        ("spark-max", "", SOCKET_URL + "/", (f"{HOST}/v3.5/chat", "generalv3.5")),
        ("spark-max", "4.0Ultra", SOCKET_URL, (f"{HOST}/v4.0/chat", "4.0Ultra")),
        ("my-spark", "lite", SOCKET_URL, (f"{HOST}/v1.1/chat", "lite")),
        ("my-spark", "lite", "wss://relay.example/x", ("wss://relay.example/x", "lite")),
        ("my-spark", "", "wss://relay.example/x", ("wss://relay.example/x", "my-spark")),
        ("spark-x2", "spark-x", SOCKET_URL, (f"{HOST}/x2", "spark-x")),
        ("spark-lite", "general", SOCKET_URL, (f"{HOST}/v1.1/chat", "general")),
        ("spark-pro", "service-9", SOCKET_URL, (f"{HOST}/v3.1/chat", "service-9")),
        ("kjwx", "", SOCKET_URL, ("wss://spark-openapi-n.cn-huabei-1.xf-yun.com/v1.1/chat_kjwx", "kjwx")),
        ("spark-x2.5", "", "wss://relay.example/x", ("wss://relay.example/x", "spark-x2.5")),
    ],
)
def test_socket_address(name: str, domain: str, server_url: str, expected: tuple[str, str]) -> None:
    """The operator's address or domain does not win, or is joined wrongly."""
    assert socket(name, domain, server_url) == expected


@pytest.mark.parametrize("name", ["my-spark", "spark-x2.5", "spark-x2.5-4b", "x1-preview"])
def test_no_socket(name: str) -> None:
    """A model without a WebSocket is sent to one of another model."""
    with pytest.raises(ProviderError, match="server_url") as caught:
        socket(name, "", SOCKET_URL)
    assert (caught.value.kind, caught.value.param) == (ErrorKind.MODEL_NOT_FOUND, "model")


@pytest.mark.parametrize(
    ("name", "domain", "server_url", "expected"),
    [
        ("spark-max", "", HTTP_URL, (f"{OPEN}/v1", "generalv3.5")),
        ("spark-max", "", f"{OPEN}/v1/chat/completions", (f"{OPEN}/v1", "generalv3.5")),
        ("spark-max", "", f"{OPEN}/v1/chat/completions/", (f"{OPEN}/v1", "generalv3.5")),
        ("spark-max", "", OPEN, (f"{OPEN}/v1", "generalv3.5")),
        ("spark-max", "", f"{OPEN}/", (f"{OPEN}/v1", "generalv3.5")),
        ("spark-x", "", HTTP_URL, (f"{OPEN}/v2", "spark-x")),
        ("x1", "", OPEN, (f"{OPEN}/v2", "spark-x")),
        ("spark-x", "", f"{OPEN}/x2", (f"{OPEN}/x2", "spark-x")),
        ("spark-x2", "", HTTP_URL, (f"{OPEN}/x2", "spark-x")),
        ("x1-preview", "", HTTP_URL, ("https://spark-api-open-preview.xf-yun.com/v2", "x1-preview")),
        ("spark-lite", "", "http://127.0.0.1:81", ("http://127.0.0.1:81/v1", "lite")),
        ("spark-x", "", "http://127.0.0.1:81", ("http://127.0.0.1:81/v1", "spark-x")),
        ("spark-x2.5", "", "https://x.example/v3/chat/completions", ("https://x.example/v3", "spark-x2.5")),
        (
            "mine",
            "",
            "https://maas-api.cn-huabei-1.xf-yun.com/v2",
            ("https://maas-api.cn-huabei-1.xf-yun.com/v2", "mine"),
        ),
        ("spark-max", "spark-x", HTTP_URL, (f"{OPEN}/v2", "spark-x")),
        ("mine", "lite", HTTP_URL, (f"{OPEN}/v1", "lite")),
        ("spark-x", "", f"{OPEN}/v1?a=b", (f"{OPEN}/v2?a=b", "spark-x")),
        ("spark-x", "", "https://Spark-API-open.xf-yun.com/v1", (f"{OPEN}/v2", "spark-x")),
    ],
)
def test_http_address(name: str, domain: str, server_url: str, expected: tuple[str, str]) -> None:
    """A model is asked for at another version's address, or an operator's address is not taken at its word."""
    assert http(name, domain, server_url) == expected


def test_offered_models_have_addresses() -> None:
    """A model of the default list is unknown to the table, or an old name is no longer offered."""
    assert {"spark-lite", "spark-v2.0", "spark-pro", "spark-max"} <= set(OFFERED)
    for name in OFFERED:
        assert socket(name, "", SOCKET_URL)
        assert http(name, "", HTTP_URL)


def test_the_http_row_uses_the_domain_of_the_credential() -> None:
    """``domain`` of a credential has no effect over HTTP."""
    to = Destination("mine", HTTP_URL, {"api_key": Secret("k"), "domain": Secret("spark-x")})
    wire = VENDORS["xinghuo-http"].encode(ChatRequest("mine", [{"role": "user", "content": "x"}], False, {}), to)
    assert wire.url == f"{OPEN}/v2/chat/completions"
    assert json.loads(wire.body)["model"] == "spark-x"


@pytest.mark.parametrize(
    ("server_url", "url"),
    [
        ("https://proxy.example/v1?a=b", "https://proxy.example/v1/chat/completions?a=b"),
        ("https://proxy.example/spark/?a=b", "https://proxy.example/spark/chat/completions?a=b"),
        (f"{OPEN}/v1?a=b", f"{OPEN}/v1/chat/completions?a=b"),
        (f"{OPEN}/x2", f"{OPEN}/x2/chat/completions"),
    ],
)
def test_the_query_of_an_address_stays_a_query(server_url: str, url: str) -> None:
    """An operator's ``server_url`` with a query leads to another address, or the query is spoilt."""
    to = Destination("spark-max", server_url, {"api_key": Secret("k")})
    wire = VENDORS["xinghuo-http"].encode(ChatRequest("m", [{"role": "user", "content": "x"}], False, {}), to)
    assert wire.url == url


def faults(credentials: dict[str, str], server_url: str = "") -> list[str]:
    entry: dict[str, Any] = {"enabled": True, "models": ["spark-max"], "credentials": credentials}
    if server_url:
        entry["server_url"] = server_url
    try:
        loads(json.dumps({"services": {"xinghuo": [entry]}}), environ={}, vendors=VENDORS)
    except ConfigError as error:
        return str(error).splitlines()
    return []


GOOD = {"appid": "1", "api_key": "k", "api_secret": "s"}


def test_good_credentials() -> None:
    """A complete credential of any kind is refused."""
    assert not faults(GOOD)
    assert not faults({**GOOD, "domain": "lite"})
    assert not faults({"api_key": "password"})
    assert not faults({"api_key": "k", "api_secret": "s"})
    assert not faults(GOOD, "https://spark-api-open.xf-yun.com")
    assert not faults(GOOD, "wss://spark-api.xf-yun.com/v3.5/chat")


@pytest.mark.parametrize("server_url", ["", "wss://spark-api.xf-yun.com/v3.5/chat"])
@pytest.mark.parametrize("missing", ["appid", "api_key", "api_secret"])
def test_missing_fields_are_named(missing: str, server_url: str) -> None:
    """``check`` does not name the field that the WebSocket's credential lacks."""
    told = faults({name: value for name, value in GOOD.items() if name != missing}, server_url)
    if missing == "appid" and not server_url:
        assert not told, "a pair without appid is HTTP's"
    else:
        assert any(f'missing field "{missing}"' in line for line in told), told


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("appid", "appId"),
        ("appid", "app_id"),
        ("appid", "APPID"),
        ("api_key", "apiKey"),
        ("api_key", "apikey"),
        ("api_secret", "apiSecret"),
        ("api_secret", "api_secert"),
    ],
)
def test_misspelt_fields_are_named(name: str, wrong: str) -> None:
    """``check`` does not say which field a misspelt one was meant for."""
    told = faults({wrong if field == name else field: value for field, value in GOOD.items()})
    assert any(f'unknown field "{wrong}"' in line and f'did you mean "{name}"?' in line for line in told), told


def test_nothing_at_all_is_explained() -> None:
    """``check`` does not say what a credential without fields needs."""
    told = "\n".join(faults({}))
    assert 'missing field "api_key"' in told
    assert "appid" in told


@pytest.mark.parametrize("credentials", [GOOD, {"api_key": "password"}])
def test_patience(credentials: dict[str, str]) -> None:
    """A model that thinks for minutes is cut off before its first word, or the operator's own limit has no effect."""

    def timeouts(**more: Any) -> Timeouts:
        entry = {"enabled": True, "models": ["spark-x1"], "credentials": credentials, **more}
        told = loads(json.dumps({"services": {"xinghuo": [entry]}}), environ={}, vendors=VENDORS)
        return told.upstreams[0].timeouts

    assert (timeouts().first_event_s, timeouts().idle_s) == (180, 180)
    assert (timeouts(first_event_timeout=20).first_event_s, timeouts(timeout=5).idle_s) == (20, 5)
