"""What a reply with tool calls looked like, noted for the next turn: signed thinking must come back unchanged.

OpenAI's clients return the text and the calls of such a reply and drop the rest. A note keeps the thinking blocks whole
and of the others only what is needed to put them back in their places.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from providers.types import Json
from providers.wires.anthropic.models import generation

THINKING: Final = frozenset({"thinking", "redacted_thinking"})

Recall = Callable[[str], Json | None]
"""A key to the note kept under it."""

Layouts = Callable[[Json], list[Json] | None]
"""An assistant's message with tool calls to its layout; None where there is none to go by."""


def key(call_id: str) -> str:
    """The key under which the note about a tool call is kept."""
    return f"claude:{call_id}"


def memo(model: str, blocks: Sequence[Json]) -> Mapping[str, Json] | None:
    """The notes to keep of a finished reply, one for each tool call; None when it has none.

    ``blocks`` are its content in order: thinking blocks as they came, ``{"type": "text", "chars": n}`` and
    ``{"type": "tool_use", "id": …}``.
    """
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    if not calls:
        return None
    note: Json = {"model": model, "blocks": list(blocks)}
    return {key(call): note for call in calls}


def recalled(message: Json, recall: Recall, model: str) -> list[Json] | None:
    """The layout of an assistant's message with tool calls; None when it is unknown, ambiguous or another model's.

    Blocks that the client itself kept (``thinking_blocks``) count first. Signatures are good for one model only.
    """
    kept = [b for b in message.get("thinking_blocks") or () if isinstance(b, dict) and b.get("type") in THINKING]
    if kept:
        return kept
    ids = [call["id"] for call in message.get("tool_calls") or ()]
    if len(set(ids)) < len(ids):
        return None
    for call_id in ids:
        note = recall(key(call_id))
        if note is not None and _same_model(note["model"], model):
            blocks: list[Json] = note["blocks"]
            return blocks
    return None


def _same_model(one: str, other: str) -> bool:
    """Whether two names may mean one model: an alias, which tells no generation, may mean any."""
    first, second = generation(one), generation(other)
    return first is None or second is None or first == second


def has_thinking(blocks: Sequence[Json]) -> bool:
    """Whether there is any thinking among the blocks of a layout."""
    return any(block["type"] in THINKING for block in blocks)


def restored(texts: list[Json], calls: Mapping[str, Json], blocks: Sequence[Json]) -> list[Json]:
    """The content of an assistant's message with its thinking back in place.

    ``calls`` are the tool_use blocks by the client's ids. Text is cut as the layout says when it is the text that was
    sent; a changed one stands where the first text stood, or behind the thinking that came first.
    """
    blocks = _with_text(blocks)
    pieces = _pieces(texts, [block["chars"] for block in blocks if block["type"] == "text"])
    left = dict(calls)
    content: list[Json] = []
    for block in blocks:
        if block["type"] in THINKING:
            content.append(block)
        elif block["type"] == "text":
            content += pieces.pop(0)
        elif block["id"] in left:
            content.append(left.pop(block["id"]))
    return [*content, *left.values()]


def _with_text(blocks: Sequence[Json]) -> Sequence[Json]:
    """The layout, with a place for text where it has none."""
    if any(block["type"] == "text" for block in blocks):
        return blocks
    first = next((place for place, block in enumerate(blocks) if block["type"] not in THINKING), len(blocks))
    return [*blocks[:first], {"type": "text", "chars": 0}, *blocks[first:]]


def _pieces(texts: list[Json], sizes: list[int]) -> list[list[Json]]:
    """The text blocks for each place of a layout: cut at its borders, or all of them in the first place."""
    if len(sizes) == 1 or len(texts) != 1 or texts[0].keys() != {"type", "text"} or len(texts[0]["text"]) != sum(sizes):
        return [texts, *([] for _ in sizes[1:])]
    pieces: list[list[Json]] = []
    start = 0
    for size in sizes:
        piece = texts[0]["text"][start : start + size]
        pieces.append([{"type": "text", "text": piece}] if piece.strip() else [])
        start += size
    return pieces
