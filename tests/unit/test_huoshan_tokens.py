"""Access keys in exchange for short-lived ones: which resource is asked for, what answers mean, who needs none."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from app import errors
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import Json, Secret, WireRequest
from providers.vendors.huoshan import VENDORS
from providers.wires.huoshan.tokens import LIFETIME_S
from tests.unit.test_huoshan_signature import FILE, low

ROWS = {row.name: row for row in VENDORS}
ROW = ROWS["huoshan"]
EXCHANGE = ROW.exchange
assert EXCHANGE is not None
NOW = 1_767_322_000.0
PAIR = {"access_key": "AKLTx", "secret_key": "c2Vj"}
CASES = {case["name"]: case for case in FILE["exchange"]}


def asked(auth_url: str | None = None, **fields: str) -> WireRequest | None:
    assert EXCHANGE is not None
    return EXCHANGE.request({name: Secret(value) for name, value in fields.items()}, auth_url, NOW)


def given(doc: Any, status: int = 200, now: float = NOW) -> Any:
    assert EXCHANGE is not None
    return EXCHANGE.parse(status, {}, doc if isinstance(doc, bytes) else orjson.dumps(doc), now)


def refusal(code: str, message: str = "told") -> Json:
    return {"ResponseMetadata": {"RequestId": "r", "Error": {"CodeN": 1, "Code": code, "Message": message}}}


def test_vector_of_an_answer() -> None:
    """Broken: the key of an exchange, its end or its use is not what the vendor told."""
    case = CASES["GetApiKey-ok"]
    token = given(case["response"]["body"])
    assert token.expires_at == case["response"]["body"]["Result"]["ExpiredTime"]
    for name in ("huoshan", "huoshanbot"):
        signed = ROWS[name].sign(
            WireRequest("POST", "https://h", {}, b""), {"access_key": Secret("a"), "token": token.value}, NOW
        )
        assert low(signed.headers) == low(case["then_use"])


def test_vector_of_a_refusal() -> None:
    """Broken: a pair that the vendor refuses is not told to the operator in the vendor's words."""
    case = CASES["GetApiKey-bad-signature"]
    with pytest.raises(ProviderError, match="The request signature we calculated does not match") as raised:
        given(case["response"]["body"], case["response"]["status"])
    assert raised.value.kind is ErrorKind.UPSTREAM_AUTH
    assert (errors.describe(raised.value).status, errors.describe(raised.value).error["code"]) == (502, "upstream_auth")


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("ep-20240612090709-hzjz5", "endpoint"),
        ("ep-m-20250101000000-abcde", "presetendpoint"),
        ("bot-20240101000000-abcde", "bot"),
        ("doubao-seed-1-6-250615", "presetendpoint"),
        ("my-ep-1", "presetendpoint"),
    ],
)
def test_kinds_of_resources(model: str, kind: str) -> None:
    """Broken: a key is asked for another kind of resource than the id is of."""
    wire = asked(**PAIR, model=model)
    assert wire
    body = orjson.loads(wire.body)
    assert (body["ResourceIds"], body["ResourceType"], body["DurationSeconds"]) == ([model], kind, 604_800)
    assert body.get("ProjectName") == ("default" if kind == "presetendpoint" else None)


@pytest.mark.parametrize(
    ("auth_url", "place", "more"),
    [
        (None, "https://open.volcengineapi.com/", {}),
        ("http://127.0.0.1:9", "http://127.0.0.1:9/", {}),
        ("https://open.volcengineapi.com/?Action=GetApiKey&Version=2024-01-01", "https://open.volcengineapi.com/", {}),
        ("https://proxy.example/volc?via=x", "https://proxy.example/volc", {"via": ["x"]}),
    ],
)
def test_addresses(auth_url: str | None, place: str, more: dict[str, list[str]]) -> None:
    """Broken: the exchange goes to another address than the operator wrote, or without its action."""
    wire = asked(auth_url, **PAIR, model="ep-1")
    assert wire
    assert wire.url.partition("?")[0] == place
    assert parse_qs(urlsplit(wire.url).query) == {"Action": ["GetApiKey"], "Version": ["2024-01-01"], **more}


def test_region_and_temporary_keys() -> None:
    """Broken: another region or an STS token is not signed for."""
    wire = asked(**PAIR, model="ep-1", region="ap-southeast-1", session_token="STS")
    assert wire
    assert "/ap-southeast-1/ark/request" in wire.headers["authorization"]
    assert wire.headers["x-security-token"] == "STS"
    assert "x-security-token" in wire.headers["authorization"]
    assert "x-security-token" not in (asked(**PAIR, model="ep-1") or wire).headers


