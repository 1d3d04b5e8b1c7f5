"""TC3 signatures, with the vendor's own SDK as the judge."""

import random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from providers.types import ChatRequest, Destination, Secret, WireRequest
from providers.vendor import load_vendors
from tests.vectorfile import cases

HUNYUAN = load_vendors()["hunyuan"]
LETTERS = 'abcXYZ0189 _-"\\\n\t你好世界，。！的混元大模型🌏🧑‍🚀😀é\u200b'
KEY = {"secret_id": Secret("AKIDx"), "secret_key": Secret("y")}


def wire(url: str = "https://hunyuan.tencentcloudapi.com/", body: bytes = b"{}") -> WireRequest:
    return WireRequest("POST", url, {"content-type": "application/json"}, body)


def words(rng: random.Random, most: int) -> str:
    return "".join(rng.choices(LETTERS, k=rng.randint(1, most)))


def sdk_headers(monkeypatch: pytest.MonkeyPatch, key: dict[str, str], now: int, params: Any) -> tuple[Any, bytes]:
    """The headers and the body that the vendor's SDK would send."""
    client_module = pytest.importorskip("tencentcloud.hunyuan.v20230901.hunyuan_client")
    common = pytest.importorskip("tencentcloud.common.abstract_client")
    credential = pytest.importorskip("tencentcloud.common.credential")
    http = pytest.importorskip("tencentcloud.common.http.request")
    monkeypatch.setattr(common, "time", SimpleNamespace(time=lambda: float(now)))
    client = client_module.HunyuanClient(
        credential.Credential(key["secret_id"], key["secret_key"], key.get("token")), key.get("region", "")
    )
    request = http.RequestInternal("hunyuan.tencentcloudapi.com", "POST", "/")
    client._build_req_inter("ChatCompletions", params, request)
    return request.header, request.data.encode()


def test_equals_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor's SDK signs one of 200 random requests otherwise: the vendor would refuse ours."""
    rng = random.Random(20230901)
    for number in range(200):
        key = {"secret_id": f"AKID{rng.getrandbits(160):x}", "secret_key": f"{rng.getrandbits(160):x}"}
        if number % 3 == 0:
            key |= {"token": f"{rng.getrandbits(300):x}", "region": rng.choice(["ap-guangzhou", "ap-beijing"])}
        now = rng.randint(1_600_000_000, 1_900_000_000)
        params = {"Model": "hunyuan-lite", "Messages": [{"Role": "user", "Content": words(rng, 400)}], "Stream": True}
        theirs, body = sdk_headers(monkeypatch, key, now, params)
        secrets = {name: Secret(value) for name, value in key.items()}
        ours = {
            name.lower(): value for name, value in HUNYUAN.sign(wire(body=body), secrets, now + 0.9).headers.items()
        }
        for name in ("Authorization", "X-TC-Timestamp", "Host", "X-TC-Token", "X-TC-Region"):
            assert ours.get(name.lower()) == theirs.get(name), name


def test_our_own_bytes_are_what_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body of a request with raw UTF-8 is sent as other bytes than those signed."""
    common = pytest.importorskip("tencentcloud.common.abstract_client")
    http = pytest.importorskip("tencentcloud.common.http.request")
    rng = random.Random(7)
    for _ in range(50):
        text = words(rng, 200)
        asked = ChatRequest("hunyuan-lite", [{"role": "user", "content": text}], False, {})
        sent = HUNYUAN.encode(asked, Destination("hunyuan-lite", HUNYUAN.base_url))
        assert orjson.loads(sent.body)["Messages"][0]["Content"] == text
        signed = HUNYUAN.sign(sent, KEY, 1_700_549_760)
        request = http.RequestInternal("hunyuan.tencentcloudapi.com", "POST", "/")
        request.data = sent.body
        request.header = {
            "Content-Type": signed.headers["content-type"],
            "Host": signed.headers["host"],
            "X-TC-Timestamp": signed.headers["x-tc-timestamp"],
        }
        client = object.__new__(common.AbstractClient)
        expected = client._get_tc3_signature({}, request, "2023-11-21", "hunyuan", "y")
        assert signed.headers["authorization"].endswith(f"Signature={expected}")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hunyuan.ap-guangzhou.tencentcloudapi.com/", "hunyuan.ap-guangzhou.tencentcloudapi.com"),
        ("https://hunyuan.intl.tencentcloudapi.com:443/", "hunyuan.intl.tencentcloudapi.com"),
        ("http://127.0.0.1:8123/", "127.0.0.1:8123"),
        ("http://user:pw@Proxy.example:80/", "proxy.example"),
    ],
)
def test_host(url: str, host: str) -> None:
    """The Host header that is sent is not the one that was signed."""
    assert HUNYUAN.sign(wire(url), KEY, 1.0).headers["host"] == host


def test_optional_headers_stay_away() -> None:
    """Keys that are not temporary are sent with an empty token, which the vendor refuses."""
    headers = HUNYUAN.sign(wire(), {**KEY, "token": Secret(""), "region": Secret("")}, 1.0).headers
    assert not {name for name in headers if name.lower() in ("x-tc-token", "x-tc-region")}


def test_vectors_are_there() -> None:
    """The four signatures of the vector file are no longer played."""
    assert sum(case.id.startswith("hunyuan:") for case in cases("auth")) == 4
