"""The credentials of an entry, checked against the fields that its vendor's row knows.

Values become secrets here, and no message tells more of them than whether they are there.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from config.environment import file_text
from config.faults import Path, Report, printable
from config.fields import found
from config.keys import nearest
from config.model import Credential, Limits
from config.schema_entry import BesidesSchema, Entry
from config.tidy import REMARKS, read, tidy
from providers.types import Secret
from providers.vendor import CredentialFields, Vendor

_BESIDES: Final = BesidesSchema()
BESIDES: Final = frozenset(_BESIDES.fields)
"""What a credential may hold that is not part of it."""

_FILE_NAME: Final = re.compile(r"[^\r\n]{1,200}\.\w{1,8}")
"""Any other text may be the file's content, put where its name belongs."""

_SHOWN_NAME: Final = re.compile(r"[\w.-]{1,24}")
"""A longer name of an unknown field may be the secret itself, written in the wrong place."""


def given(entry: Entry, path: Path) -> list[tuple[Path, Any]]:
    """The entry's credentials as the file has them, with their paths; one without fields when it has none."""
    if entry.credential_list:
        return [((*path, "credential_list", index), item) for index, item in enumerate(entry.credential_list)]
    return [((*path, "credentials"), entry.credentials)]


def field_names(entry: Entry, vendors: Mapping[str, Vendor]) -> frozenset[str]:
    """The fields of the entry's first credential, misspelt ones as what they were meant for.

    Empty ones count only where all are, to tell what was meant. Among them are the kinds of keys that vendors tell
    apart by how they begin.
    """
    _, first = given(entry, ())[0]
    raw = first if isinstance(first, dict) else {}
    known = {name for row in vendors.values() for name in row.credentials.known}
    meant = [name for name in _filled(raw) or raw if name not in BESIDES]
    named = {name if name in known else nearest(name, known) or name for name in meant}
    return frozenset(named.union(*(_looks(raw, row.credentials) for row in vendors.values())))


def check(entry: Entry, row: Vendor, path: Path, report: Report) -> tuple[Credential, ...]:
    """The entry's credentials, without those that say ``enabled: false``. Reports the faults of each.

    What a disabled entry lacks is worth a note only.
    """
    if entry.credential_list and entry.credentials:
        report.note((*path, "credentials"), "has no effect beside credential_list")
    checked = []
    for where, raw in given(entry, path):
        if isinstance(raw, dict):
            checked.append(_credential(raw, row, _Place(where, report, entry.enabled, entry.server_url)))
        else:
            report.fault(where, f"expected an object, found {found(raw)}")
    return tuple(credential for credential in checked if credential)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a credential stands, whether what it lacks is a fault (``used``) or a note, and the address it is for."""

    path: Path
    report: Report
    used: bool
    server_url: str

    def lacks(self, path: Path, message: str, hint: str = "") -> None:
        tell = self.report.fault if self.used else self.report.note
        tell(path, message, hint)


def _credential(raw: dict[str, Any], row: Vendor, place: _Place) -> Credential | None:
    named = _rightly_named(raw, row, place)
    besides = {name: named.pop(name) for name in BESIDES - row.credentials.known if name in named}
    more, _ = read(_BESIDES, tidy(besides, _BESIDES, place.path, place.report), place.path, place.report)
    if not more.get("enabled", True):
        return None
    _check_needed(named, row.credentials, place)
    fields = {name: _secret(value, (*place.path, name), place.report) for name, value in named.items()}
    for name in row.credentials.files:
        if fields.get(name):
            fields[name] = _of_file(fields[name], (*place.path, name), place.report)
    found = {name: Secret(text) for name, text in fields.items() if text}
    for name, problem in row.credentials.examine(found) if row.credentials.examine else ():
        place.lacks((*place.path, name), problem)
    return Credential(found, more.get("limit", Limits()))


def _of_file(text: str, path: Path, report: Report) -> str:
    """The text of the file that ``text`` names, or ``text`` itself where it is no name.

    A file that is not there yet is worth a note only: other entries work without it, and this one says so when asked.
    """
    if text.startswith("{"):
        return text
    shown = printable(text) if _FILE_NAME.fullmatch(text) else "that is named here"
    content, problem = file_text(FilePath(report.file).parent / text, shown)
    if problem:
        report.note(path, problem, "its path counts from the folder of this config")
    return content or text


def _rightly_named(raw: dict[str, Any], row: Vendor, place: _Place) -> dict[str, Any]:
    """The credential under the names that the vendor knows. Reports the others."""
    known = row.credentials.known | BESIDES
    named = {name: value for name, value in raw.items() if name in known}
    for name, value in raw.items():
        if name in known:
            continue
        guess = nearest(name, known)
        hint = f'did you mean "{guess}"?' if guess else f"{row.name} knows {_listed(sorted(row.credentials.known))}"
        shown = f' "{name}"' if _SHOWN_NAME.fullmatch(name) else ""
        # Where something lacks this may be it; else it is a remark, or what another program reads.
        if place.used and not name.startswith(REMARKS) and (guess or not _complete(named, row.credentials)):
            place.report.fault(place.path, f"unknown field{shown}", hint, key=name)
        else:
            place.report.note(place.path, f"unknown field{shown} is ignored", hint, key=name)
        if guess and guess not in named:
            named[guess] = value
            place.report.root.find(place.path).rename(name, guess)
    return named


def _complete(named: dict[str, Any], fields: CredentialFields) -> bool:
    return not fields.required or any(_filled(named).issuperset(names) for names in fields.required)


def _check_needed(named: dict[str, Any], fields: CredentialFields, place: _Place) -> None:
    """Report what is missing to the alternative that is nearest to complete, and what is in the wrong place."""
    present = _filled(named)
    advice = fields.advise(place.server_url, present | _looks(named, fields)) if fields.advise else ""
    lacking = min(
        # Of two that lack as much the longer one is what was begun.
        ([name for name in names if name not in present] for names in sorted(fields.required, key=len, reverse=True)),
        key=len,
        default=[],
    )
    for name in lacking:
        if name in named:
            place.lacks((*place.path, name), "is empty", fields.note)
    absent = [name for name in lacking if name not in named]
    if absent:
        noun = "field" if len(absent) == 1 else "fields"
        place.lacks(place.path, f"missing {noun} {_listed(absent)}", advice or _needs(fields))
    elif advice:
        place.report.note(place.path, advice)


def _filled(raw: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name, value in raw.items() if not _is_empty(value))


def _looks(raw: Mapping[str, Any], fields: CredentialFields) -> frozenset[str]:
    """The kinds of keys among the values, told by how they begin."""
    kinds = fields.looks.items()
    return frozenset(kind for kind, (name, start) in kinds if str(raw.get(name, "")).strip().startswith(start))


def _needs(fields: CredentialFields) -> str:
    ways = [" + ".join(names) for names in fields.required if names]
    wanted = f"needs {', or '.join(ways)}" if len(ways) > 1 else ""
    return "; ".join(part for part in (wanted, fields.note) if part)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names) or "no field"


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == {}


def _secret(value: Any, path: Path, report: Report) -> str:
    """The text of a field; numbers become text, objects (a key file's content) become JSON."""
    if isinstance(value, str) or value is None:
        return (value or "").strip()
    if isinstance(value, (int, float, dict)) and not isinstance(value, bool):
        return json.dumps(value)
    report.fault(path, f"expected text, found {found(value)}")
    return ""
