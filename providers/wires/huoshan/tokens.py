"""A pair of access keys to the short-lived key of one endpoint, bot or model: GetApiKey of the control plane.

Source: volcengine-python-sdk 4.0.20 and volcengine-ark-runtime 5.0.54 (``StsTokenManager``), checked 2026-08. Whether
every account may still call it is unverified.
"""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import orjson

from providers import auth
from providers.errors import ErrorKind, ProviderError, of_exchange
from providers.types import Json, Secret, Token, WireRequest
from providers.vendor import Exchange
from providers.wires.huoshan.signature import Signer, sign
from providers.wires.openai import faults, waits
from providers.wires.openai.dialect import Dialect

URL: Final = "https://open.volcengineapi.com/"
ACTION: Final = {"Action": "GetApiKey", "Version": "2024-01-01"}
REGION: Final = "cn-beijing"
SERVICE: Final = "ark"
LIFETIME_S: Final = 604_800
AHEAD_S: Final = 1800.0
"""The SDK tries to renew from half an hour before the end and must from ten minutes before: a third of this."""

_PLAIN: Final = Dialect(keep_5xx=False)
_LIMITED: Final = ("FlowLimit", "RateLimit", "Throttl")


def request(credential: Mapping[str, Secret], auth_url: str | None, now: float) -> WireRequest | None:
    """The signed call for a key to the credential's ``model``, None where the credential has an api_key.

    ``auth_url`` may be an origin or the whole address.
    """
    if credential.get("api_key") or not credential.get("access_key"):
        return None
    signer = Signer(
        credential["access_key"],
        credential["secret_key"],
        credential["region"].reveal() if credential.get("region") else REGION,
        SERVICE,
        credential.get("session_token"),
    )
    # json and not orjson: the SDK's own bytes, spaces included, are what the vectors sign.
    body = json.dumps(wanted(credential["model"].reveal())).encode()
    wire = WireRequest("POST", _address(auth_url), {"content-type": "application/json"}, body)
    return sign(auth.with_query(wire, **ACTION), signer, now)


def wanted(model: str) -> Json:
    """What GetApiKey is asked for: the kind of resource is told by how its id begins."""
    kind = "presetendpoint"
    if model.startswith("ep-") and not model.startswith("ep-m-"):
        kind = "endpoint"
    elif model.startswith("bot-"):
        kind = "bot"
    project = {"ProjectName": "default"} if kind == "presetendpoint" else {}
    return {"DurationSeconds": LIFETIME_S, **project, "ResourceIds": [model], "ResourceType": kind}


def _address(auth_url: str | None) -> str:
    scheme, host, path, query, _ = urlsplit(auth_url or URL)
    return urlunsplit((scheme, host, path or "/", query, ""))


def token(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Token:
    """The key and its end. Raises what the vendor said: UPSTREAM_AUTH, unless it limits rates or fails itself."""
    doc = _document(status, headers, body)
    result = doc.get("Result")
    if status < 400 and isinstance(result, dict) and result.get("ApiKey"):
        return Token(Secret(str(result["ApiKey"])), _end(str(result.get("ExpiredTime")), now))
    raise _refusal(status, headers, body, doc)


def _end(told: str, now: float) -> float:
    """When the key ends, in Unix seconds. One that is past already is a clock's mistake: the life asked for counts."""
    end = float(told) if told.isdecimal() else 0.0
    return end if end > now else now + LIFETIME_S


def _refusal(status: int, headers: Mapping[str, str], body: bytes, doc: Json) -> ProviderError:
    told = (doc.get("ResponseMetadata") or {}).get("Error")
    if not isinstance(told, dict):
        if status >= 400:
            return _fault(status, headers, body)
        return ProviderError(ErrorKind.MALFORMED, "the answer to GetApiKey holds no key")
    code = str(told.get("Code") or "")
    message = str(told.get("Message") or code or "GetApiKey was refused without a word")
    if status == 429 or any(word in code for word in _LIMITED):
        return waits.noted(ProviderError(ErrorKind.RATE_LIMITED, message), headers)
    return ProviderError(ErrorKind.SERVER_ERROR if status >= 500 else ErrorKind.UPSTREAM_AUTH, message)


def _fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error of a failed call in another shape."""
    return of_exchange(faults.fault(status, headers, body, _PLAIN))


def _document(status: int, headers: Mapping[str, str], body: bytes) -> Json:
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise (_fault(status, headers, body) if status >= 400 else faults.of_text(body, _PLAIN)) from None
    if not isinstance(doc, dict):
        raise ProviderError(ErrorKind.MALFORMED, "the answer to GetApiKey is no JSON object")
    return doc


EXCHANGE: Final = Exchange(request, token, ahead_s=AHEAD_S, per_model=True)
