"""Images, files and sounds that a client sends along: uploaded before the chat, and named by their ids in it.

Source: https://www.coze.cn/open/docs/developer_guides/upload_files, checked 2026-08.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from providers import dataurls, multipart
from providers.errors import ErrorKind, ProviderError
from providers.multipart import FormFile
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.coze import faults, tools, urls

LINKS: Final = ("https://", "http://")

_ENDINGS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message with content of its own. ``kind`` is ``image``, ``file`` or ``audio``.

    ``link`` is an address that the vendor fetches, ``known`` an id that it gave; ``data`` is base64 text to upload.
    """

    kind: str
    path: str
    link: str = ""
    known: str = ""
    data: str = ""
    name: str = ""
    media_type: str = ""

    @property
    def digest(self) -> str:
        """What tells the data from any other."""
        return hashlib.sha256(f"{self.kind}\0{self.name}\0{self.data}".encode()).hexdigest()


def attachment(part: Json, path: str) -> Attachment:
    """The attachment that a part which is no text stands for; ``path`` is its place in the request.

    Raises UNSUPPORTED, naming the place, for a part of another kind and for data that is none.
    """
    kind = part["type"]
    if kind == "image_url":
        return _of_url("image", part["image_url"]["url"], path)
    if kind == "file":
        return _of_file(part["file"], path)
    if kind == "input_audio":
        told = part["input_audio"]
        ending = str(told.get("format") or "wav")
        return Attachment("audio", path, data=_checked(told.get("data"), path), name=f"audio.{ending}")
    raise refused(path, f"a bot takes texts, images, files and sounds, not a part of type {kind}")


def _of_file(file: Json, path: str) -> Attachment:
    if isinstance(file.get("file_id"), str) and file["file_id"]:
        return Attachment("file", path, known=file["file_id"])
    given, name = file.get("file_data"), str(file.get("filename") or "")
    if not isinstance(given, str) or not given:
        raise refused(path, "a file must come as file_data, or as file_id of a file uploaded to Coze")
    if dataurls.is_data_url(given) or given.lower().startswith(LINKS):
        return _of_url("file", given, path, name)
    return _named("file", _checked(dataurls.unbroken(given), path), name, "", path)


def _of_url(kind: str, url: str, path: str, name: str = "") -> Attachment:
    if url.lower().startswith(LINKS):
        return Attachment(kind, path, link=url)
    if not dataurls.is_data_url(url):
        raise refused(path, f"{kind} must be a data: URL or an http(s) address, which Coze fetches itself")
    try:
        media_type, data = dataurls.split(url)
    except ValueError as error:
        raise refused(path, str(error)) from None
    return _named(kind, _checked(data, path), name, media_type, path)


def _named(kind: str, data: str, name: str, told: str, path: str) -> Attachment:
    """The attachment under a name whose ending tells its kind, which is what the vendor goes by."""
    media_type = dataurls.sniffed(data) or told
    if kind == "file" and media_type.startswith("image/"):
        kind = "image"
    own = name or f"{kind}.{_ENDINGS.get(media_type, 'bin')}"
    return Attachment(kind, path, data=data, name=own, media_type=media_type)


def _checked(data: Any, path: str) -> str:
    try:
        if isinstance(data, str) and base64.b64decode(data, validate=True):
            return data
    except (binascii.Error, ValueError):
        pass
    raise refused(path, "the data is empty or not valid base64")


def of_messages(messages: list[Json]) -> Iterator[Attachment]:
    """All attachments of users' messages, in order."""
    for number, message in enumerate(messages):
        if message["role"] == "user" and isinstance(message.get("content"), list):
            for place, part in enumerate(message["content"]):
                if part["type"] != "text":
                    yield attachment(part, f"messages[{number}].content[{place}]")


def requests(request: ChatRequest, to: Destination) -> tuple[WireRequest, ...]:
    """An upload for each thing to be uploaded that was not before. Raises UNSUPPORTED as ``attachment`` does."""
    if to.flatten or tools.answered(request.messages, to):
        return ()
    return tuple(_upload(one, to) for one in _fresh(request.messages, to).values())


def _fresh(messages: list[Json], to: Destination) -> dict[str, Attachment]:
    """What is to be uploaded, by its key: each once, and only what is not remembered."""
    found = {_key(one, to): one for one in of_messages(messages) if one.data}
    return {key: one for key, one in found.items() if to.recall(key) is None}


def _key(one: Attachment, to: Destination) -> str:
    return f"coze:file:{tools.owner(to)}:{one.digest}"


def _upload(one: Attachment, to: Destination) -> WireRequest:
    file = FormFile(one.name, one.media_type, base64.b64decode(one.data))
    return multipart.upload(urls.endpoint(to.server_url, urls.UPLOAD), file, {})


def parse(status: int, headers: Mapping[str, str], body: bytes) -> Json:
    """The id of an uploaded file. Raises what the vendor said."""
    if status >= 400:
        raise faults.fault(status, headers, body)
    try:
        doc = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise faults.of_text(body) from None
    error = faults.in_document(doc)
    if error:
        raise error
    return {"id": str(doc["data"]["id"])}


@dataclass(frozen=True, slots=True)
class Uploads:
    """The ids of everything uploaded: ``known`` by key, and those among them that are new, for the memory."""

    to: Destination
    known: Mapping[str, Json]

    @classmethod
    def of(cls, messages: list[Json], to: Destination) -> "Uploads":
        """The uploads of a request, of which ``to.prepared`` has the answers."""
        return cls(to, dict(zip(_fresh(messages, to), to.prepared, strict=False)))

    def item(self, one: Attachment) -> Json:
        """The attachment as an item of a message."""
        if one.link:
            return {"type": one.kind, "file_url": one.link}
        if one.known:
            return {"type": one.kind, "file_id": one.known}
        key = _key(one, self.to)
        found = self.known.get(key) or self.to.recall(key)
        if found is None:
            raise ProviderError(ErrorKind.SERVER_ERROR, f"{one.path} was not uploaded; try again")
        return {"type": one.kind, "file_id": found["id"]}


def refused(path: str, message: str) -> ProviderError:
    """The refusal of something at ``path``."""
    return ProviderError(ErrorKind.UNSUPPORTED, f"{path}: {message}", param=path)
