"""Messages as the one text that an app takes: a single message as it is, more of them one after the other."""

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.openai import legacy
from providers.wires.openai.messages import text_of


def text(messages: list[Json], losses: list[str]) -> str:
    """The text of all messages, each under its role where there are several. Raises UNSUPPORTED where none has any.

    The vendor has no place for a history or for system text. What is lost is added to ``losses``.
    """
    turns = [legacy.message(message) for message in messages]
    if any(turn.get("name") for turn in turns):
        losses.append("dropped messages[].name")
    spoken = [(turn["role"].upper(), said) for turn in turns if (said := _said(turn)).strip()]
    if not spoken:
        raise ProviderError(ErrorKind.UNSUPPORTED, "an app needs a question, and no message has text", param="messages")
    if len(turns) == 1:
        return spoken[0][1]
    return "".join(f"{role}: \n{said}\n" for role, said in spoken)


def _said(turn: Json) -> str:
    """The text of a message, and in words the tools that it calls."""
    lines = [text_of(turn.get("content"))]
    for call in turn.get("tool_calls") or ():
        function = call.get("function") or {}
        lines.append(f"{function.get('name')}({function.get('arguments')})")
    return "\n".join(filter(None, lines))
