"""Lines of Ollama's native protocol as deltas, and its errors."""

from typing import Any

import orjson
import pytest

from app import errors, render
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import Delta, Json
from providers.vendor import load_vendors

ROWS = load_vendors()
NATIVE, OPENAI = ROWS["ollama"], ROWS["ollama-openai"]
END = {"done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2}


def line(content: str = "", **more: Any) -> Json:
    """A line with what its message says; ``done`` and its like stand beside it."""
    beside = {name: more.pop(name) for name in [*END, "error", "logprobs"] if name in more}
    return {"model": "m", "message": {"role": "assistant", "content": content, **more}, "done": False, **beside}


def read(*docs: Any, size: int = 0) -> list[Delta]:
    data = b"".join(orjson.dumps(doc) + b"\n" for doc in docs)
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    return list(NATIVE.decode(NATIVE.frame(iter(pieces))))


def choice(*docs: Any, size: int = 0) -> Json:
    (found,) = render.fold(read(*docs, size=size), "m")["choices"]
    return dict(found)


CALL = {"function": {"name": "f", "arguments": {"城市": "北京", "n": 1}}}


@pytest.mark.parametrize("size", [0, 1, 5, 1000])
def test_everything_at_once(size: int) -> None:
    """Broken: thoughts, text, calls or counts depend on where the bytes were cut."""
    docs = (
        line(thinking="想"),
        line(thinking="🤔"),
        line("你"),
        line("好"),
        line(tool_calls=[{**CALL, "id": "a"}, CALL]),
        line(tool_calls=[CALL]),
        line(**END),
    )
    deltas = read(*docs, size=size)
    (found,) = render.fold(deltas, "m")["choices"]
    message = found["message"]
    assert (message["content"], message["reasoning_content"]) == ("你好", "想🤔")
    assert found["finish_reason"] == "tool_calls"
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == ['{"城市": "北京", "n": 1}'] * 3
    identities = [call["id"] for call in message["tool_calls"]]
    assert identities[0] == "a"
    assert len(set(identities)) == 3
    assert deltas[-1].memo == {identity: {"thinking": "想🤔"} for identity in identities}
    assert render.fold(deltas, "m")["usage"]["total_tokens"] == 5


@pytest.mark.parametrize(
    ("end", "reason", "note"),
    [
        ({"done": True}, "stop", None),
        ({"done": True, "done_reason": None}, "stop", None),
        ({"done": True, "done_reason": "length"}, "length", None),
        ({"done": True, "done_reason": "load"}, "stop", None),
        ({"done": True, "done_reason": "unload"}, "stop", None),
        ({"done": True, "done_reason": "tired"}, "stop", "unknown finish reason tired"),
    ],
)
def test_ends(end: Json, reason: str, note: str | None) -> None:
    """Broken: why an answer ended is told as another reason."""
    deltas = read(line("a"), end)
    assert (deltas[-1].finish_reason, deltas[-1].note) == (reason, note)
    assert deltas[-1].usage
    assert deltas[-1].usage.total_tokens == 0


def test_whole_answer_may_be_cut_by_its_length() -> None:
    """Broken: that a call was cut short is not told."""
    assert choice(line(tool_calls=[CALL], **{**END, "done_reason": "length"}))["finish_reason"] == "length"


def test_no_end_no_success() -> None:
    """Broken: an answer that breaks off passes for a whole one."""
    assert not any(delta.finish_reason for delta in read(line("a"), line("b")))
    assert read() == []


def test_nothing_counts_after_the_end() -> None:
    """Broken: what a proxy adds after the last line becomes part of the answer."""
    assert choice(line("a"), line(**END), line("b"), {"error": "late"})["message"]["content"] == "a"


@pytest.mark.parametrize(("told", "sent"), [('{"a":1}', '{"a":1}'), ("", "{}"), (None, "{}"), ([1], "[1]")])
def test_odd_arguments(told: Any, sent: str) -> None:
    """Broken: arguments of a weak model's making break the answer."""
    call = {"function": {"name": "f", "arguments": told}}
    assert choice(line(tool_calls=[call]), line(**END))["message"]["tool_calls"][0]["function"]["arguments"] == sent


def test_probabilities() -> None:
    """Broken: probabilities are not told in OpenAI's form."""
    one = {"token": "你", "logprob": -0.5, "top_logprobs": [{"token": "a", "logprob": -1, "bytes": [97]}]}
    found = choice(line("你", logprobs=[one]), line("", logprobs=[one]), line(**END))["logprobs"]
    assert len(found["content"]) == 2
    assert found["content"][0]["bytes"] == list("你".encode())
    assert found["content"][0]["top_logprobs"] == [{"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": []}]
    assert found["refusal"] is None


@pytest.mark.parametrize(
    ("doc", "kind", "message"),
    [
        ({"error": "an error was encountered"}, ErrorKind.SERVER_ERROR, "an error was encountered"),
        ({"error": "slow down", "status_code": 429}, ErrorKind.RATE_LIMITED, "slow down"),
        ({"error": {"message": "of a proxy"}}, ErrorKind.SERVER_ERROR, "of a proxy"),
        (["x"], ErrorKind.SERVER_ERROR, "x"),
    ],
)
def test_errors_in_an_answer(doc: Any, kind: ErrorKind, message: str) -> None:
    """Broken: an error that comes with status 200 is part of the answer, or loses its words."""
    for before in ((), (line("a"),)):
        with pytest.raises(ProviderError, match=message) as raised:
            read(*before, doc)
        assert (raised.value.kind, errors.describe(raised.value).error["type"]) == (
            kind,
            "rate_limit_error" if kind is ErrorKind.RATE_LIMITED else "server_error",
        )


def test_answers_that_are_none() -> None:
    """Broken: a page of a proxy is taken for an answer."""
    with pytest.raises(ProviderError, match="not JSON: sign in") as raised:
        list(NATIVE.decode(NATIVE.frame(iter([b"<html>sign in</html>"]))))
    assert raised.value.kind is ErrorKind.MALFORMED
    assert NATIVE.embed
    for data, kind in (
        (b"<p>no", ErrorKind.MALFORMED),
        (b"{}", ErrorKind.MALFORMED),
        (b'{"error": "x"}', ErrorKind.SERVER_ERROR),
    ):
        with pytest.raises(ProviderError) as raised:
            NATIVE.embed.decode(data)
        assert raised.value.kind is kind


def test_older_embeddings() -> None:
    """Broken: the older endpoint is asked for a model that is missing, or not at all."""
    assert NATIVE.embed
    assert NATIVE.embed.instead
    older = NATIVE.embed.instead(NATIVE.fault(404, {}, b"404 page not found"))
    assert older
    assert (older.batch, older.instead) == (1, None)
    assert older.decode(b'{"embedding": [1, 2]}').vectors == [[1.0, 2.0]]
    assert NATIVE.embed.instead(NATIVE.fault(404, {}, b'{"error": "model \'x\' not found"}')) is None
    assert NATIVE.embed.instead(NATIVE.fault(400, {}, b'{"error": "no"}')) is None


TABLE: list[tuple[int, Any, tuple[int, str, str | None], bool]] = [
    (400, "invalid JSON", (400, "invalid_request_error", None), False),
    (400, '"x" does not support tools', (400, "invalid_request_error", None), False),
    (400, "json: cannot unmarshal string into Go struct field", (400, "invalid_request_error", None), False),
    (
        400,
        "the input length exceeds the context length",
        (400, "invalid_request_error", "context_length_exceeded"),
        False,
    ),
    (401, "unauthorized", (502, "server_error", "upstream_auth"), True),
    (403, "a subscription is needed", (502, "server_error", "upstream_auth"), True),
    (404, "model 'a/b:c' not found", (404, "invalid_request_error", "model_not_found"), True),
    (404, 'model "x" not found, try pulling it first', (404, "invalid_request_error", "model_not_found"), True),
    (429, "too many requests", (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (500, "llama runner process has terminated", (500, "server_error", None), True),
    (500, "model requires more system memory than is available", (500, "server_error", None), True),
    (502, "cloud unreachable", (503, "server_error", "server_is_overloaded"), True),
    (503, "server busy", (503, "server_error", "server_is_overloaded"), True),
]


@pytest.mark.parametrize(("status", "message", "seen", "elsewhere"), TABLE)
@pytest.mark.parametrize("row", [NATIVE, OPENAI], ids=lambda row: row.name)
def test_errors(row: Any, status: int, message: str, seen: tuple[int, str, str | None], elsewhere: bool) -> None:
    """Broken: an error becomes another one, loses its words, or is not tried elsewhere."""
    error: Any = message if row is NATIVE else {"message": message, "type": "api_error", "param": None, "code": None}
    raised = row.fault(
        status, {}, orjson.dumps({"error": error, "signin_url": "https://ollama.com/connect?key=c2VjcmV0"})
    )
    told = errors.describe(raised)
    assert (told.status, told.error["type"], told.error["code"]) == seen
    assert (raised.kind in RETRYABLE) is elsewhere
    assert message in raised.message
    assert "c2VjcmV0" not in raised.message


def test_what_the_operator_can_do() -> None:
    """Broken: who has to pull a model, give a key or mend an address is not told so."""
    assert "ollama pull hf.co/a/b:Q4" in NATIVE.fault(404, {}, b'{"error": "model \'hf.co/a/b:Q4\' not found"}').message
    assert "api_key" in NATIVE.fault(401, {}, b'{"error": "unauthorized"}').message
    assert "server_url" in NATIVE.fault(404, {}, b"404 page not found").message
