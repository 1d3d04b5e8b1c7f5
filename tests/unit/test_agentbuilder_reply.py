"""An agent's answers beyond the vectors: every kind of item, frames in any piece, errors, and pages that are none."""

import random
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from app import errors, render
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import BODY, Delta, Event, Json
from providers.vendors.agentbuilder import VENDOR


def frame(content: Any = None, end: bool = False, **more: Any) -> Json:
    message = {"content": content, "endTurn": end, "msgId": "m1", "threadId": "t1", **more}
    return {"status": 0, "message": "succ", "logid": "1", "data": {"message": message}}


def text(value: str, section: str = "1", **more: Any) -> Json:
    data = {"text": value, "type": "txt", "showType": "append", **more}
    return {"sectionId": section, "dataType": "markdown", "isFinished": False, "data": data}


def stream(*docs: Json) -> bytes:
    pings = b"event:ping\n\n"
    return pings + b"".join(b"event:message\ndata:" + orjson.dumps(doc) + b"\n\n" + pings for doc in docs)


def decoded(pieces: Iterable[bytes]) -> list[Delta]:
    return list(VENDOR.decode(VENDOR.frame(iter(pieces))))


def answered(*content: Any) -> Json:
    """What a client gets for a whole answer with these items."""
    doc = {"status": 0, "message": "succ", "data": {"content": list(content), "threadId": "t1", "msgId": "m1"}}
    return render.fold(decoded([orjson.dumps(doc)]), "mine")


def told(document: Json) -> str:
    return str(document["choices"][0]["message"]["content"])


def test_whole_answer() -> None:
    """Broken: an answer is cut into choices, has no end, or its id and thread are lost."""
    document = answered({"dataType": "markdown", "data": "a"}, {"dataType": "text", "data": "b"})
    assert told(document) == "ab"
    assert [choice["finish_reason"] for choice in document["choices"]] == ["stop"]
    assert (document["id"], document["threadId"], document["model"]) == ("chatcmpl-m1", "t1", "mine")
    assert document["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert told(answered()) == ""


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({"dataType": "txt", "data": "a"}, "a"),
        ({"data": "a"}, "a"),
        ({"dataType": "new", "data": "a"}, "a"),
        ({"dataType": "null", "data": "null"}, ""),
        ({"dataType": "markdown", "data": None}, ""),
        ({"dataType": "markdown", "data": ""}, ""),
        ({"dataType": "markdown", "data": {"text": "a"}}, "a"),
        ({"dataType": "text", "data": {"text": "a", "showType": ""}}, "a"),
        ({"dataType": "uiData", "data": {"image_url": "https://x/a.png"}}, "![](https://x/a.png)"),
        (
            {"dataType": "uiData", "data": '{"image_url":"https://x/a.png","description":"猫"}'},
            "![猫](https://x/a.png)",
        ),
        ({"dataType": "image", "data": {"url": "https://x/a.png", "title": "t"}}, "![t](https://x/a.png)"),
        ({"dataType": "pic", "data": "https://x/a.png"}, "![](https://x/a.png)"),
        ({"dataType": "pic", "data": "{no json"}, "![]({no json)"),
        ({"progress": {"step": 1}, "data": {"x": 1}}, ""),
        ({"progress": {"step": 1}}, ""),
        ({"dataType": "card", "data": {"x": 1}}, ""),
        ({"dataType": "card", "data": [1]}, ""),
        ("odd", ""),
        (None, ""),
    ],
)
def test_items(item: Any, shown: str) -> None:
    """Broken: an item of an answer is shown wrongly, or one of an unknown kind breaks it."""
    assert (
        told(answered({"dataType": "markdown", "data": "<"}, item, {"dataType": "markdown", "data": ">"}))
        == f"<{shown}>"
    )
    both = decoded([stream(frame([text("<"), item, text(">")]), frame([], True))])
    assert "".join(delta.text or "" for delta in both) == f"<{shown}>"


