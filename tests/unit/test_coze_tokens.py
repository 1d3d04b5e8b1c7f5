"""Coze's OAuth apps: the assertion at a frozen clock and beside the vendor's SDK's, the exchange and its answers."""

import base64
import json
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, WireRequest
from providers.wires.coze import tokens
from tests import rsakeys

NOW = 1767323045
VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "coze.json").read_text(encoding="utf-8"))["auth"][1]


def app(client: str = "1112223334445", kid: str = "kid_public_key_id_example") -> dict[str, Secret]:
    fields = {"client_id": client, "public_key_id": kid, "private_key": rsakeys.key().pem}
    return {name: Secret(value) for name, value in fields.items()}


def sent(auth_url: str | None = None, site: str = "api.coze.cn", credential: Any = None) -> WireRequest:
    wire = tokens.request(credential or app(), auth_url, NOW + 0.5, site=site)
    assert wire is not None
    return wire


def bearer(wire: WireRequest) -> tuple[Any, Any]:
    told = rsakeys.verified(wire.headers["authorization"].removeprefix("Bearer "), rsakeys.key().modulus)
    assert told is not None
    return told


def test_the_vectors_token() -> None:
    """Broken: the signing input differs from the SDK's at the same clock, or the SDK's own token does not verify."""
    modulus = int.from_bytes(rsakeys.decoded(VECTOR["public_jwk"]["n"]), "big")
    assert rsakeys.verified(VECTOR["jwt"], modulus) is not None
    claims = json.loads(VECTOR["jwt_payload"])
    made = tokens.assertion(app(), claims["aud"], VECTOR["clock_unix"], claims["jti"])
    assert made.rpartition(".")[0] == VECTOR["jwt"].rpartition(".")[0]
    header, payload = (rsakeys.decoded(part).decode() for part in made.split(".")[:2])
    assert (header, payload) == (VECTOR["jwt_header"], VECTOR["jwt_payload"])


def test_the_vectors_request() -> None:
    """Broken: the exchange is asked for otherwise than by the SDK."""
    wire, expected = sent(), VECTOR["request"]
    assert (wire.method, wire.url) == (expected["method"], expected["url"])
    assert wire.headers["content-type"] == expected["headers"]["Content-Type"]
    assert orjson.loads(wire.body) == expected["json"]
    header, claims = bearer(wire)
    assert header == json.loads(VECTOR["jwt_header"])
    assert {**claims, "jti": ""} == {**json.loads(VECTOR["jwt_payload"]), "jti": ""}
    assert claims["jti"] != bearer(sent())[1]["jti"]
    token = tokens.parse(200, {}, orjson.dumps(VECTOR["response_shape"]), NOW)
    assert (token.value, token.expires_at) == (Secret("czs_x"), 1767323945.0)


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the SDK and its libraries warn of on their own account."""
    with warnings.catch_warnings(record=True):
        yield


def test_the_sdks_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: one of 200 random assertions does not verify with the SDK's library, or says what the SDK would not."""
    with quiet():
        auth = pytest.importorskip("cozepy.auth")
        jose = pytest.importorskip("authlib.jose")
        rng = random.Random(20260102)
        size = (rsakeys.key().modulus.bit_length() + 7) // 8
        modulus = base64.urlsafe_b64encode(rsakeys.key().modulus.to_bytes(size, "big")).decode().rstrip("=")
        public = jose.JsonWebKey.import_key({"kty": "RSA", "n": modulus, "e": "AQAB"})
        private = jose.JsonWebKey.import_key(rsakeys.key().pem, {"kty": "RSA"})
        apps = {host: auth.JWTOAuthApp("", "", "", f"https://{host}") for host in ("api.coze.cn", "api.coze.com")}
        for _ in range(200):
            client = str(rng.randrange(10**12, 10**13))
            kid = "".join(rng.choices("abcXYZ019_-+/=é中", k=rng.randint(1, 64)))
            host, now = rng.choice(list(apps)), rng.randrange(10**9, 3 * 10**9)
            mine = tokens.assertion(app(client, kid), host, now, f"{now}:{rng.random()}")
            monkeypatch.setattr(auth.time, "time", lambda now=now: float(now))
            # The SDK's random "jti" may happen to look like the number of a credit card, which its library refuses.
            monkeypatch.setattr(jose.jwt, "check_sensitive_data", lambda _claims: None)
            apps[host]._client_id = client
            theirs = apps[host]._gen_jwt(kid, private, 3600)
            monkeypatch.undo()
            told, expected = (
                jose.jwt.decode(one if isinstance(one, bytes) else one.encode(), public) for one in (mine, theirs)
            )
            assert {**told, "jti": ""} == {**expected, "jti": ""}
            assert {**told.header} == {**expected.header}


