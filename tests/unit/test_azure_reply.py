"""Answers and errors of Azure: what content filters add, and the three layers that refuse."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from app import errors, render
from providers import framing
from providers.errors import RETRYABLE, ErrorKind
from providers.types import Delta, Json
from providers.vendors.azure import OPENAI, VENDOR
from providers.wires.azure import reply
from tests.fakevendor.azure import PROMPT, SAFE
from tests.vectorfile import VECTORS

CASES = orjson.loads((VECTORS / "azure.json").read_bytes())["chat"]
STREAM: list[str] = next(case["vendor_stream"] for case in CASES if case["name"] == "stream")
NOBODY: Json = {"created": 0, "id": "", "model": "", "object": ""}
LATE = {"index": 0, "content_filter_offsets": {"check_offset": 1}, "content_filter_results": SAFE}


def sent(*docs: Any) -> bytes:
    return b"".join(
        b"data: " + (orjson.dumps(doc) if not isinstance(doc, str) else doc.encode()) + b"\n\n" for doc in docs
    )


def chunk(delta: Json | None = None, reason: str | None = None, **more: Any) -> Json:
    choice = {"index": 0, "finish_reason": reason, **({} if delta is None else {"delta": delta}), **more}
    return {"id": "c", "created": 5, "choices": [choice]}


def read(data: bytes, size: int = 0, **how: Any) -> list[Delta]:
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    return list(reply.decode(framing.sse(iter(pieces)), OPENAI, **how))


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text or "" for delta in deltas)


def reasons(deltas: list[Delta]) -> list[str]:
    return [delta.finish_reason for delta in deltas if delta.finish_reason]


def test_filter_events_after_the_end() -> None:
    """Broken: an event without a delta, after the finish reason, breaks or reopens the answer."""
    events = (chunk({"content": "a"}), chunk({}, "stop"), {"choices": [{**LATE, "finish_reason": None}], **NOBODY})
    deltas = read(sent(*events, {"choices": [{**LATE, "finish_reason": "content_filter"}], **NOBODY}, "[DONE]"))
    assert (text(deltas), reasons(deltas)) == ("a", ["stop"])


def test_filter_stops_an_answer() -> None:
    """Broken: an answer that the filter cut is taken for a whole one, or for one that broke off."""
    events = (chunk({"content": "a"}), {"choices": [{**LATE, "finish_reason": "content_filter"}], **NOBODY}, "[DONE]")
    assert reasons(read(sent(*events))) == ["content_filter"]
    error = {"error": {"code": "content_filter", "message": "stopped"}}
    assert reasons(read(sent(chunk({"content": "a"}), error))) == ["content_filter"]


def test_filter_that_failed_is_no_error() -> None:
    """Broken: an answer that could not be filtered is refused."""
    failed = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
    deltas = read(sent(chunk({"content": "a"}, content_filter_results=failed), chunk({}, "stop"), "[DONE]"))
    assert (text(deltas), reasons(deltas)) == ("a", ["stop"])


@pytest.mark.parametrize("size", [0, 1, 7, 64])
def test_kept_results(size: int) -> None:
    """Broken: what filters said is lost or repeated where the operator wants it, or changes the answer."""
    events = (
        {"choices": [], **NOBODY, "prompt_filter_results": PROMPT},
        chunk({"role": "assistant", "content": ""}, content_filter_results={}),
        chunk({"content": "a"}, content_filter_results=SAFE),
        chunk({}, "stop", content_filter_results={}),
        {"choices": [{**LATE, "finish_reason": None}], **NOBODY},
        "[DONE]",
    )
    deltas = read(sent(*events), size, keeps=True)
    assert (text(deltas), reasons(deltas)) == ("a", ["stop"])
    assert [delta.beside for delta in deltas if delta.beside] == [
        {"content_filter_results": SAFE},
        {"content_filter_results": SAFE, "content_filter_offsets": {"check_offset": 1}},
    ]
    chunks = [orjson.loads(e[6:]) for e in render.stream(deltas, "m", include_usage=False) if e.startswith(b"data: {")]
    assert chunks[0]["prompt_filter_results"] == PROMPT
    told = [choice.get("content_filter_results") for one in chunks for choice in one["choices"]]
    assert told.count(SAFE) == 2
    document = render.fold(deltas, "m")
    assert document["prompt_filter_results"] == PROMPT
    assert document["choices"][0]["content_filter_results"] == SAFE
    assert "beside" not in str(document)


def test_context_of_own_data() -> None:
    """Broken: the sources of an answer from one's own data do not reach the client."""
    context = {"citations": [{"title": "t"}], "intent": "i"}
    whole = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "a", "context": context}}]}
    streams = (sent(chunk({"role": "assistant", "context": context}), chunk({"content": "a"}, "stop"), "[DONE]"),)
    for data in (orjson.dumps(whole), *streams):
        (choice,) = render.fold(read(data), "m")["choices"]
        assert (choice["message"]["context"], choice["message"]["content"]) == (context, "a")


@pytest.mark.parametrize("keeps", [False, True])
def test_text_that_speaks_of_filters(keeps: bool) -> None:
    """Broken: an answer about these very fields is taken for the fields."""
    said = '"context" and "content_filter_results": {'
    deltas = read(sent(chunk({"content": said}), chunk({}, "stop"), "[DONE]"), keeps=keeps)
    assert text(deltas) == said
    assert not any(delta.beside or delta.extra for delta in deltas)