PICTURE = {"image_url": "https://x/a.png", "description": "d"}


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({"dataType": "uiData", "data": {"text": "", **PICTURE}}, "![d](https://x/a.png)"),
        ({"dataType": "image", "data": {"text": "t", **PICTURE}}, "![d](https://x/a.png)"),
        ({"dataType": "uiData", "data": {"text": "t"}}, "t"),
        ({"dataType": "markdown", "data": {"text": "t", **PICTURE}}, "t"),
        ({"progress": {"step": 1}, "data": "searching"}, ""),
    ],
)
def test_pictures_with_text_and_progress(item: Any, shown: str) -> None:
    """Broken: a picture is lost because its item has a text too, or progress is shown as the answer."""
    assert told(answered(item)) == shown


def test_items_that_are_left_out_are_noted() -> None:
    """Broken: a part of an answer that cannot be told disappears without a trace."""
    (note,) = [delta.note for delta in decoded([stream(frame([{"dataType": "card", "data": {"x": 1}}]))]) if delta.note]
    assert note == "left out an item of type card"


STREAM = stream(
    frame(),
    frame([]),
    frame([{"progress": {"text": "searching"}}], suggestion=None),
    frame([text("图")]),
    frame([text("片"), text("A", "2")]),
    frame([text("B", "2", isFinished=True)], suggestion=["more?"]),
    frame([text("。")], True),
    frame([]),
)


def test_stream() -> None:
    """Broken: text of sections is mixed up, progress is shown, or the end is missed."""
    found = decoded([STREAM])
    assert [delta.text for delta in found if delta.text] == ["图", "片", "A", "B", "。"]
    assert [delta.finish_reason for delta in found if delta.finish_reason] == ["stop"]
    assert found[-1].finish_reason == "stop"
    head = found[0].head
    assert head is not None
    assert (head.id, head.extra) == ("chatcmpl-m1", {"threadId": "t1"})


def test_ids_that_come_late() -> None:
    """Broken: the id is taken from a frame that has none, or told again and again."""
    first = frame([text("a")], msgId=None, threadId=None)
    heads = [delta.head for delta in decoded([stream(first, frame([text("b")]), frame([], True))]) if delta.head]
    assert [head.id for head in heads] == ["chatcmpl-m1"]


@pytest.mark.parametrize(
    ("shown", "text_shown", "noted"),
    [
        ([("append", "a"), ("append", "b"), ("replace", "abc")], "abc", False),
        ([("append", "a"), ("replace", "a")], "a", False),
        ([("replace", "a"), ("replace", "ab")], "ab", False),
        ([("append", "a"), ("replace", "xy")], "axy", True),
    ],
)
def test_sections_shown_anew(shown: list[tuple[str, str]], text_shown: str, noted: bool) -> None:
    """Broken: a section that is sent anew as a whole is shown twice."""
    frames = [frame([text(value, showType=kind)]) for kind, value in shown]
    found = decoded([stream(*frames, frame([], True))])
    assert "".join(delta.text or "" for delta in found) == text_shown
    assert any(delta.note for delta in found) is noted


def test_any_cut_of_the_bytes() -> None:
    """Broken: what a client gets depends on how the bytes arrived, or a cut stream looks complete."""
    expected = render.fold(decoded([STREAM]), "mine")
    rng = random.Random(5)
    marks = [sorted(rng.choices(range(len(STREAM)), k=9)) for _ in range(50)]
    cuts = [[STREAM[a:b] for a, b in zip([0, *m], [*m, len(STREAM)], strict=True)] for m in marks]
    for pieces in [[STREAM[i : i + 1] for i in range(len(STREAM))], *cuts]:
        assert {**render.fold(decoded(pieces), "mine"), "created": expected["created"]} == expected
    end = STREAM.index(b'"endTurn":true')
    assert not any(complete(STREAM[:length]) for length in range(end))


def complete(data: bytes) -> bool:
    """Whether the gateway would take this much of a reply for all of it."""
    try:
        return any(delta.finish_reason for delta in decoded([data]))
    except ProviderError:
        return False


def test_frames_without_their_marks() -> None:
    """Broken: a whole document in place of a stream is not read, or an unfinished one passes for an answer."""
    assert not complete(orjson.dumps(frame([text("a")])))
    found = decoded([orjson.dumps(frame([text("a")], True))])
    assert ("".join(d.text or "" for d in found), found[-1].finish_reason) == ("a", "stop")


