"""One message in the vendor's words: its text or parts, its tool calls, the call it answers."""

from typing import Any, Final, NoReturn

from providers.errors import ErrorKind, ProviderError
from providers.types import Json

_LINKS: Final = {"image_url": "ImageUrl", "video_url": "VideoUrl"}
"""Parts that are links. The vendor fetches http(s) links itself and takes data: URLs.

Source: https://cloud.tencent.com/document/api/1729/101838 (Content), checked 2026-08.
"""


def native(message: Json, text_only: bool, losses: list[str]) -> Json:
    """One message with ``Role`` and ``Content`` or ``Contents``. Raises UNSUPPORTED for parts that cannot go.

    Reasoning is left out without a word: the vendor refuses it in a history.
    """
    role = message["role"]
    if message.get("name") and role != "tool":
        _lose("dropped messages[].name", losses)
    if role == "user":
        return {"Role": "user", **_user_content(message["content"], text_only, losses)}
    said: Json = {"Role": role, "Content": text_of(message.get("content"))}
    if role == "tool":
        return {**said, "ToolCallId": message["tool_call_id"]}
    calls = [_call(call) for call in message.get("tool_calls") or ()]
    return {**said, "ToolCalls": calls} if calls else said


def text_of(content: Any) -> str:
    """The text of a message's content, its text parts one per line. Raises UNSUPPORTED for any other part."""
    if not isinstance(content, list):
        return content or ""
    return "\n".join(part["text"] if part["type"] == "text" else _refuse(part) for part in content)


def _user_content(content: Any, text_only: bool, losses: list[str]) -> Json:
    """``Content`` for text alone, ``Contents`` where there is more; the vendor takes only one of them."""
    if not isinstance(content, list) or text_only or all(part["type"] == "text" for part in content):
        return {"Content": text_of(content)}
    return {"Contents": [_part(part, losses) for part in content]}


def _part(part: Json, losses: list[str]) -> Json:
    kind = part["type"]
    if kind == "text":
        return {"Type": "text", "Text": part["text"]}
    link = part.get(kind)
    if kind not in _LINKS or not isinstance(link, dict) or not isinstance(link.get("url"), str):
        _refuse(part)
    if link.get("detail") not in (None, "auto"):
        _lose("dropped image_url.detail", losses)
    speed = {"Fps": link["fps"]} if "fps" in link else {}
    return {"Type": kind, _LINKS[kind]: {"Url": link["url"], **speed}}


def _lose(loss: str, losses: list[str]) -> None:
    if loss not in losses:
        losses.append(loss)


def _refuse(part: Json) -> NoReturn:
    message = f"this model cannot take a message part of type {part['type']} here"
    raise ProviderError(ErrorKind.UNSUPPORTED, message, param="messages")


def _call(call: Json) -> Json:
    function = call.get("function")
    if not isinstance(function, dict):
        message = f"this model knows no tool calls of type {call.get('type')}"
        raise ProviderError(ErrorKind.UNSUPPORTED, message, param="messages")
    named = {"Name": function.get("name"), "Arguments": function.get("arguments")}
    return {"Id": call["id"], "Type": "function", "Function": named}
