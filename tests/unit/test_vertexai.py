"""Vertex AI: addresses by location, service accounts, tokens, Claude's bodies, and what check says of credentials."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from app.runtime import build
from config.load import ConfigError, loads
from config.model import Settings
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, Secret
from providers.vendor import choose
from providers.wires.gemini import accounts
from tests.unit.gemini import FLASH, PLACE, USER, VENDORS, VERTEX, body, decoded, encoded, vector

CASE = vector("vertexai", "auth")[0]
ACCOUNT: Json = {**CASE["service_account"], "private_key": CASE["private_key_pem"]}
NOW = float(CASE["claims"]["iat"])


def fields(**values: str) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in values.items()}


def url(model: str, location: str = "us-central1", server_url: str = VERTEX.base_url, *, stream: bool = False) -> str:
    place = fields(project_id="example-project", location=location)
    return VERTEX.encode(ChatRequest(model, USER, stream, {}), Destination(model, server_url, place)).url


@pytest.mark.parametrize("case", vector("vertexai", "addresses"))
def test_addresses(case: Json) -> None:
    """Broken: a model is looked for at another host or under another publisher."""
    assert url(case["model"], case["location"], stream=case["stream"]) == case["url"]


@pytest.mark.parametrize(
    ("model", "server_url", "found"),
    [
        ("google/m", "https://p.example", "https://p.example/v1/projects/example-project/locations/us-central1/"
         "publishers/google/models/m:generateContent"),
        ("publishers/google/models/m", "https://p.example/v1beta1/", "https://p.example/v1beta1/projects/"
         "example-project/locations/us-central1/publishers/google/models/m:generateContent"),
        ("m", "https://p.example/x/v1/projects/old/locations/us", "https://p.example/x/v1/projects/example-project/"
         "locations/us-central1/publishers/google/models/m:generateContent"),
        ("1234567890", VERTEX.base_url, "https://us-central1-aiplatform.googleapis.com/v1/projects/example-project/"
         "locations/us-central1/endpoints/1234567890:generateContent"),
    ],
)  # fmt: skip
def test_other_addresses(model: str, server_url: str, found: str) -> None:
    """Broken: a proxy's address, another version, a publisher's name or a deployed endpoint lead elsewhere."""
    assert url(model, server_url=server_url) == found


def test_location_cannot_be_a_host() -> None:
    """Broken: a location out of a config becomes another host, to which tokens are sent."""
    for location in ("evil.example/", "a.b", "US", ""):
        with pytest.raises(ProviderError, match="no valid location") as raised:
            url("m", location)
        assert raised.value.kind is ErrorKind.UPSTREAM_AUTH


def test_pinned_model() -> None:
    """Broken: ``model_id`` of the credential has no effect."""
    to = Destination("any", VERTEX.base_url, {**PLACE, **fields(model_id="gemini-2.5-pro")})
    wire = VERTEX.encode(ChatRequest("any", USER, False, {"reasoning_effort": "low"}), to)
    assert "/gemini-2.5-pro:" in wire.url
    assert body(wire)["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 1024


def test_claude() -> None:
    """Broken: a model of Anthropic's gets a body that the publisher refuses."""
    wire = encoded("claude-opus-4-6", params={"max_tokens": 5}, stream=True, vertex=True, anthropic_beta=["a", "b"])
    found = body(wire)
    assert wire.url.endswith("/publishers/anthropic/models/claude-opus-4-6:streamRawPredict")
    assert (found["anthropic_version"], found["stream"], "model" in found) == ("vertex-2023-10-16", True, False)
    assert wire.headers == {"content-type": "application/json", "anthropic-beta": "a,b"}
    plain = encoded("claude-opus-4-6", params={"max_tokens": 5}, vertex=True)
    assert plain.url.endswith(":rawPredict")
    assert "stream" not in body(plain)


