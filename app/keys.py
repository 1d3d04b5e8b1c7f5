"""The credentials at rest, known to all workers of this host and after a restart: one small file, and a copy of it.

The file holds ids, labels, kinds and times; never a credential or a vendor's words. Where it cannot be written, each
worker goes by what it sees itself.
"""

import fcntl
import hashlib
import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import orjson

from app.keystate import ALL_MODELS, MOST_S, PROBE_AFTER_S, Rest, rest, scope
from providers.errors import ErrorKind, ProviderError
from providers.types import Secret

_LOG: Final = logging.getLogger("simple_one_api.keys")
_LOOK_EVERY_S: Final = 0.5
_FORGET_AFTER_S: Final = MOST_S
"""How long after its end a rest is still remembered, so that the next one is longer."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Key:
    """A credential: ``id`` is a digest that stays the same, ``label`` what the config calls it."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the file: a rest, and whose it is. ``message`` is the vendor's, in this process only."""

    label: str
    rest: Rest
    message: str = ""


Entries = dict[tuple[str, str], Entry]
"""By (key's id, model)."""


def key_id(vendor: str, server_url: str, fields: Mapping[str, Secret]) -> str:
    """Ten hex digits that name a credential without telling anything of it."""
    told = "\0".join((vendor, server_url, *(f"{name}={fields[name].reveal()}" for name in sorted(fields))))
    return hashlib.blake2b(told.encode(), digest_size=5).hexdigest()


@dataclass(slots=True)
class Keys:
    """All rests. ``path`` None keeps them in this process. All times are Unix seconds."""

    path: Path | None = None
    clock: Clock = time.time
    entries: Entries = field(default_factory=dict)
    _looked_at: float = 0.0
    _stamp: tuple[int, int] = (0, 0)

    def resting(self, key: Key, model: str) -> Entry | None:
        """The rest that holds now for a credential and a model."""
        self._look()
        now = self.clock()
        return next((entry for entry in self._known(key, model) if entry.rest.until > now), None)

    def probed(self, key: Key, model: str) -> None:
        """Take note that a credential is asked although it rests, so that nobody else does before its time."""
        if self._known(key, model):
            now = self.clock()
            self._change(lambda entries: _ask_now(entries, key, model, now))

    def refused(self, key: Key, model: str, error: ProviderError, asked: float = math.inf) -> None:
        """Take note of a vendor's refusal of a request that went out when it was ``asked``."""
        at = (key.id, scope(error, model))
        known = self.entries.get(at)
        made = rest(error, known.rest if known else None, self.clock(), asked)
        if made is not None and not (known and made is known.rest):
            entry = Entry(key.label, made, error.message)
            self._change(lambda entries: entries.update({at: entry}))

    def answered(self, key: Key, model: str, asked: float = math.inf) -> None:
        """Take note of a success, which ends whatever was held against the credential when it was ``asked``."""
        if any(entry.rest.since <= asked for entry in self._known(key, model)):
            self._change(lambda entries: _drop(entries, key, model, asked))

    def _known(self, key: Key, model: str) -> list[Entry]:
        """What is remembered of a credential and a model, over or not."""
        if not self.entries:
            return []
        return [entry for at in _places(key, model) if (entry := self.entries.get(at))]

    def all(self) -> list[tuple[str, str, Entry]]:
        """(key's id, model, entry) of all that is remembered, by label."""
        self._look(anew=True)
        return sorted(((*at, entry) for at, entry in self.entries.items()), key=lambda line: (line[2].label, line[1]))

    def clear(self, wanted: str = "") -> int:
        """Forget the rests of the credential whose id or label is ``wanted``, or all. How many there were."""
        self._look(anew=True)
        found = [at for at, entry in self.entries.items() if wanted in ("", at[0], entry.label)]
        self._change(lambda entries: [entries.pop(at, None) for at in found])
        return len(found)

    def _look(self, *, anew: bool = False) -> None:
        """Read the file if it has changed, at most every half second."""
        if self.path is None or (not anew and 0 <= self.clock() - self._looked_at < _LOOK_EVERY_S):
            return
        self._looked_at = self.clock()
        try:
            found = self.path.stat()
        except OSError:
            return
        if (stamp := (found.st_mtime_ns, found.st_ino)) != self._stamp:
            self._stamp = stamp
            self._take_over(_read(self.path))

    def _take_over(self, entries: Entries) -> None:
        """The file's entries are in force; those of this process keep the vendor's words."""
        for at, entry in entries.items():
            known = self.entries.get(at)
            entries[at] = replace(entry, message=known.message if known else "")
        self.entries = entries

    def _change(self, change: Callable[[Entries], object]) -> None:
        """Change the entries, and the file's if there is one: whatever other workers wrote since stays."""
        change(self.entries)
        if self.path is None:
            return
        try:
            with _locked(self.path):
                entries = _read(self.path)
                change(entries)
                _write(self.path, _fresh(entries, self.clock()))
        except OSError as error:
            _LOG.warning("the state of keys is not shared or kept: %s: %s", self.path, error.strerror)
            self.path = None


