"""Tool calls in pieces: fragments that lack an index, an id or a type, and calls that share an index, put right."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from providers.framing import is_json
from providers.types import Json, ToolCallDelta

_NO_ID: Final = (None, "", "null")


@dataclass(slots=True)
class _Call:
    """One call under way: its place in the answer, the vendor's own number, id and name for it, and its arguments."""

    place: int
    index: int | None
    id: str | None
    name: str
    arguments: list[str] = field(default_factory=list)

    def is_whole(self) -> bool:
        """Whether nothing can be missing of its arguments."""
        return is_json("".join(self.arguments).strip().encode())


@dataclass(slots=True)
class ToolCalls:
    """The calls of one choice so far. ``read`` turns a payload's list into fragments and remembers what it saw."""

    calls: list[_Call] = field(default_factory=list)

    def read(self, told: Any) -> tuple[ToolCallDelta, ...]:
        """The fragments of one payload, in order; empty when they hold nothing.

        ``told`` is a list of calls or a single one. Places count from 0 in order of appearance, whatever the vendor
        counted. An id that the vendor left out is None in the first fragment: the renderer makes one.
        """
        items = told if isinstance(told, list) else [told]
        begun: set[int] = set()
        fragments = [self._fragment(item, begun) for item in items if isinstance(item, dict)]
        return tuple(fragment for fragment in fragments if fragment)

    def _fragment(self, item: Json, begun: set[int]) -> ToolCallDelta | None:
        function = item.get("function") or item.get("custom") or {}
        name = function.get("name") or ""
        arguments = _text(function.get("arguments", function.get("input")))
        identity = None if item.get("id") in _NO_ID else str(item["id"])
        index = item["index"] if type(item.get("index")) is int else None
        call = self._known(index, identity, name, begun)
        if call and identity is None and name and arguments and call.name and call.is_whole():
            # The same function once more, by a vendor that numbers all calls alike and gives them no ids.
            call = None
        if call is None:
            call = _Call(len(self.calls), index, identity, name, [arguments])
            self.calls.append(call)
            begun.add(call.place)
            return ToolCallDelta(call.place, identity, name, arguments, custom=isinstance(item.get("custom"), dict))
        call.arguments.append(arguments)
        if not call.name and name:
            call.name = name
            return ToolCallDelta(call.place, None, name, arguments)
        return ToolCallDelta(call.place, arguments=arguments) if arguments else None

    def _known(self, index: int | None, identity: str | None, name: str, begun: set[int]) -> _Call | None:
        """The call a fragment goes on with, or None when it begins one.

        Some vendors number all parallel calls 0 or not at all, so a fragment that names another function, or has
        another id and a name, begins a call whatever its index says.
        """
        same_id = [call for call in self.calls if identity and call.id == identity]
        if same_id:
            return same_id[-1]
        if index is None:
            candidates = [] if identity else self.calls
        else:
            candidates = [call for call in self.calls if call.index == index]
        if not candidates:
            return None
        call = candidates[-1]
        other_id = identity is not None and call.id is not None and identity != call.id
        if name and call.name and (other_id or name != call.name or call.place in begun):
            return None
        return call


def _text(arguments: Any) -> str:
    """Arguments as JSON text; vendors send objects and null too."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