def test_who_needs_no_exchange() -> None:
    """Broken: an API key beside a pair is not the one that is used."""
    assert asked(api_key="k", **PAIR, model="ep-1") is None
    assert asked(model="ep-1") is None
    credential = {name: Secret(value) for name, value in {"api_key": "k", "token": "t", **PAIR}.items()}
    assert ROW.sign(WireRequest("POST", "https://h", {}, b""), credential, NOW).headers["authorization"] == "Bearer k"
    assert ROW.sign(WireRequest("POST", "https://h", {}, b""), {}, NOW).headers == {}


@pytest.mark.parametrize("told", [None, 0, "soon", 1_700_000_000, True])
def test_an_end_that_makes_no_sense(told: object) -> None:
    """Broken: a key without a credible end is asked for anew with every request."""
    token = given({"Result": {"ApiKey": "k", "ExpiredTime": told}})
    assert (token.value.reveal(), token.expires_at) == ("k", NOW + LIFETIME_S)


def test_an_end_in_words() -> None:
    """Broken: an end told as text is not understood."""
    assert given({"Result": {"ApiKey": "k", "ExpiredTime": "1767927845"}}).expires_at == 1_767_927_845.0


@pytest.mark.parametrize(
    ("doc", "status", "kind", "words"),
    [
        (refusal("InvalidAccessKey"), 401, ErrorKind.UPSTREAM_AUTH, "told"),
        (refusal("AccessDenied"), 403, ErrorKind.UPSTREAM_AUTH, "told"),
        (refusal("SignatureDoesNotMatch"), 200, ErrorKind.UPSTREAM_AUTH, "told"),
        (refusal("InvalidEndpoint.NotFound"), 404, ErrorKind.UPSTREAM_AUTH, "told"),
        (refusal("InvalidAccessKey", ""), 401, ErrorKind.UPSTREAM_AUTH, "InvalidAccessKey"),
        (refusal("FlowLimitExceeded"), 429, ErrorKind.RATE_LIMITED, "told"),
        (refusal("RequestFlowLimit"), 400, ErrorKind.RATE_LIMITED, "told"),
        (refusal("InternalError"), 500, ErrorKind.SERVER_ERROR, "told"),
        ({"error": {"message": "busy", "code": "x"}}, 503, ErrorKind.OVERLOADED, "busy"),
        ({"Result": {}}, 200, ErrorKind.MALFORMED, "no key"),
        ({"Result": None}, 200, ErrorKind.MALFORMED, "no key"),
        ({"ResponseMetadata": None}, 200, ErrorKind.MALFORMED, "no key"),
        ([], 200, ErrorKind.MALFORMED, "no JSON object"),
        (b"<html><title>Bad gateway</title></html>", 502, ErrorKind.SERVER_ERROR, "Bad gateway"),
        (b"<html><title>Not found</title></html>", 404, ErrorKind.UPSTREAM_AUTH, "Not found"),
        (b"", 400, ErrorKind.UPSTREAM_AUTH, "400"),
        ({"error": {"message": "The model does not exist", "code": "x"}}, 404, ErrorKind.UPSTREAM_AUTH, "not exist"),
        (b"<html><title>Hello</title></html>", 200, ErrorKind.MALFORMED, "Hello"),
    ],
)
def test_failed_exchanges(doc: Any, status: int, kind: ErrorKind, words: str) -> None:
    """Broken: a failed exchange gives a key, an exception of ours, or no word of the vendor's."""
    with pytest.raises(ProviderError, match=words) as raised:
        given(doc, status)
    assert raised.value.kind is kind
    assert raised.value.kind in RETRYABLE


def test_a_wait_before_the_next_exchange() -> None:
    """Broken: a limited exchange is asked for again before the time that the vendor told."""
    assert EXCHANGE is not None
    with pytest.raises(ProviderError, match="told") as raised:
        EXCHANGE.parse(429, {"retry-after": "7"}, orjson.dumps(refusal("FlowLimitExceeded")), NOW)
    assert raised.value.retry_after_s == 7.0


def test_a_refused_key_is_stale() -> None:
    """Broken: a key that the data plane refuses is not exchanged anew, or any other failure costs an exchange."""
    body = orjson.dumps({"error": {"code": "AuthenticationError", "message": "m", "param": "", "type": "Unauthorized"}})
    for name in ("huoshan", "huoshanbot"):
        assert ROWS[name].fault(401, {}, body).stale_token
        assert not ROWS[name].fault(403, {}, body).stale_token
