"""A conversation as Spark's WebSocket takes it: plain texts of system, user and assistant by turns, user last."""

from collections.abc import Iterable, Iterator

from providers.errors import ErrorKind, ProviderError
from providers.losses import nameless
from providers.types import Json
from providers.wires.openai import legacy, turns
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.messages import text_of


def texts(messages: list[Json], dialect: Dialect, domain: str, losses: list[str]) -> list[Json]:
    """The conversation in the dialect's order, each message of one role and one text that is not empty.

    There is no role for tools: calls become the assistant's text, results the user's. Raises UNSUPPORTED for parts
    other than text and INVALID_REQUEST when nothing is said at all.
    """
    check_texts(messages)
    losses += nameless(messages)
    plain = list(_plain(map(legacy.message, messages)))
    said = [message for message in plain if message["content"].strip()]
    if not said:
        raise ProviderError(ErrorKind.INVALID_REQUEST, "this model takes no empty messages", param="messages")
    if len(said) < len(plain):
        losses.append("dropped empty messages")
    return turns.arrange(said, dialect, domain, losses)


def check_texts(messages: list[Json]) -> None:
    """Raise UNSUPPORTED for parts other than text. Images have an address and a licence of their own there."""
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] not in ("text", "refusal"):
                text = f"Spark's chat models take text only, and a message holds a part of type {part['type']}"
                raise ProviderError(ErrorKind.UNSUPPORTED, text, param="messages")


def _plain(messages: Iterable[Json]) -> Iterator[Json]:
    names: dict[str, str] = {}
    for message in messages:
        role, text = message["role"], text_of(message.get("content"))
        if role == "assistant":
            calls = list(_calls(message))
            names.update((call["id"], call["name"]) for call in calls)
            asked = [f"call function {call['name']} with {call['arguments']}" for call in calls]
            yield {"role": role, "content": "\n".join(filter(None, (text, *asked)))}
        elif role == "tool":
            name = names.get(message["tool_call_id"], message["tool_call_id"])
            yield {"role": "user", "content": f"function {name} returned: {text}"}
        else:
            yield {"role": role, "content": text}


def _calls(message: Json) -> Iterator[Json]:
    for call in message.get("tool_calls") or ():
        yield {"id": call["id"], **(call.get("function") or {"name": call.get("type"), "arguments": ""})}
