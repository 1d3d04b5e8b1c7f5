"""One message in the vendor's words: a text at one endpoint, a list of parts at the other."""

from typing import Any, Final, NoReturn

from providers.errors import ErrorKind, ProviderError
from providers.types import Json

_KEPT: Final = frozenset({"role", "content", "tool_calls", "tool_call_id", "reasoning_content", "partial"})
_SILENT: Final = frozenset({"reasoning", "refusal", "annotations", "audio"})
"""Fields of an answer that come back with the history and that nobody misses."""

_LINKS: Final = {"image_url": "image", "video_url": "video"}
_TUNING: Final = ("min_pixels", "max_pixels", "fps")
_FETCHED: Final = ("https://", "http://", "data:", "oss://")
"""Addresses that the vendor reads itself.

Source: https://help.aliyun.com/zh/model-studio/vision, checked 2026-08.
"""


def has_media(messages: list[Json]) -> bool:
    """Whether any message holds more than text."""
    contents = (message.get("content") for message in messages)
    return any(part["type"] != "text" for content in contents if isinstance(content, list) for part in content)


def native(message: Json, multimodal: bool, losses: list[str]) -> Json:
    """The message for one of the endpoints. Raises UNSUPPORTED for parts that cannot go."""
    kept = _KEPT | {"name"} if message["role"] == "tool" else _KEPT
    fresh = {name: value for name, value in message.items() if name in kept and value not in (None, [])}
    for name, value in message.items():
        if name not in kept and name not in _SILENT and value is not None:
            lose(f"dropped messages[].{name}", losses)
    for call in fresh.get("tool_calls", ()):
        if not isinstance(call.get("function"), dict):
            refuse(f"this model knows no tool calls of type {call.get('type')}")
    content = message.get("content")
    if isinstance(content, list) and any(part.get("cache_control") for part in content):
        lose("dropped cache_control", losses)
    return {**fresh, "content": _parts(content, losses) if multimodal else text_of(content)}


def text_of(content: Any) -> str:
    """The text of a message's content, its text parts one per line. Raises UNSUPPORTED for any other part."""
    if not isinstance(content, list):
        return content or ""
    return "\n".join(part["text"] if part["type"] == "text" else _no_part(part) for part in content)


def _parts(content: Any, losses: list[str]) -> list[Json]:
    if not isinstance(content, list):
        return [{"text": content or ""}]
    return [_part(part, losses) for part in content]


def _part(part: Json, losses: list[str]) -> Json:
    kind = part["type"]
    if kind == "text":
        return {"text": part["text"]}
    if kind == "input_audio":
        return {"audio": _audio(part["input_audio"])}
    if kind == "video" and isinstance(part.get("video"), list):
        return {"video": [address(frame) for frame in part["video"]], **_tuned(part)}
    if kind not in _LINKS:
        _no_part(part)
    link = part.get(kind)
    if not isinstance(link, dict):
        refuse(f'a part of type {kind} must hold an object with "url"')
    if link.get("detail") not in (None, "auto"):
        lose("dropped image_url.detail", losses)
    return {_LINKS[kind]: address(link.get("url")), **_tuned(part)}


def _tuned(part: Json) -> Json:
    return {name: part[name] for name in _TUNING if part.get(name) is not None}


def _audio(told: Json) -> str:
    data = told.get("data")
    if isinstance(data, str) and data.startswith(_FETCHED):
        return data
    if not isinstance(data, str) or not data:
        refuse('a part of type input_audio must hold "data" and "format"')
    return f"data:audio/{told.get('format') or 'wav'};base64,{data}"


def address(url: Any) -> str:
    """An address that the vendor can read. Raises UNSUPPORTED for any other."""
    if not isinstance(url, str) or not url.startswith(_FETCHED):
        refuse("this vendor reads images and the like from https:// addresses and data: URLs only")
    return url


def lose(loss: str, losses: list[str]) -> None:
    """Add a loss, once."""
    if loss not in losses:
        losses.append(loss)


def _no_part(part: Json) -> NoReturn:
    refuse(f"this model cannot take a message part of type {part['type']} here")


def refuse(message: str) -> NoReturn:
    """Raises UNSUPPORTED for the messages."""
    raise ProviderError(ErrorKind.UNSUPPORTED, message, param="messages")
