"""The history as this wire wants it: system text apart, user and assistant by turns, every call answered at once.

A turn of the user's side begins with the results of the calls before it, in the order of the calls.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.anthropic import content, layout, names
from providers.wires.anthropic.models import Traits

FILLER: Final = "."
"""What stands where the API demands a user's text and the client has none."""
CONTINUE: Final = "Continue."
NO_RESULT: Final = "(no result)"


@dataclass(slots=True)
class Turn:
    """One message on the wire. ``calls`` are the ids an assistant's turn used, ``results`` the answers by those ids."""

    role: str
    blocks: list[Json] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    results: dict[str, Json] = field(default_factory=dict)


def system(messages: list[Json], losses: list[str]) -> list[Json]:
    """The text blocks of all system messages, in order."""
    places = [place for place, message in enumerate(messages) if _is_system(message)]
    if places != list(range(len(places))):
        losses.append("moved system messages to the front")
    return [
        block
        for place in places
        for block in content.marked(content.text_blocks(messages[place]["content"], "a system"), messages[place])
    ]


def joined(blocks: list[Json]) -> str | list[Json]:
    """System blocks as one text, or as they are where one of them carries a cache mark."""
    if any("cache_control" in block for block in blocks):
        return blocks
    return "\n\n".join(block["text"] for block in blocks)


def turns(
    messages: list[Json], traits: Traits, laid_out: layout.Layouts, losses: list[str], *, may_prefill: bool
) -> list[Json]:
    """The messages on the wire: first and last of the user's side, but for a prefill where the model takes one.

    Raises UNSUPPORTED for parts the API does not know.
    """
    writer = _Writer(traits, laid_out, losses)
    for message in messages:
        writer.add(message)
    found = writer.turns
    if found and found[0].role == "assistant":
        losses.append("added a user message at the start")
        found.insert(0, Turn("user", _said(FILLER)))
    if not found or (found[-1].role == "assistant" and not found[-1].calls and not may_prefill):
        losses.append("added a user message at the end")
        found.append(Turn("user", _said(CONTINUE)))
    if any(_unanswered(turn, following) for turn, following in zip(found, [*found[1:], None], strict=True)):
        losses.append("added results for tool calls that have none")
    return _written(found)


def _unanswered(turn: Turn, following: Turn | None) -> bool:
    results = following.results if following else {}
    return any(call not in results for call in turn.calls)


def _is_system(message: Json) -> bool:
    return message["role"] in ("system", "developer")


def _said(text: str) -> list[Json]:
    return [{"type": "text", "text": text}]


class _Writer:
    """The turns so far."""

    def __init__(self, traits: Traits, laid_out: layout.Layouts, losses: list[str]) -> None:
        self.turns: list[Turn] = []
        self._traits = traits
        self._laid_out = laid_out
        self._losses = losses
        self._ids = names.Ids()

    def add(self, message: Json) -> None:
        """Put a message into its turn; system messages have none."""
        if message["role"] != "tool":
            self._losses += [f"dropped messages[].{name}" for name in ("name", "audio") if message.get(name)]
        if message["role"] == "assistant":
            self._assistant(message)
        elif message["role"] == "tool":
            self._result(message)
        elif not _is_system(message):
            self._side("user").blocks += content.marked(content.blocks(message["content"]), message)

    def _side(self, role: str) -> Turn:
        """The turn under way if it is ``role``'s, else a new one."""
        if not self.turns or self.turns[-1].role != role:
            self.turns.append(Turn(role))
        return self.turns[-1]

    def _assistant(self, message: Json) -> None:
        texts = content.text_blocks(message.get("content") or message.get("refusal"), "an assistant")
        told = message.get("tool_calls") or []
        if not texts and not told:
            return
        if not self.turns or self.turns[-1].role != "assistant":
            self._ids.forget()
        turn = self._side("assistant")
        calls = [self._call(call) for call in told]
        turn.calls += [call["id"] for call in calls]
        by_id = {call["id"]: block for call, block in zip(told, calls, strict=True)}
        blocks = self._laid_out(message) if told else None
        whole = [*texts, *calls] if blocks is None else layout.restored(texts, by_id, blocks)
        turn.blocks += content.marked(whole, message)

    def _call(self, call: Json) -> Json:
        function = call.get("function")
        if not isinstance(function, dict):
            message = f"this model knows no tool calls of type {call.get('type')}"
            raise ProviderError(ErrorKind.UNSUPPORTED, message, param="messages")
        name = names.sent(function["name"], self._traits.tool_name_chars)
        arguments = self._arguments(function["arguments"])
        return {"type": "tool_use", "id": self._ids.issue(call["id"]), "name": name, "input": arguments}

    def _arguments(self, text: str) -> Json:
        """The arguments as an object; the API takes nothing else."""
        if not text.strip():
            return {}
        try:
            found: Any = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            return found
        self._losses.append("replaced tool arguments that are no JSON object")
        return {} if found is None else {"value": found}

    def _result(self, message: Json) -> None:
        """A result, put to its call; as plain text where no call before it waits for one."""
        turn = self._side("user")
        blocks = content.blocks(message["content"])
        answered = self._ids.answered(message["tool_call_id"])
        if answered is None:
            self._losses.append("turned a tool result without its call into text")
            turn.blocks += blocks
            return
        told = blocks if isinstance(message["content"], list) else message["content"]
        result: Json = {"type": "tool_result", "tool_use_id": answered}
        if blocks:
            result["content"] = told
        if message.get("is_error") is True:
            result["is_error"] = True
        turn.results[answered] = content.marked([result], message)[0]


def _written(found: list[Turn]) -> list[Json]:
    """Turns as messages, each call of an assistant's turn answered in the next."""
    messages: list[Json] = []
    owed: list[str] = []
    for turn in found:
        if turn.role == "assistant":
            messages.append(_message("assistant", turn.blocks))
            owed = turn.calls
        else:
            results = [turn.results.get(call) or _missing(call) for call in owed]
            messages.append(_message("user", [*results, *turn.blocks] or _said(FILLER)))
            owed = []
    if owed:
        messages.append(_message("user", [_missing(call) for call in owed]))
    elif messages[-1]["role"] == "assistant":
        messages[-1] = _trimmed(messages[-1])
    return messages


def _missing(call: str) -> Json:
    return {"type": "tool_result", "tool_use_id": call, "content": NO_RESULT}


def _message(role: str, blocks: list[Json]) -> Json:
    """A message; a single plain text is written as the short form that the API offers for it."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return {"role": role, "content": blocks[0]["text"]}
    return {"role": role, "content": blocks}


def _trimmed(message: Json) -> Json:
    """The assistant's last message without blanks at its end, which the API refuses in a prefill."""
    told = message["content"]
    if isinstance(told, str):
        return {**message, "content": told.rstrip()}
    if told[-1]["type"] == "text":
        return {**message, "content": [*told[:-1], {**told[-1], "text": told[-1]["text"].rstrip()}]}
    return message
