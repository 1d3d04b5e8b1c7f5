"""Messages of ``chatcompletion_pro``: everybody who speaks has a type and a name, and all system text is apart."""

from collections.abc import Sequence
from typing import Any, Final, NoReturn

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.openai import legacy

BOT: Final = "BOT"
USER: Final = "USER"
DEFAULT_SETTING: Final = "You are a helpful assistant."
CONTINUE: Final = "Continue."


def setting(messages: Sequence[Json]) -> str:
    """All system text in one; never empty, since the vendor refuses that."""
    plain = [legacy.message(message) for message in messages]
    texts = [_text(message["content"]) for message in plain if message["role"] == "system"]
    return "\n".join(filter(None, texts)) or DEFAULT_SETTING


def speakers(messages: Sequence[Json], losses: list[str]) -> list[Json]:
    """The conversation, ending with the user's side. Raises UNSUPPORTED for anything but text.

    The vendor knows one call per turn: several calls of one message become turns of their own, each followed by its
    result, wherever among the messages that is.
    """
    plain = [legacy.message(message) for message in messages]
    if any(message.get("name") and message["role"] != "tool" for message in plain):
        losses.append("dropped messages[].name")
    said: list[Json] = []
    place = 0
    while place < len(plain):
        message, place = plain[place], place + 1
        if message["role"] == "assistant":
            answers = _answers(plain[place:])
            place += len(answers)
            said += _bot(message, answers, losses)
        elif message["role"] == "tool":
            said.append(_result(message))
        elif message["role"] == "user":
            said += _user(message, losses)
    if not said or said[-1]["sender_type"] == BOT:
        said.append(_speech(USER, USER, CONTINUE))
        losses.append("added a user message at the end")
    return said


def _user(message: Json, losses: list[str]) -> list[Json]:
    """The user's turn; none for a text that is empty, which the vendor refuses."""
    text = _text(message["content"])
    if not text and "dropped empty user messages" not in losses:
        losses.append("dropped empty user messages")
    return [_speech(USER, USER, text)] if text else []


def _answers(following: Sequence[Json]) -> list[Json]:
    """The tool messages that directly follow."""
    answers: list[Json] = []
    for message in following:
        if message["role"] != "tool":
            break
        answers.append(message)
    return answers


def _bot(message: Json, answers: list[Json], losses: list[str]) -> list[Json]:
    """The assistant's turn, its calls each with their results, and results of no call at the end."""
    text, calls = _text(message.get("content")), message.get("tool_calls") or ()
    if not text and not calls:
        if not answers:
            losses.append("dropped empty assistant messages")
        return [_result(answer) for answer in answers]
    turns = [] if calls else [_speech(BOT, BOT, text)]
    left = list(answers)
    for number, call in enumerate(calls):
        function = _function(call)
        turns.append({**_speech(BOT, BOT, "" if number else text), "function_call": function})
        mine = [answer for answer in left if answer["tool_call_id"] == call["id"]]
        left = [answer for answer in left if answer["tool_call_id"] != call["id"]]
        turns += [_result(answer) for answer in mine]
    return [*turns, *(_result(answer) for answer in left)]


def _function(call: Json) -> Json:
    function = call.get("function")
    if not isinstance(function, dict):
        _refuse(f"this model knows no tool calls of type {call.get('type')}")
    return {"name": function["name"], "arguments": function["arguments"] or "{}"}


def _result(message: Json) -> Json:
    """A tool's result. The vendor wants JSON; other text becomes the one field of an object."""
    text = _text(message["content"])
    return _speech("FUNCTION", BOT, text if _is_json(text) else orjson.dumps({"result": text}).decode())


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _speech(kind: str, name: str, text: str) -> Json:
    return {"sender_type": kind, "sender_name": name, "text": text}


def _text(content: Any) -> str:
    if not isinstance(content, list):
        return content or ""
    for part in content:
        if part["type"] != "text":
            _refuse(f"this model takes text only, and a message holds a part of type {part['type']}")
    return "\n".join(part["text"] for part in content)


def _refuse(why: str) -> NoReturn:
    raise ProviderError(ErrorKind.UNSUPPORTED, why, param="messages")
