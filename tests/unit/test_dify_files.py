"""Files for Dify's apps: which are uploaded, in what form, and what cannot go."""

import io
from typing import Any

import orjson
import pytest
from werkzeug.formparser import parse_form_data

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.vendors.dify import VENDOR

CHAT = "https://api.dify.ai/v1/chat-messages"
ASKED = [{"role": "user", "content": "hi"}]


def pictures(*urls: str) -> list[Json]:
    return [
        {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": url}}]}
        for url in urls
    ]


def test_files_of_a_conversation() -> None:
    """Broken: files of messages that are not sent are uploaded, or one that was not uploaded is lost in silence."""
    messages = pictures("data:image/png;base64,AAAA", "data:image/png;base64,BBBB")
    request = ChatRequest("m", messages, False, {"conversation_id": "c"})
    assert VENDOR.prepare is not None
    assert len(VENDOR.prepare.requests(request, Destination("m", CHAT))) == 1
    wire = VENDOR.encode(request, Destination("m", CHAT, prepared=({"id": "f-1"},)))
    assert [file["upload_file_id"] for file in orjson.loads(wire.body)["files"]] == ["f-1"]


def test_files_that_are_lost() -> None:
    """Broken: a part that cannot go, or a file of a turn that was thought to be with the vendor, is lost in silence."""
    things = [{"type": "thing", "thing": {"a": 1}}, {"type": "thing"}, {"type": "text", "text": "x"}]
    messages = [*pictures("data:image/png;base64,AAAA"), {"role": "user", "content": things}]
    wire = VENDOR.encode(ChatRequest("m", messages, False, {"conversation_id": "c"}), Destination("m", CHAT))
    assert wire.changes == ("left earlier messages to the conversation", "dropped thing")
    gone = ProviderError(ErrorKind.INVALID_REQUEST, "Conversation Not Exists.", status=404, code="not_found")
    other = wire.instead and wire.instead(gone)
    assert other
    assert other.changes == ("dropped conversation_id", "dropped thing", "dropped image of an earlier message")


def form_of(wire: WireRequest) -> tuple[str, str, str, bytes]:
    """User, file name, media type and bytes of an upload, as the vendor's own framework reads them."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": wire.headers["content-type"],
        "CONTENT_LENGTH": str(len(wire.body)),
        "wsgi.input": io.BytesIO(wire.body),
    }
    _, form, files = parse_form_data(environ)
    file = files["file"]
    with file.stream:
        return form["user"], str(file.filename), file.mimetype, file.read()


@pytest.mark.parametrize(
    ("part", "name", "media_type", "data", "kind"),
    [
        ("data:image/jpeg;base64,/9j/", "image.jpg", "image/jpeg", b"\xff\xd8\xff", "image"),
        ("DATA:image/png;charset=x;BASE64,AAA%3D\n", "image.png", "image/png", b"\0\0", "image"),
        ("data:image/png;base64,AAA", "image.png", "image/png", b"\0\0", "image"),
        ("data:,hello%20you", "image.octet-stream", "application/octet-stream", b"hello you", "image"),
        ("data:a\r\nb/c;base64,AAAA", "image.octet-stream", "application/octet-stream", b"\0\0\0", "image"),
        ({"file_data": "data:text/plain;base64,aGk="}, "document.txt", "text/plain", b"hi", "document"),
        ({"file_data": "data:image/png;base64,AAAA"}, "image.png", "image/png", b"\0\0\0", "image"),
        ({"file_data": "data:video/mp4;base64,AAAA"}, "video.mp4", "video/mp4", b"\0\0\0", "video"),
        ({"file_data": "data:x/y;base64,AAAA", "filename": "a\r\nb.z"}, "a%0D%0Ab.z", "x/y", b"\0\0\0", "document"),
        ({"data": "AAAA", "format": "mp3"}, "audio.mp3", "audio/mp3", b"\0\0\0", "audio"),
    ],
)
def test_uploads(part: Any, name: str, media_type: str, data: bytes, kind: str) -> None:
    """Broken: a file does not arrive byte by byte, without a usable name, or can break out of its form."""
    form = {"type": "image_url", "image_url": {"url": part}}
    if isinstance(part, dict):
        form = {"type": "file", "file": part} if "file_data" in part else {"type": "input_audio", "input_audio": part}
    messages = [{"role": "user", "content": [{"type": "text", "text": "x"}, form]}]
    request = ChatRequest("m", messages, False, {"user": "王\r\n--x"})
    assert VENDOR.prepare is not None
    (upload,) = VENDOR.prepare.requests(request, Destination("m", CHAT))
    assert form_of(upload) == ("王\r\n--x", name, media_type, data)
    wire = VENDOR.encode(request, Destination("m", CHAT, prepared=({"id": "f-1"},)))
    assert orjson.loads(wire.body)["files"] == [
        {"type": kind, "transfer_method": "local_file", "upload_file_id": "f-1"}
    ]


@pytest.mark.parametrize(
    "part", ["", "ftp://x", "data:image/png;base64,!", "data:image/png;base64,A", "data:image/png", {"file_id": "f"}]
)
def test_files_that_are_none(part: Any) -> None:
    """Broken: a file that cannot go is not told by its place."""
    form = (
        {"type": "image_url", "image_url": {"url": part}} if isinstance(part, str) else {"type": "file", "file": part}
    )
    messages = [*ASKED, {"role": "user", "content": [form]}]
    assert VENDOR.prepare is not None
    with pytest.raises(ProviderError, match=r"messages\[1\]\.content\[0\]") as raised:
        VENDOR.prepare.requests(ChatRequest("m", messages, False, {}), Destination("m", CHAT))
    assert raised.value.kind is ErrorKind.INVALID_REQUEST


def test_answers_to_uploads() -> None:
    """Broken: a refused upload passes for one that went well."""
    assert VENDOR.prepare is not None
    assert VENDOR.prepare.parse(201, {}, b'{"id":"f-1","name":"a"}') == {"id": "f-1"}
    refusal = b'{"code":"unsupported_file_type","message":"File type not allowed.","status":415}'
    with pytest.raises(ProviderError, match="not allowed") as raised:
        VENDOR.prepare.parse(415, {}, refusal)
    assert (raised.value.status, raised.value.code) == (415, "unsupported_file_type")
