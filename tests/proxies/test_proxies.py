"""The proxies themselves, against the libraries that the gateway uses and one that it does not."""

import pytest
import requests

from tests.fakevendor.control import FakeVendor
from tests.proxies.http import http_proxy
from tests.proxies.socks5 import socks5_proxy

HEADERS = {"Authorization": "Bearer good-key-1"}


def models(url: str, proxy_url: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        proxies = {"http": proxy_url, "https": proxy_url}
        for _ in range(2):
            status = session.get(f"{url}/models", headers=HEADERS, proxies=proxies, timeout=5).status_code
        return status


def test_the_http_proxy_forwards_and_takes_notes(vendor: FakeVendor) -> None:
    """The HTTP proxy loses requests or its notes, so tests of strategies prove nothing."""
    with http_proxy(names={"vendor.test": "127.0.0.1"}) as proxy:
        assert models(f"http://vendor.test:{vendor.port}/v1", f"http://127.0.0.1:{proxy.port}") == 200
    assert proxy.targets == [f"vendor.test:{vendor.port}"]
    assert vendor.entries()[-1].path == "/v1/models"


def test_the_http_proxy_asks_for_its_password(vendor: FakeVendor) -> None:
    """The HTTP proxy lets anybody through, so a gateway that forgets the password passes."""
    with http_proxy("ann", "secret") as proxy:
        assert models(vendor.url, f"http://127.0.0.1:{proxy.port}") == 407
        assert not proxy.targets and proxy.refused
        assert models(vendor.url, f"http://ann:secret@127.0.0.1:{proxy.port}") == 200


def test_the_http_proxy_tunnels(vendor: FakeVendor) -> None:
    """CONNECT does not work, so no https upstream can be tested."""
    with http_proxy() as proxy, pytest.raises(requests.exceptions.SSLError):
        models(vendor.url.replace("http:", "https:"), f"http://127.0.0.1:{proxy.port}")
    assert proxy.methods[0] == "CONNECT" and proxy.targets[0] == vendor.host


def test_the_socks_proxy_resolves_names_itself(vendor: FakeVendor) -> None:
    """The SOCKS proxy cannot tell a name from an address, so local DNS look-ups go unseen."""
    with socks5_proxy("ann", "secret", {"vendor.test": "127.0.0.1"}) as proxy:
        assert models(f"http://vendor.test:{vendor.port}/v1", f"socks5h://ann:secret@127.0.0.1:{proxy.port}") == 200
        assert models(vendor.url, f"socks5://ann:secret@127.0.0.1:{proxy.port}") == 200
        with pytest.raises(requests.exceptions.ConnectionError):
            models(vendor.url, f"socks5h://ann:wrong@127.0.0.1:{proxy.port}")
    assert proxy.targets[0] == f"vendor.test:{vendor.port}"
    assert proxy.methods == ["name", "address"] and proxy.refused
