"""``simple-one-api keys``: shows which credentials are at rest, and lets them go on at once."""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from app import state
from app.keys import Entry, Keys


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    made = argparse.ArgumentParser(
        prog="simple-one-api keys",
        usage="simple-one-api keys [--config FILE]\n       simple-one-api keys [--config FILE] clear [ID]",
        description="Shows the credentials that a vendor refused and that are left alone for a while, with the reason "
        "and the end of each rest. clear lets one, or all, be asked again at once; a running gateway sees it within a "
        "second. An id tells nothing of its credential.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes:\n  0 shown, or cleared; 1 nothing to clear; 2 wrong usage, or no config file",
    )
    made.add_argument("--config", metavar="FILE", help="the gateway's config file, as it was started with")
    made.add_argument("action", nargs="?", choices=["clear"], help="let credentials go on")
    made.add_argument("id", nargs="?", default="", metavar="ID", help="an id or a label of the list; all without it")
    return made


def run(config: str | None, action: str | None, wanted: str) -> int:
    """The exit code. ``config`` None means that none was named and none is here."""
    if config is None or not Path(config).exists():
        sys.stderr.write(f"there is no {config or 'config file here'}: name the gateway's own with --config FILE\n")
        return 2
    keys = Keys(state.keys_file(config))
    if action == "clear":
        count = keys.clear(wanted)
        sys.stdout.write(f"{count} cleared\n" if count else f"nothing is kept for {wanted or 'any credential'}\n")
        return 0 if count else 1
    sys.stdout.writelines(f"{line}\n" for line in table(keys.all(), time.time()))
    return 0


def table(entries: Iterable[tuple[str, str, Entry]], now: float) -> list[str]:
    """One line for each rest that still holds."""
    rows = [
        (key, entry.label, model, entry.rest.kind.value, _end(entry.rest.until, now))
        for key, model, entry in entries
        if entry.rest.until > now
    ]
    if not rows:
        return ["no credential is at rest"]
    head = ("ID", "CREDENTIAL", "MODEL", "WHY", "UNTIL")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]


def _end(until: float, now: float) -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(until))} ({until - now:.0f} s)"
