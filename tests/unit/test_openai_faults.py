"""Vendors' errors: every shape reduced to what it says, and that to one of our kinds."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.wires.openai import faults, shapes
from providers.wires.openai.dialect import Dialect

PLAIN = Dialect()
INVALID, AUTH, QUOTA = ErrorKind.INVALID_REQUEST, ErrorKind.UPSTREAM_AUTH, ErrorKind.QUOTA
LIMITED, MODEL, CONTEXT = ErrorKind.RATE_LIMITED, ErrorKind.MODEL_NOT_FOUND, ErrorKind.CONTEXT_LENGTH
FILTER, BUSY, SERVER = ErrorKind.CONTENT_FILTER, ErrorKind.OVERLOADED, ErrorKind.SERVER_ERROR


def fault(status: int, body: Any, dialect: Dialect = PLAIN, **headers: str) -> ProviderError:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return faults.fault(status, {name.replace("_", "-"): value for name, value in headers.items()}, data, dialect)


def worded(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "t", "param": None, "code": None}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "m", "type": "t", "param": None, "code": 400}}, "m"),
        ({"error": "Unauthorized"}, "Unauthorized"),
        ({"error": "invalid_grant", "error_description": "Bad."}, "invalid_grant: Bad."),
        ({"error": {"msg": "m"}}, "m"),
        ({"error": ["m"]}, '["m"]'),
        ({"error": {"code": 1}}, '{"code":1}'),
        ({"code": 20012, "message": "m", "data": None}, "m"),
        ({"error_code": 110, "error_msg": "m"}, "m"),
        (
            {"object": "error", "message": {"detail": [{"loc": ["body", "user"], "msg": "Extra inputs"}]}},
            "user: Extra inputs",
        ),
        ({"detail": [{"loc": ["body", "n"], "msg": "no"}, {"msg": "x"}, "y", {"z": 1}]}, 'n: no; x; y; {"z":1}'),
        ({"detail": "Unauthorized"}, "Unauthorized"),
        ({"title": "Not Found", "status": 404, "detail": "m"}, "m"),
        ({"title": "Gone"}, "Gone"),
        ({"message": "m"}, "m"),
        ({"message": "m", "data": None}, "m"),
        ({"object": "error", "message": {"odd": 1}}, '{"odd":1}'),
        ({"object": "error"}, '{"object":"error"}'),
        ({"errors": [{"code": 10000, "message": "m"}], "success": False}, "m"),
        ({"errors": {"message": "m"}, "request_id": "r"}, "m"),
        ({"errors": ["m"]}, "m"),
        ({"errors": [{"code": 5}]}, '{"code":5}'),
        ({"success": False}, '{"success":false}'),
        ({"base_resp": {"status_code": 2013, "status_msg": "m"}}, "m"),
        ({"Response": {"Error": {"Code": "C", "Message": "m"}}}, "m"),
        ([{"error": {"message": "m"}}], "m"),
        ("Invalid token", "Invalid token"),
        ([1], "[1]"),
        ({"a": 1}, '{"a":1}'),
        (b"404 page not found", "404 page not found"),
        (b"<html><head><title>403 &amp; no</title></head><body>b</body></html>", "403 & no"),
        (b"<html><style>x{}</style><body><p>a</p>\n<p>b</p></body></html>", "a b"),
        (b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling","message":"m"}\n\n', "m"),
        (b"x" * 400, "x" * 300 + "…"),
        (b"  ", "the upstream answered with status 418"),
    ],
)
def test_every_shape_gives_its_message(body: Any, message: str) -> None:
    """The vendor's own words are lost, or the client gets a page of HTML."""
    assert fault(418, body).message == message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {}, INVALID),
        (401, {}, AUTH),
        (402, {}, QUOTA),
        (403, {}, AUTH),
        (404, {}, INVALID),
        (408, {}, ErrorKind.TIMEOUT),
        (413, {}, INVALID),
        (422, {}, INVALID),
        (429, {}, LIMITED),
        (451, {}, FILTER),
        (498, {}, BUSY),
        (500, {}, SERVER),
        (502, {}, SERVER),
        (503, {}, BUSY),
        (504, {}, ErrorKind.TIMEOUT),
        (524, {}, ErrorKind.TIMEOUT),
        (529, {}, BUSY),
        (302, {}, SERVER),
        (400, worded("This model's maximum context length is 8192 tokens."), CONTEXT),
        (400, worded("Incorrect API key provided: x"), AUTH),
        (400, worded("The model `x` does not exist"), MODEL),
        (404, worded("Not found the model x or Permission denied"), MODEL),
        (404, {"object": "error", "message": "The model `Qwen2.5-7B` does not exist.", "code": 404}, MODEL),
        (404, {"code": "x", "error": "The model grok-4.1 does not exist or your team has no access to it."}, MODEL),
        (400, worded("Pick another model. The file does not exist"), INVALID),
        (400, worded("Invalid request: Your request exceeded model token limit: 8192"), CONTEXT),
        (400, worded("This model's maximum prompt length is 131072 but the request contains 140000 tokens."), CONTEXT),
        (400, {"error": {"code": "string_above_max_length", "message": "Invalid 'tools[0].function.name'"}}, INVALID),
        (400, worded("Invalid 'messages[1].content': string too long. Expected at most 1048576."), CONTEXT),
        (403, {"error": {"code": 403, "message": 'Your input was flagged for "violence".'}}, FILTER),
        (400, worded("the input is sensitive"), FILTER),
        (400, worded("names are case-sensitive"), INVALID),
        (400, worded("您的账户已欠费"), QUOTA),
        (403, worded("insufficient balance"), QUOTA),
        (403, {"code": "c", "error": "Your team has used all available credits or reached its spending limit."}, QUOTA),
        (403, worded("Blocked by content filter"), FILTER),
        (401, worded("the model does not exist"), AUTH),
        (429, worded("You exceeded your current quota, please check your plan"), QUOTA),
        (429, {"errors": {"message": "You have exceeded today's quota for model x"}, "request_id": "r"}, QUOTA),
        (429, worded("Rate limit reached for the model"), LIMITED),
        (500, worded("the load balancer failed"), SERVER),
        (412, worded("Account abc is suspended"), QUOTA),
        (413, {"error": {"code": "tokens_limit_reached", "message": "m"}}, CONTEXT),
        (413, {"error": {"code": "rate_limit_exceeded", "message": "Request too large", "type": "tokens"}}, INVALID),
        (413, worded("too many tokens"), CONTEXT),
        (400, {"code": "Arrearage", "message": "m"}, QUOTA),
        (429, {"error": {"code": "ServerOverloaded", "message": "m"}}, BUSY),
        (403, {"error": {"code": "OperationDenied.Other.Thing", "message": "m"}}, AUTH),
        (429, {"error": {"code": "RateLimitExceeded.EndpointTPMExceeded", "message": "m"}}, LIMITED),
        (400, {"error": {"message": "m (1026)", "type": "bad_request_error"}}, FILTER),
        (400, {"error": {"message": "context window exceeds limit (2013)"}}, CONTEXT),
        (500, {"error": {"message": "prompt tokens (9) exceed the context size (1039)"}}, CONTEXT),
        (403, {"error": {"code": "AccessDenied", "message": "tokens.total"}}, QUOTA),
    ],
)
def test_kinds(status: int, body: Any, kind: ErrorKind) -> None:
    """An error is taken for another kind, and so is retried in vain or not at all."""
    assert fault(status, body).kind is kind


@pytest.mark.parametrize(
    ("doc", "kind"),
    [
        ({"error": {"type": "invalid_request_error", "message": "m"}}, INVALID),
        ({"error": {"type": "rate_limit_error", "message": "m"}}, LIMITED),
        ({"error": {"status": "UNAVAILABLE", "message": "m"}}, BUSY),
        ({"error": {"code": 402, "message": "m"}}, QUOTA),
        ({"error": {"code": "429", "message": "m"}}, LIMITED),
        ({"error": {"message": "m", "http_code": "401"}}, AUTH),
        ({"statusCode": 401, "message": "m"}, AUTH),
        ({"error": "insufficient credits"}, QUOTA),
        ({"error": {"message": "m"}}, SERVER),
        ("Invalid API key", AUTH),
    ],
)
def test_kinds_inside_a_success(doc: Any, kind: ErrorKind) -> None:
    """An error inside a 200 is judged by the 200."""
    error = faults.in_payload(doc, "<body>", PLAIN)
    assert error is not None
    assert error.kind is kind


@pytest.mark.parametrize(
    "doc",
    [
        {"code": 0, "message": "Success", "choices": [{"delta": {}}]},
        {"code": "0", "message": "Success", "usage": {}},
        {"base_resp": {"status_code": 0}, "choices": []},
        {"error": None, "errors": [], "choices": []},
        {"choices": [{"message": {"content": "a"}}], "message": "x", "code": 7},
        {"model": "m", "message": {"content": "x"}, "done": False},
        {"Response": {"Id": "x"}},
        [{"a": 1}],
        5,
    ],
)
def test_answers_are_no_errors(doc: Any) -> None:
    """Part of an answer is taken for an error."""
    assert faults.in_payload(doc, "", PLAIN) is None


