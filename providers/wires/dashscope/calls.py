"""Tool calls in pieces: names and arguments that come bit by bit, or whole again in every event."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from providers.framing import is_json
from providers.types import Json, ToolCallDelta


@dataclass(slots=True)
class _Call:
    """One call so far. ``announced`` tells whether its name is out, ``told`` how many letters of its arguments are.

    ``pieces`` is set once its arguments are seen to come in pieces.
    """

    place: int
    index: int | None
    id: str | None
    name: str = ""
    arguments: str = ""
    announced: bool = False
    told: int = 0
    pieces: bool = False

    def add(self, function: Json) -> None:
        name, arguments = function.get("name") or "", _text(function.get("arguments"))
        if not self.announced and name:
            self.name = name if name.startswith(self.name) else self.name + name
        whole_again = arguments == self.arguments and is_json(arguments.encode())
        if whole_again or (self.arguments and not self.pieces and arguments.startswith(self.arguments)):
            # Some models repeat what they sent, incremental or not. The first pieces of a JSON object are too short
            # to be its beginning twice, and nothing can follow a whole one.
            self.arguments = arguments
        else:
            self.pieces = self.pieces or bool(arguments and self.arguments)
            self.arguments += arguments


@dataclass(slots=True)
class Calls:
    """The calls of one choice. Places count from 0 in order of appearance."""

    calls: list[_Call] = field(default_factory=list)

    def read(self, told: Any, ended: bool) -> tuple[ToolCallDelta, ...]:
        """The fragments of one event, in order.

        A name is held back until arguments, the next call or the end show that it is whole. An id that the vendor left
        out is None in the first fragment: the renderer makes one.
        """
        begun: set[int] = set()
        for item in told if isinstance(told, list) else ():
            if isinstance(item, dict):
                self._of(item, begun).add(item.get("function") or {})
        last = len(self.calls) - 1
        fragments = (_fragment(call, ended or call.place < last) for call in self.calls)
        return tuple(fragment for fragment in fragments if fragment)

    def _of(self, item: Json, begun: set[int]) -> _Call:
        identity = item.get("id") or None
        index = item["index"] if type(item.get("index")) is int else None
        call = self._known(index, identity, bool((item.get("function") or {}).get("name")), begun)
        if call is None:
            used = any(call.id == identity for call in self.calls)
            call = _Call(len(self.calls), index, None if used else identity)
            self.calls.append(call)
            begun.add(call.place)
        return call

    def _known(self, index: int | None, identity: str | None, named: bool, begun: set[int]) -> _Call | None:
        """The call that an item goes on with, None when it begins one. Two with names in one event are two calls."""
        if index is None:
            same = [call for call in self.calls if identity and call.id == identity]
            candidates = same or ([] if named else self.calls)
        else:
            candidates = [call for call in self.calls if call.index == index]
        if not candidates:
            return None
        call = candidates[-1]
        other = identity and call.id and identity != call.id
        return None if other or (named and call.place in begun) else call


def _fragment(call: _Call, whole: bool) -> ToolCallDelta | None:
    fresh = call.arguments[call.told :]
    if not call.announced:
        if not whole and not (call.name and call.arguments):
            return None
        call.announced, call.told = True, len(call.arguments)
        return ToolCallDelta(call.place, call.id, call.name, fresh)
    call.told = len(call.arguments)
    return ToolCallDelta(call.place, arguments=fresh) if fresh else None


def _text(arguments: Any) -> str:
    """Arguments as JSON text, whatever the vendor made of them."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else orjson.dumps(arguments).decode()
