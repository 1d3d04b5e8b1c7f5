"""What differs between the vendor's two doors, Google AI and Vertex AI, beside addresses and signatures."""

import re
from dataclasses import dataclass
from typing import Final

_YOUTUBE: Final = r"https://(www\.|m\.)?(youtube\.com|youtu\.be)/.+"
_FILES_API: Final = r"https://generativelanguage\.googleapis\.com/\w+/files/.+"


@dataclass(frozen=True, slots=True)
class Surface:
    """One door.

    ``fetched`` matches the addresses of files that it fetches itself. ``images`` are the types of images that it
    takes; empty where that is left to the vendor.
    """

    name: str
    fetched: re.Pattern[str]
    images: frozenset[str] = frozenset()


GOOGLE_AI: Final = Surface(
    "gemini",
    re.compile(f"{_YOUTUBE}|{_FILES_API}"),
    frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}),
)
"""Source: https://ai.google.dev/gemini-api/docs/file-input-methods, …/image-understanding, checked 2026-08."""

VERTEX: Final = Surface("vertexai", re.compile(r"gs://.+|https?://.+"))
"""Source: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#filedata, checked 2026-08."""
