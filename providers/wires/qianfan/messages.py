"""OpenAI's messages as V1's strict turns: user or function first, then assistant, in alternation, and an asker last."""

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Json

FILLER: Final = "/"
"""What stands for an empty text, which V1 refuses; the vendor's own bridge for OpenAI's clients sends the same."""
_OPENING: Final = "你好"
_ONWARD: Final = "continue"
_MERGED: Final = "merged neighbouring messages of one role"


def convert(messages: list[Json], *, system_field: bool, losses: list[str]) -> tuple[str, list[Json]]:
    """The text of all system messages, and the turns; their number is odd.

    Without ``system_field`` the system text goes before the first user's. What is left out or made up is added to
    ``losses``. Raises UNSUPPORTED for content that is not text, INVALID_REQUEST for a result of an unknown call.
    """
    system = "\n".join(text_of(m) for m in messages if m["role"] in ("system", "developer"))
    turns = list(_turns(messages, losses))
    if system and not (system_field and turns):
        turns.insert(0, {"role": "user", "content": system})
        system = ""
    return system, [_filled(turn) for turn in _arranged(turns, losses)]


def text_of(message: Json) -> str:
    """The text of a message, array of parts or not. Raises UNSUPPORTED when it holds anything else."""
    content = message.get("content") or message.get("refusal")
    if not isinstance(content, list):
        return content or ""
    for part in content:
        if part.get("type") not in ("text", "refusal"):
            told = f"this model takes text only, and a message holds a part of type {part.get('type')}"
            raise ProviderError(ErrorKind.UNSUPPORTED, told, param="messages")
    return "\n".join(str(part.get("text", part.get("refusal", ""))) for part in content)


def _turns(messages: list[Json], losses: list[str]) -> Iterator[Json]:
    names: dict[str, str | None] = {}
    for message in messages:
        role = message["role"]
        if role == "user":
            if message.get("name"):
                _lose(losses, "dropped messages[].name")
            yield {"role": "user", "content": text_of(message)}
        elif role == "assistant":
            yield _answer(message, names, losses)
        elif role == "tool":
            name = _called(message, names)
            if name:
                yield _result(name, message)
        elif role == "function":
            yield _result(str(message.get("name", "")), message)


def _answer(message: Json, names: dict[str, str | None], losses: list[str]) -> Json:
    """An assistant's turn. Each of its calls gets its name in ``names``, None for those that have no place in it."""
    calls = [call for call in message.get("tool_calls") or () if call.get("type", "function") == "function"]
    for call in calls[1:]:
        names[call["id"]] = None
        _lose(losses, "dropped messages[].tool_calls after the first of a message, and their results")
    turn: Json = {"role": "assistant", "content": text_of(message)}
    legacy = message.get("function_call")
    if calls:
        names[calls[0]["id"]] = calls[0]["function"]["name"]
    function = calls[0]["function"] if calls else legacy if isinstance(legacy, dict) else None
    if function and function.get("name"):
        turn["function_call"] = {"name": function["name"], "arguments": function.get("arguments") or "{}"}
    return turn


def _called(message: Json, names: Mapping[str, str | None]) -> str | None:
    """The function that a tool's message answers for, None when its call was left out."""
    identity = message["tool_call_id"]
    if identity not in names:
        told = f'a message of role "tool" answers the call "{identity}", which no message before it made'
        raise ProviderError(ErrorKind.INVALID_REQUEST, told, param="messages")
    return names[identity]


def _result(name: str, message: Json) -> Json:
    """A function's result: its text if that is a JSON object or array, else wrapped in one."""
    text = text_of(message)
    try:
        fits = isinstance(orjson.loads(text), (dict, list))
    except orjson.JSONDecodeError:
        fits = False
    content = text if fits else orjson.dumps({"result": text}).decode()
    return {"role": "function", "name": name, "content": content}


def _arranged(turns: list[Json], losses: list[str]) -> list[Json]:
    """The turns in alternation: neighbours merged where they can be, else kept apart by a filler."""
    arranged: list[Json] = []
    for turn in turns:
        asks = turn["role"] != "assistant"
        if not arranged and not asks:
            arranged.append({"role": "user", "content": _OPENING})
            _lose(losses, "added a user message at the start")
        last = arranged[-1] if arranged else None
        if last is None or asks is (last["role"] == "assistant"):
            arranged.append(turn)
        elif _mergeable(last, turn):
            arranged[-1] = {**last, **turn, "content": "\n".join(filter(None, (last["content"], turn["content"])))}
            _lose(losses, _MERGED)
        else:
            between = {"role": "assistant", "content": ""} if asks else {"role": "user", "content": _ONWARD}
            arranged += [between, turn]
            _lose(losses, f"added a message of role {between['role']} between two of one side")
    if not arranged or arranged[-1]["role"] == "assistant":
        arranged.append({"role": "user", "content": _ONWARD})
        _lose(losses, "added a user message at the end")
    return arranged


def _mergeable(one: Json, other: Json) -> bool:
    both_call = "function_call" in one and "function_call" in other
    return one["role"] == other["role"] != "function" and not both_call


def _filled(turn: Json) -> Json:
    return turn if turn["content"].strip() else {**turn, "content": FILLER}


def _lose(losses: list[str], loss: str) -> None:
    if loss not in losses:
        losses.append(loss)
