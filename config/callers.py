"""``api_keys`` made caller keys, each read for itself; no message shows a key."""

from collections.abc import Collection
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
    """``master`` and the keys of the list, labelled ``key-<n>`` by their place. Reports missing and duplicate keys."""
    seen: dict[Secret, str] = {key.key: "api_key" for key in master}
    result = list(master)
    for index, item in enumerate(raw):
        if not isinstance(item, dict):
            report.fault(("api_keys", index), f"expected an object, found {found(item)}")
        elif key := _key(item, index, seen, report):
            result.append(key)
    return tuple(result)


def _key(item: dict[str, Any], index: int, seen: dict[Secret, str], report: Report) -> CallerKey | None:
    path = ("api_keys", index)
    key, wrong = read(_KEY, tidy(item, _KEY, path, report), path, report)
    if key is None:
        return None
    if key.key in seen:
        report.fault((*path, "api_key"), "duplicate key", f"{seen[key.key]} is the same")
    seen.setdefault(key.key, f"api_keys[{index}].api_key")
    if key.models == frozenset() and not wrong:
        report.note(path, "opens no model", 'list some in supported_models, or "*" for all')
    return CallerKey(key.key, f"key-{index + 1}", key.models)


def note_models(callers: Collection[CallerKey], names: Collection[str], report: Report) -> None:
    """Note the models that keys open and nobody offers."""
    for caller in callers:
        for model in sorted(caller.models or ()):
            if model not in names:
                path = ("api_keys", int(caller.label.removeprefix("key-")) - 1)
                hint = did_you_mean(model, names)
                report.note((*path, "supported_models"), f'no enabled service offers "{printable(model)}"', hint)
