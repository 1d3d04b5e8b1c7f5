"""Parts of a message as content blocks: text, images and documents, each with the cache mark the client gave it."""

import base64
import binascii
from typing import Any, Final

from providers import dataurls
from providers.dataurls import is_data_url, sniffed, unbroken
from providers.errors import ErrorKind, ProviderError
from providers.types import Json

_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_NATIVE: Final = frozenset({"image", "document"})


def text_blocks(content: Any, owner: str) -> list[Json]:
    """The blocks of a content that may hold text only. Blank texts are left out, since the API refuses them.

    ``owner`` says whose it is when a part of another kind raises UNSUPPORTED.
    """
    if not isinstance(content, list):
        return _text(content, {})
    blocks: list[Json] = []
    for part in content:
        if part["type"] not in ("text", "refusal"):
            raise _refused(f"{owner} message can hold text only, not a part of type {part['type']}")
        blocks += _text(part.get("text") or part.get("refusal"), part)
    return blocks


def blocks(content: Any) -> list[Json]:
    """The blocks of a user's content or of a tool's result, in order; empty where there is nothing but blanks."""
    if not isinstance(content, list):
        return _text(content, {})
    return [block for part in content for block in _part(part)]


def _part(part: Json) -> list[Json]:
    kind = part["type"]
    if kind == "text":
        return _text(part["text"], part)
    if kind == "image_url":
        return [{"type": "image", "source": _image_source(part["image_url"]["url"]), **_mark(part)}]
    if kind == "file":
        return [{**_document(part["file"]), **_mark(part)}]
    if kind in _NATIVE and isinstance(part.get("source"), dict):
        return [part]
    raise _refused(f"this model takes texts, images and documents, not a part of type {kind}")


def _text(text: Any, part: Json) -> list[Json]:
    if not isinstance(text, str) or not text.strip():
        return []
    return [{"type": "text", "text": text, **_mark(part)}]


def _mark(part: Json) -> Json:
    mark = part.get("cache_control")
    return {"cache_control": mark} if isinstance(mark, dict) else {}


def marked(blocks_: list[Json], message: Json) -> list[Json]:
    """The blocks, the last of them with the cache mark of the whole message, if it has one."""
    mark = _mark(message)
    if not mark or not blocks_:
        return blocks_
    return [*blocks_[:-1], {**blocks_[-1], **mark}]


def _image_source(url: str) -> Json:
    if not is_data_url(url):
        return _address(url, "an image")
    told, data = _data(url)
    media_type = sniffed(data) or told
    if media_type == "image/jpg":
        media_type = "image/jpeg"
    if media_type not in _IMAGES:
        raise _refused(f"this model takes images as JPEG, PNG, GIF or WebP, not {media_type or 'without a type'}")
    return {"type": "base64", "media_type": media_type, "data": data}


def _document(file: Json) -> Json:
    """A document or image block out of a ``file`` part. The vendor's own file store is not reached from here."""
    given = file.get("file_data")
    if not isinstance(given, str) or not given:
        raise _refused(
            "a file must come as file_data (a data: URL with base64); ids of uploaded files are not known here"
        )
    name = file.get("filename")
    title = {"title": name} if isinstance(name, str) and name else {}
    if given[:8].lower().startswith(("https://", "http://")):
        return {"type": "document", "source": _address(given, "a document"), **title}
    told, data = _data(given) if is_data_url(given) else ("", unbroken(given))
    media_type = sniffed(data) or told
    if media_type in _IMAGES:
        return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}
    if media_type == "application/pdf":
        return {"type": "document", "source": {"type": "base64", "media_type": media_type, "data": data}, **title}
    if media_type.startswith("text/") or media_type == "application/json":
        return {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": _decoded(data)},
            **title,
        }
    raise _refused(f"this model takes PDF, text and image files, not {media_type or 'a file without a type'}")


def _address(url: str, what: str) -> Json:
    """The vendor fetches https addresses itself. Images at http addresses have become data: URLs before, if any may."""
    if not url[:8].lower().startswith("https://"):
        raise _refused(f"{what} must be a data: URL or an https:// address, which the vendor fetches itself")
    return {"type": "url", "url": url}


def _data(url: str) -> tuple[str, str]:
    """The media type and the base64 text of a ``data:`` URL."""
    try:
        return dataurls.split(url)
    except ValueError:
        raise _refused("a data: URL in the messages is malformed") from None


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise _refused("a text file in the messages is not valid base64") from None


def _refused(message: str) -> ProviderError:
    return ProviderError(ErrorKind.UNSUPPORTED, message, param="messages")
