"""Tokens and signatures: the two exchanges as data, and the cloud's signature beside the vendor's own SDK."""

import random
import string
import warnings
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest, Json, Secret, WireRequest
from providers.vendors.qianfan import V1, V2
from providers.wires.qianfan import bce
from tests.vectorfile import VECTORS

FILE = orjson.loads((VECTORS / "qianfan.json").read_bytes())
CASES = {case["name"]: case for case in FILE["exchange"]}
NOW = 1_700_000_000.0
DAYS_30_S = 2_592_000


def secrets(**fields: str) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in fields.items()}


def asked(row: Any, auth_url: str | None = None, now: float = NOW, **fields: str) -> WireRequest | None:
    wire = row.exchange.request(secrets(**fields), auth_url, now)
    assert wire is None or isinstance(wire, WireRequest)
    return wire


def given(row: Any, doc: Any, status: int = 200) -> Any:
    body = doc if isinstance(doc, bytes) else orjson.dumps(doc)
    return row.exchange.parse(status, {}, body, NOW)


def test_oauth_vector() -> None:
    """Broken: the token is asked for otherwise than the vendor's SDK does."""
    case = CASES["v1-oauth-token"]
    wire = asked(V1, **case["credentials"])
    assert wire
    assert (wire.method, wire.url, wire.body) == (case["method"], case["url"], b"")
    token = given(V1, case["response"]["body"])
    assert token.value.reveal() == "24.example"
    assert token.expires_at == NOW + DAYS_30_S


def test_oauth_values_are_encoded() -> None:
    """Broken: a key with special letters breaks the query."""
    wire = asked(V1, api_key="a&b=c", secret_key="ü /+")
    assert wire
    assert parse_qs(urlsplit(wire.url).query) == {
        "grant_type": ["client_credentials"],
        "client_id": ["a&b=c"],
        "client_secret": ["ü /+"],
    }


@pytest.mark.parametrize(
    ("auth_url", "base"),
    [
        ("http://127.0.0.1:5", "http://127.0.0.1:5/oauth/2.0/token?"),
        ("http://127.0.0.1:5/", "http://127.0.0.1:5/oauth/2.0/token?"),
        ("http://127.0.0.1:5/my/token", "http://127.0.0.1:5/my/token?"),
        ("http://127.0.0.1:5/my/token?x=1", "http://127.0.0.1:5/my/token?x=1&"),
    ],
)
def test_auth_url(auth_url: str, base: str) -> None:
    """Broken: auth_url is not where the token is asked for."""
    wire = asked(V1, auth_url, api_key="a", secret_key="s")
    assert wire
    assert wire.url == f"{base}grant_type=client_credentials&client_id=a&client_secret=s"


@pytest.mark.parametrize(
    ("told", "lasts_s"),
    [
        ({"expires_in": 100}, 100),
        ({"expires_in": "100"}, 100),
        ({}, DAYS_30_S),
        ({"expires_in": 0}, DAYS_30_S),
    ],
)
def test_lifetimes(told: Json, lasts_s: float) -> None:
    """Broken: a short-lived token is exchanged at every request, or used beyond its end."""
    assert given(V1, {"access_token": "24.x", **told}).expires_at - NOW == pytest.approx(lasts_s)


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize("told", ["unknown client id", "Client authentication failed"])
def test_refused_credentials(status: int, told: str) -> None:
    """Broken: a wrong key is taken for something else when the status says so or does not."""
    with pytest.raises(ProviderError) as raised:
        given(V1, {"error": "invalid_client", "error_description": told}, status)
    assert raised.value.kind is ErrorKind.UPSTREAM_AUTH
    assert raised.value.message.startswith(told)
    assert ("bce-v3/" in raised.value.message) is (told == "unknown client id")
    assert not raised.value.stale_token


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html><title>gone</title></html>", 502, ErrorKind.SERVER_ERROR),
        (b"<html><title>login</title></html>", 200, ErrorKind.MALFORMED),
        (b"[]", 200, ErrorKind.MALFORMED),
        (b'{"error":"server_error","error_description":"later"}', 500, ErrorKind.SERVER_ERROR),
        (b'{"error_code":4,"error_msg":"Open api request limit reached"}', 200, ErrorKind.RATE_LIMITED),
        (b'{"error_code":18,"error_msg":"Open api qps request limit reached"}', 200, ErrorKind.RATE_LIMITED),
        (b'{"scope":"public"}', 200, ErrorKind.SERVER_ERROR),
    ],
)
def test_failed_exchanges(body: bytes, status: int, kind: ErrorKind) -> None:
    """Broken: a failed exchange gives a token, or an exception of ours."""
    with pytest.raises(ProviderError) as raised:
        given(V1, body, status)
    assert raised.value.kind is kind