def test_odd_events_are_passed_over() -> None:
    """Broken: an event that is no object, or no JSON, fails where results are kept."""
    odd = ('["content_filter_results"]', '{"content_filter_results"', {"choices": None, "prompt_filter_results": []})
    deltas = read(sent(chunk({"content": "a"}), *odd, chunk({}, "stop"), "[DONE]"), keeps=True)
    assert (text(deltas), reasons(deltas)) == ("a", ["stop"])


def test_remark_comes_first() -> None:
    """Broken: what was done with a deployment's name is not remarked, or keeps an answer from coming."""
    deltas = read("".join(STREAM).encode(), note="deployment b instead of a")
    assert (deltas[0].note, text(deltas)) == ("deployment b instead of a", "Hello!")


def resource(code: str, message: str = "words of the service") -> Json:
    return {"error": {"code": code, "message": message}}


def of_model(message: str, code: str | None = None, param: str | None = None) -> Json:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


ERRORS: list[tuple[int, Json, tuple[int, str, str | None], bool]] = [
    (400, of_model("Unrecognized request argument supplied: x"), (400, "invalid_request_error", None), False),
    (400, of_model("words", "invalid_value", "n"), (400, "invalid_request_error", "invalid_value"), False),
    (400, {"error": {"message": "words", "type": "image_error", "param": "messages", "code": "image_too_large"}},
     (400, "image_error", "image_too_large"), False),
    (400, {"type": "https://vendor.example/rfc7231#6.5.1", "title": "words", "message": "words", "status": 400},
     (400, "invalid_request_error", None), False),
    (400, resource("OperationNotSupported"), (400, "invalid_request_error", None), False),
    (400, of_model("This model's maximum context length is 8 tokens", "context_length_exceeded"),
     (400, "invalid_request_error", "context_length_exceeded"), False),
    (401, resource("401"), (502, "server_error", "upstream_auth"), True),
    (401, resource("PermissionDenied"), (502, "server_error", "upstream_auth"), True),
    (403, resource("403"), (502, "server_error", "upstream_auth"), True),
    (404, resource("DeploymentNotFound"), (404, "invalid_request_error", "model_not_found"), True),
    (404, resource("404", "Resource not found"), (404, "invalid_request_error", None), True),
    (404, {"statusCode": 404, "message": "Resource not found"}, (404, "invalid_request_error", None), True),
    (408, resource("Timeout"), (408, "server_error", "timeout"), True),
    (424, resource("FailedDependency"), (502, "server_error", None), True),
    (429, resource("429"), (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (429, resource("RateLimitReached"), (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (429, resource("too_many_requests"), (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (429, {"statusCode": 429, "message": "Token limit is exceeded. Try again in 3 seconds."},
     (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (429, resource("insufficient_quota"), (429, "insufficient_quota", "insufficient_quota"), True),
    (429, resource("QuotaExceeded"), (429, "insufficient_quota", "insufficient_quota"), True),
    (429, {"error": {"code": "429", "type": "insufficient_quota", "message": "words", "param": None}},
     (429, "insufficient_quota", "insufficient_quota"), True),
    (429, resource("429", "Requests have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry"
                   " after 9 seconds. For Free Account customers, upgrade to Pay as you Go here: https://aka.ms/429Trial"),
     (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (500, resource("InternalServerError"), (500, "server_error", None), True),
    (502, resource("BadGateway"), (502, "server_error", None), True),
    (503, resource("InternalServerError"), (503, "server_error", None), True),
    (503, {"statusCode": 503, "message": "Service unavailable"}, (503, "server_error", None), True),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "seen", "elsewhere"), ERRORS)
def test_errors(status: int, body: Json, seen: tuple[int, str, str | None], elsewhere: bool) -> None:
    """Broken: an error of one of the layers becomes another one, loses its words, or is not tried elsewhere."""
    error = VENDOR.fault(status, {}, orjson.dumps(body))
    told = errors.describe(error)
    assert (told.status, told.error["type"], told.error["code"]) == seen
    assert (error.kind in RETRYABLE) is elsewhere
    assert (body.get("message") or body["error"]["message"]) in error.message
    assert error.stale_token is (status == 401)


@pytest.mark.parametrize(
    ("headers", "message", "wait_s"),
    [
        ({"retry-after-ms": "1500", "retry-after": "24"}, "Please retry after 86400 seconds.", 1.5),
        ({"retry-after": "24"}, "Please retry after 86400 seconds.", 24),
        ({}, "Please retry after 86400 seconds.", 86400),
        ({}, "Token limit is exceeded. Try again in 3 seconds.", 3),
    ],
)
def test_waits(headers: dict[str, str], message: str, wait_s: float) -> None:
    """Broken: a credential is asked again before the service wants it to be."""
    assert VENDOR.fault(429, headers, orjson.dumps(resource("429", message))).retry_after_s == wait_s


def test_filtered_prompt() -> None:
    """Broken: a prompt that the filter refused is asked of every deployment in turn, or loses its place."""
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": SAFE}
    body = {"error": {**resource("content_filter")["error"], "param": "prompt", "status": 400, "innererror": inner}}
    error = VENDOR.fault(400, {}, orjson.dumps(body))
    assert (error.kind, error.param) == (ErrorKind.CONTENT_FILTER, "prompt")


def endings() -> Iterator[bytes]:
    """The stream of the vectors, cut after each of its events."""
    for count in range(len(STREAM) - 2):
        yield "".join(STREAM[:count]).encode()


@pytest.mark.parametrize("data", list(endings()))
def test_cut_streams(data: bytes) -> None:
    """Broken: a stream that breaks off before its finish reason passes for a whole answer."""
    assert reasons(read(data)) == ([] if b'"stop"' not in data else ["stop"])
