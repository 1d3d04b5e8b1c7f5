"""``data:`` URLs taken apart, and what the first bytes of a file show of its kind. Pure."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

_DATA_URL: Final = re.compile(
    r"data:(?P<type>[\w.+/-]*)(?P<extra>(?:;[^;,]*)*),(?P<data>.*)", re.IGNORECASE | re.DOTALL
)
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def is_data_url(url: str) -> bool:
    """Whether the text claims to be a ``data:`` URL."""
    return url[:5].lower() == "data:"


def split(url: str) -> tuple[str, str]:
    """The media type, lower case and perhaps empty, and the base64 text of a ``data:`` URL. Raises ValueError."""
    found = _DATA_URL.fullmatch(url)
    if not found:
        raise ValueError("a data: URL is malformed")
    media_type = found["type"].lower()
    if found["extra"].lower().endswith(";base64"):
        data = found["data"]
        return media_type, unbroken(unquote_to_bytes(data).decode("ascii", "replace") if "%" in data else data)
    return media_type, base64.b64encode(unquote_to_bytes(found["data"])).decode()


def unbroken(data: str) -> str:
    """Base64 text without blanks and line ends."""
    return "".join(data.split()) if any(blank in data for blank in " \r\n\t") else data


def sniffed(data: str) -> str:
    """The media type that the first bytes of a base64 text show, or nothing."""
    try:
        head = base64.b64decode(data[:24] + "=" * (-len(data[:24]) % 4))
    except (binascii.Error, ValueError):
        return ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), "")