def test_malformed_frames() -> None:
    """Broken: one broken frame, or one of an unknown shape, ends the stream."""
    odd = b'data:{"status":0,"da\n\ndata:[1]\n\ndata:{"status":0,"data":null}\n\ndata:{"status":0}\n\n'
    found = decoded([odd + stream(frame([text("a")]), frame([], True))])
    assert [delta.text for delta in found if delta.text] == ["a"]
    assert sum(delta.note == "skipped a malformed event" for delta in found) == 1


MISSING = (404, "invalid_request_error", "model_not_found")
AUTH = (502, "server_error", "upstream_auth")
TABLE = [
    (11, MISSING, True),
    (13, AUTH, True),
    (18, (429, "rate_limit_error", "rate_limit_exceeded"), True),
    (19, (429, "insufficient_quota", "insufficient_quota"), True),
    (1000, (400, "invalid_request_error", "1000"), False),
    (1001, MISSING, False),
    (4711, (502, "server_error", None), True),
    ("13", AUTH, True),
    ("bad", (502, "server_error", None), True),
]


@pytest.mark.parametrize(("status", "seen", "elsewhere"), TABLE)
def test_numbers(status: Any, seen: tuple[int, str, str | None], elsewhere: bool) -> None:
    """Broken: one of the vendor's numbers is taken for another error, in a body, a frame or a failing reply."""
    doc = {"status": status, "message": "told", "logid": "1"}
    with pytest.raises(ProviderError) as whole:
        decoded([orjson.dumps(doc)])
    late = VENDOR.decode(VENDOR.frame(iter([stream(frame([text("a")]), doc)])))
    with pytest.raises(ProviderError) as mid_stream:
        list(late)
    found = [whole.value, mid_stream.value]
    if status in (11, 13, 18, 19, 1000, 1001):
        found.append(VENDOR.fault(400, {}, orjson.dumps(doc)))
    for error in found:
        reply = errors.describe(error)
        assert (reply.status, reply.error["type"], reply.error["code"], reply.error["message"]) == (*seen, "told")
        assert (error.kind in RETRYABLE) is elsewhere


@pytest.mark.parametrize("status", [13, 18, 19, 4711])
def test_waits(status: int) -> None:
    """Broken: a wait that the vendor asks for is lost where a number comes with it."""
    body = orjson.dumps({"status": status, "message": "told"})
    assert VENDOR.fault(429, {"retry-after": "7"}, body).retry_after_s == 7.0
    assert VENDOR.fault(429, {}, body).retry_after_s is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, b"", ErrorKind.UPSTREAM_AUTH, "status 401"),
        (403, b'{"message":"no"}', ErrorKind.UPSTREAM_AUTH, "no"),
        (404, b'{"timestamp":1,"status":404,"error":"Not Found","path":"/x"}', ErrorKind.INVALID_REQUEST, "Not Found"),
        (429, b"slow down", ErrorKind.RATE_LIMITED, "slow down"),
        (500, b'{"status":500,"message":"oh"}', ErrorKind.SERVER_ERROR, "oh"),
        (502, b"<html><title>Bad Gateway</title></html>", ErrorKind.SERVER_ERROR, "Bad Gateway"),
        (503, b"{}", ErrorKind.OVERLOADED, ""),
    ],
)
def test_statuses(status: int, body: bytes, kind: ErrorKind, words: str) -> None:
    """Broken: a failing status without a number of the vendor's is not understood."""
    error = VENDOR.fault(status, {}, body)
    assert error.kind is kind
    assert words in error.message


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<html><title>Welcome</title></html>", ErrorKind.MALFORMED),
        (b'{"hello":1}', ErrorKind.MALFORMED),
        (b"[]", ErrorKind.MALFORMED),
        (b'{"status":0,"message":"succ"}', None),
        (b'{"error_code":110,"error_msg":"Access token invalid"}', None),
    ],
)
def test_documents_that_are_no_answers(data: bytes, kind: ErrorKind | None) -> None:
    """Broken: a page of a proxy, or another service's error, passes for an empty answer."""
    with pytest.raises(ProviderError) as raised:
        list(VENDOR.decode(iter([Event(BODY, data)])))
    assert kind in (None, raised.value.kind)