def test_iam_bearer_vector() -> None:
    """Broken: the key pair of a cloud account is exchanged for a bearer otherwise than the SDK does it."""
    case = CASES["iam-bearer-token-get"]
    wire = asked(V2, now=case["timestamp"] + 0.9, access_key=case["access_key"], secret_key=case["secret_key"])
    assert wire
    assert (wire.method, wire.url) == ("GET", f"{case['url']}?{urlencode(case['query'])}")
    assert wire.headers["authorization"] == case["authorization"]
    assert wire.headers["x-bce-date"] == case["clock"]
    assert (
        bce.canonical("GET", wire.url, {name.lower(): v for name, v in case["headers"].items()})
        == (case["canonical_request"])
    )


def test_iam_bearer_token() -> None:
    """Broken: the bearer's life is taken from our clock instead of the vendor's two times."""
    times = {"createTime": "2020-01-01T00:00:00Z", "expireTime": "2020-01-01T01:00:00Z"}
    token = given(V2, {"userId": "u", "token": "bce-v3/ALTAK-x/y", "status": "enable", **times})
    assert token.value.reveal() == "bce-v3/ALTAK-x/y"
    assert token.expires_at == NOW + 3600
    assert given(V2, {"token": "t", "expireTime": "soon"}).expires_at == NOW + 43200


def test_iam_refused() -> None:
    """Broken: the vendor's text about a wrong pair is lost."""
    with pytest.raises(ProviderError, match="signature does not match") as raised:
        given(V2, {"code": "IamSignatureInvalid", "message": "signature does not match"}, 400)
    assert raised.value.kind is ErrorKind.UPSTREAM_AUTH
    with pytest.raises(ProviderError) as raised:
        given(V2, {"message": "try later"}, 500)
    assert raised.value.kind is ErrorKind.SERVER_ERROR


def test_who_needs_no_exchange() -> None:
    """Broken: a V2 key is exchanged, or a key pair that signs V1 requests itself."""
    assert asked(V2, api_key="bce-v3/x/y") is None
    assert asked(V2, api_key="bce-v3/x/y", secret_key="s") is None
    assert asked(V1, access_key="a", secret_key="s") is None


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


def embedded(row: Any, inputs: Any, model: str = "Embedding-V1", **params: Any) -> WireRequest:
    wire = row.embed.encode(EmbeddingRequest(model, inputs, params), Destination(model, row.base_url))
    assert isinstance(wire, WireRequest)
    return wire


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("Embedding-V1", "embedding-v1"),
        ("bge-large-zh", "bge_large_zh"),
        ("bge_large_en", "bge_large_en"),
        ("tao-8k", "tao_8k"),
        ("New-One", "new-one"),
    ],
)
def test_embedding_paths(model: str, path: str) -> None:
    """Broken: an embedding model is asked for under another's path."""
    assert embedded(V1, ["x"], model).url == f"{V1.base_url}/rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/{path}"


def test_embedding_bodies() -> None:
    """Broken: V1 gets fields it does not know, or their loss is not said."""
    wire = embedded(V1, ["x", "y"], user="u", dimensions=5, encoding_format="base64")
    assert orjson.loads(wire.body) == {"input": ["x", "y"], "user_id": "u"}
    assert wire.changes == ("dropped dimensions",)
    wire = embedded(V2, ["x"], "bge_large_zh", dimensions=5, encoding_format="base64")
    assert orjson.loads(wire.body) == {"model": "bge-large-zh", "input": ["x"]}
    assert wire.url == "https://qianfan.baidubce.com/v2/embeddings"
    assert wire.changes == ("dropped dimensions",)


@pytest.mark.parametrize("row", [V1, V2])
@pytest.mark.parametrize(("model", "most"), [("Embedding-V1", 16), ("bge_large_zh", 16), ("tao-8k", 1), ("TAO_8K", 1)])
def test_embedding_batches(row: Any, model: str, most: int) -> None:
    """Broken: a model is sent more texts at once than it takes."""
    assert row.embed.batch(Destination(model, "")) == most


@pytest.mark.parametrize("row", [V1, V2])
def test_refused_embeddings(row: Any) -> None:
    """Broken: token numbers, which the vendor refuses, are sent."""
    with pytest.raises(ProviderError) as raised:
        embedded(row, [[1, 2]])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "input")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error_code":111,"error_msg":"Access token expired"}', ErrorKind.UPSTREAM_AUTH),
        (b"<html></html>", ErrorKind.MALFORMED),
        (b"{}", ErrorKind.MALFORMED),
    ],
)
def test_failed_embeddings(body: bytes, kind: ErrorKind) -> None:
    """Broken: an error inside HTTP 200 becomes an empty list of vectors."""
    assert V1.embed
    with pytest.raises(ProviderError) as raised:
        V1.embed.decode(body)
    assert raised.value.kind is kind
    assert raised.value.stale_token is (kind is ErrorKind.UPSTREAM_AUTH)
