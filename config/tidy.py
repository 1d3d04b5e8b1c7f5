"""An object of the file made ready for its schema: known keys under their right names, nothing else, no nulls.

Keys that nearly fit are told to be mistakes and still read as what they were meant for, so that what is wrong behind
them shows in the same run.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields

from config.faults import Path, Report, printable
from config.fields import Map, Text, found, hint_apart
from config.keys import nearest
from config.shape import Shape

REMARKS: Final = ("_", "/", "#", "$")
"""Keys that begin so are remarks of the operator and nobody's misspelling."""


def tidy(
    raw: dict[str, Any], schema: Schema, path: Path, report: Report, further: Collection[str] = ()
) -> dict[str, Any]:
    """A copy of ``raw`` with what ``schema`` knows and the ``further`` keys; objects within are tidied too.

    Null and, where a text is meant, empty text count as absent, and so does a 0 that always meant the default.
    Reports unknown keys and values that should be objects and are not.
    """
    names = _Names(schema, further, path, report)
    result: dict[str, Any] = {}
    for name in list(raw):
        proper = names.proper(name, raw)
        if proper is None:
            continue
        if proper != name:
            report.root.find(path).rename(name, proper)
        field = schema.fields.get(proper)
        value = raw[name]
        if _absent(value, field) or (field and _idle(value, field, (*path, proper), report)):
            continue
        result[proper] = _within(value, field, (*path, proper), report)
    return {name: value for name, value in result.items() if value is not None}


class _Names:
    """The keys that one object may hold, and what to make of others."""

    def __init__(self, schema: Schema, further: Collection[str], path: Path, report: Report) -> None:
        self.path, self.report = path, report
        self.known = {*schema.fields, *further}
        self.aliases = _said(schema, "aliases")
        self.meant = _said(schema, "meant")
        self.inside = _said(schema, "inside")

    def proper(self, name: str, raw: dict[str, Any]) -> str | None:
        """The right name of a key, None when it has none or its right name is there as well."""
        if name in self.known:
            return name
        if name in self.aliases:
            return self._unless_there(self.aliases[name], raw)
        if name in self.inside:
            self.report.fault(self.path, f'unknown field "{name}"', f'put it into "{self.inside[name]}"', key=name)
            self.report.told.add((*self.path, self.inside[name]))  # what lacks there stands here
            return None
        same = next((known for known in self.known if known.lower() == name.lower()), None)
        if same:
            self.report.note(self.path, f'"{name}" is read as "{same}"', key=name)
            return self._unless_there(same, raw)
        guess = None if name.startswith(REMARKS) else self.meant.get(name) or nearest(name, self.known)
        if guess:
            self.report.fault(self.path, f'unknown field "{printable(name)}"', f'did you mean "{guess}"?', key=name)
            return self._unless_there(guess, raw)
        self.report.note(self.path, f'unknown field "{printable(name)}" is ignored', key=name)
        return None

    @staticmethod
    def _unless_there(proper: str, raw: dict[str, Any]) -> str | None:
        return None if proper in raw else proper


def _said(schema: Schema, what: str) -> dict[str, str]:
    return {other: name for name, field in schema.fields.items() for other in field.metadata.get(what, ())}


def _absent(value: Any, field: fields.Field[Any] | None) -> bool:
    return value is None or (isinstance(field, Text) and isinstance(value, str) and not value.strip())


def _idle(value: Any, field: fields.Field[Any], path: Path, report: Report) -> bool:
    """Whether a known setting does nothing here: one that this version ignores, or a 0 that stands for its default."""
    if reason := field.metadata.get("idle"):
        report.note(path, "has no effect", reason)
        return True
    meaning = field.metadata.get("zero")
    if meaning and _is_zero(value):
        report.note(path, f"0 means {meaning}", "leave it out")
        return True
    return False


def _is_zero(value: Any) -> bool:
    """Whether ``value`` is 0, or an object of several, as the Go program writes one out that was never set."""
    if isinstance(value, dict):
        return len(value) > 1 and all(map(_is_zero, value.values()))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == 0


def _within(value: Any, field: fields.Field[Any] | None, path: Path, report: Report) -> Any:
    """The value with all objects in it tidied; None when it should be an object and is reported as none."""
    if isinstance(field, Map) and isinstance(field.values, fields.Nested) and isinstance(value, dict):
        items = {key: _within(item, field.values, (*path, key), report) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None}
    if not isinstance(field, fields.Nested) or (isinstance(value, str) and getattr(field, "text_too", False)):
        return value
    if isinstance(value, dict):
        return tidy(value, field.schema, path, report)
    report.fault(path, f"expected an object, found {found(value)}")
    return None


def without_stand_ins(
    tidied: dict[str, Any], schema: Schema, names: Iterable[str], path: Path, report: Report
) -> dict[str, Any]:
    """Tidied data that is not in use, without those of the named fields that are wrong, which gets each a note only."""
    kept = dict(tidied)
    for name in names:
        try:
            schema.fields[name].deserialize(tidied.get(name, ""))
        except ValidationError as error:
            if kept.pop(name, None) is not None:
                report.note((*path, name), *hint_apart(str(error.messages[0])))
    return kept


def read(schema: Shape, data: dict[str, Any], path: Path, report: Report) -> tuple[Any, frozenset[str]]:
    """What ``schema`` makes of tidied ``data``, and the names of the fields that are wrong.

    Wrong fields are reported and left out, so that the others can be checked further; None when a wrong or missing
    one cannot be done without.
    """
    try:
        return schema.load(data), frozenset()
    except ValidationError as error:
        messages: dict[str, Any] = dict(error.messages_dict)
        valid: dict[str, Any] = dict(error.valid_data or {})
    _report(messages, path, report)
    wrong = [schema.fields[name] for name in messages]
    for field in wrong:
        valid.pop(field.attribute or str(field.name), None)
    needed = any(field.required and not field.metadata.get("apart") for field in wrong)
    return None if needed else schema.build(valid), frozenset(messages)


def _report(messages: Any, path: Path, report: Report) -> None:
    if isinstance(messages, dict):
        for step, inner in messages.items():
            _report(inner, (*path, step), report)
    else:
        for message in messages:
            report.fault(path, *hint_apart(message))
