"""What stands beside the messages: whose conversation it is, and what only a bot's owner can set."""

from typing import Any, Final

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import Json
from providers.wires.openai import legacy

DEFAULT_USER: Final = "12345678"
"""Whose requests those are that name nobody. The vendor requires a user and keeps variables apart by it."""

PASSED: Final = (
    *("meta_data", "custom_variables", "parameters", "extra_params", "shortcut_command"),
    *("publish_status", "bot_version", "enable_card"),
)
"""The vendor's own fields, which pass as they are.

Source: https://www.coze.cn/open/docs/developer_guides/chat_v3, checked 2026-08.
"""

CONVERSATION: Final = "conversation_id"
_READ: Final = frozenset({"user", "safety_identifier", "stop", "stream_options"})
_TOOLS: Final = frozenset({"tools", "tool_choice", "parallel_tool_calls"})


def current(given: Json) -> Json:
    """The parameters in today's spelling, without tools that may not be called anyway.

    Raises UNSUPPORTED for more than one answer.
    """
    told = legacy.params(given)
    if told.get("n", 1) != 1:
        raise ProviderError(ErrorKind.UNSUPPORTED, "a bot gives one answer to a request: n must be 1", param="n")
    if told.get("tool_choice") == "none":
        return {name: value for name, value in told.items() if name not in _TOOLS}
    return told


def losses(told: Json, also: tuple[str, ...] = ()) -> list[str]:
    """What a bot does not take; ``also`` are further fields that it does."""
    return dropped(told, _READ.union(also))


def user(told: Json) -> str:
    """The id of the client's user."""
    return str(told.get("user") or told.get("safety_identifier") or DEFAULT_USER)


def stops(told: Json) -> tuple[str, ...]:
    """The stop texts, which the gateway cuts off."""
    stop: Any = told.get("stop") or ()
    return (stop,) if isinstance(stop, str) else tuple(stop)
