"""Failures to OpenAI's error object: status, type, code and headers that its clients understand."""

import json

import orjson
import pytest
from werkzeug.exceptions import BadRequest, InternalServerError, MethodNotAllowed, NotFound, RequestEntityTooLarge

from app import errors, redaction
from app.errors import ApiError, ClientGone, describe
from providers.errors import ErrorKind, ProviderError


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_a_reply(kind: ErrorKind) -> None:
    """Broken: a kind of failure has no status, or not all four keys."""
    reply = describe(ProviderError(kind, "words"))
    assert 400 <= reply.status < 600
    assert set(orjson.loads(reply.body)["error"]) == {"message", "type", "param", "code"}
    assert reply.kind == kind.value


def test_a_failure_without_a_word() -> None:
    """Broken: the client reads an empty message."""
    assert describe(ProviderError(ErrorKind.SERVER_ERROR, "")).error["message"]


def test_vendor_values_win_where_given() -> None:
    """Broken: a vendor's own status, type, code or field is replaced by a default."""
    error = ProviderError(
        ErrorKind.RATE_LIMITED, "w", status=418, type="tokens", code="c", param="p", retry_after_s=1.2
    )
    reply = describe(error)
    assert (reply.status, dict(reply.error)) == (418, {"message": "w", "type": "tokens", "param": "p", "code": "c"})
    assert reply.headers == {"retry-after": "2", "retry-after-ms": "1200"}


@pytest.mark.parametrize("kind", [ErrorKind.QUOTA, ErrorKind.UPSTREAM_AUTH, ErrorKind.UPSTREAM_REFUSED])
def test_hopeless_kinds_stop_the_sdks_from_retrying(kind: ErrorKind) -> None:
    """Broken: an SDK repeats what must fail again."""
    assert describe(ProviderError(kind, "w")).headers["x-should-retry"] == "false"


def test_operators_credential_is_never_the_clients_fault() -> None:
    """Broken: a client sees 401 and throws its own good key away."""
    for kind in (ErrorKind.UPSTREAM_AUTH, ErrorKind.UPSTREAM_REFUSED):
        reply = describe(ProviderError(kind, "bad key"))
        assert (reply.status, reply.error["code"]) == (502, "upstream_auth")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ApiError(404, "w", code="model_not_found", param="model"), 404, "model_not_found"),
        (ClientGone(), 499, None),
        (NotFound(), 404, "unknown_url"),
        (RequestEntityTooLarge(), 413, "request_too_large"),
        (BadRequest(), 400, None),
        (InternalServerError(), 500, None),
        (KeyError("secret inside"), 500, "internal_error"),
    ],
)
def test_other_failures(error: Exception, status: int, code: str | None) -> None:
    """Broken: a failure of the gateway's own has another shape, or tells of its inside."""
    reply = describe(error)
    assert (reply.status, reply.error["code"]) == (status, code)
    assert b"secret inside" not in reply.body


def test_wrong_method_names_the_right_ones() -> None:
    """Broken: 405 without the Allow header."""
    reply = describe(MethodNotAllowed(["POST", "OPTIONS"]))
    assert (reply.status, reply.headers["allow"]) == (405, "OPTIONS, POST")


def test_event_ends_a_stream() -> None:
    """Broken: clients do not raise on a failed stream."""
    event = describe(ProviderError(ErrorKind.INCOMPLETE, "cut")).event
    assert event.startswith(b'data: {"error":{')
    assert event.endswith(b"\n\n")


def test_secrets_are_taken_out() -> None:
    """Broken: a vendor that echoes a key shows it to the client."""
    redaction.remember(["my-secret-key-1234", "ab"])
    text = (
        "key my-secret-key-1234, Bearer abcdefghijkl, sk-abcd1234efgh5678, ab "
        "https://u:pw@host/x?access_token=zzz&a=1 wss://h?authorization=QUJD"
    )
    clean = redaction.scrub(text)
    for secret in ("my-secret-key-1234", "abcdefghijkl", "1234efgh5678", "zzz", "pw@", "QUJD"):
        assert secret not in clean
    assert "ab https" in clean
    assert "a=1" in clean
    redaction.remember([])


@pytest.mark.parametrize(
    "key", ["AIzaSyExample-0123456789_abcdefghij", "ya29.a0Example0123456789", "bce-v3/ALTAK-example/0123456789abcdef"]
)
def test_keys_nobody_told_of(key: str) -> None:
    """Broken: a vendor's error quotes a key of its own form, and the client reads all of it."""
    clean = redaction.scrub(f"Consumer 'api_key:{key}' has been suspended.")
    assert key[-8:] not in clean and clean.endswith("' has been suspended.")


def test_secrets_that_share_a_beginning() -> None:
    """Broken: of a secret whose beginning is another one, the rest is shown."""
    for secrets in (["team-secret", "team-secret-9876"], ["team-secret-9876", "team-secret"]):
        redaction.remember(secrets)
        assert redaction.scrub("with team-secret-9876 and team-secret") == "with *** and ***"
    redaction.remember([])


def test_secrets_within_json() -> None:
    """Broken: a secret with a quote, a line end or other letters is shown where it stands in JSON."""
    secret = 'pa"ss\nwört'
    redaction.remember([secret])
    for text in (secret, json.dumps({"m": secret}), json.dumps({"m": secret}, ensure_ascii=False)):
        assert "ss" not in redaction.scrub(text)
    redaction.remember([])


def test_long_texts_are_cut() -> None:
    """Broken: a vendor's page of HTML becomes an error message."""
    assert len(redaction.public_message("x" * 10_000)) == redaction.MAX_MESSAGE_CHARS + 1


def test_statuses_are_documented() -> None:
    """Broken: the status for clients that left changed without its name."""
    assert errors.CLIENT_CLOSED_REQUEST == 499
