"""Where each value of a config stands in its file, and the values of YAML.

Both formats are composed by PyYAML, since JSON is nearly a part of YAML; a JSON text that YAML cannot read still
loads (its values come from ``json``), only without positions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MAX_DEPTH: Final = 50
MAX_VALUES: Final = 200_000
"""More is an accident or an attack (YAML's aliases multiply), not a config."""


@dataclass(slots=True)
class Place:
    """The positions of one value and of all within it. ``value`` and ``key`` are (line, column), both from 1."""

    value: tuple[int, int] = (1, 1)
    key: tuple[int, int] = (1, 1)
    children: dict[str | int, "Place"] = field(default_factory=dict)

    def find(self, path: tuple[str | int, ...]) -> "Place":
        """The place of the value at ``path``, or of the nearest one around it that is known."""
        place = self
        for step in path:
            if step not in place.children:
                break
            place = place.children[step]
        return place

    def rename(self, old: str, new: str) -> None:
        """Let a key be found by another name."""
        if old in self.children:
            self.children[new] = self.children.pop(old)


class Numeral(int):
    """A whole number of a YAML file, which without quotes may have been meant as text."""


class TooLargeError(ValueError):
    """The document is deeper or larger than any config."""


Repeated = tuple[tuple[str | int, ...], str, tuple[int, int]]
"""A key that its map holds twice: the map's path, the key, and the position of its second coming."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A document: its value as YAML reads it, its places, and the keys that are given twice."""

    value: Any
    root: Place
    repeated: list[Repeated]


_CORE: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null"))
_KEPT: Final = _CORE | {"tag:yaml.org,2002:merge"}
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a PyYAML may be built without libyaml


class _Loader(_Safe):  # type: ignore[misc] # which of the two it is shows at run time
    """The safe loader without dates: ``2024-08-06`` is the end of a model's name here."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_ODD: Final = re.compile(r"(\\\\)|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|[\t\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def of_json(text: str) -> Composed | None:
    """The places of a JSON text that ``json`` has accepted; None when YAML cannot read it."""
    try:
        return of_yaml(_ODD.sub(_same_length, text))
    except (yaml.YAMLError, TooLargeError):
        return None


def _same_length(odd: re.Match[str]) -> str:
    """What YAML accepts in the place of what it refuses: JSON's tabs, halves of emoji, rare line ends."""
    return odd[1] or " " * len(odd[0])


def of_yaml(text: str) -> Composed:
    """The one document in ``text``. Raises YAMLError for what is not YAML, TooLargeError for what no config is."""
    _check_depth(text)
    loader = _Loader(text)
    try:
        builder = _Builder(loader)
        root = Place()
        node = loader.get_single_node()
        return Composed(builder.build(node, (), root) if node else None, root, builder.repeated)
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """Raise before the composer, which is recursive and written in C, runs out of stack and takes the process along."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise TooLargeError


class _Builder:
    """Values and places out of nodes. Counts what it builds, since aliases can multiply without end."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader
        self.count = 0
        self.repeated: list[Repeated] = []

    def build(self, node: yaml.Node, path: tuple[str | int, ...], place: Place) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise TooLargeError
        if node.tag not in _CORE:
            raise _refusal(node, "tags are not understood here")
        place.value = _position(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._child(item, item, path, index, place) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...], place: Place) -> dict[str, Any]:
        self.repeated.extend((path, *twice) for twice in _repeated(node))
        self.loader.flatten_mapping(node)
        return {_name(key): self._child(key, value, path, _name(key), place) for key, value in node.value}

    def _child(
        self, key: yaml.Node, node: yaml.Node, path: tuple[str | int, ...], step: str | int, place: Place
    ) -> Any:
        child = place.children[step] = Place(key=_position(key))
        return self.build(node, (*path, step), child)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            value = self.loader.construct_object(node, deep=True)
        except (ValueError, LookupError):
            raise _refusal(node, "this is not what its tag says") from None
        if isinstance(value, int) and not isinstance(value, bool):
            # 0x1f, 1_000, 0123 and 12:30 are numbers to YAML 1.1, and keys or times to whoever wrote them.
            return Numeral(value) if str(value) == node.value else str(node.value)
        return value


def _repeated(node: yaml.MappingNode) -> Iterator[tuple[str, tuple[int, int]]]:
    seen: set[str] = set()
    for key, _ in node.value:
        name = _name(key)
        if name in seen:
            yield name, _position(key)
        seen.add(name)


def _name(key: yaml.Node) -> str:
    """A key as it is written: ``9090`` and ``yes`` are names where they stand before a colon."""
    if not isinstance(key, yaml.ScalarNode):
        raise _refusal(key, "a key must be a plain text")
    return str(key.value)


def _refusal(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