@pytest.mark.parametrize(
    ("code", "word", "kind"),
    [
        (499, "CANCELLED", ErrorKind.SERVER_ERROR),
        (429, "RESOURCE_EXHAUSTED", ErrorKind.RATE_LIMITED),
        (503, "UNAVAILABLE", ErrorKind.OVERLOADED),
    ],
)
def test_googles_error_amid_claudes_events(code: int, word: str, kind: ErrorKind) -> None:
    """Broken: what Google says in the middle of a reply of Claude's is passed over, or blamed on the client."""
    wire = encoded("claude-opus-4-6", stream=True, vertex=True)
    start = {"id": "m", "model": "claude-opus-4-6", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}
    events = b"event: message_start\ndata: " + orjson.dumps({"type": "message_start", "message": start}) + b"\n\n"
    refusal: Json = {"error": {"code": code, "message": "m", "status": word}}
    for told in (refusal, [refusal]):
        data = events + orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"
        with pytest.raises(ProviderError) as raised:
            decoded(data, wire)
        assert raised.value.kind is kind


def test_openai_surface() -> None:
    """Broken: the OpenAI surface of Vertex AI is spoken to in the native protocol."""
    base = "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-central1/endpoints/openapi"
    for address in (base, f"{base}/chat/completions"):
        row = choose(VENDORS, "vertexai", "", address, frozenset({"json_file"}))
        assert row is not None
        assert row.name == "vertexai-openai"
        wire = row.encode(ChatRequest(FLASH, USER, False, {}), Destination(FLASH, address))
        assert (wire.url, body(wire)["model"]) == (f"{base}/chat/completions", f"google/{FLASH}")
        assert row.sign(wire, fields(token="t"), 0.0).headers["authorization"] == "Bearer t"
    assert choose(VENDORS, "vertexai", "", "", frozenset()) is VERTEX


def test_exchange() -> None:
    """Broken: the claim is not the one that the vendor's reference makes, or goes elsewhere."""
    assert VERTEX.exchange
    for credential in (
        fields(json_file=json.dumps(ACCOUNT)),
        fields(**{name: value for name, value in ACCOUNT.items() if name != "project_id"}),
    ):
        wire = VERTEX.exchange.request(credential, None, NOW)
        assert wire is not None
        expected = CASE["token_request"]
        assert (wire.method, wire.url, wire.body.decode()) == ("POST", expected["url"], expected["body"])
        assert wire.headers == expected["headers"]
        assert parse_qs(wire.body.decode())["assertion"] == [CASE["jwt"]]
        elsewhere = VERTEX.exchange.request(credential, "http://127.0.0.1:1/token", NOW)
        assert elsewhere is not None
        assert (elsewhere.url, elsewhere.body) == ("http://127.0.0.1:1/token", wire.body)


def test_account_without_an_id_and_address() -> None:
    """Broken: fields that an account may lack are needed."""
    found = accounts.account(fields(client_email="e", private_key=ACCOUNT["private_key"]))
    assert found.token_uri == "https://oauth2.googleapis.com/token"
    assert accounts.assertion(found, NOW).count(".") == 2


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ({}, "could not be read"),
        ({"json_file": "/nowhere/key.json"}, "could not be read"),
        ({"json_file": "{"}, "not valid JSON"),
        ({"json_file": '{"type": "authorized_user"}'}, "another kind"),
        ({"json_file": '{"client_email": "e"}'}, 'no "private_key"'),
        ({"json_file": '{"client_email": "e", "private_key": "x"}'}, "no PEM text"),
    ],
)
def test_accounts_that_cannot_be_used(credential: dict[str, str], words: str) -> None:
    """Broken: a bad account is an exception that nobody expects, and so a 500."""
    with pytest.raises(ProviderError, match=words) as raised:
        accounts.token_request(fields(**credential), None, NOW)
    assert raised.value.kind is ErrorKind.UPSTREAM_AUTH


def test_token() -> None:
    """Broken: a token is lost, or lives longer than the vendor says."""
    token = accounts.parse(200, {}, orjson.dumps(CASE["token_response"]), NOW)
    assert (token.value.reveal(), token.expires_at) == ("ya29.test", NOW + 3599)


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, ErrorKind.UPSTREAM_AUTH,
         "invalid_grant: Invalid JWT Signature."),
        (401, {"error": "invalid_client"}, ErrorKind.UPSTREAM_AUTH, "invalid_client"),
        (429, {"error": "slow_down"}, ErrorKind.RATE_LIMITED, "slow_down"),
        (503, None, ErrorKind.SERVER_ERROR, "status 503"),
        (200, {"id_token": "x"}, ErrorKind.MALFORMED, "no access token"),
        (200, [], ErrorKind.MALFORMED, "no access token"),
    ],
)  # fmt: skip
def test_refused_exchanges(status: int, answer: Any, kind: ErrorKind, words: str) -> None:
    """Broken: a refusal is told in other words, or tried again with the same account."""
    with pytest.raises(ProviderError) as raised:
        accounts.parse(status, {}, orjson.dumps(answer) if answer is not None else b"", NOW)
    assert raised.value.kind is kind
    assert words in raised.value.message


