"""All rows together: what must hold for every vendor, whoever wrote it, and how entries find their row."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from providers.types import ChatRequest, Destination, EmbeddingRequest
from providers.vendor import Vendor, choose, load_vendors
from providers.wires.openai.row import WIRE
from providers.wires.openai.table import renewed

VENDORS: Mapping[str, Vendor] = load_vendors()
ROWS = [pytest.param(row, id=name) for name, row in VENDORS.items()]
WIRE_ROWS = [pytest.param(row, id=name) for name, row in VENDORS.items() if row.wire == WIRE]
HELLO = ChatRequest("m", [{"role": "user", "content": "hi"}], False, {})


@pytest.mark.parametrize("row", ROWS)
def test_rows_are_told_apart_and_documented(row: Vendor) -> None:
    """A row has no reference, or an address that is none."""
    assert urlsplit(row.docs).scheme == "https"
    assert not row.base_url or re.fullmatch(r"(https?|wss)://[^ ]+", row.base_url)


@pytest.mark.parametrize("row", WIRE_ROWS)
def test_rows_of_the_wire_encode(row: Vendor) -> None:
    """A row cannot make the simplest request, or loses something of it."""
    wire = row.encode(HELLO, Destination("some-model", row.base_url or "http://a.example"))
    assert "/chat" in wire.url
    assert wire.changes == ()
    if row.embed is None:
        assert row.embedding_models == ()


def test_hosts_belong_to_one_row() -> None:
    """Two rows claim the same host, so that chance decides between them."""
    hosts = [host for row in VENDORS.values() if row.wire == WIRE for host in row.hosts]
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in VENDORS.values() if row.pick])
def test_picked_rows_exist(row: Vendor) -> None:
    """A row leads to one that is not there."""
    urls = ("", "https://a.example", "https://a.example/v1", "https://a.example/v2", "wss://a.example", row.base_url)
    for url in urls:
        for names in [(), *row.credentials.required]:
            assert row.pick is not None
            assert row.pick(url, frozenset(names)) in VENDORS


@pytest.mark.parametrize(
    ("service", "provider", "server_url", "row"),
    [
        ("openai", "", "", "openai"),
        ("openai", "", "https://api.openai.com/v1", "openai"),
        ("openai", "", "https://eu.api.openai.com/v1", "openai"),
        ("openai", "", "http://127.0.0.1:9/v1", "compatible"),
        ("openai", "", "https://api.moonshot.cn/v1", "moonshot"),
        ("openai", "moonshot", "http://127.0.0.1:9/v1", "moonshot"),
        ("openai", "my label", "https://api.groq.com/openai/v1", "groq"),
        ("zhipu", "", "https://proxy.example/api/paas/v4", "zhipu"),
        ("groq", "", "", "groq"),
        ("nobody", "", "", None),
    ],
)
def test_entries_find_their_row(service: str, provider: str, server_url: str, row: str | None) -> None:
    """An entry is spoken to in another vendor's dialect."""
    found = choose(VENDORS, service, provider, server_url, frozenset({"api_key"}))
    assert (found.name if found else None) == row


def test_services_of_old_configs_are_known() -> None:
    """A service that existing config files name is unknown."""
    names = "openai azure deepseek zhipu groq ollama gemini claude qianfan hunyuan xinghuo minimax huoshan huoshanbot"
    more = "cozecn cozecom dashscope bailian aliyun dify vertexai agentbuilder"
    for service in f"{names} {more}".split():
        assert choose(VENDORS, service, "", "", frozenset({"api_key"})) is not None, service


def test_user_that_a_row_cannot_tell() -> None:
    """A user's name that is too short for Zhipu is lost without a word, or Mistral refuses it with the vectors."""
    zhipu = VENDORS["zhipu"].encode(replace(HELLO, params={"user": "bob"}), Destination("glm-4.6", ""))
    assert zhipu.changes == ("dropped user",)
    embed = VENDORS["mistral"].embed
    assert embed is not None
    asked = embed.encode(EmbeddingRequest("m", ["a"], {"user": "bob"}), Destination("m", "https://a.example"))
    assert asked.changes == ("dropped user",)
    assert b"user" not in asked.body


def test_table_in_the_docs_is_fresh() -> None:
    """The docs tell of rows that have changed; ``python -m providers.wires.openai.table FILE`` renews them."""
    document = Path(__file__).parents[2] / "docs" / "vendors" / "openai-compatible.md"
    assert renewed(document.read_text(), VENDORS.values()) == document.read_text()