def refusal(entry: Entry, now: float) -> ProviderError:
    """The error for a request that finds only this credential, and it rests."""
    kind, wait_s = entry.rest.kind, entry.rest.until - now
    message = entry.message or _WORDS[kind]
    return ProviderError(kind, message, retry_after_s=max(0.0, wait_s) if kind is not ErrorKind.UPSTREAM_AUTH else None)


_WORDS: Final = {
    ErrorKind.RATE_LIMITED: "the vendor takes no more requests of this gateway for a while",
    ErrorKind.QUOTA: "the quota or balance of this gateway's key is used up",
    ErrorKind.UPSTREAM_AUTH: "the vendor refused this gateway's key",
}


def may_probe(entry: Entry, now: float) -> bool:
    """Whether a resting credential may be asked once, for want of any other."""
    return not entry.rest.waits_for_time() and now - entry.rest.since >= PROBE_AFTER_S


def _places(key: Key, model: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Where the entries stand that a credential and a model may have."""
    return (key.id, model), (key.id, ALL_MODELS)


def _drop(entries: Entries, key: Key, model: str, asked: float) -> None:
    for at in _places(key, model):
        if (entry := entries.get(at)) and entry.rest.since <= asked:
            del entries[at]


def _ask_now(entries: Entries, key: Key, model: str, now: float) -> None:
    for at in _places(key, model):
        if entry := entries.get(at):
            entries[at] = replace(entry, rest=replace(entry.rest, since=now))


def _fresh(entries: Entries, now: float) -> Entries:
    return {at: entry for at, entry in entries.items() if entry.rest.until + _FORGET_AFTER_S > now}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _opened(path.with_suffix(".lock"), os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> Entries:
    """What the file holds; nothing where it is gone or was damaged."""
    try:
        lines: list[dict[str, Any]] = orjson.loads(path.read_bytes())["rests"]
        return {
            (line["key"], line["model"]): Entry(
                line["label"], Rest(ErrorKind(line["kind"]), line["since"], line["until"], line["count"])
            )
            for line in lines
        }
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _write(path: Path, entries: Entries) -> None:
    lines = [
        {
            "key": key,
            "model": model,
            "label": entry.label,
            "kind": entry.rest.kind.value,
            "since": entry.rest.since,
            "until": entry.rest.until,
            "count": entry.rest.count,
        }
        for (key, model), entry in entries.items()
    ]
    made = path.with_suffix(f".{os.getpid()}")
    descriptor = _opened(made, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"rests": lines}))
    made.replace(path)


def _opened(path: Path, how: int) -> int:
    """A descriptor of a file that is made if need be, and belongs to the directory's owner whoever makes it.

    Else what root clears by ``simple-one-api keys`` would be closed to the service.
    """
    descriptor = os.open(path, how | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor
