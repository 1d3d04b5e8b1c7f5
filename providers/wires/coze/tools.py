"""Tools that run at the client: a chat that waits for their results, and the call that brings them.

A bot's own ("client-side") plugin stops the chat. The chat goes on with its results under the ids of conversation and
chat, which OpenAI's clients do not know: they are remembered by the call's id.
Source: https://www.coze.cn/open/docs/developer_guides/chat_submit_tool_outputs, checked 2026-08.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.types import ChatRequest, Delta, Destination, Json, ToolCallDelta
from providers.wires.coze import urls
from providers.wires.openai import legacy
from providers.wires.openai.messages import text_of

_FUNCTION: Final = "function"


def owner(to: Destination) -> int:
    """What tells one credential at one address from any other in the memory of this process."""
    return hash((urls.endpoint(to.server_url, urls.CHAT), frozenset(to.credential.items())))


def _key(call_id: str) -> str:
    return f"coze:call:{call_id}"


def calls(chat: Json, owned_by: int) -> tuple[Delta, ...]:
    """What a chat that requires an action asks for, with its finish reason.

    Functions become tool calls. A question of a workflow (``reply_message``) is no function: it is told as text, and
    the answer ends with it. Unverified: how such a question looks.
    """
    action = chat.get("required_action") or {}
    asked = (action.get("submit_tool_outputs") or {}).get("tool_calls") or ()
    functions = [call for call in asked if call.get("type", _FUNCTION) == _FUNCTION]
    if not functions:
        text = "\n".join(filter(None, map(_question, asked)))
        return (Delta(text=text or None, finish_reason="stop", note="the bot asks a question"),)
    note = {"conversation": str(chat["conversation_id"]), "chat": str(chat["id"]), "owner": owned_by}
    deltas = tuple(
        ToolCallDelta(index, call["id"], call["function"]["name"], _arguments(call["function"].get("arguments")))
        for index, call in enumerate(functions)
    )
    memo: Mapping[str, Json] = {_key(call["id"]): note for call in functions}
    return Delta(tool_calls=deltas, memo=memo), Delta(finish_reason="tool_calls")


def _arguments(told: Any) -> str:
    return told if isinstance(told, str) and told else orjson.dumps(told or {}).decode()


def _question(call: Json) -> str:
    told = (call.get("function") or {}).get("arguments")
    return told if isinstance(told, str) else ""


def answered(messages: list[Json], to: Destination) -> Json | None:
    """The chat whose calls the last messages answer, as it was remembered.

    None where they do not, where it is forgotten, and where it is another credential's.
    """
    notes = [to.recall(_key(result["tool_call_id"])) for result in _results(messages)]
    known = notes[0] if notes else None
    if known is None or any(note != known for note in notes) or known["owner"] != owner(to):
        return None
    return known


def owns(request: ChatRequest, to: Destination) -> bool:
    """Whether the last messages answer calls that were made with this credential."""
    return answered(request.messages, to) is not None


def outputs(messages: list[Json]) -> list[Json]:
    """The results in the last messages, as the vendor takes them."""
    return [
        {"tool_call_id": result["tool_call_id"], "output": text_of(result["content"])} for result in _results(messages)
    ]


def _results(messages: list[Json]) -> list[Json]:
    """The tools' messages at the end, in order."""
    turns = [legacy.message(message) for message in messages]
    last = next((place for place in range(len(turns), 0, -1) if turns[place - 1]["role"] != "tool"), 0)
    return turns[last:]
