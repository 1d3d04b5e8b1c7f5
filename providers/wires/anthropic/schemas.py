"""JSON schemas in the narrower form the API takes, for the input of tools and for the answer."""

from collections.abc import Mapping
from typing import Any, Final

from providers.types import Json

_COMBINED: Final = ("oneOf", "anyOf", "allOf")
_MAPS: Final = frozenset({"properties", "$defs", "definitions", "patternProperties"})
"""Keywords whose value maps names to schemas: there, a key is a name and no keyword."""
_DATA: Final = frozenset({"enum", "const", "default", "examples"})
"""Keywords whose value is data and no schema."""


def of_input(schema: Json, losses: list[str]) -> Json:
    """A tool's parameters as an ``input_schema``: an object at the top, without alternatives there.

    Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use, checked 2026-08.
    """
    found = {name: value for name, value in schema.items() if name not in _COMBINED}
    if len(found) < len(schema):
        losses.append("loosened tools[].function.parameters: no oneOf, anyOf or allOf at the top")
        found = _united(found, schema)
    found["type"] = "object"
    if "properties" not in found and "$ref" not in found:
        found["properties"] = {}
    return found


def _united(found: Json, schema: Json) -> Json:
    """The properties of all branches together; required is what every alternative requires, or any part of allOf."""
    properties: Json = {}
    required: list[str] = []
    for word in _COMBINED:
        branches = [branch for branch in schema.get(word) or [] if isinstance(branch, dict)]
        for branch in branches:
            properties |= branch.get("properties") or {}
        demands = [list(branch.get("required") or []) for branch in branches]
        if word == "allOf":
            required += [name for demand in demands for name in demand]
        elif demands:
            required += [name for name in demands[0] if all(name in demand for demand in demands)]
    own_properties, own_required = found.get("properties") or {}, found.get("required") or []
    united = {**found, "properties": {**properties, **own_properties}}
    if own_required or required:
        united["required"] = list(dict.fromkeys([*own_required, *required]))
    return united


def of_answer(schema: Any, losses: list[str]) -> Any:
    """The schema of an answer, every object in it closed, as the API demands.

    Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, checked 2026-08.
    """
    opened: list[str] = []
    closed = _closed(schema, opened)
    if opened:
        losses.append("closed objects of response_format that allowed further properties")
    return closed


def _closed(schema: Any, opened: list[str]) -> Any:
    if isinstance(schema, list):
        return [_closed(item, opened) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {word: _closed_under(word, value, opened) for word, value in schema.items()}
    if _is_object(schema):
        if schema.get("additionalProperties") not in (None, False):
            opened.append("additionalProperties")
        found["additionalProperties"] = False
    return found


def _closed_under(word: str, value: Any, opened: list[str]) -> Any:
    if word in _DATA:
        return value
    if word in _MAPS and isinstance(value, Mapping):
        return {name: _closed(inner, opened) for name, inner in value.items()}
    return _closed(value, opened)


def _is_object(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema
