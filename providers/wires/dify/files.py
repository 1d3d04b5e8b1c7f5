"""Files beside the question: addresses go as they are, what comes inline is uploaded first.

Source: https://docs.dify.ai/api-reference/chat, "Send Chat Message" and "File Upload", checked 2026-08.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson

from providers import multipart
from providers.errors import ErrorKind, ProviderError
from providers.multipart import FormFile
from providers.types import Json, WireRequest
from providers.wires.dify import faults

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_LINKS: Final = ("http://", "https://")
_ADDRESSED: Final = {"image_url": "image", "video_url": "video"}
_ENDINGS: Final = {
    "jpeg": "jpg",
    "svg+xml": "svg",
    "plain": "txt",
    "markdown": "md",
    "mpeg": "mp3",
    "x-wav": "wav",
    "quicktime": "mov",
}
"""Endings that differ from the second half of the media type. The vendor tells kinds of files by their endings."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a message. ``url`` is an address or holds the data; ``where`` is its part, for error texts."""

    kind: str
    url: str
    name: str
    where: str

    @property
    def inline(self) -> bool:
        """Whether it has to be uploaded."""
        return self.url[:5].lower() == "data:"


def found(messages: list[Json], first: int, losses: list[str]) -> list[File]:
    """The files of the messages in order; ``first`` is the place of the first message in the request.

    Raises INVALID_REQUEST for one that is neither an address nor inline. Parts that are no files are lost.
    """
    files: list[File] = []
    for number, message in enumerate(messages, first):
        content = message.get("content")
        for place, part in enumerate(content if isinstance(content, list) else ()):
            if part["type"] == "text":
                continue
            file = _file(part, f"messages[{number}].content[{place}]")
            if file:
                files.append(file)
            elif (loss := f"dropped {part['type']}") not in losses:
                losses.append(loss)
    return files


def _file(part: Json, where: str) -> File | None:
    kind, told = part["type"], part.get(part["type"])
    if not isinstance(told, dict):
        return None
    if kind in _ADDRESSED:
        return _checked(File(_ADDRESSED[kind], str(told.get("url") or ""), "", where))
    if kind == "input_audio":
        ending = str(told.get("format") or "wav")
        return _checked(File("audio", f"data:audio/{ending};base64,{told.get('data')}", f"audio.{ending}", where))
    if kind == "file":
        url = str(told.get("file_data") or "")
        return _checked(File(_kind(url), url, str(told.get("filename") or ""), where))
    return None


def _checked(file: File) -> File:
    if file.inline or file.url[:8].lower().startswith(_LINKS):
        return file
    message = f"{file.where} must hold an http(s) address or a data: URL; ids of uploaded files go into `files`"
    raise ProviderError(ErrorKind.INVALID_REQUEST, message, param="messages")


def _kind(url: str) -> str:
    """What a file of unknown purpose is to the vendor."""
    family = url[5:].partition("/")[0].lower()
    return family if family in ("image", "audio", "video") else "document"


def uploads(files: list[File], url: str, user: str) -> tuple[WireRequest, ...]:
    """The uploads of all that is inline, each but once. A file belongs to the ``user`` who uploads it."""
    return tuple(_upload(file, url, user) for file in _inline(files))


def _inline(files: list[File]) -> Iterator[File]:
    yield from {file.url: file for file in files if file.inline}.values()


def entries(files: list[File], prepared: tuple[Json, ...], losses: list[str]) -> list[Json]:
    """The files as the vendor wants them named; ``prepared`` answers to ``uploads`` of the same files.

    One that was not uploaded is lost.
    """
    ids = {file.url: told["id"] for file, told in zip(_inline(files), prepared, strict=False)}
    named: list[Json] = []
    for file in files:
        if not file.inline:
            named.append({"type": file.kind, "transfer_method": "remote_url", "url": file.url})
        elif file.url in ids:
            named.append({"type": file.kind, "transfer_method": "local_file", "upload_file_id": ids[file.url]})
        else:
            losses.append(f"dropped {file.kind} of an earlier message")
    return named


def _upload(file: File, url: str, user: str) -> WireRequest:
    media_type, data = _decoded(file)
    name = file.name or f"{file.kind}.{_ending(media_type)}"
    return multipart.upload(url, FormFile(name, media_type, data), {"user": user})


def _decoded(file: File) -> tuple[str, bytes]:
    """The media type and the bytes of a file that is inline. Raises INVALID_REQUEST where they cannot be read."""
    head, comma, told = file.url[5:].partition(",")
    media_type, *more = (word.strip().lower() for word in head.split(";"))
    data = unquote_to_bytes(told)
    if "base64" in more:
        try:
            # Some clients leave the padding out; what is too much of it does no harm.
            data = binascii.a2b_base64(data + b"==")
        except binascii.Error:
            data = b""
    if not comma or not data:
        raise ProviderError(ErrorKind.INVALID_REQUEST, f"{file.where}: its data cannot be read", param="messages")
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream", data


def _ending(media_type: str) -> str:
    subtype = media_type.partition("/")[2]
    return _ENDINGS.get(subtype, subtype)


def uploaded(status: int, headers: Mapping[str, str], body: bytes) -> Json:
    """The id of an uploaded file. Raises the vendor's error."""
    if status >= 300:
        raise faults.fault(status, headers, body)
    doc: Any = orjson.loads(body)
    return {"id": doc["id"]}
