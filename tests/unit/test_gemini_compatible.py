"""Google's OpenAI surfaces: errors in Google's own form, and signatures of calls although the client drops them."""

from typing import Any

import orjson
import pytest

from app import errors
from app.memory import Memory
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Delta, Destination, Json, WireRequest
from providers.wires.gemini.compatible import PLACEHOLDER
from tests.unit.gemini import FLASH, NEW, VENDORS, body, call, tool

SURFACES = ("gemini-openai", "vertexai-openai")
TYPE = "type.googleapis.com/google.rpc."
QUOTA = "You exceeded your current quota, please check your plan and billing details."
KEPT: Json = {"google": {"thought_signature": "U0lH"}}


def refusal(code: int, word: str, message: str, *details: Json) -> bytes:
    """An error as these surfaces have it: in a list."""
    return orjson.dumps([{"error": {"code": code, "message": message, "status": word, "details": list(details)}}])


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize(
    ("code", "word", "message", "kind"),
    [
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", ErrorKind.UPSTREAM_AUTH),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", ErrorKind.UPSTREAM_AUTH),
        (400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8).",
         ErrorKind.CONTEXT_LENGTH),
        (429, "RESOURCE_EXHAUSTED", QUOTA, ErrorKind.RATE_LIMITED),
        (499, "CANCELLED", "The operation was cancelled.", ErrorKind.SERVER_ERROR),
        (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", ErrorKind.OVERLOADED),
    ],
)  # fmt: skip
def test_errors(name: str, code: int, word: str, message: str, kind: ErrorKind) -> None:
    """Broken: an error of Google's is read as one of OpenAI's, and so a key rests for hours, or no other is tried."""
    row = VENDORS[name]
    error = row.fault(code, {}, refusal(code, word, message))
    assert (error.kind, error.message) == (kind, message)
    # The same in the middle of a stream.
    with pytest.raises(ProviderError) as raised:
        list(row.decode(row.frame(iter([b"data: ", refusal(code, word, message), b"\n\n"]))))
    assert raised.value.kind is kind


@pytest.mark.parametrize("name", SURFACES)
def test_what_else_errors_say(name: str) -> None:
    """Broken: the wait, the size of a body or the quota of a day is not read, or a stale token is not renewed."""
    fault = VENDORS[name].fault
    delay = {"@type": f"{TYPE}RetryInfo", "retryDelay": "34s"}
    day = {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}
    assert fault(429, {}, refusal(429, "RESOURCE_EXHAUSTED", QUOTA, delay)).retry_after_s == 34
    assert fault(429, {}, refusal(429, "RESOURCE_EXHAUSTED", QUOTA, day)).kind is ErrorKind.QUOTA
    large = fault(400, {}, refusal(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."))
    assert errors.describe(large).status == 413
    assert fault(401, {}, refusal(401, "UNAUTHENTICATED", "m")).stale_token
    missing = fault(404, {}, refusal(404, "NOT_FOUND", "m"))
    assert (missing.kind is ErrorKind.UPSTREAM_AUTH) is (name == "vertexai-openai")
    assert errors.describe(missing).status == 404


@pytest.mark.parametrize("name", SURFACES)
def test_errors_of_others(name: str) -> None:
    """Broken: what a relay says in OpenAI's form is not read as such any more, or a stale token is not renewed."""
    told = {"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}}
    assert VENDORS[name].fault(429, {}, orjson.dumps(told)).kind is ErrorKind.QUOTA
    assert VENDORS[name].fault(502, {}, b"<html><title>502</title></html>").kind is ErrorKind.SERVER_ERROR
    for told_401 in (b"", b'{"error": {"message": "m", "type": "invalid_request_error", "code": "invalid_api_key"}}'):
        refused = VENDORS[name].fault(401, {}, told_401)
        assert (refused.kind, refused.stale_token) == (ErrorKind.UPSTREAM_AUTH, True)


def asked(*messages: Json, model: str = NEW, memory: Memory | None = None, name: str = SURFACES[0]) -> WireRequest:
    row = VENDORS[name]
    address = row.base_url or "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/endpoints/openapi"
    to = Destination(model, address, recall=(memory or Memory()).recall)
    return row.encode(ChatRequest(model, list(messages), True, {}), to)


def read(wire: WireRequest, *calls: Json, whole: bool = False) -> tuple[Memory, list[Delta]]:
    """The memory after a reply with these calls, and its deltas."""
    place = "message" if whole else "delta"
    choice: Json = {"index": 0, place: {"role": "assistant", "tool_calls": list(calls)}, "finish_reason": "tool_calls"}
    data = orjson.dumps({"id": "r", "choices": [choice]})
    data = data if whole else b"data: " + data + b"\n\ndata: [DONE]\n\n"
    memory = Memory()
    assert wire.decode is not None
    deltas = list(wire.decode(VENDORS[SURFACES[0]].frame(iter([data]))))
    for delta in deltas:
        memory.keep(delta.memo or {})
    return memory, deltas


QUESTION: Json = {"role": "user", "content": "q"}


def history(*calls: Json) -> list[Json]:
    results = [tool(one["id"], "1") for one in calls]
    return [QUESTION, {"role": "assistant", "content": None, "tool_calls": list(calls)}, *results]


def told(wire: WireRequest) -> list[Any]:
    return [one.get("extra_content") for one in body(wire)["messages"][1]["tool_calls"]]


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("whole", [False, True])
def test_signatures_come_back(whole: bool, name: str) -> None:
    """Broken: the second turn lacks the signature of the first, and the newest models refuse it."""
    first = asked(QUESTION, name=name)
    memory, deltas = read(first, call("a", extra_content=KEPT), call("b"), whole=whole)
    assert [one.id for delta in deltas for one in delta.tool_calls] == ["a", "b"]
    wire = asked(*history(call("a"), call("b")), memory=memory, name=name)
    assert (told(wire), wire.changes) == ([KEPT, None], ())


def test_signature_of_another_model() -> None:
    """Broken: a signature is shown to a model that did not make it, which refuses it."""
    memory, _ = read(asked(QUESTION), call("a", extra_content=KEPT))
    wire = asked(*history(call("a")), model="gemini-3-pro-preview", memory=memory)
    assert told(wire) == [PLACEHOLDER]
    assert wire.changes == ("put a placeholder for a thought signature that is not known",)
    assert told(asked(*history(call("a")), model=FLASH, memory=memory)) == [None]


def test_signature_that_the_client_kept() -> None:
    """Broken: what a client brings back itself is replaced."""
    wire = asked(*history(call("a", extra_content=KEPT), call("b")))
    assert (told(wire), wire.changes) == ([KEPT, None], ())


@pytest.mark.parametrize(
    "data",
    [
        b'data: {"choices": [{"index": 0, "delta": {"content": "x", "tool_calls": "extra_content"}}]}\n\n',
        b'data: {"choices": {"extra_content": 1}}\n\n',
        b'data: {"extra_content": \n\n',
        b'data: {"choices": [null, {"index": 0, "delta": {"tool_calls": [1, {"extra_content": {}}]}}]}\n\n',
    ],
)
def test_odd_payloads(data: bytes) -> None:
    """Broken: a payload of another shape ends the reply with a fault of the gateway's own."""
    row = VENDORS[SURFACES[0]]
    end = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    deltas = list(row.decode(row.frame(iter([data + end]))))
    assert [delta.finish_reason for delta in deltas if delta.finish_reason][-1] in ("stop", "tool_calls")
    assert not any(delta.memo for delta in deltas)
