"""Spark's signed address, against the vectors' own steps and against both of the vendor's SDKs as oracles."""

import base64
import importlib.util
import json
import random
import string
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.types import Secret, WireRequest
from providers.wires.xinghuo.auth import sign_http, sign_socket

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "xinghuo.json").read_text())
SIGNED = [case for case in VECTORS["auth"] if "signed_url" in case]
ROUNDS = 200
PATHS = (
    "/v1.1/chat",
    "/v2.1/chat",
    "/v3.1/chat",
    "/chat/pro-128k",
    "/v3.5/chat",
    "/chat/max-32k",
    "/v4.0/chat",
    "/v1/x1",
)
HOSTS = ("spark-api.xf-yun.com", "maas-api.cn-huabei-1.xf-yun.com", "127.0.0.1:8443")


def signed(url: str, credential: dict[str, str], now: float) -> str:
    secrets = {name: Secret(value) for name, value in credential.items()}
    return sign_socket(WireRequest("GET", url, {}, b"{}"), secrets, now).url


def decoded(url: str) -> dict[str, str]:
    """The values of the query, the grant in plain text and without double blanks."""
    values = {name: value[0] for name, value in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
    grant = base64.b64decode(values.pop("authorization")).decode()
    return {**values, "grant": " ".join(grant.split())}


@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case["name"])
def test_steps(case: dict[str, Any]) -> None:
    """The signature or the grant around it is not what the reference computes from the same key and time."""
    told = decoded(signed(case["url"], VECTORS["credential"], case["clock"]))
    assert told["grant"] == case["authorization_decoded"]
    assert f'signature="{case["signature"]}"' in told["grant"]
    assert told["date"] in case["string_to_sign"]
    assert f"host: {told['host']}\n" in case["string_to_sign"]


def cases() -> list[tuple[str, dict[str, str], int]]:
    """Random addresses, credentials and times, always the same ones."""
    rng = random.Random("spark")
    letters = string.ascii_letters + string.digits

    def word(size: int) -> str:
        return "".join(rng.choices(letters, k=size))

    return [
        (
            f"wss://{rng.choice(HOSTS)}{rng.choice(PATHS)}",
            {"appid": word(8), "api_key": word(32), "api_secret": base64.b64encode(word(24).encode()).decode()},
            rng.randrange(1_600_000_000, 2_000_000_000),
        )
        for _ in range(ROUNDS)
    ]


def frozen(now: int) -> Any:
    """What an SDK takes for ``datetime``, at one moment."""
    return type("Frozen", (), {"now": staticmethod(lambda: datetime.fromtimestamp(now))})


def oracle(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (
            importlib.import_module(name)
            if importlib.util.find_spec(name.split(".", maxsplit=1)[0])
            else pytest.skip(name)
        )


def test_the_core_sdk_signs_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our address differs from that of xfyunsdkcore for the same key and time, in whatever letter."""
    sdk = oracle("xfyunsdkcore.signature")
    for url, credential, now in cases():
        monkeypatch.setattr(sdk, "datetime", frozen(now))
        theirs = sdk.Signature.create_signed_url(url, credential["api_key"], credential["api_secret"])
        assert signed(url, credential, now) == theirs


def test_the_chat_sdk_signs_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our address says something else than that of spark-ai-python, apart from the blanks it has too many."""
    sdk = oracle("sparkai.llm.llm")
    for url, credential, now in cases():
        monkeypatch.setattr(sdk, "datetime", frozen(now))
        theirs = sdk._SparkLLMClient._create_url(url, credential["api_key"], credential["api_secret"])
        ours = signed(url, credential, now)
        assert urlsplit(ours)[:3] == urlsplit(theirs)[:3]
        assert decoded(ours) == decoded(theirs)


def test_the_locale_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The date is written in the words or the zone of the machine."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    now = SIGNED[0]["clock"] + 0.9
    assert decoded(signed(SIGNED[0]["url"], VECTORS["credential"], now))["date"] == "Tue, 21 Nov 2023 06:56:00 GMT"


def test_an_address_with_a_query_keeps_it() -> None:
    """A query of the operator's address is lost, or breaks the signature's own."""
    told = decoded(signed("wss://relay.example/chat?tenant=7", VECTORS["credential"], 0))
    assert told["tenant"] == "7"
    assert told["host"] == "relay.example"


@pytest.mark.parametrize(
    ("credential", "bearer"),
    [
        ({"api_key": "APIPASSWORD"}, "Bearer APIPASSWORD"),
        ({"api_key": "k", "api_secret": "s"}, "Bearer k:s"),
        ({"appid": "1", "api_key": "k", "api_secret": "s", "domain": "lite"}, "Bearer k:s"),
    ],
)
def test_bearer(credential: dict[str, str], bearer: str) -> None:
    """HTTP is signed with less, or with more, than the console's password or the pair."""
    secrets = {name: Secret(value) for name, value in credential.items()}
    assert sign_http(WireRequest("POST", "https://x/", {}, b""), secrets, 0).headers == {"authorization": bearer}