def settings(credentials: Any, name: str = "c.json", **entry: Any) -> Settings:
    written = {"enabled": True, "models": ["m"], "credentials": credentials, **entry}
    return loads(json.dumps({"services": {"vertexai": [written]}}), name, {}, VENDORS)


GOOD: Json = {"project_id": "p", "location": "us-central1"}


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, ['missing fields "project_id", "location", "json_file"', "client_email + private_key"]),
        ({**GOOD}, ['missing field "json_file"', "path of a service account's key"]),
        ({"location": "l", "json_file": "{}"}, ['missing field "project_id"']),
        ({"project_id": "p", "json_file": "{}"}, ['missing field "location"']),
        ({**GOOD, "client_email": "e"}, ["missing field"]),
        ({**GOOD, "json_file": " "}, ["credentials.json_file: is empty"]),
        ({**GOOD, "jsonfile": "x.json"}, ['unknown field "jsonfile" (did you mean "json_file"?)']),
        ({**GOOD, "project": "p", "json_file": ACCOUNT}, ['unknown field "project"']),
        ({**GOOD, "location": "us central", "json_file": ACCOUNT}, ["credentials.location: it is no region"]),
        ({**GOOD, "json_file": {"type": "authorized_user"}}, ["credentials.json_file: the key is of another kind"]),
        ({**GOOD, "json_file": {"client_email": "e"}}, ["credentials.json_file: the service account's key has no"]),
        ({**GOOD, "client_email": "e", "private_key": "CANARY"}, ["credentials.private_key: the private key cannot"]),
    ],
)
def test_faults(credentials: Json, words: list[str]) -> None:
    """Broken: a credential that lacks a field, misspells one or cannot work is not told by the field's name."""
    with pytest.raises(ConfigError) as refused:
        settings(credentials)
    told = "\n".join(str(fault) for fault in refused.value.faults)
    assert all(word in told for word in words), told
    assert "CANARY" not in told


def test_key_file(tmp_path: Path) -> None:
    """Broken: the file is not read when the config is, from its folder, or is read again by a vendor's code."""
    (tmp_path / "account.json").write_text(json.dumps(ACCOUNT))
    found = settings({**GOOD, "json_file": "account.json"}, str(tmp_path / "c.json"))
    (credential,) = found.upstreams[0].credentials
    assert json.loads(credential.fields["json_file"].reveal()) == ACCOUNT
    assert found.notes == ()
    (tmp_path / "account.json").write_text(f"\n {json.dumps(ACCOUNT)}\n")
    found = settings({**GOOD, "json_file": str(tmp_path / "account.json")})
    assert accounts.account(found.upstreams[0].credentials[0].fields).client_email == ACCOUNT["client_email"]
    (tmp_path / "account.json").write_text("\n" + json.dumps({**ACCOUNT, "private_key": "x"}))
    with pytest.raises(ConfigError, match="json_file: the private key cannot be used"):
        settings({**GOOD, "json_file": str(tmp_path / "account.json")})


def test_key_file_that_is_not_there() -> None:
    """Broken: one missing file stops the whole gateway, nobody is told, or the first request is a 500."""
    found = settings({**GOOD, "json_file": "/nowhere/key.json"})
    (note,) = found.notes
    assert "json_file: the file /nowhere/key.json cannot be read: No such file" in note
    assert build(found, VENDORS).chat["m"]
    (note,) = settings({**GOOD, "json_file": "MIICANARY\nKEY"}).notes
    assert "CANARY" not in note


def test_whole_account_beside_the_place() -> None:
    """Broken: the fields of a key file, put one by one into the credential, are unknown."""
    more = {"client_id": "1", "auth_uri": "a", "universe_domain": "googleapis.com", "client_x509_cert_url": "c",
            "auth_provider_x509_cert_url": "b"}  # fmt: skip
    found = settings({**ACCOUNT, **more, "location": "global"})
    assert found.notes == ()