@pytest.mark.parametrize(
    ("auth_url", "site", "url", "audience"),
    [
        (None, "api.coze.com", "https://api.coze.com/api/permission/oauth2/token", "api.coze.com"),
        ("https://api.coze.com", "api.coze.cn", "https://api.coze.com/api/permission/oauth2/token", "api.coze.com"),
        ("http://127.0.0.1:8/x/", "api.coze.cn", "http://127.0.0.1:8/x/api/permission/oauth2/token", "api.coze.cn"),
        ("https://h/oauth2/token?a=b", "api.coze.cn", "https://h/oauth2/token?a=b", "api.coze.cn"),
    ],
)
def test_addresses(auth_url: str | None, site: str, url: str, audience: str) -> None:
    """Broken: an assertion is sent to, or made for, another site than the app's."""
    wire = sent(auth_url, site)
    assert (wire.url, bearer(wire)[1]["aud"]) == (url, audience)


def test_what_needs_no_exchange() -> None:
    """Broken: a token that stands in the config is exchanged, or the key's text is told where it is none."""
    for field in ("token", "api_key"):
        assert tokens.request({**app(), field: Secret("pat_x")}, None, NOW, site="api.coze.cn") is None
    escaped = Secret(rsakeys.key().pem.replace("\n", "\\n"))
    assert bearer(sent(credential={**app(), "private_key": escaped}))
    broken = {**app(), "private_key": Secret("not-a-key-at-all")}
    with pytest.raises(ProviderError, match="private_key of the Coze app") as refused:
        sent(credential=broken)
    assert refused.value.kind is ErrorKind.UPSTREAM_AUTH
    ((field, problem),) = tokens.examine(broken)
    assert field == "private_key" and "PEM" in problem
    assert "not-a-key" not in problem + refused.value.message
    assert list(tokens.examine(app())) == list(tokens.examine({})) == []


@pytest.mark.parametrize(
    ("told", "end"), [(NOW + 60, NOW + 60), (7200, NOW + 7200), (None, NOW + 900), ("x", NOW + 900)]
)
def test_ends(told: Any, end: int) -> None:
    """Broken: a token is used after its end, or never, because of how its end is told."""
    body = orjson.dumps({"access_token": "t", "expires_in": told})
    assert tokens.parse(200, {}, body, NOW).expires_at == end


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, b'{"error_code":"invalid_client","error_message":"no such client"}', "upstream_auth", "no such client"),
        (401, b'{"code":4100,"msg":"authentication is invalid"}', "upstream_auth", "4100: authentication is invalid"),
        (200, b'{"code":4000,"msg":"bad assertion"}', "upstream_auth", "4000: bad assertion"),
        (400, b'{"error":"access_denied"}', "upstream_auth", "access_denied"),
        (400, b"[]", "upstream_auth", ""),
        (400, b"<html>bad request</html>", "upstream_auth", "bad request"),
        (404, b"", "upstream_auth", "404"),
        (500, b'{"code":4000,"msg":"bad assertion"}', "upstream_auth", "bad assertion"),
        (429, b'{"code":1,"msg":"slow"}', "rate_limited", "slow"),
        (502, b"<html>bad gateway</html>", "server_error", "bad gateway"),
        (200, b"<html>portal</html>", "malformed", "portal"),
    ],
)
def test_refusals(status: int, body: bytes, kind: str, words: str) -> None:
    """Broken: what the vendor says to an app is lost, or taken for the client's fault."""
    with pytest.raises(ProviderError) as refused:
        tokens.parse(status, {}, body, NOW)
    assert refused.value.kind.value == kind
    assert words in refused.value.message
