"""Credentials to tokens: the two exchanges as data."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest

from app import render
from app.tokens import TokenKeeper
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, WireReply, WireRequest
from providers.vendors.qianfan import V1, V2
from providers.wires.qianfan import bce
from tests.unit.ernie import FILE, NOW, secrets
from tests.vectorfile import matches

CASES = {case["name"]: case for case in FILE["exchange"]}
DAYS_30_S = 2_592_000


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


@pytest.mark.parametrize("row", [V1, V2])
def test_an_answer_without_a_token_is_not_quoted(row: Any) -> None:
    """Broken: the other secrets of the vendor's answer reach the client."""
    doc = {"refresh_token": "25.hush", "session_key": "hush", "session_secret": "hush", "expires_in": 2592000}
    with pytest.raises(ProviderError) as raised:
        given(row, doc)
    assert "hush" not in raised.value.message


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


def test_an_expired_token_is_exchanged_anew() -> None:
    """Broken: a token that the vendor refuses (111 inside HTTP 200) is not exchanged, or the request changes."""
    (case,) = [case for case in FILE["chat"] if "exchange" in case]
    refused, exchange, answered = case["exchange"]
    told = exchange["vendor_response"]["body"]
    tokens = iter([{**told, "access_token": "24.example"}, told])

    def send(wire: WireRequest) -> WireReply:
        assert (wire.method, urlsplit(wire.url).path) == ("POST", exchange["vendor_request"]["path"])
        return WireReply(200, {}, iter([orjson.dumps(next(tokens))]), lambda: None)

    assert V1.exchange
    keeper = TokenKeeper(V1.exchange, secrets(api_key="a", secret_key="s"), None)
    request = case["openai_request"]
    model = request["model"]
    wire = V1.encode(ChatRequest(model, request["messages"], False, {}), Destination(model, V1.base_url))
    first = keeper.credential(send)
    with pytest.raises(ProviderError) as raised:
        list(V1.decode(V1.frame(iter([orjson.dumps(refused["vendor_response"]["body"])]))))
    assert raised.value.stale_token
    keeper.forget(first)
    second = keeper.credential(send)
    for credential, step in ((first, refused), (second, answered)):
        signed, expected = V1.sign(wire, credential, NOW), step["vendor_request"]
        url = urlsplit(signed.url)
        assert (signed.method, url.path, url.query) == (expected["method"], expected["path"], expected["query"])
        assert orjson.loads(signed.body) == refused["vendor_request"]["json"]
    deltas = V1.decode(V1.frame(iter([orjson.dumps(answered["vendor_response"]["body"])])))
    assert matches(case["openai_response"], render.fold(deltas, model))
