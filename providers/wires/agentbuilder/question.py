"""A conversation as the one text that an agent takes: system text first, then what was said, then the question."""

from collections.abc import Iterator

from providers.errors import ErrorKind, ProviderError
from providers.losses import nameless
from providers.types import Json
from providers.wires.openai import legacy
from providers.wires.openai.messages import text_of

_SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool"}
CONTINUE = "Go on."


def folded(messages: list[Json], losses: list[str]) -> str:
    """All messages as one text; a single one is its own text. What is lost is added to ``losses``.

    Raises UNSUPPORTED where parts that are no text were all there was.
    """
    turns = [legacy.message(message) for message in messages]
    losses += nameless(messages)
    system = "\n".join(text_of(turn["content"]) for turn in turns if turn["role"] == "system")
    spoken = [turn for turn in turns if turn["role"] != "system"]
    asks = bool(spoken) and spoken[-1]["role"] == "user"
    question = text_of(spoken[-1]["content"]) if asks else CONTINUE if spoken else ""
    if spoken and not asks:
        losses.append("added a question at the end")
    earlier = "\n".join(line for turn in (spoken[:-1] if asks else spoken) for line in _lines(turn))
    told = f"The conversation so far:\n{earlier}" if earlier else ""
    return _checked("\n\n".join(filter(None, (system, told, question))), messages, losses)


def last(messages: list[Json], losses: list[str]) -> str:
    """The last message's text alone, for a thread in which the vendor remembers the others."""
    if len(messages) > 1:
        losses.append("left earlier messages to the thread")
    return _checked(text_of(messages[-1].get("content")), messages[-1:], losses)


def _lines(turn: Json) -> Iterator[str]:
    text = text_of(turn.get("content"))
    if text:
        yield f"{_SPEAKERS[turn['role']]}: {text}"
    for call in turn.get("tool_calls") or ():
        function = call.get("function") or {}
        yield f"{_SPEAKERS['assistant']} calls {function.get('name')}({function.get('arguments')})"


def _checked(text: str, messages: list[Json], losses: list[str]) -> str:
    contents = [message["content"] for message in messages if isinstance(message.get("content"), list)]
    others = dict.fromkeys(part["type"] for content in contents for part in content if part["type"] != "text")
    if others and not text.strip():
        raise ProviderError(
            ErrorKind.UNSUPPORTED, "an agent takes text only, and the message has none", param="messages"
        )
    losses.extend(f"dropped {kind}" for kind in others)
    return text
