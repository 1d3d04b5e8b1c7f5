"""Which of Qianfan's two protocols speaks for an entry, and what an operator is told of a key in the wrong place."""

from typing import Any

import orjson
import pytest

from providers.types import ChatRequest, Destination
from providers.vendor import choose, load_vendors
from providers.vendors.qianfan import V1, V2, V2_KEY, advise, pick
from tests.vectorfile import VECTORS

FILE = orjson.loads((VECTORS / "qianfan.json").read_bytes())
PAIR = frozenset({"api_key", "secret_key"})
KEY = frozenset({"api_key"})
IAM = frozenset({"access_key", "secret_key"})
MARK = frozenset({V2_KEY})
ROWS = {"v1": V1, "v2": V2}


@pytest.mark.parametrize("case", FILE["variants"])
def test_variants(case: dict[str, Any]) -> None:
    """Broken: an entry is spoken to in the other protocol, or at another address."""
    url = case["server_url"] or ""
    row = choose(load_vendors(), "qianfan", "", url, frozenset(case.get("credentials", ["api_key"])))
    assert row is ROWS[case["variant"]]
    if "base" in case:
        wire = row.encode(ChatRequest("m", [{"role": "user", "content": "x"}], False, {}), _to(url or row.base_url))
        assert wire.url == case["base"] + "/chat/completions"


def _to(url: str) -> Destination:
    return Destination("m", url)


@pytest.mark.parametrize(
    ("url", "fields", "row"),
    [
        ("https://qianfan.baidubce.com/v2/tokenplan/personal", PAIR, V2),
        ("http://127.0.0.1:1/v2", PAIR, V2),
        ("http://127.0.0.1:1/rpc/2.0/ai_custom/v1/wenxinworkshop", KEY, V1),
        ("http://127.0.0.1:1", PAIR, V1),
        ("http://127.0.0.1:1", KEY, V2),
        ("", PAIR | MARK, V2),
        ("", KEY | MARK, V2),
        ("https://aip.baidubce.com", KEY | MARK, V1),
        ("", IAM, V2),
        ("", frozenset({"secret_key"}), V1),
        ("https://aip.baidubce.com", IAM, V1),
        ("", frozenset({"api_key", "appid"}), V2),
    ],
)
def test_choice(url: str, fields: frozenset[str], row: Any) -> None:
    """Broken: address and credential together lead to the other protocol."""
    assert pick(url, fields) == row.name


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://qianfan.baidubce.com/v2/tokenplan/personal", "https://qianfan.baidubce.com/v2/tokenplan/personal"),
        ("https://qianfan.baidubce.com/v2/", "https://qianfan.baidubce.com/v2"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/v2"),
        ("http://127.0.0.1:1/relay", "http://127.0.0.1:1/relay/v2"),
        ("http://127.0.0.1:1/relay/chat/completions", "http://127.0.0.1:1/relay/v2"),
    ],
)
def test_v2_bases(url: str, expected: str) -> None:
    """Broken: a form of V2's address leads elsewhere."""
    wire = V2.encode(ChatRequest("m", [{"role": "user", "content": "x"}], False, {}), _to(url))
    assert wire.url == expected + "/chat/completions"


@pytest.mark.parametrize(
    ("url", "fields", "word"),
    [
        ("https://aip.baidubce.com", PAIR | MARK, "is a V2 key"),
        ("https://qianfan.baidubce.com/v2", PAIR, "pair of V1"),
        ("", PAIR | MARK, "secret_key has no effect"),
        ("", KEY, "V1 needs secret_key"),
        ("", KEY | MARK, ""),
        ("", PAIR, ""),
        ("", IAM, ""),
        ("https://qianfan.baidubce.com/v2", KEY | MARK, ""),
        ("https://qianfan.baidubce.com/v2", KEY, ""),
        ("https://aip.baidubce.com", PAIR, ""),
    ],
)
def test_advice(url: str, fields: frozenset[str], word: str) -> None:
    """Broken: a key in the wrong place goes unnoticed, or a good one is complained of."""
    assert word in advise(url, fields)
    assert bool(advise(url, fields)) is bool(word)
