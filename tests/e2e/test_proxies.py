"""Proxies: who goes through which one, seen by the proxies themselves."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e import certificates
from tests.e2e.calls import chat
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor import control, deadends
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import TEXT
from tests.proxies.http import http_proxy
from tests.proxies.server import Proxy
from tests.proxies.socks5 import socks5_proxy

pytestmark = pytest.mark.e2e

PROXIED: Final = {
    "disabled": set(),
    "": set(),
    "default": {"yes"},
    "all": {"yes", "unset"},
    "force_all": {"yes", "unset", "no"},
}
KINDS: Final[dict[str, Callable[..., AbstractContextManager[Proxy]]]] = {"http": http_proxy, "socks5": socks5_proxy}


def entry(name: str, server_url: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "server_url": server_url,
        "models": [name],
        "model_map": {name: "ok"},
        "credentials": {"api_key": f"good-key-{name}"},
        "connect_timeout": 3,
        **fields,
    }


def rules(kind: str, strategy: str, proxy: Proxy) -> dict[str, Any]:
    """A global proxy object; both kinds of address are there, and ``type`` chooses."""
    address = f"127.0.0.1:{proxy.port}"
    other = "127.0.0.1:9"
    return {
        "type": kind,
        "http_proxy": f"http://{address if kind == 'http' else other}",
        "https_proxy": f"http://{address if kind == 'http' else other}",
        "socks5_proxy": address if kind == "socks5" else other,
        **({"strategy": strategy} if strategy else {}),
    }


@pytest.mark.parametrize("strategy", PROXIED)
@pytest.mark.parametrize("kind", KINDS)
def test_who_goes_through_the_proxy(gateway: StartGateway, vendor: FakeVendor, kind: str, strategy: str) -> None:
    """A strategy sends the wrong entries through the proxy, or past it."""
    entries = [
        entry("yes", vendor.url, use_proxy=True),
        entry("no", vendor.url, use_proxy=False),
        entry("unset", vendor.url),
    ]
    with KINDS[kind]() as proxy:
        started = gateway({"proxy": rules(kind, strategy, proxy), "services": {"openai": entries}})
        assert {name for name in ("yes", "no", "unset") if goes_through(started, name, proxy)} == PROXIED[strategy]


def goes_through(gateway: Gateway, model: str, proxy: Proxy) -> bool:
    before = len(proxy.targets)
    reply = chat(gateway, model)
    assert reply.status == 200 and TEXT in reply.body.decode(), reply.body
    return len(proxy.targets) > before


def test_proxies_of_entries(gateway: StartGateway, vendor: FakeVendor) -> None:
    """An entry's own proxy does not win, its password is lost or told, or names are resolved on this side."""
    names = {"vendor.test": "127.0.0.1"}
    url = f"http://vendor.test:{vendor.port}/v1"
    with (
        http_proxy() as common,
        http_proxy("ann", "p%40ss-canary", names) as http,
        socks5_proxy("bob", "socks-canary", names) as socks,
        deadends.refusing() as dead,
    ):
        entries = [
            entry("http", url, proxy=f"http://ann:p%2540ss-canary@127.0.0.1:{http.port}"),
            entry("socks", url, proxy={"type": "socks5", "socks5_proxy": f"bob:socks-canary@127.0.0.1:{socks.port}"}),
            entry("wrong", url, proxy=f"http://ann:wrong-canary@127.0.0.1:{http.port}"),
            entry("wrong-socks", url, proxy=f"socks5://bob:wrong-canary@127.0.0.1:{socks.port}"),
            entry("dead", url, proxy=f"http://ann:dead-canary@127.0.0.1:{dead}"),
            entry("direct", vendor.url, proxy={"strategy": "disabled"}),
            entry("common", vendor.url),
        ]
        proxy = rules("http", "force_all", common)
        started = gateway({"proxy": proxy, "circuit_breaker": {"enabled": False}, "services": {"openai": entries}})
        started.canaries += ("ss-canary", "socks-canary", "wrong-canary", "dead-canary")
        assert goes_through(started, "http", http) and goes_through(started, "socks", socks)
        assert http.targets == socks.targets == [f"vendor.test:{vendor.port}"] and socks.methods == ["name"]
        assert goes_through(started, "common", common) and not goes_through(started, "direct", common)
        for model in ("wrong", "wrong-socks", "dead"):
            for stream in (False, True):
                reply = chat(started, model, stream=stream)
                assert reply.status == 502 and b"canary" not in reply.body
                assert "proxy" in reply.error["message"] or "407" in reply.error["message"]
        assert http.refused and socks.refused


def test_a_stream_through_a_proxy(gateway: StartGateway, vendor: FakeVendor) -> None:
    """A stream, or a client's leaving, does not pass through a proxy."""
    with http_proxy() as http, socks5_proxy() as socks:
        urls = {"http": f"http://127.0.0.1:{http.port}", "socks": f"socks5://127.0.0.1:{socks.port}"}
        entries = [
            {**entry(name, vendor.url, proxy=url), "model_map": {name: "ok?gap=0.1"}} for name, url in urls.items()
        ]
        started = gateway({"services": {"openai": entries}})
        for model in ("http", "socks"):
            assert chat(started, model, stream=True).events[-1] == b"data: [DONE]"


def test_the_environment_is_looked_at_only_when_wanted(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Proxies of the environment are used although nobody asked for them, or not when somebody did."""
    with http_proxy() as proxy:
        variables = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY")
        environ = dict.fromkeys(variables, f"http://127.0.0.1:{proxy.port}")
        services = {"services": {"openai": [entry("m", vendor.url)]}}
        assert not goes_through(gateway(services, environ=environ), "m", proxy)
        assert goes_through(gateway({"proxy": {"strategy": "environment"}, **services}, environ=environ), "m", proxy)


def test_tls_upstreams(gateway: StartGateway, tmp_path: Path) -> None:
    """An https upstream is not reached by CONNECT, or a certificate that nobody vouches for is good enough."""
    made = certificates.make(tmp_path)
    with (
        control.running(str(made.path), str(made.private_key), made.context) as secure,
        http_proxy() as proxy,
    ):
        url = f"http://127.0.0.1:{proxy.port}"
        entries = [entry("tunnel", secure.url, proxy={"https_proxy": url}), entry("straight", secure.url)]
        started = gateway({"failover": {"same_target_retry": False}, "services": {"openai": entries}})
        for model in ("tunnel", "straight"):
            reply = chat(started, model)
            assert reply.status == 502 and reply.error["code"] == "upstream_unreachable"
            assert "TLS" in reply.error["message"], reply.error
        assert proxy.methods == ["CONNECT"] and proxy.targets == [secure.host]
        assert not secure.entries()
