"""Thought signatures: kept by the id of the tool call they came with, and put back into the history.

OpenAI's clients drop them, and the newest models refuse a history without. A signature is good for one model at one of
the vendor's doors only.
Source: https://ai.google.dev/gemini-api/docs/thought-signatures, checked 2026-08.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.types import Json

PLACEHOLDER_WORD: Final = "skip_thought_signature_validator"
PLACEHOLDER: Final = base64.b64encode(PLACEHOLDER_WORD.encode()).decode()
"""What the vendor takes for a call whose signature is lost: in base64 here, as it is on its OpenAI surface."""

Recall = Callable[[str], Json | None]
"""A key to the note kept under it."""


def memo(call_id: str, source: str, signature: Any, vendors_id: Any) -> Mapping[str, Json] | None:
    """The note to keep of a call: its signature and the vendor's own id, None when it has neither.

    ``source`` names the model and the door it came through.
    """
    if not signature and not vendors_id:
        return None
    return {_key(call_id): {"source": source, "signature": signature or "", "id": vendors_id or ""}}


def recalled(call: Json, source: str, recall: Recall) -> tuple[str, str]:
    """The signature and the vendor's own id of a call in the history, each empty where it is unknown or another's.

    A signature that the client itself kept, as the vendor's OpenAI surface hands it out, counts first, unless the call
    is known to come from elsewhere.
    """
    note = recall(_key(call["id"]))
    if note is not None and note["source"] != source:
        return "", ""
    kept = _kept(call.get("extra_content"))
    if note is None:
        return kept, ""
    return kept or note["signature"], note["id"]


def _key(call_id: str) -> str:
    return f"gemini:{call_id}"


def _kept(extra: Any) -> str:
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) else ""
