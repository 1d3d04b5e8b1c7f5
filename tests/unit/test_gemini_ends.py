"""How replies of Gemini end: blocked, cut, in an error, without a word, or with nothing in them."""

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Usage
from tests.unit.gemini import FLASH, GEMINI, NEW, answer, decoded, encoded, streamed, told
from tests.unit.test_gemini_reply import USAGE, failure, whole


@pytest.mark.parametrize("blocked", ["SAFETY", "PROHIBITED_CONTENT", "JAILBREAK"])
def test_blocked_prompt(blocked: str) -> None:
    """Broken: a blocked prompt is an error, or its end a normal one."""
    document = {"promptFeedback": {"blockReason": blocked, "blockReasonMessage": "so"}, "usageMetadata": USAGE}
    for deltas in (whole(document), decoded(streamed(document))):
        assert told(deltas)["reasons"] == ["content_filter"]
        assert deltas[0].extra == {"refusal": f"the prompt was blocked: {blocked} (so)"}
        assert deltas[-1].usage == Usage(7, 3)
    late = decoded(streamed(answer([{"text": "a"}], None), document))
    assert (told(late)["text"], told(late)["reasons"]) == ("a", ["content_filter"])


def test_end_without_a_reason() -> None:
    """Broken: a whole answer without a reason is an error, or a stream without one looks whole."""
    assert told(whole(answer([{"text": "a"}], None)))["reasons"] == ["stop"]
    assert failure(streamed(answer([{"text": "a"}], None))).kind is ErrorKind.INCOMPLETE
    assert failure(b"").kind is ErrorKind.INCOMPLETE
    cut = streamed(answer([{"text": "a"}]), answer([{"text": "b"}]))[:-30]
    assert failure(cut).kind is ErrorKind.INCOMPLETE


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"{}", ErrorKind.MALFORMED, "holds no candidates"),
        (b'{"candidates": []}', ErrorKind.MALFORMED, "holds no candidates"),
        (b"<html><title>502 Bad Gateway</title>", ErrorKind.MALFORMED, "502 Bad Gateway"),
        (
            b'data: {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}\n\n',
            ErrorKind.OVERLOADED,
            "busy",
        ),
        (b'[{"error": {"code": 429, "message": "slow", "status": "X"}}]', ErrorKind.RATE_LIMITED, "slow"),
        (b'{"error": {"message": "odd", "status": "UNAVAILABLE"}}', ErrorKind.OVERLOADED, "odd"),
        (b'{"error": "plain"}', ErrorKind.SERVER_ERROR, "plain"),
    ],
)
def test_errors_inside_a_200(data: bytes, kind: ErrorKind, words: str) -> None:
    """Broken: an error inside a successful reply is taken for an answer, or for another error."""
    error = failure(data)
    assert error.kind is kind
    assert words in error.message


def test_error_in_mid_stream() -> None:
    """Broken: an error that comes without ``data:`` is passed over as a line that means nothing."""
    refusal = {"error": {"code": 499, "message": "cancelled", "status": "CANCELLED"}}
    raw = orjson.dumps(refusal, option=orjson.OPT_INDENT_2).replace(b"\n", b"\r\n") + b"\r\n"
    for before in (
        streamed(answer([{"text": "a"}])),
        streamed(answer([{"text": "a"}], None)).rstrip() + b"\r\n\r\n\r\n",
    ):
        deltas: list[Delta] = []
        with pytest.raises(ProviderError, match="cancelled") as raised:
            deltas.extend(GEMINI.decode(GEMINI.frame(iter([before, raw]))))
        assert told(deltas)["text"] == "a"
        assert raised.value.kind is ErrorKind.SERVER_ERROR


def test_empty_answers() -> None:
    """Broken: an empty answer is handed on at once, or asked for without end."""
    wire = encoded(NEW)
    empty = orjson.dumps(answer([]))
    with pytest.raises(ProviderError, match="the model's answer is empty") as raised:
        decoded(empty, wire)
    assert wire.instead is not None
    again = wire.instead(raised.value)
    assert again is not None
    assert (again.url, again.body, again.instead) == (wire.url, wire.body, None)
    assert told(decoded(empty, again))["reasons"] == ["stop"]
    assert wire.instead(ProviderError(ErrorKind.SERVER_ERROR, "x")) is None


@pytest.mark.parametrize("word", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"])
def test_failed_calls(word: str) -> None:
    """Broken: a call that the model could not write is an empty answer."""
    wire = encoded(FLASH)
    data = orjson.dumps(answer([], word, finishMessage="Malformed function call: f("))
    with pytest.raises(ProviderError, match="Malformed function call") as raised:
        decoded(data, wire)
    assert wire.instead is not None
    again = wire.instead(raised.value)
    with pytest.raises(ProviderError, match="Malformed function call"):
        decoded(data, again)


def test_thoughts_cut_by_the_limit() -> None:
    """Broken: an answer whose thoughts used up its tokens is an error."""
    document = {**answer([], "MAX_TOKENS"), "usageMetadata": {"promptTokenCount": 1, "thoughtsTokenCount": 9}}
    deltas = decoded(orjson.dumps(document), encoded(FLASH))
    assert told(deltas)["reasons"] == ["length"]
    assert deltas[-1].usage == Usage(1, 9, {}, {"reasoning_tokens": 9})
    for content in ({}, None, {"role": "model"}):
        document["candidates"][0]["content"] = content
        assert told(whole(document))["reasons"] == ["length"]
