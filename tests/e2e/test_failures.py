"""A vendor that fails: the right status, the vendor's words, never half an answer that looks like a whole one."""

import json
from dataclasses import dataclass

import openai
import pytest

from tests.e2e import calls, schemas
from tests.e2e.calls import MESSAGES
from tests.e2e.process import Gateway
from tests.e2e.schemas import Judge
from tests.e2e.shared import MASTER
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.refusals import say

pytestmark = pytest.mark.e2e

FAILED_IN_200 = "the vendor failed inside 200"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client must see: status, code (None: any), a part of the message, and hopeless to repeat or not."""

    model: str
    status: int
    code: str | None = None
    text: str = ""
    hopeless: bool = False
    retry_after: str | None = None

    @property
    def error_class(self) -> type[openai.APIStatusError]:
        classes: dict[int, type[openai.APIStatusError]] = {
            400: openai.BadRequestError,
            404: openai.NotFoundError,
            409: openai.ConflictError,
            413: openai.APIStatusError,
            418: openai.APIStatusError,
            422: openai.UnprocessableEntityError,
            429: openai.RateLimitError,
        }
        return classes.get(self.status, openai.InternalServerError)


def by_status(vendors: int, status: int, code: str | None = None, *, hopeless: bool = False) -> Failure:
    return Failure(f"fault:status-{vendors}", status, code, say(vendors), hopeless)


STATUSES = [
    by_status(400, 400),
    by_status(401, 502, "upstream_auth", hopeless=True),
    by_status(402, 429, "insufficient_quota", hopeless=True),
    by_status(403, 502, "upstream_auth", hopeless=True),
    by_status(404, 404, "model_not_found"),
    by_status(408, 504),
    by_status(409, 409),
    by_status(413, 413),
    by_status(418, 418),
    by_status(422, 422),
    by_status(429, 429, "rate_limit_exceeded"),
    by_status(500, 500),
    by_status(502, 502),
    by_status(503, 503),
    by_status(504, 504),
    by_status(529, 503),
    Failure("fault:status-429?retry_after=7", 429, text=say(429), retry_after="7"),
    Failure("fault:status-503?retry_after=2", 503, text=say(503), retry_after="2"),
    Failure(
        "fault:status-429?code=insufficient_quota&type=insufficient_quota", 429, "insufficient_quota", say(429), True
    ),
    Failure("fault:status-500?shape=html", 500, text="Welcome"),
    Failure("fault:status-500?shape=empty", 500),
    Failure("fault:status-500?shape=string", 500, text=say(500)),
    Failure("fault:status-400?shape=flat", 400, text=say(400)),
    Failure("fault:status-400?code=context_length_exceeded", 400, "context_length_exceeded", say(400)),
    Failure("fault:status-400?code=unsupported_value", 400, "unsupported_value", say(400)),
    Failure("wrong-key", 502, "upstream_auth", "Incorrect API key", hopeless=True),
]

BEFORE_ANYTHING = [
    *(
        Failure(f"fault:error-200-{shape}", 502, text=FAILED_IN_200)
        for shape in ("dict", "string", "code", "body", "line")
    ),
    Failure("fault:html-200", 502, text="Welcome"),
    Failure("fault:empty-200", 502),
    Failure("fault:redirect-302", 502),
    Failure("fault:only-done", 502),
    Failure("fault:wrong-shape", 502),
    Failure("fault:close-before-headers", 502),
    Failure("fault:reset-before-headers", 502),
    Failure("fault:reset-after-headers", 502),
    Failure("fault:stall-headers", 504),
    Failure("fault:stall-status-line", 504),
    Failure("fault:stall-first-event", 504),
    Failure("refused", 502, "upstream_unreachable"),
    Failure("deaf", 504),
    Failure("mute", 504),
]

BROKEN_DOCUMENTS = [
    Failure("fault:close-mid-event", 502),
    Failure("fault:stall-mid", 504),
    Failure("fault:reset-mid", 502),
    Failure("fault:short-length", 502),
    Failure("fault:bad-json", 502),
    Failure("fault:error-mid", 502, text=FAILED_IN_200),
]

BROKEN_STREAMS = [
    "fault:close-mid-event",
    "fault:close-mid-event?framing=close",
    "fault:close-after-event",
    "fault:close-after-event?framing=close",
    "fault:stall-mid",
    "fault:reset-mid",
    "fault:long-length",
    "fault:short-length",
    "fault:bad-chunk",
    "fault:no-terminal",
    "fault:no-terminal?framing=close",
    "fault:error-mid",
    "fault:error-mid?done=1",
    "fault:error-mid?shape=string",
]


def names(failure: Failure) -> str:
    return failure.model.removeprefix("fault:")


@pytest.mark.parametrize("failure", STATUSES + BEFORE_ANYTHING, ids=names)
def test_a_failure_before_anything_came_is_a_status(client: openai.OpenAI, judge: Judge, failure: Failure) -> None:
    """A client cannot tell what went wrong, or blames itself for what the operator has to mend."""
    for stream in (False, True):
        with pytest.raises(failure.error_class) as caught:
            client.chat.completions.create(model=failure.model, messages=MESSAGES, stream=stream)
        check(caught.value, failure, judge)


@pytest.mark.parametrize("failure", BROKEN_DOCUMENTS, ids=names)
def test_half_a_document_is_an_error(client: openai.OpenAI, judge: Judge, failure: Failure) -> None:
    """A plain client gets half an answer with a 200."""
    with pytest.raises(failure.error_class) as caught:
        client.chat.completions.create(model=failure.model, messages=MESSAGES)
    check(caught.value, failure, judge)


def check(error: openai.APIStatusError, failure: Failure, judge: Judge) -> None:
    assert error.status_code == failure.status, error
    judge.check(schemas.ERROR, error.response.json())
    assert failure.text in error.message
    assert failure.code in (None, error.code)
    headers = error.response.headers
    assert headers.get("x-should-retry") == ("false" if failure.hopeless else None)
    assert failure.retry_after in (None, headers.get("retry-after"))
    assert headers["x-request-id"] == error.request_id
    assert "canary" not in error.response.text


@pytest.mark.parametrize("model", BROKEN_STREAMS)
def test_a_broken_stream_ends_in_an_error_event(shared: Gateway, judge: Judge, model: str) -> None:
    """Half an answer looks like a whole one: a made-up finish reason, a ``[DONE]``, or a silent end."""
    reply = calls.chat(shared, model, stream=True, key=MASTER)
    assert reply.status == 200
    assert b"[DONE]" not in reply.body
    *before, last = reply.chunks
    judge.check(schemas.ERROR, last)
    assert last["error"]["message"] and set(last) == {"error"}
    assert before, "the text before the fault was lost"
    for chunk in before:
        judge.check(schemas.CHUNK, chunk)
        assert chunk["choices"][0]["finish_reason"] is None
    assert json.loads(reply.events[-1][6:]) == last
    assert (FAILED_IN_200 in last["error"]["message"]) == ("error-mid" in model)


@pytest.mark.parametrize("model", BROKEN_STREAMS)
def test_the_official_client_raises_on_a_broken_stream(client: openai.OpenAI, model: str) -> None:
    """The official client takes half an answer for a whole one."""
    text = ""
    with (
        pytest.raises(openai.APIError) as caught,
        client.chat.completions.create(model=model, messages=MESSAGES, stream=True) as chunks,
    ):
        for chunk in chunks:
            text += chunk.choices[0].delta.content or ""
    assert text.startswith("Grüße")
    assert not isinstance(caught.value, openai.APIStatusError) and caught.value.message


def test_a_missing_finish_reason_is_made_up_only_after_done(shared: Gateway) -> None:
    """``[DONE]`` after a text no longer counts as an end, although several vendors end so; see decision 0005."""
    reply = calls.chat(shared, "fault:done-no-finish", stream=True, key=MASTER)
    assert reply.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert reply.events[-1] == calls.DONE
    assert "gave no finish reason" in shared.access_line(reply.id)


def test_a_malformed_event_is_passed_over_with_a_note(shared: Gateway) -> None:
    """One bad line ends a whole answer, or is hidden from the operator."""
    reply = calls.chat(shared, "fault:bad-json", stream=True, key=MASTER)
    assert reply.events[-1] == calls.DONE
    assert "skipped a malformed event" in shared.access_line(reply.id)


def test_a_redirect_is_not_followed(shared: Gateway, vendor: FakeVendor) -> None:
    """The key is sent to wherever a vendor's answer points."""
    mark = vendor.mark()
    calls.chat(shared, "fault:redirect-302", key=MASTER)
    assert len(vendor.entries(since=mark)) == 1


def test_a_failed_request_is_not_repeated_on_the_same_target(shared: Gateway, vendor: FakeVendor) -> None:
    """A request that may have been carried out is sent twice: the user pays twice."""
    mark = vendor.mark()
    for model in ("fault:close-before-headers", "fault:reset-after-headers", "fault:status-500", "fault:no-terminal"):
        calls.chat(shared, model, stream=True, key=MASTER)
        assert len(vendor.entries(model, mark)) == 1


@pytest.mark.parametrize(
    "model,status", [("fault:status-429", 429), ("fault:status-401", 502), ("fault:html-200", 502)]
)
def test_failures_of_embeddings(client: openai.OpenAI, model: str, status: int) -> None:
    """Failures of embeddings are told in another way than those of chats."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.embeddings.create(model=model, input="x")
    assert caught.value.status_code == status
