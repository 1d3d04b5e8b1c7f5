"""One message at a time: roles, fields, content arrays and ids as the vendor wants them. Order is in ``turns``.

A message that needs no change is handed on as the same object; nothing the client sent is ever mutated.
"""

from collections.abc import Callable

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json
from providers.wires.openai.dialect import Dialect

_SILENT = frozenset({"reasoning_content", "reasoning", "annotations"})
"""Fields nobody misses: the answer's own, sent back by clients that replay the history as they got it."""


def adapt(messages: list[Json], to: Destination, dialect: Dialect, model: str, losses: list[str]) -> list[Json]:
    """The messages as this speaker takes them, in the client's order. What is lost is added to ``losses``.

    Raises UNSUPPORTED when the operator wants strings (``to.flatten``) and a message holds more than text.
    """
    strings = dialect.text_models.match(model) is not None if to.flatten is None else to.flatten
    keep_developer = dialect.developer_models.match(model) is not None
    adapted = []
    for message in messages:
        fresh = _fields(message, dialect, losses)
        if fresh["role"] == "developer" and not keep_developer:
            fresh = {**fresh, "role": "system"}
        if strings:
            fresh = _flattened(fresh, must=to.flatten is True)
        if fresh.get("content") is None and fresh["role"] == "assistant":
            fresh = _null_content(fresh, dialect.null_content)
        if dialect.keep_reasoning:
            fresh = _remembered(fresh, to, "reasoning_content")
        if dialect.keep_details:
            fresh = _remembered(fresh, to, "reasoning_details")
        if dialect.tool_call_id:
            fresh = _with_ids(fresh, dialect.tool_call_id)
        adapted.append(fresh)
    return adapted


def _fields(message: Json, dialect: Dialect, losses: list[str]) -> Json:
    """The message without the fields the vendor refuses, and without nulls where those are refused."""
    keep = "reasoning_content" if dialect.keep_reasoning and message.get("tool_calls") else ""
    gone = [
        name
        for name, value in message.items()
        if (name in dialect.strip and name != keep)
        or (value is None and dialect.strip_nulls and name != "content")
        or (value == [] and name == "tool_calls")
    ]
    if not gone:
        return message
    for name in gone:
        loss = f"dropped messages[].{name}"
        if message[name] and name not in _SILENT and loss not in losses:
            losses.append(loss)
    return {name: value for name, value in message.items() if name not in gone}


def _flattened(message: Json, must: bool) -> Json:
    """The message with its text parts as one string. Other parts stay as they are, unless they ``must`` go."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    texts = [part["text"] for part in content if part.get("type") == "text"]
    if len(texts) == len(content):
        return {**message, "content": "\n".join(texts)}
    if not must:
        return message
    other = next(part.get("type") for part in content if part.get("type") != "text")
    raise ProviderError(
        ErrorKind.UNSUPPORTED,
        f"this model takes text only, and a message holds a part of type {other}",
        param="messages",
    )


def _null_content(message: Json, how: str) -> Json:
    if how == "empty":
        return {**message, "content": ""}
    if how == "drop":
        return {name: value for name, value in message.items() if name != "content"}
    return message


def _remembered(message: Json, to: Destination, name: str) -> Json:
    """The turn with the reasoning it came with, if its tool calls are remembered: most clients drop it."""
    if not message.get("tool_calls") or message.get(name):
        return message
    notes = (to.recall(call["id"]) for call in message["tool_calls"])
    reasoning = next((note.get(name) for note in notes if note), None)
    return {**message, name: reasoning} if reasoning else message


def _with_ids(message: Json, rewrite: Callable[[str], str]) -> Json:
    """The message with every tool call id rewritten, on both sides alike."""
    if message.get("tool_calls"):
        calls = [{**call, "id": rewrite(call["id"])} for call in message["tool_calls"]]
        return {**message, "tool_calls": calls}
    if message.get("tool_call_id"):
        return {**message, "tool_call_id": rewrite(message["tool_call_id"])}
    return message


def text_of(content: object) -> str:
    """The text of a message's content, whether string, array of parts or null."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""
