"""What a client sends along: uploads, their names and bytes, what is remembered, and how the chat names them."""

import base64
from email.parser import BytesParser
from typing import Any

import orjson
import pytest

from providers.errors import ProviderError
from providers.types import Destination, Json, Secret, WireRequest
from providers.wires.coze import files
from tests.unit.cozing import asked, to, told, user, wire

PNG = b"\x89PNG\r\n\x1a\n--\r\n" + bytes(range(256))


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def image(data: bytes = PNG) -> Json:
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64_of(data)}"}}


def file(**fields: Any) -> Json:
    return {"type": "file", "file": fields}


def uploads(*parts: Json, at: Destination | None = None) -> tuple[WireRequest, ...]:
    return files.requests(asked([user(list(parts))]), at or to())


def form(made: WireRequest) -> tuple[str, str, bytes]:
    """Name, type and bytes of the file in an upload, read by the standard library."""
    head = f"content-type: {made.headers['content-type']}\r\n\r\n".encode()
    (part,) = BytesParser().parsebytes(head + made.body).get_payload()
    raw = made.body.partition(b"\r\n\r\n")[2]
    boundary = made.headers["content-type"].partition("boundary=")[2].encode()
    return str(part.get_filename()), part.get_content_type(), raw[: raw.index(b"\r\n--" + boundary)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (image(), ("image.png", "image/png", PNG)),
        (
            {"type": "input_audio", "input_audio": {"data": base64_of(b"x"), "format": "mp3"}},
            ("audio.mp3", "application/octet-stream", b"x"),
        ),
        (file(file_data=base64_of(b"%PDF-1"), filename="a.pdf"), ("a.pdf", "application/pdf", b"%PDF-1")),
        (file(file_data="data:text/plain,hi"), ("file.txt", "text/plain", b"hi")),
        (file(file_data="data:;base64,eA=="), ("file.bin", "application/octet-stream", b"x")),
    ],
)
def test_uploads(part: Json, expected: tuple[str, str, bytes]) -> None:
    """Broken: a file is not uploaded as it came, or under a name that does not tell its kind."""
    (made,) = uploads(part)
    assert (made.method, made.url) == ("POST", "https://api.coze.cn/v1/files/upload")
    assert form(made) == expected


def test_names_cannot_leave_their_header() -> None:
    """Broken: a client's file name adds headers or fields to an upload."""
    (made,) = uploads(file(file_data="eA==", filename='a"\r\nX-Evil: 1\r\n\r\n--.pdf'))
    assert form(made)[2] == b"x"
    assert b"\r\nX-Evil" not in made.body


def test_the_chat_names_what_was_uploaded() -> None:
    """Broken: a file's id stands with another file, or one that was sent twice is uploaded twice."""
    other = {"type": "image_url", "image_url": {"url": "http://x/i"}}
    parts = [image(), other, image(PNG + b"2"), image(), file(file_id="f9"), file(file_data="https://x/a.pdf")]
    made = uploads(*parts)
    assert len(made) == 2
    at = to(prepared=({"id": "f1"}, {"id": "f2"}))
    ((_, items),) = told(user(parts), at=at)
    assert items == [
        {"type": "image", "file_id": "f1"},
        {"type": "image", "file_url": "http://x/i"},
        {"type": "image", "file_id": "f2"},
        {"type": "image", "file_id": "f1"},
        {"type": "file", "file_id": "f9"},
        {"type": "file", "file_url": "https://x/a.pdf"},
    ]
    inline_image = file(file_data=f"data:image/png;base64,{base64_of(PNG)}")
    ((_, items),) = told(user([inline_image]), at=to(prepared=({"id": "f3"},)))
    assert items == [{"type": "image", "file_id": "f3"}]


def test_uploads_are_remembered_for_their_account() -> None:
    """Broken: a file of the history is uploaded with each turn, or another account's id is used for it."""
    kept = wire(user([image()]), at=to(prepared=({"id": "f1"},))).memo
    assert kept
    again = to(kept)
    assert uploads(image(), image(PNG + b"2"), at=again) == uploads(image(PNG + b"2"))
    ((_, items),) = told(user([image(), image(PNG + b"2")]), at=to(kept, prepared=({"id": "f2"},)))
    assert [item["file_id"] for item in items] == ["f1", "f2"]
    assert len(uploads(image(), at=to(kept, {"token": Secret("pat_other")}))) == 1
    with pytest.raises(ProviderError, match=r"messages\[0\]\.content\[0\] was not uploaded"):
        wire(user([image()]))


def test_what_needs_no_upload() -> None:
    """Broken: something is uploaded that the chat will not name."""
    assert uploads(file(file_id="f9"), {"type": "text", "text": "a"}) == ()
    assert uploads(image(), at=to(flatten=True)) == ()


def test_answers_to_uploads() -> None:
    """Broken: a refused upload is taken for a file."""
    assert files.parse(200, {}, b'{"code":0,"msg":"","data":{"id":"7369495981102021"}}') == {"id": "7369495981102021"}
    for status, body in ((200, {"code": 4000, "msg": "told"}), (401, {"code": 700012006, "msg": "told"})):
        with pytest.raises(ProviderError, match="told") as refused:
            files.parse(status, {}, orjson.dumps(body))
        assert refused.value.stale_token is (status == 401)
    with pytest.raises(ProviderError, match="not JSON"):
        files.parse(200, {}, b"<html>")
