"""The watcher of the config file, glance by glance."""

import json
import logging
from pathlib import Path

import pytest

from app import telemetry
from app.reload import Watcher, stamp_of
from app.runtime import Holder, build
from config.load import load
from providers.vendor import load_vendors


def write(file: Path, model: str, **top: object) -> None:
    entry = {"models": [model], "credentials": {"api_key": "k"}}
    file.write_text(json.dumps({"services": {"openai": [entry]}, **top}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "config.json"
    write(made, "one")
    return made


def watcher(file: Path) -> Watcher:
    vendors, stamp = load_vendors(), stamp_of(file)
    return Watcher(file, Holder(build(load(str(file)), vendors)), vendors, stamp)


def models(watched: Watcher) -> list[str]:
    return list(watched.holder.current.chat)


def test_a_change_is_read_when_it_has_come_to_rest(file: Path) -> None:
    """Broken: a half-written file is read, or a file that stays as it is is read again and again."""
    watched = watcher(file)
    before = watched.holder.current
    watched.look()
    watched.look()
    assert watched.holder.current is before
    write(file, "second")
    watched.look()
    assert models(watched) == ["one"]
    write(file, "third one")
    watched.look()
    assert models(watched) == ["one"]
    watched.look()
    assert models(watched) == ["third one"]


def test_a_change_while_a_worker_starts(file: Path) -> None:
    """Broken: a worker that read the file just before it changed keeps the old config until the next change."""
    vendors, stamp = load_vendors(), stamp_of(file)
    settings = load(str(file))
    write(file, "second")
    watched = Watcher(file, Holder(build(settings, vendors)), vendors, stamp)
    watched.look()
    watched.look()
    assert models(watched) == ["second"]


def test_debug_is_switched_on_and_off(file: Path) -> None:
    """Broken: the level of the log stays what it was at the start."""
    level, handlers = telemetry.GATEWAY.level, telemetry.GATEWAY.handlers
    watched = watcher(file)
    try:
        for top, expected in (({"debug": True, "log_level": "warn"}, logging.DEBUG), ({"log_level": "warn"}, 30)):
            write(file, "second", **top)
            watched.look()
            watched.look()
            assert telemetry.GATEWAY.level == expected
    finally:
        telemetry.GATEWAY.setLevel(level)
        telemetry.GATEWAY.handlers, telemetry.GATEWAY.propagate = handlers, True