def test_own_codes_come_first() -> None:
    """A vendor's number means what it means to somebody else."""
    row = Dialect(codes={"1302": LIMITED, "Family": FILTER})
    assert fault(400, {"error": {"code": "1302", "message": "m"}}, row).kind is LIMITED
    assert fault(400, {"error": {"code": "1302", "message": "m"}}).kind is INVALID
    assert fault(400, {"error": {"code": "Family.Member", "message": "m"}}, row).kind is FILTER


@pytest.mark.parametrize(
    ("status", "error", "seen"),
    [
        (422, {"message": "m", "type": "x", "param": "user", "code": "extra"}, (422, None, "extra", "user")),
        (400, {"message": "m", "code": 400, "param": ""}, (400, None, None, None)),
        (400, {"message": "m", "code": "400"}, (400, None, None, None)),
        (400, {"message": "m", "code": "two words"}, (400, None, None, None)),
        (400, {"message": "m", "code": "invalid_request_error"}, (400, None, None, None)),
        (429, {"message": "m", "type": "requests", "code": "x"}, (None, "requests", None, None)),
        (503, {"message": "m"}, (None, "server_error", "overloaded", None)),
        (503, {"message": "m", "type": "service_unavailable_error", "code": "server_is_overloaded"}, (None,) * 4),
        (503, {"message": "m", "type": "service_unavailable_error"}, (None,) * 4),
        (504, {"message": "m"}, (None, None, "timeout", None)),
        (500, {"message": "m", "code": "x"}, (500, None, None, None)),
        (401, {"message": "m", "code": "x", "param": "p"}, (None,) * 4),
    ],
)
def test_what_the_client_sees_of_the_vendors_own(status: int, error: Any, seen: tuple[Any, ...]) -> None:
    """A vendor's own status or code that helps a client is lost, or one that only confuses reaches it."""
    got = fault(status, {"error": error})
    assert (got.status, got.type, got.code, got.param) == seen


def test_server_errors_may_hide_their_status() -> None:
    """A row that says so still lets a vendor's 500 through."""
    assert fault(500, {}, Dialect(keep_5xx=False)).status is None


def test_model_of_another_account() -> None:
    """A model that only this credential lacks is not looked for elsewhere, or the client does not learn of it."""
    row = Dialect(models_by_account=True)
    error = fault(404, {"error": {"code": "ModelNotOpen", "message": "m"}}, row)
    assert (error.kind, error.status, error.code) == (AUTH, 404, "model_not_found")


def test_waiting_times_of_limits_only() -> None:
    """A limit's text or headers do not say how long to wait, or other errors make somebody wait."""
    text = worded("Please try again in 2m1.5s.")
    assert fault(429, text).retry_after_s == 121.5
    assert fault(400, text).retry_after_s is None
    assert fault(503, {}, retry_after="3").retry_after_s == 3
    assert fault(429, {}, x_ratelimit_reset_tokens="120ms").retry_after_s == 0.12


def test_extract_reads_no_more_than_it_needs() -> None:
    """A huge page is turned into text as a whole."""
    assert len(shapes.extract(b"<p>" * 10**6 + b"a")) <= shapes.EXTRACT_CHARS + 1
