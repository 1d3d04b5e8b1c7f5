"""Details of a candidate in OpenAI's form: citations, probabilities of tokens, images, code, times."""

from datetime import datetime
from typing import Any

from providers.types import Delta, Json


def annotations(grounding: Any) -> list[Json]:
    """A citation for each web page an answer rests on. The vendor counts places in bytes of a part, so none is told."""
    chunks = grounding.get("groundingChunks") if isinstance(grounding, dict) else None
    pages = [chunk["web"] for chunk in chunks or () if isinstance(chunk.get("web"), dict)]
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "url": page.get("uri") or "",
                "title": page.get("title") or "",
                "start_index": 0,
                "end_index": 0,
            },
        }
        for page in pages
    ]


def logprobs(result: Any) -> Json | None:
    """OpenAI's ``logprobs`` of a choice; None where the vendor tells none."""
    chosen = result.get("chosenCandidates") if isinstance(result, dict) else None
    if not chosen:
        return None
    tops = result.get("topCandidates") or []
    rows = [_row(one, tops[place] if place < len(tops) else {}) for place, one in enumerate(chosen)]
    return {"content": rows, "refusal": None}


def _row(chosen: Json, top: Json) -> Json:
    return {**_token(chosen), "top_logprobs": [_token(one) for one in top.get("candidates") or ()]}


def _token(told: Json) -> Json:
    token = str(told.get("token") or "")
    return {"token": token, "logprob": told.get("logProbability", 0.0), "bytes": list(token.encode())}


def media(inline: Json, index: int) -> Delta:
    """An image as other gateways hand it on, since OpenAI has no place for one in a message."""
    url = f"data:{inline.get('mimeType') or 'image/png'};base64,{inline.get('data') or ''}"
    return Delta(index, extra={"images": [{"type": "image_url", "image_url": {"url": url}}]})


def fenced(language: str, text: Any) -> str:
    """Code, or what it gave, as part of an answer's text."""
    return f"\n```{language}\n{str(text or '').rstrip()}\n```\n"


def seconds(told: Any) -> int | None:
    """Unix seconds of a time such as ``2026-01-01T00:00:00.123456789Z``."""
    try:
        return int(datetime.fromisoformat(str(told)[:19] + "+00:00").timestamp())
    except ValueError:
        return None
