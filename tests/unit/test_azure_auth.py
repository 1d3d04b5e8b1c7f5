"""Keys and tokens of Azure, and what ``check`` says of its entries."""

from typing import Any

import orjson
import pytest

from config.load import ConfigError
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest, Json, Secret, WireRequest
from providers.vendors.azure import VENDOR
from tests.unit.test_azure_request import CURRENT, DEPLOYED, KEY, ROOT, body, encoded, settings


def test_headers() -> None:
    """Broken: further headers of the entry or another name of the key's header are not used."""
    options = {"headers": {"X-Team": 7}, "key_header": "Ocp-Apim-Subscription-Key"}
    for made in (encoded(options=options), embedding(options=options)):
        signed = VENDOR.sign(made, KEY, 0).headers
        assert signed["x-team"] == "7"
        assert signed["ocp-apim-subscription-key"] == KEY["api_key"].reveal()
        assert "api-key" not in signed
    token = VENDOR.sign(encoded(options=options), {"token": Secret("t")}, 0).headers
    assert token["authorization"] == "Bearer t"
    assert not token.keys() & {"api-key", "ocp-apim-subscription-key"}


def embedding(url: str = ROOT, **fields: Any) -> WireRequest:
    assert VENDOR.embed
    return VENDOR.embed.encode(EmbeddingRequest("e", ["a"], {"dimensions": 3}), Destination("e", url, KEY, **fields))


def test_embeddings() -> None:
    """Broken: embeddings go to another address, or without the model where the body must name it."""
    wire = embedding()
    assert wire.url == f"{DEPLOYED}/e/embeddings{CURRENT}"
    assert body(wire) == {"input": ["a"], "encoding_format": "float", "dimensions": 3}
    wire = embedding(f"{ROOT}/openai/v1/chat/completions")
    assert (wire.url, body(wire)["model"]) == (f"{ROOT}/openai/v1/embeddings", "e")


def test_token_in_the_place_of_the_key() -> None:
    """Broken: an Entra token pasted as api_key goes into the header of keys, where it is refused."""
    signed = VENDOR.sign(encoded(), {"api_key": Secret("eyJ0.x.y")}, 0).headers
    assert signed["authorization"] == "Bearer eyJ0.x.y"
    assert "api-key" not in signed


APPLICATION = {"tenant_id": "t/1", "client_id": "c", "client_secret": "s&"}


def secrets(fields: dict[str, str]) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in fields.items()}


@pytest.mark.parametrize(
    ("auth_url", "url"),
    [
        (None, "https://login.microsoftonline.com/t%2F1/oauth2/v2.0/token"),
        ("https://login.microsoftonline.us/", "https://login.microsoftonline.us/t%2F1/oauth2/v2.0/token"),
        ("https://a.example/own/token?x=1", "https://a.example/own/token?x=1"),
    ],
)
def test_token_request(auth_url: str | None, url: str) -> None:
    """Broken: the directory is asked at another address, or its form is not what its reference says."""
    assert VENDOR.exchange
    wire = VENDOR.exchange.request(secrets(APPLICATION), auth_url, 0)
    assert wire
    assert (wire.method, wire.url) == ("POST", url)
    assert wire.headers == {"content-type": "application/x-www-form-urlencoded"}
    form = b"grant_type=client_credentials&client_id=c&client_secret=s%26&scope="
    assert wire.body == form + b"https%3A%2F%2Fcognitiveservices.azure.com%2F.default"
    scoped = VENDOR.exchange.request(secrets({**APPLICATION, "scope": "x"}), auth_url, 0)
    assert scoped
    assert scoped.body == form + b"x"
    for fields in ({"api_key": "k", **APPLICATION}, {"token": "k"}):
        assert VENDOR.exchange.request(secrets(fields), None, 0) is None


@pytest.mark.parametrize(
    ("status", "answer", "kind", "told"),
    [
        (401, {"error": "invalid_client", "error_description": "AADSTS7000215: no"}, ErrorKind.UPSTREAM_AUTH, "AADSTS"),
        (400, {"error": "invalid_request"}, ErrorKind.UPSTREAM_AUTH, "invalid_request"),
        (503, {"error": "temporarily_unavailable"}, ErrorKind.SERVER_ERROR, "temporarily"),
        (502, "<html>bad</html>", ErrorKind.SERVER_ERROR, "bad"),
        (200, {}, ErrorKind.SERVER_ERROR, r"\{\}"),
    ],
)
def test_token_refusals(status: int, answer: Any, kind: ErrorKind, told: str) -> None:
    """Broken: the directory's own words do not reach who has to mend the entry."""
    assert VENDOR.exchange
    raw = answer.encode() if isinstance(answer, str) else orjson.dumps(answer)
    with pytest.raises(ProviderError, match=told) as raised:
        VENDOR.exchange.parse(status, {}, raw, 0)
    assert raised.value.kind is kind
    assert raised.value.message


def test_token() -> None:
    """Broken: a token is thrown away too late, or not taken at all."""
    assert VENDOR.exchange
    for told, ends in (({"expires_in": "3599"}, 3609.0), ({}, 3609.0), ({"expires_in": 60}, 70.0)):
        token = VENDOR.exchange.parse(200, {}, orjson.dumps({"access_token": "t", **told}), 10)
        assert (token.value.reveal(), token.expires_at) == ("t", ends)


@pytest.mark.parametrize(
    ("credentials", "entry", "words"),
    [
        ({}, {}, ['missing field "api_key"', "tenant_id + client_id + client_secret"]),
        ({"apikey": "k"}, {}, ['unknown field "apikey" (did you mean "api_key"?)']),
        ({"tenant_id": "t", "client_id": "c"}, {}, ['missing field "client_secret"']),
        ({"tenant_id": "t", "client_secrt": "c"}, {}, ['did you mean "client_secret"?', 'missing field "client_id"']),
        ({"api_key": " "}, {}, ["credentials.api_key: is empty"]),
        ({"api_key": "k"}, {"server_url": ""}, ["missing server_url (azure has no address of its own)"]),
        ({"api_key": "k"}, {"api_versoin": "x"}, ['did you mean "api_version"?']),
    ],
)
def test_faults_of_the_config(credentials: Json, entry: Json, words: list[str]) -> None:
    """Broken: a credential or setting that lacks or is misspelt is not told by its name."""
    if entry.get("server_url") == "":
        entry = {"server_url": None}
    with pytest.raises(ConfigError) as refused:
        settings(credentials, **entry)
    told = "\n".join(str(fault) for fault in refused.value.faults)
    assert all(word in told for word in words), told


def test_idle_credentials_are_noted() -> None:
    """Broken: who gives a key and an application is not told which of them is used."""
    (note,) = settings({"api_key": "k", **APPLICATION}).notes
    assert "tenant_id, client_id, client_secret: no effect beside api_key" in note
    found = settings(api_version="2024-10-21", content_filter_results=True, reasoning_models={"m": {}}, key_header="x")
    assert found.notes == ()
    assert found.upstreams[0].options["reasoning_models"] == {"m": {}}
