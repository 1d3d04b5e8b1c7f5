"""Failures in Google's words, as the kinds of ours that its table of codes makes them."""

from typing import Any

import orjson
import pytest

from app import errors
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import Json
from tests.unit.gemini import GEMINI, VERTEX

TYPE = "type.googleapis.com/google.rpc."


def body(code: int, word: str, message: str, *details: Json) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message, "status": word, "details": list(details)}})


def fault(code: int, word: str, message: str, *details: Json, row: Any = GEMINI, **headers: str) -> ProviderError:
    error = row.fault(code, headers, body(code, word, message, *details))
    assert isinstance(error, ProviderError)
    return error


@pytest.mark.parametrize(
    ("code", "word", "message", "kind"),
    [
        (400, "INVALID_ARGUMENT", "Invalid value at 'x'", ErrorKind.INVALID_REQUEST),
        (400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", ErrorKind.UPSTREAM_AUTH),
        (400, "INVALID_ARGUMENT", "API Key not found. Please pass a valid API key.", ErrorKind.UPSTREAM_AUTH),
        (400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8).",
         ErrorKind.CONTEXT_LENGTH),
        (400, "INVALID_ARGUMENT", "Thought signature is not valid", ErrorKind.INVALID_REQUEST),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", ErrorKind.UPSTREAM_AUTH),
        (400, "FAILED_PRECONDITION", "Please enable billing on project x", ErrorKind.QUOTA),
        (400, "FAILED_PRECONDITION", "The file is not in an ACTIVE state", ErrorKind.INVALID_REQUEST),
        (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", ErrorKind.UPSTREAM_AUTH),
        (403, "PERMISSION_DENIED", "Your API key was reported as leaked.", ErrorKind.UPSTREAM_AUTH),
        (404, "NOT_FOUND", "models/x is not found", ErrorKind.MODEL_NOT_FOUND),
        (413, "INVALID_ARGUMENT", "too large", ErrorKind.INVALID_REQUEST),
        (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", ErrorKind.RATE_LIMITED),
        (499, "CANCELLED", "The operation was cancelled.", ErrorKind.SERVER_ERROR),
        (500, "INTERNAL", "An internal error has occurred.", ErrorKind.SERVER_ERROR),
        (502, "", "Bad Gateway", ErrorKind.SERVER_ERROR),
        (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", ErrorKind.OVERLOADED),
        (504, "DEADLINE_EXCEEDED", "Deadline expired", ErrorKind.TIMEOUT),
    ],
)  # fmt: skip
def test_kinds(code: int, word: str, message: str, kind: ErrorKind) -> None:
    """Broken: a failure is taken for another one, or its words are lost."""
    error = fault(code, word, message)
    assert (error.kind, error.message) == (kind, message)


def test_what_a_client_sees() -> None:
    """Broken: a status or a code that says more than the kind's own is lost."""
    seen = {
        code: errors.describe(fault(code, "", "m"))
        for code in (413, 500, 503, 504)
    }  # fmt: skip
    assert {code: (one.status, one.error["type"], one.error["code"]) for code, one in seen.items()} == {
        413: (413, "invalid_request_error", None),
        500: (500, "server_error", None),
        503: (503, "server_error", "server_is_overloaded"),
        504: (504, "server_error", "timeout"),
    }
    large = fault(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes.")
    assert errors.describe(large).status == 413


def test_waits() -> None:
    """Broken: the time that the vendor asks to wait is not told to the client."""
    delay = {"@type": f"{TYPE}RetryInfo", "retryDelay": "34.5s"}
    assert fault(429, "RESOURCE_EXHAUSTED", "m", delay).retry_after_s == 34.5
    assert fault(429, "RESOURCE_EXHAUSTED", "m", **{"retry-after": "7"}).retry_after_s == 7
    assert fault(429, "RESOURCE_EXHAUSTED", "Please retry in 3.5s.").retry_after_s == 3.5
    assert fault(429, "RESOURCE_EXHAUSTED", "m").retry_after_s is None
    assert fault(503, "UNAVAILABLE", "m", delay).retry_after_s == 34.5


@pytest.mark.parametrize(
    ("quota", "kind"),
    [
        ("GenerateRequestsPerDayPerProjectPerModel-FreeTier", ErrorKind.QUOTA),
        ("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", ErrorKind.RATE_LIMITED),
    ],
)
def test_quota_of_the_day(quota: str, kind: ErrorKind) -> None:
    """Broken: a quota that is used up for the day is waited for like one of the minute, or the other way round."""
    violations = {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaId": quota}]}
    error = fault(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", violations)
    assert error.kind is kind
    assert error.kind in RETRYABLE


@pytest.mark.parametrize("details", [None, 1, "x", {}, [None, 1], [{"@type": 1}]])
def test_odd_details(details: Any) -> None:
    """Broken: an error whose details have another shape is a fault of the gateway's own."""
    told = {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": details}}
    assert GEMINI.fault(429, {}, orjson.dumps(told)).kind is ErrorKind.RATE_LIMITED
    odd = [
        {"@type": f"{TYPE}QuotaFailure", "violations": details},
        {"@type": f"{TYPE}RetryInfo", "retryDelay": details},
    ]
    assert fault(429, "RESOURCE_EXHAUSTED", "m", *odd).kind is ErrorKind.RATE_LIMITED


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><head><title>Error 404 (Not Found)!!1</title></head></html>", "Error 404 (Not Found)!!1"),
        (b"", "status 404 and no word"),
        (b'[{"error": {"code": 404, "message": "gone", "status": "NOT_FOUND"}}]', "gone"),
        (b'{"error": {"code": 404}}', '{"code":404}'),
        (b'{"message": "no such route"}', "no such route"),
    ],
)
def test_other_bodies(data: bytes, words: str) -> None:
    """Broken: pages, lists and empty bodies raise instead of being told."""
    error = GEMINI.fault(404, {}, data)
    assert error.kind is ErrorKind.MODEL_NOT_FOUND
    assert words in error.message


def test_stale_tokens() -> None:
    """Broken: a token that the API has forgotten is not exchanged anew, or any failure makes it so."""
    assert fault(401, "UNAUTHENTICATED", "m", row=VERTEX).stale_token
    assert not fault(403, "PERMISSION_DENIED", "m", row=VERTEX).stale_token


def test_models_of_other_regions() -> None:
    """Broken: a model that one region lacks is not looked for in another credential's."""
    error = fault(404, "NOT_FOUND", "Publisher model was not found", row=VERTEX)
    assert error.kind in RETRYABLE
    seen = errors.describe(error)
    assert (seen.status, seen.error["code"]) == (404, "model_not_found")


def test_anthropics_errors_at_vertex() -> None:
    """Broken: an error in Anthropic's form is not understood, or one of Google's is taken for one."""
    told: Json = {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}}
    assert VERTEX.fault(400, {}, orjson.dumps(told)).kind is ErrorKind.CONTEXT_LENGTH
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert VERTEX.fault(529, {}, orjson.dumps(overloaded)).kind is ErrorKind.OVERLOADED
    quota = fault(429, "RESOURCE_EXHAUSTED", "Quota exceeded for base_model: claude", row=VERTEX)
    assert quota.kind is ErrorKind.RATE_LIMITED
