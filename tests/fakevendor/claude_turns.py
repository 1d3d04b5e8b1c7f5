"""What a small Messages API demands of a history: turns, calls and their results, images, signed thinking."""

import base64
import hashlib
import re
from typing import Any

MAGIC = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF"}


class Refused(Exception):  # noqa: N818 - the API's own word
    """A refusal: status, error type and message."""

    def __init__(self, message: str, status: int = 400, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.message, self.status, self.kind = message, status, kind


def signature(model: str, thinking: str) -> str:
    """The signature of a thinking block: bound to the model and to every letter."""
    return base64.b64encode(hashlib.sha256(f"{model}|{thinking}".encode()).digest()).decode()


def check_messages(body: dict[str, Any], model: dict[str, Any]) -> None:
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in body["messages"]:
        blocks = message["content"]
        blocks = [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks
        if message["role"] not in ("user", "assistant") or set(message) != {"role", "content"}:
            raise Refused("messages: Unexpected role or field")
        if not blocks:
            raise Refused("messages: content must be non-empty")
        turns.append((message["role"], blocks))
    if not turns or turns[0][0] != "user":
        raise Refused('messages: first message must use the "user" role')
    for role, blocks in turns:
        for block in blocks:
            check_block(role, block)
    check_calls(turns)
    check_end(turns, model)
    check_kept(turns, body)


def check_block(role: str, block: dict[str, Any]) -> None:
    kind = block["type"]
    if kind == "text" and not block["text"].strip():
        raise Refused("messages: text content blocks must contain non-whitespace text")
    if (kind in ("tool_use", "thinking", "redacted_thinking")) != (role == "assistant") and kind != "text":
        raise Refused(f"messages: {kind} blocks are not allowed for {role}")
    if kind == "image":
        check_image(block["source"])
    if kind == "tool_result" and isinstance(block.get("content"), list):
        for inner in block["content"]:
            check_block("user", inner)
    if kind == "tool_use" and not (isinstance(block["input"], dict) and re.fullmatch(r"[\w-]+", block["id"], re.ASCII)):
        raise Refused("messages: tool_use.id must match '^[a-zA-Z0-9_-]+$', input must be an object")


def check_image(source: dict[str, Any]) -> None:
    if source["type"] == "url":
        if not source["url"].startswith("https://"):
            raise Refused("messages: Only HTTPS URLs are supported.")
        return
    head = base64.b64decode(source["data"], validate=True)[:12]
    if source["media_type"] not in MAGIC or not head.startswith(MAGIC[source["media_type"]]):
        raise Refused(f"messages: the image does not match the media type {source['media_type']}")


def check_calls(turns: list[tuple[str, list[dict[str, Any]]]]) -> None:
    seen: set[str] = set()
    for place, (_, blocks) in enumerate(turns):
        uses = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if len(set(uses)) < len(uses) or seen & set(uses):
            raise Refused("messages: tool_use ids must be unique")
        seen |= set(uses)
        after = turns[place + 1][1] if place + 1 < len(turns) else []
        kinds = [block["type"] for block in after]
        if sorted(kinds, key=lambda kind: kind != "tool_result") != kinds:
            raise Refused("messages: tool_result blocks must come first")
        answered = [block["tool_use_id"] for block in after if block["type"] == "tool_result"]
        if missing := set(uses) - set(answered):
            raise Refused(
                f"messages.{place}: tool_use ids were found without tool_result blocks immediately after: "
                f"{', '.join(sorted(missing))}. Each tool_use block must have a corresponding tool_result block."
            )
        if set(answered) - set(uses) or len(set(answered)) < len(answered):
            raise Refused("messages: unexpected tool_use_id found in tool_result blocks")


def check_end(turns: list[tuple[str, list[dict[str, Any]]]], model: dict[str, Any]) -> None:
    role, blocks = turns[-1]
    if role == "assistant":
        if not model.get("prefill", True):
            raise Refused("This model does not support assistant message prefill.")
        if blocks[-1].get("text", "x") != blocks[-1].get("text", "x").rstrip():
            raise Refused("messages: final assistant content cannot end with trailing whitespace")


def check_kept(turns: list[tuple[str, list[dict[str, Any]]]], body: dict[str, Any]) -> None:
    """Thinking must come back unchanged, and first in the last turn while thinking is on."""
    for _, blocks in turns:
        for block in blocks:
            if block["type"] == "thinking" and block["signature"] != signature(body["model"], block["thinking"]):
                raise Refused("messages: Invalid `signature` in `thinking` block")
    last = next((blocks for role, blocks in reversed(turns) if role == "assistant"), None)
    on = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    uses = last is not None and any(block["type"] == "tool_use" for block in last)
    if on and last and uses and last[0]["type"] not in ("thinking", "redacted_thinking"):
        raise Refused(
            f"messages: Expected `thinking` or `redacted_thinking`, but found `{last[0]['type']}`. When `thinking` is "
            "enabled, a final `assistant` message must start with a thinking block."
        )
