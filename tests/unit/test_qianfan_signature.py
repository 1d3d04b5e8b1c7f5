"""How requests are signed: tokens, bearers, and the cloud's signature beside the vendor's own SDK."""

import random
import string
import warnings
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.vendors.qianfan import V1, V2
from providers.wires.qianfan import bce
from tests.unit.ernie import NOW, secrets


def signed(row: Any, url: str, **fields: str) -> WireRequest:
    wire = row.sign(WireRequest("POST", url, {"content-type": "application/json"}, b"{}"), secrets(**fields), NOW)
    assert isinstance(wire, WireRequest)
    return wire


def test_token_in_the_query() -> None:
    """Broken: V1 gets no token, or one that breaks the URL."""
    wire = signed(V1, "https://h/p", api_key="a", secret_key="s", token="24.a b&c")
    assert wire.url == "https://h/p?access_token=24.a%20b%26c"
    assert "authorization" not in wire.headers


def test_bearer_of_the_exchange() -> None:
    """Broken: V2 gets the key pair instead of the bearer it was exchanged for."""
    wire = signed(V2, "https://h/p", access_key="a", secret_key="s", token="bce-v3/T")
    assert wire.headers["authorization"] == "Bearer bce-v3/T"


def test_host_without_its_default_port() -> None:
    """Broken: the signed host is not the one that is sent."""
    assert signed(V1, "https://H.com:443/p", access_key="a", secret_key="s").headers["host"] == "h.com"
    assert signed(V1, "http://h.com:8080/p", access_key="a", secret_key="s").headers["host"] == "h.com:8080"


def sdk_signature(method: str, url: str, pair: tuple[str, str], now: float) -> Json:
    """The headers that the vendor's own SDK makes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        iam = pytest.importorskip("qianfan.resources.auth.iam", reason="no qianfan SDK (extra: oracles)")
        from qianfan.resources.typing import QfRequest  # noqa: PLC0415 - only where the SDK is installed
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    request = QfRequest(method=method, url=parts.path, query=query)
    request.headers = {"Content-Type": "application/json", "Host": parts.netloc}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam, "time", SimpleNamespace(time=lambda: now))
        iam.iam_sign(*pair, request)
    return dict(request.headers)


def test_signatures_equal_those_of_the_sdk() -> None:
    """Broken: of 200 random requests one is signed otherwise than by the vendor's own SDK."""
    rng = random.Random(20231121)
    letters = string.ascii_letters + string.digits
    values = letters + "-_.~!*'()/:;=&+ %#?中文ü☀"

    def word(alphabet: str, most: int) -> str:
        return "".join(rng.choices(alphabet, k=rng.randint(1, most)))

    for _ in range(200):
        method = rng.choice(["GET", "POST", "PUT", "DELETE"])
        path = "".join(f"/{word(letters + '-_.~', 12)}" for _ in range(rng.randint(1, 6)))
        query = {word(letters, 8): rng.choice(["", word(values, 20)]) for _ in range(rng.randint(0, 4))}
        url = f"https://{word(string.ascii_lowercase, 10)}.baidubce.com{path}" + (
            f"?{urlencode(query)}" if query else ""
        )
        pair = word(letters, 32), word(letters + "/+=", 48)
        now = rng.uniform(1_000_000_000, 4_000_000_000)
        theirs = sdk_signature(method, url, pair, now)
        ours = bce.signed_headers(method, url, *pair, now)
        assert ours["x-bce-date"] == theirs["x-bce-date"]
        *their_prefix, their_names, their_signature = theirs["Authorization"].split("/")
        *our_prefix, our_names, our_signature = ours["authorization"].split("/")
        assert (our_prefix, our_signature) == (their_prefix, their_signature), url
        assert set(our_names.split(";")) == set(their_names.split(";"))


def test_signed_chats_equal_those_of_the_sdk() -> None:
    """Broken: of 200 chats in Chinese and emoji one is signed otherwise than by the SDK, or its body is changed."""
    rng = random.Random(7)
    letters = 'abcXYZ019 "\\\n\t你好世界，。！千帆🌏🧑‍🚀😀é\u200b'
    names = ["ERNIE-4.0-8K", "ERNIE Speed-AppBuilder", "yi_34b_chat", "我的模型🌏", "mine"]
    for _ in range(200):
        text, model = "".join(rng.choices(letters, k=rng.randint(1, 300))), rng.choice(names)
        pair = f"ALTAK{rng.getrandbits(120):x}", f"{rng.getrandbits(160):x}"
        now = rng.uniform(1_600_000_000, 1_900_000_000)
        messages = [{"role": "user", "content": "x" + text}]
        sent = V1.encode(ChatRequest(model, messages, False, {}), Destination(model, V1.base_url))
        ours = V1.sign(sent, secrets(access_key=pair[0], secret_key=pair[1]), now)
        theirs = sdk_signature("POST", sent.url, pair, now)
        assert ours.headers["x-bce-date"] == theirs["x-bce-date"]
        assert ours.headers["authorization"].rpartition("/")[2] == theirs["Authorization"].rpartition("/")[2], sent.url
        assert (ours.url, ours.body) == (sent.url, sent.body)
        assert orjson.loads(ours.body)["messages"] == messages
