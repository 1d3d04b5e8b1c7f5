"""A changed config file comes into force while requests run: new ones get it, running ones keep what they began with.

Each worker looks for itself, so that nothing has to be told to it. A file that is broken, or gone, changes nothing.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import gevent

from app import telemetry
from app.runtime import Holder, build
from config import lastgood
from config.load import ConfigError, loads, text
from config.model import Settings
from providers.vendor import Vendor

POLL_S: Final = 0.5
"""How often the file is looked at. It is read once it has looked the same twice, so at the latest after a second."""

_LOG: Final = logging.getLogger("simple_one_api.config")

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class Watcher:
    """Keeps ``holder`` up to date with the file at ``path``. ``look`` is one glance at it.

    ``loaded`` is the file's stamp from before it was read: what is written while it is read is a change.
    """

    path: Path
    holder: Holder
    vendors: Mapping[str, Vendor]
    loaded: Stamp | None
    _changing: Stamp | None = field(init=False)

    def __post_init__(self) -> None:
        self._changing = self.loaded

    def run(self) -> None:
        """Look for ever."""
        while True:
            gevent.sleep(POLL_S)
            try:
                self.look()
            except Exception:  # a watcher that died would be noticed too late
                _LOG.exception("the config file could not be looked at")

    def look(self) -> None:
        """Read the file if it has changed and come to rest."""
        stamp = stamp_of(self.path)
        if stamp != self._changing:
            self._changing = stamp
        elif stamp != self.loaded:
            self.loaded = stamp
            self._reload()

    def _reload(self) -> None:
        try:
            content = text(self.path)
            settings = loads(content, str(self.path), vendors=self.vendors)
        except ConfigError as faults:
            _LOG.error("not reloaded, the old config stays in force:\n%s", faults)
            return
        before = self.holder.current
        self.holder.current = build(settings, self.vendors, before)
        lastgood.keep(content)
        telemetry.configure(settings.lowest_level, as_json=settings.log_json)
        _LOG.info("reloaded %s", self.path)
        if note := _needs_restart(before.settings, settings):
            _LOG.warning(note)


def _needs_restart(before: Settings, after: Settings) -> str:
    """What of a new config takes effect with the next start only."""
    if (before.bind_host, before.bind_port) != (after.bind_host, after.bind_port):
        return "server_port has changed: restart the service to listen there"
    if (before.workers, before.shared_state) != (after.workers, after.shared_state):
        return "workers or shared_state has changed: restart the service for that"
    return ""


def stamp_of(path: Path) -> Stamp | None:
    """What changes with each change of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
