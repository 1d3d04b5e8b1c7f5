"""Small things about JSON Schema: what a reference points at, what two schemas demand together, what type is meant."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.types import Json

_TYPE_OF: Final = {bool: "boolean", int: "integer", float: "number"}


def target(root: Mapping[str, Any], reference: str) -> Mapping[str, Any] | None:
    """What a reference within the document points at (``#``, ``#/$defs/Name``); None for all others."""
    if not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Json:
    """What both demand together, as far as one schema can say it; where they contradict each other ``other`` holds."""
    found = {**one, **other}
    first, second = one.get("properties"), other.get("properties")
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        found["properties"] = {**first, **second}
    required = [*listed(one.get("required")), *listed(other.get("required"))]
    if required:
        found["required"] = list(dict.fromkeys(name for name in required if isinstance(name, str)))
    return found


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type, lower case; told by other keywords where it is absent, empty where nothing tells it."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind.lower()
    if "properties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    kinds = {_TYPE_OF.get(type(value), "string") for value in listed(schema.get("enum")) if value is not None}
    return kinds.pop() if len(kinds) == 1 else "string" if kinds else ""


def is_null(schema: Any) -> bool:
    """Whether a schema allows nothing but null, in whichever words."""
    if not isinstance(schema, Mapping):
        return False
    kind = schema.get("type")
    told = kind.lower() if isinstance(kind, str) else kind
    return told in ("null", ["null"]) or schema.get("enum") == [None] or schema.get("const", "") is None


def listed(value: Any) -> list[Any]:
    """A list as it is; nothing for anything else, which has no place in a schema."""
    return value if isinstance(value, list) else []


def written(value: Any) -> str:
    """A value in words: a text as it is, anything else as JSON has it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def named(name: str, value: Any) -> Json:
    """A field, unless its value is empty."""
    return {name: value} if value else {}
