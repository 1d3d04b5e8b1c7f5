"""V1's replies and errors that no vector shows: every cut, every finish, every shape of failure; and V2's hints."""

import random
from typing import Any

import orjson
import pytest

from app import errors, render
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Json
from providers.vendors.qianfan import V1, V2
from providers.wires.qianfan import reply

HEAD = {"id": "as-1", "object": "chat.completion", "created": 1709089502}


def chunk(result: str = "", end: bool = False, **more: Any) -> Json:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    return {**HEAD, "is_end": end, "result": result, "finish_reason": "normal", "usage": usage, **more}


def wire(*docs: Json, ending: str = "\n\n") -> bytes:
    return b"".join(b"data: " + orjson.dumps(doc) + ending.encode() for doc in docs)


def read(data: bytes, size: int = 0) -> list[Delta]:
    pieces = [data[i : i + size] for i in range(0, len(data), size)] if size else [data]
    return list(V1.decode(V1.frame(iter(pieces))))


def reasons(deltas: list[Delta]) -> list[str]:
    return [delta.finish_reason for delta in deltas if delta.finish_reason]


def body(**more: Any) -> list[Delta]:
    return list(reply.decode(iter([Event(BODY, orjson.dumps({**HEAD, "result": "x", **more}))])))


STREAM = [chunk("天气，"), chunk("很好 ☀️"), chunk("。", end=True)]


@pytest.mark.parametrize("ending", ["\n\n", "\r\n\r\n", "\n"])
def test_every_chunking(ending: str) -> None:
    """Broken: a stream reads differently when its bytes arrive in other pieces."""
    data = wire(*STREAM, ending=ending)
    whole = render.fold(read(data), "m")
    assert whole["choices"][0]["message"]["content"] == "天气，很好 ☀️。"
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert (whole["id"], whole["created"]) == ("as-1", 1709089502)
    rng = random.Random(1)
    for size in [1, 2, 3, *(rng.randint(4, 200) for _ in range(30))]:
        assert render.fold(read(data, size), "m") == whole


def test_cut_after_every_byte() -> None:
    """Broken: a stream that broke off looks complete."""
    data = wire(*STREAM)
    complete = len(data) - 2
    for length in range(complete):
        try:
            deltas = read(data[:length])
        except ProviderError as error:
            assert error.kind is ErrorKind.MALFORMED
            continue
        assert not reasons(deltas)
    assert reasons(read(data[:complete])) == ["stop"]


def test_normal_in_every_chunk_does_not_end_the_stream() -> None:
    """Broken: the first chunk's finish_reason "normal" ends the client's stream."""
    deltas = read(wire(*STREAM))
    assert [delta.text for delta in deltas if delta.text] == ["天气，", "很好 ☀️", "。"]
    assert deltas[-1].finish_reason == "stop"


def test_last_usage_counts() -> None:
    """Broken: counts are summed, or zeros after numbers win."""
    later = {"prompt_tokens": 5, "completion_tokens": 420, "total_tokens": 425}
    first = {"prompt_tokens": 5, "completion_tokens": 0, "total_tokens": 5}
    deltas = read(wire(chunk("a", usage=first), chunk("b", end=True, usage=later)))
    assert [delta.usage for delta in deltas if delta.usage][-1].completion_tokens == 420
    assert render.fold(deltas, "m")["usage"] == later
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert render.fold(read(wire(chunk("a", usage=later), chunk(end=True, usage=zeros))), "m")["usage"] == later


def test_nothing_is_read_after_the_end() -> None:
    """Broken: the client waits for a server that keeps the connection open after the last chunk."""

    def pieces() -> Any:
        yield wire(*STREAM)
        raise AssertionError("read on")

    assert reasons(list(V1.decode(V1.frame(pieces())))) == ["stop"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "stop"),
        ({"finish_reason": "normal"}, "stop"),
        ({"finish_reason": "stop"}, "stop"),
        ({"finish_reason": "length"}, "length"),
        ({"finish_reason": "content_filter"}, "content_filter"),
        ({"finish_reason": "function_call"}, "stop"),
        ({"is_truncated": True}, "length"),
        ({"need_clear_history": True, "ban_round": -1}, "content_filter"),
        ({"need_clear_history": True, "is_truncated": True}, "content_filter"),
        ({"finish_reason": "function_call", "function_call": {"name": "f", "arguments": "{}"}}, "tool_calls"),
        ({"is_truncated": False, "function_call": {"name": "f", "arguments": "{}"}}, "tool_calls"),
        ({"function_call": {}}, "stop"),
    ],
)
def test_finish_reasons(fields: Json, reason: str) -> None:
    """Broken: how a reply ended is told wrongly, whole or streamed."""
    assert reasons(body(**fields)) == [reason]
    assert reasons(read(wire(chunk("x", end=True, **fields)))) == [reason]


def test_unknown_finish_reason() -> None:
    """Broken: a word that nobody documented fails the reply, or goes unnoticed."""
    deltas = body(finish_reason="tired")
    assert reasons(deltas) == ["stop"]
    assert deltas[-1].note == "unknown finish reason tired"


def test_unsafe_chunk_before_the_end() -> None:
    """Broken: a turn that was judged unsafe midway ends as if nothing had happened."""
    assert reasons(read(wire(chunk("x", need_clear_history=True), chunk(end=True)))) == ["content_filter"]


def test_function_call_in_a_stream() -> None:
    """Broken: a function call, which comes whole in the last chunk, is lost or has no arguments."""
    call = {"name": "f", "thoughts": "…", "arguments": '{"a":"北京"}'}
    document = render.fold(read(wire(chunk("", end=True, function_call=call))), "m")["choices"][0]
    (made,) = document["message"]["tool_calls"]
    assert made["function"] == {"name": "f", "arguments": '{"a":"北京"}'}
    assert made["id"].startswith("call_")
    assert document["message"]["content"] is None
    assert document["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(("told", "arguments"), [({"a": 1}, '{"a":1}'), ("", "{}"), (None, "{}")])
def test_arguments_that_are_no_text(told: Any, arguments: str) -> None:
    """Broken: arguments in another form than JSON text fail the reply or reach the client unreadable."""
    deltas = body(function_call={"name": "f", "arguments": told})
    assert render.fold(deltas, "m")["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == arguments


def test_done_is_accepted() -> None:
    """Broken: a model that ends its stream as OpenAI does looks cut, or one that said nothing looks complete."""
    assert reasons(read(wire(chunk("x")) + b"data: [DONE]\n\n")) == ["stop"]
    assert reasons(read(wire(*STREAM) + b"data: [DONE]\n\n")) == ["stop"]
    assert reasons(read(b"data: [DONE]\n\n")) == []


def test_malformed_and_unknown_events_are_passed_over() -> None:
    """Broken: one event that is no JSON, or none of an answer, fails the whole reply."""
    data = wire(chunk("a")) + b"data: {oops\n\n" + wire({"ping": 1}) + wire(chunk("b", end=True))
    deltas = read(data)
    assert render.fold(deltas, "m")["choices"][0]["message"]["content"] == "ab"
    assert [delta.note for delta in deltas if delta.note] == ["skipped a malformed event"]


def test_search_results_pass() -> None:
    """Broken: sources that the client asked for do not reach it."""
    results = [{"index": 1, "url": "https://x", "title": "t"}]
    assert render.fold(body(search_info={"search_results": results}), "m")["search_results"] == results


FAILURE = {"error_code": 18, "error_msg": "Open api qps request limit reached", "id": "as-1"}


@pytest.mark.parametrize(
    "data",
    [
        orjson.dumps(FAILURE),
        orjson.dumps(FAILURE) + b"\n",
        wire(FAILURE),
        wire(chunk("a")) + orjson.dumps(FAILURE) + b"\n",
        wire(chunk("a")) + wire(FAILURE),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_error_wherever_it_stands(data: bytes, size: int) -> None:
    """Broken: an error inside HTTP 200 becomes an empty or a cut answer."""
    with pytest.raises(ProviderError, match="Open api qps request limit reached") as raised:
        read(data, size)
    assert raised.value.kind is ErrorKind.RATE_LIMITED


def failure(code: Any, message: str = "told so") -> ProviderError:
    return V1.fault(200, {}, orjson.dumps({"error_code": code, "error_msg": message}))


@pytest.mark.parametrize("code", [110, 111, "111"])
def test_stale_tokens(code: Any) -> None:
    """Broken: a token that was refused is not exchanged anew."""
    error = failure(code)
    assert error.stale_token
    assert error.kind is ErrorKind.UPSTREAM_AUTH


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (336003, "Prompt tokens too long", ErrorKind.CONTEXT_LENGTH),
        (336104, "system Too Long", ErrorKind.CONTEXT_LENGTH),
        (336999, "odd", ErrorKind.SERVER_ERROR),
        (17, "Open api daily request limit reached", ErrorKind.QUOTA),
        (424242, "your account is in arrears", ErrorKind.QUOTA),
        ("strange", "odd", ErrorKind.SERVER_ERROR),
        (500000, "console", ErrorKind.SERVER_ERROR),
    ],
)
def test_codes_with_texts(code: Any, message: str, kind: ErrorKind) -> None:
    """Broken: a code is not read together with its text, or an unknown one is taken for a client's fault."""
    error = failure(code, message)
    assert error.kind is kind
    assert error.message == message
    assert not error.stale_token


PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"


@pytest.mark.parametrize("data", [PAGE, b"\n" + PAGE.replace(b">", b">\n"), b"no such host"])
def test_pages_instead_of_answers(data: bytes) -> None:
    """Broken: a page of HTML with status 200 becomes an empty answer."""
    with pytest.raises(ProviderError) as raised:
        read(data)
    assert raised.value.kind is ErrorKind.MALFORMED
    assert "502 Bad Gateway" in raised.value.message or "no such host" in raised.value.message


def test_page_with_a_failing_status() -> None:
    """Broken: a proxy's page hides what it says."""
    error = V1.fault(502, {}, PAGE)
    assert (error.kind, error.message) == (ErrorKind.SERVER_ERROR, "502 Bad Gateway")
    assert errors.describe(error).status == 502


@pytest.mark.parametrize("doc", [{}, [], {"hello": 1}, "text", 5])
def test_documents_that_are_no_answer(doc: Any) -> None:
    """Broken: any JSON at all passes for an answer."""
    with pytest.raises(ProviderError) as raised:
        list(reply.decode(iter([Event(BODY, orjson.dumps(doc))])))
    assert raised.value.kind in (ErrorKind.MALFORMED, ErrorKind.SERVER_ERROR)


def test_errors_of_other_services() -> None:
    """Broken: an error that is not in V1's shape is no error."""
    doc = {"error": "invalid_client", "error_description": "unknown client id"}
    with pytest.raises(ProviderError, match="unknown client id"):
        list(reply.decode(iter([Event(BODY, orjson.dumps(doc))])))


def v2_error(status: int, code: str, message: str = "told so") -> ProviderError:
    doc = {"error": {"code": code, "message": message, "type": "t"}, "id": "as-1"}
    return V2.fault(status, {}, orjson.dumps(doc))


def test_hint_for_a_key_of_the_other_protocol() -> None:
    """Broken: who puts V1's pair into V2 is not told what is wrong."""
    error = v2_error(401, "invalid_iam_token", "invalid iam token")
    assert error.kind is ErrorKind.UPSTREAM_AUTH
    assert error.stale_token
    assert error.message.startswith("invalid iam token (V2 takes one key that begins with bce-v3/")


@pytest.mark.parametrize("body_bytes", [PAGE, b"", b"[]", b'{"error":"x"}'])
def test_v2_failures_without_codes(body_bytes: bytes) -> None:
    """Broken: a failure in another shape is an exception of ours."""
    assert V2.fault(503, {}, body_bytes).kind in (ErrorKind.OVERLOADED, ErrorKind.SERVER_ERROR)


def test_v2_arrears() -> None:
    """Broken: an account in arrears looks like a wrong key."""
    assert v2_error(403, "account_overdue", "account overdue").kind is ErrorKind.QUOTA


def test_v2_error_in_a_stream() -> None:
    """Broken: an error chunk in the middle of a stream looks like a cut."""
    data = b'data: {"id":"as-1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
    data += b'data: {"error":{"code":"rpm_rate_limit_exceeded","message":"slow down"}}\n\n'
    with pytest.raises(ProviderError, match="slow down") as raised:
        list(V2.decode(V2.frame(iter([data]))))
    assert raised.value.kind is ErrorKind.RATE_LIMITED
