"""What a chat object says of itself, in a stream and outside of one: its name, its counts, and how it ended.

Source: https://www.coze.cn/open/docs/developer_guides/retrieve_chat, checked 2026-08.
"""

from collections.abc import Iterator
from typing import Any, Final

from providers.types import Delta, Head, Json, Usage
from providers.wires.coze import faults, tools
from providers.wires.openai.content import text_and_reasoning

ANSWER: Final = "answer"
CONVERSATION: Final = "conversation_id"
COMPLETED: Final = "completed"
_WAITING: Final = "requires_action"
_LOST: Final = frozenset({"failed", "canceled", "cancelled"})
ENDS: Final = _LOST | {COMPLETED, _WAITING}
"""The states that a chat does not leave by itself; in any other it goes on."""

_SOUNDS: Final = "audio"


def head(chat: Json) -> Head:
    """The reply's own name and time. The conversation's id is told too: a client may go on with it."""
    identity, conversation, created = chat.get("id"), chat.get(CONVERSATION), chat.get("created_at")
    return Head(
        f"chatcmpl-{identity}" if identity else None,
        created if isinstance(created, int) else None,
        {CONVERSATION: str(conversation)} if conversation else {},
    )


def ended(chat: Json, status: str, owned_by: int) -> Iterator[Delta]:
    """The end of a chat with its counts, nothing while it goes on. Raises the error of one that failed."""
    if status in _LOST:
        raise faults.of_chat(chat)
    if status not in ENDS:
        return
    counts = _usage(chat.get("usage"))
    if counts:
        yield Delta(usage=counts)
    if status == COMPLETED:
        yield Delta(finish_reason="stop")
    else:
        yield from tools.calls(chat, owned_by)


def _usage(told: Any) -> Usage | None:
    """The counts under either of their names; None where all are zero, which means that they were not taken."""
    if not isinstance(told, dict):
        return None
    given, made = (told.get(f"{side}_count") or told.get(f"{side}_tokens") or 0 for side in ("input", "output"))
    return Usage(int(given), int(made)) if given or made else None


def answer(message: Json) -> tuple[str, str]:
    """The text and the reasoning of a message; empty for one that is no answer.

    Those are the bot's own notes, calls and finds, its suggestions what to ask next, and speech.
    """
    if message.get("type") != ANSWER or message.get("content_type") == _SOUNDS:
        return "", ""
    return text_and_reasoning(message)
