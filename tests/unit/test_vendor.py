"""The vendors that are found, and which row speaks for an entry."""

import sys
import types
from dataclasses import replace

import pytest

from providers import vendor
from providers.vendor import CredentialFields, choose, load_vendors
from tests.unit.toy import TOY

NO_KEYS: frozenset[str] = frozenset()
ROWS = {
    row.name: row
    for row in (
        replace(
            TOY, name="general", wire="w", hosts=("api.general.com",), unknown_host="tolerant", services=("alias",)
        ),
        replace(TOY, name="tolerant", wire="w"),
        replace(TOY, name="special", wire="w", hosts=(".special.cn", "special.com")),
        replace(TOY, name="native", pick=lambda url, keys: "special" if "/v2" in url or "token" in keys else "native"),
    )
}


@pytest.mark.parametrize(
    ("service", "provider", "url", "keys", "name"),
    [
        ("general", "", "", NO_KEYS, "general"),
        ("alias", "", "", NO_KEYS, "general"),
        ("general", "", "https://api.general.com/v1", NO_KEYS, "general"),
        ("general", "", "https://api.special.cn/v1", NO_KEYS, "special"),
        ("general", "", "https://special.com", NO_KEYS, "special"),
        ("general", "", "https://notspecial.com", NO_KEYS, "tolerant"),
        ("general", "general", "https://api.special.cn", NO_KEYS, "special"),
        ("general", "native", "https://api.special.cn", NO_KEYS, "native"),
        ("special", "", "https://relay.example", NO_KEYS, "special"),
        ("native", "", "https://x/v2", NO_KEYS, "special"),
        ("native", "", "https://x", frozenset({"token"}), "special"),
        ("general", "my own label", "https://relay.example", NO_KEYS, "tolerant"),
    ],
)
def test_choice(service: str, provider: str, url: str, keys: frozenset[str], name: str) -> None:
    """Broken: an entry is spoken to in another vendor's ways."""
    chosen = choose(ROWS, service, provider, url, keys)
    assert chosen
    assert chosen.name == name


def test_unknown_service() -> None:
    """Broken: a service that nobody speaks for is given to somebody."""
    assert choose(ROWS, "nobody", "", "", NO_KEYS) is None


def test_all_real_vendors_load() -> None:
    """Broken: a vendor module cannot be imported, or two claim one name."""
    rows = load_vendors()
    assert "openai" in rows
    for row in rows.values():
        assert row.docs.startswith("https://")
        assert row.credentials.required


def test_credential_fields_that_are_known() -> None:
    """Broken: a field of an alternative counts as unknown."""
    fields = CredentialFields((("a",), ("b", "c")), ("d",))
    assert fields.known == {"a", "b", "c", "d"}


def test_faulty_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a module without a vendor, or a name given twice, starts a gateway that lacks one."""
    with pytest.raises(RuntimeError, match="both claim"):
        vendor._add({"toy": TOY}, replace(TOY, name="other", services=("toy",)))
    monkeypatch.setitem(sys.modules, "providers.vendors.openai", types.ModuleType("empty"))
    with pytest.raises(RuntimeError, match="offers no VENDOR"):
        load_vendors()
