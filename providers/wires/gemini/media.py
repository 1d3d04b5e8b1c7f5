"""Parts of a message's content as parts of this wire: text, and media as bytes or as an address the vendor fetches."""

import re
from typing import Any, Final

from providers import dataurls
from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.gemini.surface import Surface

_TYPES: Final = {
    **{ending: f"image/{ending}" for ending in ("png", "jpeg", "webp", "gif", "heic", "heif")},
    **{ending: f"audio/{ending}" for ending in ("wav", "mp3", "aac", "ogg", "flac", "aiff", "m4a")},
    **{ending: f"video/{ending}" for ending in ("mp4", "mpeg", "mov", "webm", "wmv", "avi")},
    **{ending: f"text/{ending}" for ending in ("md", "csv", "html", "xml")},
    "jpg": "image/jpeg",
    "3gp": "video/3gpp",
    "txt": "text/plain",
    "pdf": "application/pdf",
    "json": "application/json",
}
"""Media types by the ending of a name, in the vendor's spelling.

Source: https://ai.google.dev/gemini-api/docs/document-processing, …/audio, …/video-understanding, checked 2026-08.
"""

_ASSUMED: Final = {"image_url": "image/jpeg", "video_url": "video/mp4", "file": "application/pdf"}
"""The type of an address that does not tell it; one must be told."""

_DETAILS: Final = frozenset({"low", "medium", "high", "ultra_high"})
"""Source: https://ai.google.dev/gemini-api/docs/media-resolution, checked 2026-08."""

_VAGUE: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_ENDING: Final = re.compile(r"\.(\w{2,4})(?:[?#]|$)")
_ADDRESS: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*://")
_TEXTS: Final = frozenset({"text", "refusal"})


def texts(content: Any, owner: str) -> list[Json]:
    """The parts of a content that may hold text only. Raises UNSUPPORTED for others, naming their ``owner``."""
    if not isinstance(content, list):
        return text(content)
    found: list[Json] = []
    for part in content:
        if part["type"] not in _TEXTS:
            raise refused(f"{owner} message can hold text only, not a part of type {part['type']}")
        found += text(part.get("text") or part.get("refusal"))
    return found


def text(value: Any) -> list[Json]:
    """A text as a part; none for an empty one, which the API refuses."""
    return [{"text": value}] if isinstance(value, str) and value else []


def refused(message: str) -> ProviderError:
    """The error for something in the messages that cannot go up."""
    return ProviderError(ErrorKind.UNSUPPORTED, message, param="messages")


class Reader:
    """Reads contents for one of the vendor's doors and one of its models, which may know ``detail`` of images."""

    def __init__(self, surface: Surface, losses: list[str], *, detail: bool) -> None:
        self._surface = surface
        self._losses = losses
        self._detail = detail

    def parts(self, content: Any, where: str) -> list[Json]:
        """The parts of a content in order. ``where`` is its place in the request, for messages about it.

        Raises UNSUPPORTED for kinds that the vendor does not know, and for addresses that it cannot fetch.
        """
        if not isinstance(content, list):
            return text(content)
        return [found for number, part in enumerate(content) for found in self._read(part, f"{where}[{number}]")]

    def _read(self, part: Json, where: str) -> list[Json]:
        kind = part["type"]
        if kind in _TEXTS:
            return text(part.get(kind))
        if kind in ("image_url", "video_url"):
            return [self._linked(part, where)]
        if kind == "input_audio":
            return [self._audio(part["input_audio"], where)]
        if kind == "file":
            return [self._file(part["file"], where)]
        raise refused(f"{where}: this model takes texts, images, audio, video and files, not a part of type {kind}")

    def _linked(self, part: Json, where: str) -> Json:
        kind = part["type"]
        told = part.get(kind)
        link = told if isinstance(told, dict) else {"url": told}
        url = link.get("url")
        if not isinstance(url, str) or not url:
            raise refused(f"{where}.{kind}.url: expected a text")
        detail = self._detailed(link.get("detail"))
        if dataurls.is_data_url(url):
            return {**self._inline(*self._data(url, where), where), **detail}
        return {**self._address(url, link.get("format") or link.get("mime_type"), _ASSUMED[kind], where), **detail}

    def _detailed(self, told: Any) -> Json:
        if told in (None, "auto"):
            return {}
        if self._detail and isinstance(told, str) and told in _DETAILS:
            return {"mediaResolution": {"level": f"MEDIA_RESOLUTION_{told.upper()}"}}
        self._losses.append("dropped image_url.detail")
        return {}

    def _audio(self, audio: Json, where: str) -> Json:
        data, form = audio.get("data"), str(audio.get("format") or "").lower()
        if not isinstance(data, str) or not data:
            raise refused(f"{where}.input_audio.data: expected base64 text")
        if dataurls.is_data_url(data):
            return self._inline(*self._data(data, where), where)
        return self._inline(_TYPES.get(form, f"audio/{form or 'wav'}"), dataurls.unbroken(data), where)

    def _file(self, file: Json, where: str) -> Json:
        """A file's bytes, or the address under which the vendor's own store holds it."""
        data, identity, name = file.get("file_data"), file.get("file_id"), str(file.get("filename") or "")
        told = file.get("format") or file.get("mime_type") or _by_ending(name)
        if isinstance(data, str) and _ADDRESS.match(data):
            return self._address(data, told, _ASSUMED["file"], where)
        if isinstance(data, str) and dataurls.is_data_url(data):
            media_type, text_ = self._data(data, where)
            return self._inline(told or media_type if media_type in _VAGUE else media_type, text_, where)
        if isinstance(data, str) and data:
            return self._inline(told or dataurls.sniffed(data) or "application/pdf", dataurls.unbroken(data), where)
        if isinstance(identity, str) and _ADDRESS.match(identity):
            return self._address(identity, told, _ASSUMED["file"], where)
        raise refused(
            f"{where}.file: a file must come as file_data (a data: URL or base64), or as file_id with the address"
            " under which the vendor holds it"
        )

    def _data(self, url: str, where: str) -> tuple[str, str]:
        try:
            told, data = dataurls.split(url)
        except ValueError:
            raise refused(f"{where}: its data: URL is malformed") from None
        return dataurls.sniffed(data) if told in _VAGUE else told, data

    def _inline(self, media_type: str, data: str, where: str) -> Json:
        if media_type == "image/jpg":
            media_type = "image/jpeg"
        if not media_type:
            raise refused(f"{where}: its data: URL does not tell its media type")
        known = self._surface.images
        if known and media_type.startswith("image/") and media_type not in known:
            raise refused(f"{where}: this model takes images as PNG, JPEG, WebP, HEIC and HEIF, not as {media_type}")
        return {"inlineData": {"mimeType": media_type, "data": data}}

    def _address(self, url: str, told: Any, assumed: str, where: str) -> Json:
        if not self._surface.fetched.fullmatch(url):
            raise refused(f"{where}: the vendor does not fetch this address; send the bytes as a data: URL")
        media_type = told or _by_ending(url)
        if not media_type:
            self._losses.append(f"assumed {assumed} for an address that does not tell its type")
        return {"fileData": {"mimeType": str(media_type or assumed), "fileUri": url}}


def _by_ending(name: str) -> str:
    found = _ENDING.search(name.rpartition("/")[2].lower())
    return _TYPES.get(found[1], "") if found else ""
