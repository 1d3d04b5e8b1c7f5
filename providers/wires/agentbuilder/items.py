"""What one item of an agent's answer says: text, or a picture as Markdown.

An item's ``data`` is a text in whole answers and an object in streams; both are taken in both. Unverified: the kinds
beyond ``markdown`` and ``uiData``, and any ``showType`` but ``append``.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from providers.types import Delta, Json

_PICTURES: Final = frozenset({"uiData", "image", "pic"})
_ADDRESSES: Final = ("image_url", "imageUrl", "url")
_CAPTIONS: Final = ("description", "title", "text")


@dataclass(slots=True)
class Sections:
    """The text of each section so far, so that a text which repeats what was said is not said twice."""

    said: dict[str, list[str]] = field(default_factory=dict)

    def read(self, item: Any) -> Delta | None:
        """What an item adds to the answer, a note where it cannot be told, None where it holds nothing."""
        if not isinstance(item, dict) or item.get("dataType") == "null" or not item.get("data"):
            return None
        kind, data = item.get("dataType"), _data(item)
        if kind is None and (item.get("progress") or not isinstance(data, str)):
            return None
        if isinstance(data, str):
            return Delta(text=data if kind not in _PICTURES else f"![]({data})")
        picture = _picture(data) if isinstance(data, dict) else ""
        has_text = isinstance(data, dict) and isinstance(data.get("text"), str)
        if has_text and not (picture and kind in _PICTURES):
            return self._text(str(item.get("sectionId")), data["text"], data.get("showType"))
        return Delta(text=picture) if picture else Delta(note=f"left out an item of type {str(kind)[:40]}")

    def _text(self, section: str, text: str, show_type: Any) -> Delta | None:
        pieces = self.said.setdefault(section, [])
        before = "" if show_type in (None, "", "append") else "".join(pieces)
        if not text.startswith(before):
            return Delta(text=text, note=f"a section was shown anew ({str(show_type)[:40]})")
        fresh = text[len(before) :]
        pieces.append(fresh)
        return Delta(text=fresh) if fresh else None


def _data(item: Json) -> Any:
    """The item's data; a picture's may be an object written as text."""
    data = item["data"]
    if isinstance(data, str) and item.get("dataType") in _PICTURES and data[:1] == "{":
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            return data
    return data


def _picture(data: Json) -> str:
    address, caption = (
        next((data[name] for name in names if isinstance(data.get(name), str) and data[name]), "")
        for names in (_ADDRESSES, _CAPTIONS)
    )
    return f"![{caption}]({address})" if address else ""
