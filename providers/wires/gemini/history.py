"""The history as this wire wants it: system text apart, user and model by turns, every call answered at once.

A turn of the user's side begins with the results of the calls before it, as many as there were and in their order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from providers.types import Json
from providers.wires.gemini import media, signatures
from providers.wires.gemini.models import Traits
from providers.wires.gemini.names import Names
from providers.wires.gemini.surface import Surface

BLANK: Final = " "
"""What stands where the API demands a text and the client has none."""
NO_RESULT: Final = "(no result)"
_SYSTEM: Final = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class Context:
    """What a history is written for: the model and its door, ``source`` naming both, names, and what is remembered."""

    traits: Traits
    surface: Surface
    source: str
    names: Names
    recall: Callable[[str], Json | None]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the model's turn: the client's id, the name on the wire, and the vendor's own id if it gave one."""

    id: str
    name: str
    vendors_id: str


@dataclass(slots=True)
class Turn:
    """One entry of ``contents``. ``results`` answer the calls of the turn before by the client's ids."""

    role: str
    parts: list[Json] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: dict[str, list[Json]] = field(default_factory=dict)
    attached: list[Json] = field(default_factory=list)


def system(messages: list[Json], losses: list[str]) -> Json:
    """``systemInstruction`` with one part for each system message; empty without any."""
    places = [place for place, message in enumerate(messages) if message["role"] in _SYSTEM]
    if places != list(range(len(places))):
        losses.append("moved system messages to the front")
    found = [part for place in places for part in media.texts(messages[place]["content"], "a system")]
    return {"systemInstruction": {"parts": found}} if found else {}


def contents(messages: list[Json], context: Context, losses: list[str]) -> list[Json]:
    """The other messages by turns, a user's first. Raises UNSUPPORTED for parts that cannot go up."""
    writer = _Writer(context, losses)
    for number, message in enumerate(messages):
        writer.add(message, f"messages[{number}].content")
    turns = writer.turns
    if not turns or turns[0].role == "model":
        losses.append("added a user message at the start")
        turns.insert(0, Turn("user"))
    return _written(turns, losses)


class _Writer:
    """The turns so far."""

    def __init__(self, context: Context, losses: list[str]) -> None:
        self.turns: list[Turn] = []
        self._context = context
        self._losses = losses

    def add(self, message: Json, where: str) -> None:
        """Put a message into its turn; system messages have none."""
        role = message["role"]
        if role == "tool":
            self._result(message, where)
            return
        self._losses += [f"dropped messages[].{name}" for name in ("name", "audio") if message.get(name)]
        if role == "assistant":
            self._assistant(message, where)
        elif role not in _SYSTEM:
            turn = self._side("user")
            turn.parts += self._parts(message["content"], where)

    def _parts(self, content: Any, where: str) -> list[Json]:
        reader = media.Reader(self._context.surface, self._losses, detail=self._context.traits.detail)
        return reader.parts(content, where)

    def _side(self, role: str) -> Turn:
        """The turn under way if it is ``role``'s, else a new one."""
        if not self.turns or self.turns[-1].role != role:
            self.turns.append(Turn(role))
        return self.turns[-1]

    def _assistant(self, message: Json, where: str) -> None:
        said = self._parts(message.get("content") or message.get("refusal"), where)
        images = message.get("images")
        said += self._parts(images if isinstance(images, list) else None, where)
        told = message.get("tool_calls") or []
        if not said and not told:
            return
        turn = self._side("model")
        turn.parts += said
        first = not turn.calls
        for call in told:
            turn.parts.append(self._call(call, turn, first=first))
            first = False

    def _call(self, call: Json, turn: Turn, *, first: bool) -> Json:
        function = call.get("function")
        if not isinstance(function, dict):
            raise media.refused(f"this model knows no tool calls of type {call.get('type')}")
        signature, vendors_id = signatures.recalled(call, self._context.source, self._context.recall)
        made = Call(call["id"], self._context.names.sent(function["name"]), vendors_id)
        turn.calls.append(made)
        part: Json = {
            "functionCall": {**_identity(made), "name": made.name, "args": self._arguments(function["arguments"])}
        }
        if not signature and first and self._context.traits.signed:
            signature = signatures.PLACEHOLDER
            self._losses.append("put a placeholder for a thought signature that is not known")
        return {**part, "thoughtSignature": signature} if signature else part

    def _arguments(self, text: str) -> Json:
        """The arguments as an object; the API takes nothing else."""
        if not text.strip():
            return {}
        try:
            found: Any = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._losses.append("wrapped tool arguments that are no JSON")
            return {"input": text}
        if isinstance(found, dict):
            return found
        self._losses.append("wrapped tool arguments that are no JSON object")
        return {"value": found}

    def _result(self, message: Json, where: str) -> None:
        """A result, put to its call; as plain text where no call right before it waits for one."""
        asked = self.turns[-1] if self.turns and self.turns[-1].role == "model" else None
        if asked is None and len(self.turns) > 1:
            asked = self.turns[-2]
        turn = self._side("user")
        given = self._parts(message["content"], where)
        known = {call.id for call in asked.calls} if asked else frozenset()
        if message["tool_call_id"] not in known:
            self._losses.append("turned a tool result without its call into text")
            turn.parts += given
            return
        texts = "\n".join(part["text"] for part in given if "text" in part)
        response = {"error": texts} if message.get("is_error") is True else _response(texts)
        turn.results.setdefault(message["tool_call_id"], []).append(response)
        attached = [part for part in given if "text" not in part]
        if attached:
            self._losses.append("moved media out of tool results, behind them")
            turn.attached += attached


def _response(text: str) -> Json:
    """A tool's result as an object: itself if it is one."""
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"output": text}
    return found if isinstance(found, dict) else {"output": text}


def _identity(call: Call) -> Json:
    """The vendor's own id of a call. It refuses, or at least does not know, those of others."""
    return {"id": call.vendors_id} if call.vendors_id else {}


def _written(turns: list[Turn], losses: list[str]) -> list[Json]:
    """Turns as entries, each call of the model answered in the next."""
    found: list[Json] = []
    owed: list[Call] = []
    missing = False
    for turn in [*turns, *([Turn("user")] if turns[-1].calls else [])]:
        if turn.role == "model":
            found.append({"role": "model", "parts": turn.parts})
            owed = turn.calls
            continue
        answers = []
        for call in owed:
            waiting = turn.results.get(call.id)
            missing = missing or not waiting
            response = waiting.pop(0) if waiting else {"output": NO_RESULT}
            answers.append({"functionResponse": {**_identity(call), "name": call.name, "response": response}})
        if any(turn.results.values()):
            losses.append("dropped tool results beyond the first of a call")
        found.append({"role": "user", "parts": _with_text([*answers, *turn.attached, *turn.parts])})
        owed = []
    if missing:
        losses.append("added results for tool calls that have none")
    return found


def _with_text(parts: list[Json]) -> list[Json]:
    """The parts of a user's turn; some models refuse media alone."""
    if any("text" in part or "functionResponse" in part for part in parts):
        return parts
    return [*parts, {"text": BLANK}]
