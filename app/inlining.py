"""Images of messages that stand there as addresses: where they are, and the messages with something in their stead.

Pure; whoever fetches the images in between is in ``images.py``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.types import Json
from providers.vendor import Inlines


def found(messages: list[Json], wanted: Inlines) -> Iterator[tuple[str, str]]:
    """(path, URL) of every part whose image is an http(s) address that is ``wanted``, in the order of the messages."""
    for number, message in enumerate(messages):
        for index, part in enumerate(_parts(message)):
            url = _url(part)
            if url and (wanted(url) if callable(wanted) else wanted):
                yield f"messages[{number}].content[{index}].image_url.url", url


def replaced(messages: list[Json], instead: Mapping[str, str]) -> list[Json]:
    """The messages with the URLs that are keys of ``instead`` replaced; what holds none of them is the same object."""
    return [_message(message, instead) for message in messages]


def _message(message: Json, instead: Mapping[str, str]) -> Json:
    if not any(_url(part) in instead for part in _parts(message)):
        return message
    return {**message, "content": [_part(part, instead) for part in message["content"]]}


def _part(part: Json, instead: Mapping[str, str]) -> Json:
    url = _url(part)
    return {**part, "image_url": {**part["image_url"], "url": instead[url]}} if url in instead else part


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _url(part: Json) -> str:
    """The address that a part's image has, empty where it has none or is of another kind."""
    url: Any = part["image_url"]["url"] if part["type"] == "image_url" else ""
    return url if url[:8].lower().startswith(("http://", "https://")) else ""
