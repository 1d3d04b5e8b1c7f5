"""A service account's key in exchange for an access token, as Google Cloud has it.

Source: https://developers.google.com/identity/protocols/oauth2/service-account, checked 2026-08.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import orjson

from providers import auth, jwt
from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, Token, WireRequest
from providers.vendor import Exchange
from providers.wires.openai import shapes

EXCHANGE_URL: Final = "https://oauth2.googleapis.com/token"
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
LIFE_S: Final = 3600
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_FIELDS: Final = ("client_email", "private_key", "private_key_id", "token_uri")
_LOCATION: Final = re.compile(r"[a-z][a-z0-9-]*")
_KIND: Final = "service_account"


@dataclass(frozen=True, slots=True)
class Account:
    """What a service account's key file holds that is needed; ``private_key`` is PEM."""

    client_email: str
    private_key: Secret
    private_key_id: str = ""
    token_uri: str = EXCHANGE_URL


def account(credential: Mapping[str, Secret]) -> Account:
    """The account of a credential: the content of its key file (``json_file``), or the same fields one by one.

    Raises ValueError, which tells nothing of the key.
    """
    told = {name: credential[name].reveal() for name in _FIELDS if credential.get(name)}
    if not {"client_email", "private_key"} <= told.keys():
        told = _of_file(credential["json_file"].reveal() if credential.get("json_file") else "") | told
    return Account(
        told["client_email"],
        Secret(told["private_key"]),
        told.get("private_key_id", ""),
        told.get("token_uri") or EXCHANGE_URL,
    )


def _of_file(text: str) -> dict[str, str]:
    if not text.lstrip().startswith("{"):
        raise ValueError("the file with the service account's key could not be read when the gateway started")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("the service account's key is not valid JSON") from None
    if document.get("type", _KIND) != _KIND:
        raise ValueError('the key is of another kind than "service_account"')
    found = {name: document[name] for name in _FIELDS if isinstance(document.get(name), str) and document[name]}
    lacking = next((name for name in ("client_email", "private_key") if name not in found), None)
    if lacking:
        raise ValueError(f'the service account\'s key has no "{lacking}"')
    return found


def examine(credential: Mapping[str, Secret]) -> Iterator[tuple[str, str]]:
    """(field, what is wrong with it) for each value of a credential that cannot work; nothing of what is absent."""
    location = credential.get("location")
    if location and not _LOCATION.fullmatch(location.reveal()):
        yield "location", 'it is no region such as "us-central1", and neither "global", "us" nor "eu"'
    inline = bool(credential.get("private_key"))
    file = credential.get("json_file")
    # A text that is no JSON is a path; that its file cannot be read has been said.
    if not inline and not (file and file.reveal().lstrip().startswith("{")):
        return
    where = "private_key" if inline else "json_file"
    try:
        found = account(credential)
    except (ValueError, KeyError) as error:
        if not inline:
            yield where, str(error)
        return
    try:
        jwt.private_key(found.private_key.reveal())
    except ValueError as error:
        yield where, f"the private key cannot be used: {error}"


def assertion(found: Account, now: float) -> str:
    """The signed claim for an hour from ``now``, Unix seconds. Raises ValueError for a key that is none."""
    header = {"alg": "RS256", "typ": "JWT", **({"kid": found.private_key_id} if found.private_key_id else {})}
    claims = {
        "iss": found.client_email,
        "scope": SCOPE,
        "aud": found.token_uri,
        "iat": int(now),
        "exp": int(now) + LIFE_S,
    }
    return jwt.rs256(header, claims, jwt.private_key(found.private_key.reveal()))


def token_request(credential: Mapping[str, Secret], auth_url: str | None, now: float) -> WireRequest:
    """The call that gives a token. Raises UPSTREAM_AUTH for a credential that cannot be signed with."""
    try:
        found = account(credential)
        signed = assertion(found, now)
    except (ValueError, KeyError) as error:
        told = "the credential has no service account" if isinstance(error, KeyError) else str(error)
        raise ProviderError(ErrorKind.UPSTREAM_AUTH, f"Vertex AI: {told}") from None
    body = urlencode({"grant_type": _GRANT, "assertion": signed})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return WireRequest("POST", auth_url or found.token_uri, headers, body.encode())


def parse(status: int, _headers: Mapping[str, str], body: bytes, now: float) -> Token:
    """The token in an answer. Raises UPSTREAM_AUTH for a refusal, with its words: the key would be refused again."""
    if status != 200:
        failure = shapes.parse(body) if body.strip() else shapes.Failure(f"status {status} and no word")
        kind = ErrorKind.UPSTREAM_AUTH if status < 500 else ErrorKind.SERVER_ERROR
        if status == 429:
            kind = ErrorKind.RATE_LIMITED
        raise ProviderError(kind, f"no access token for the service account: {failure.message}")
    try:
        document = orjson.loads(body)
        return Token(Secret(document["access_token"]), now + float(document.get("expires_in", LIFE_S)))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise ProviderError(ErrorKind.MALFORMED, "the answer to the service account holds no access token") from None


def sign(request: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with the token that the account was exchanged for."""
    return auth.with_headers(request, authorization=f"Bearer {credential['token'].reveal()}")


EXCHANGE: Final = Exchange(token_request, parse, ahead_s=300.0)
