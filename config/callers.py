"""``api_keys`` made caller keys, each read for itself; no message shows a key."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from config.faults import Report, printable
from config.fields import found
from config.keys import did_you_mean
from config.model import CallerKey
from config.schema import CallerKeySchema
from config.tidy import read, tidy
from providers.types import Secret

_KEY: Final = CallerKeySchema()


def keys(raw: list[Any], master: tuple[CallerKey, ...], report: Report) -> tuple[CallerKey, ...]:
    """``master`` and the keys of the list, labelled ``key-<n>`` by their place. Reports keys that are missing.

    A key that stands twice in the list opens the models of both. One that is ``api_key`` too opens its own only.
    """
    result: dict[Secret, CallerKey] = {}
    for index, item in enumerate(raw):
        if not isinstance(item, dict):
            report.fault(("api_keys", index), f"expected an object, found {found(item)}")
        elif key := _key(item, index, report):
            result[key.key] = _both(result[key.key], key, index, report) if key.key in result else key
    twice = [key for key in master if key.key in result]
    for key in twice:
        place = _place(result[key.key])
        report.note(("api_key",), "stands in api_keys too", f"it opens what api_keys[{place}] says")
    return (*(key for key in master if key not in twice), *result.values())


def _key(item: dict[str, Any], index: int, report: Report) -> CallerKey | None:
    path = ("api_keys", index)
    key, wrong = read(_KEY, tidy(item, _KEY, path, report), path, report)
    if key is None:
        return None
    if key.models == frozenset() and not wrong:
        report.note(path, "opens no model", 'list some in supported_models, or "*" for all')
    return CallerKey(key.key, f"key-{index + 1}", key.models)


def _both(first: CallerKey, second: CallerKey, index: int, report: Report) -> CallerKey:
    report.note(
        ("api_keys", index, "api_key"), "duplicate key", f"api_keys[{_place(first)}] is the same, and opens both"
    )
    some = first.models is not None and second.models is not None
    return replace(first, models=(first.models or frozenset()) | (second.models or frozenset()) if some else None)


def _place(key: CallerKey) -> int:
    """Where in the list a key stands that is labelled by its place there."""
    return int(key.label.removeprefix("key-")) - 1


def note_models(callers: Collection[CallerKey], names: Collection[str], report: Report) -> None:
    """Note the models that keys open and nobody offers."""
    for caller in callers:
        for model in sorted(caller.models or ()):
            if model not in names:
                path = ("api_keys", _place(caller))
                hint = did_you_mean(model, names)
                report.note((*path, "supported_models"), f'no enabled service offers "{printable(model)}"', hint)
