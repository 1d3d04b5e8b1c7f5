"""JSON Schema in the narrow form that the ``Schema`` message has, for tools and for the answers of older models.

What can be said in that form is said so (references, unions with null, constants). What cannot is left out, and named.
Source: https://ai.google.dev/api/caching#Schema, checked 2026-08; what deployed models refuse is known from users.
"""

from collections.abc import Mapping
from typing import Any, Final

from providers.types import Json
from providers.wires.gemini.schema_parts import is_null, kind_of, listed, merged, named, target, written

_KEPT: Final = frozenset(
    {
        *("type", "format", "title", "description", "nullable", "enum", "items", "properties", "required", "anyOf"),
        *("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "minimum", "maximum"),
        *("pattern", "example", "propertyOrdering", "default"),
    }
)
_WORDLESS: Final = frozenset({"$schema", "$id", "id", "$comment", "$anchor", "$defs", "definitions"})
"""Keywords that say nothing of the values, or nothing more once references are replaced."""

_FORMATS: Final = {
    "string": frozenset({"enum", "date-time"}),
    "integer": frozenset({"int32", "int64"}),
    "number": frozenset({"float", "double", "int32", "int64"}),
}
_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_ANYTHING: Final[Json] = {"type": "object"}
"""What stands for the inside of a schema that holds itself."""

_MOST_NODES: Final = 5000
_MOST_LEVELS: Final = 60
"""References and alternatives can make a short schema endless; what is beyond is left out. Models take less anyway."""

_OWNERS: Final = {"items": "array", "properties": "object", "required": "object"}
"""Keywords that stand beside other types only because of a union."""


def reduced(schema: Mapping[str, Any], lost: set[str]) -> Json:
    """The schema as the message takes it. Keywords whose meaning is lost are added to ``lost``."""
    return _Reducer(schema, lost).node(schema, ())


def of_input(schema: Any, lost: set[str]) -> Json:
    """A tool's parameters: an object at the top, without alternatives there; empty where there are no properties."""
    if not isinstance(schema, Mapping):
        return {}
    found = reduced(schema, lost)
    if "anyOf" in found:
        lost.add("anyOf at the top")
        found = _united(found)
    return {**found, "type": "object"} if found.get("properties") else {}


def _united(found: Json) -> Json:
    """The properties of all branches; required is what each of them requires."""
    branches = [branch for branch in found["anyOf"] if "properties" in branch]
    properties = {name: inner for branch in branches for name, inner in branch["properties"].items()}
    demands = [branch.get("required") or [] for branch in branches]
    required = [name for name in (demands[0] if demands else []) if all(name in demand for demand in demands)]
    kept = {"description": found["description"]} if "description" in found else {}
    return {**kept, "properties": properties, **({"required": required} if required else {})}


class _Reducer:
    """Reduces the nodes of one schema; ``stack`` holds the references under way, so that none holds itself."""

    def __init__(self, root: Mapping[str, Any], lost: set[str]) -> None:
        self._root = root
        self._lost = lost
        self._nodes = 0
        self._level = 0

    def node(self, schema: Any, stack: tuple[str, ...]) -> Json:
        self._nodes += 1
        if not isinstance(schema, Mapping):
            return {}
        followed, stack = self._followed(schema, stack)
        if followed is None:
            return dict(_ANYTHING)
        if self._is_beyond():
            return {}
        self._level += 1
        try:
            whole, stack = self._whole(followed, stack)
            branches = listed(whole.pop("anyOf", None))
            return self._alternatives(whole, branches, stack) if branches else self._plain(whole, stack)
        finally:
            self._level -= 1

    def _is_beyond(self) -> bool:
        if self._nodes <= _MOST_NODES and self._level <= _MOST_LEVELS:
            return False
        self._lost.add("what is beyond its size")
        return True

    def _followed(self, schema: Any, stack: tuple[str, ...]) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
        """The schema with what its reference leads to; None where that is itself, or nothing."""
        found: Mapping[str, Any] = schema if isinstance(schema, Mapping) else {}
        while "$ref" in found:
            reference = str(found["$ref"])
            aim = target(self._root, reference)
            self._nodes += 1
            if reference in stack or self._nodes > _MOST_NODES or aim is None:
                self._lost.add("$ref")
                return None, stack
            siblings = {word: value for word, value in found.items() if word != "$ref"}
            found, stack = {**aim, **siblings}, (*stack, reference)
        return found, stack

    def _whole(self, schema: Mapping[str, Any], stack: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
        """The schema with ``allOf`` merged into it, ``oneOf`` read as ``anyOf``, ``const`` as ``enum``, types apart.

        With it the references that it now holds.
        """
        parts: Json = {}
        for branch in listed(schema.get("allOf")):
            followed, stack = self._followed(branch, stack)
            self._level += 1
            if followed is not None and not self._is_beyond():
                part, stack = self._whole(followed, stack)
                parts = merged(parts, part)
            self._level -= 1
        found = merged(parts, {word: value for word, value in schema.items() if word != "allOf"})
        if "oneOf" in found:
            self._lost.add("oneOf (as anyOf)")
            found["anyOf"] = [*listed(found.get("anyOf")), *listed(found.pop("oneOf"))]
        if "const" in found:
            found.setdefault("enum", [found.pop("const")])
        kinds = found.get("type")
        return self._of_kinds(found, [str(kind).lower() for kind in kinds]) if isinstance(kinds, list) else found, stack

    def _of_kinds(self, schema: Json, kinds: list[str]) -> Json:
        """A list of types as one type, perhaps with ``nullable``, or as alternatives."""
        rest = {word: value for word, value in schema.items() if word != "type"}
        real = [kind for kind in kinds if kind != "null"]
        if "null" in kinds and real:
            rest["nullable"] = True
        if len(real) == 1 or not kinds:
            return {**rest, **({"type": real[0]} if real else {})}
        if not real:
            return {**rest, "type": "null"}
        return rest if "anyOf" in rest else {**rest, "anyOf": [{"type": kind} for kind in real]}

    def _alternatives(self, base: Json, branches: list[Any], stack: tuple[str, ...]) -> Json:
        """``anyOf`` as the only field: what stands beside it holds for each branch, and so moves into each.

        Vertex AI refuses anything beside it.
        """
        real = [branch for branch in branches if not is_null(branch)]
        base = {word: value for word, value in base.items() if word not in _WORDLESS}
        if len(real) < len(branches):
            base["nullable"] = True
        found: list[Json] = []
        for branch in real:
            followed, inner = self._followed(branch, stack)
            fresh = self.node(merged(base, _ANYTHING if followed is None else followed), inner)
            if fresh not in found:
                found.append(fresh)
        if len(found) < 2:
            return found[0] if found else self._plain(base, stack)
        return {"anyOf": [inner for one in found for inner in one.get("anyOf", [one])]}

    def _plain(self, schema: Json, stack: tuple[str, ...]) -> Json:
        """A schema without alternatives, keyword by keyword."""
        kind = kind_of(schema)
        if kind and "type" not in schema:
            schema["type"] = kind
        found: Json = {}
        # The values of an enum may have to be told in the description, so they come last.
        for word in sorted(schema, key="enum".__eq__):
            if kind and _OWNERS.get(word, kind) != kind:
                continue
            if word in _KEPT:
                found |= self._kept(word, schema[word], kind, schema, stack)
            elif word not in _WORDLESS:
                self._lost.add(word)
        if kind == "array" and "items" not in found:
            found["items"] = {"type": "string"}
        return found

    def _kept(self, word: str, value: Any, kind: str, schema: Json, stack: tuple[str, ...]) -> Json:
        """One keyword in the form the message has for it; empty where it has none."""
        if word == "properties":
            inner = value.items() if isinstance(value, Mapping) else ()
            return named(word, {name: self.node(one, stack) for name, one in inner})
        if word == "items":
            return self._items(value, stack)
        if word == "required":
            known = schema.get("properties") or {}
            return named(word, [name for name in listed(value) if name in known])
        if word == "enum":
            return self._enum(listed(value), kind, schema)
        if (word == "format" and value not in _FORMATS.get(kind, frozenset())) or (
            word == "type" and str(value).lower() not in _TYPES
        ):
            self._lost.add(word)
            return {}
        return {word: value}

    def _items(self, value: Any, stack: tuple[str, ...]) -> Json:
        if isinstance(value, list):
            self._lost.add("items (by place)")
            value = {"anyOf": value}
        return named("items", self.node(value, stack))

    def _enum(self, values: list[Any], kind: str, schema: Json) -> Json:
        """The values, which can be texts only; those of other types are told in the description instead."""
        texts = [value for value in values if isinstance(value, str) and value]
        nullable = {"nullable": True} if None in values else {}
        if "" in values:
            self._lost.add('enum ("")')
        if kind == "string" and all(isinstance(value, str | None) for value in values):
            return {**named("enum", texts), **nullable}
        self._lost.add("enum (told in the description)")
        told = f"One of: {', '.join(written(value) for value in values)}."
        before = schema.get("description")
        return {"description": f"{before} {told}" if before else told, **nullable}
