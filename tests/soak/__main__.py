"""``python -m tests.soak [--seconds 600]``: rounds of load, each followed by a pause in which everything is counted.

Prints a line for each pause and ends with 1 if anything grew from pause to pause, was left taken, or went wrong.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e import process
from tests.e2e.crowd import BROKEN, Crowd
from tests.e2e.process import Gateway
from tests.fakevendor.control import FakeVendor, running
from tests.soak import clients

WORKERS: Final = 2
ROUNDS: Final = 10
WARM: Final = 3
"""Rounds after which caches are full and pools are made: growth counts from here."""

MOST_MB: Final = 8.0
MOST_SOCKETS: Final = 12
MOST_GREENLETS: Final = 6


@dataclass(frozen=True, slots=True)
class Pause:
    """What all workers together hold while nobody asks for anything."""

    at_s: float
    calls: int
    rss_mb: float
    files: int
    sockets: int
    greenlets: int
    slots: int
    waiting: int

    def __str__(self) -> str:
        return (
            f"{self.at_s:6.0f} s {self.calls:8d} calls {self.rss_mb:8.1f} MB {self.files:6d} files "
            f"{self.sockets:6d} sockets {self.greenlets:6d} greenlets {self.slots:4d} slots {self.waiting:4d} waiting"
        )


class Soak:
    """One run."""

    def __init__(self, gateway: Gateway, vendor: FakeVendor, folder: Path) -> None:
        self.gateway, self.vendor, self.folder = gateway, vendor, folder
        self.words: Counter[str] = Counter()
        self.pauses: list[Pause] = []
        self.faults: list[str] = []
        self.pids = self._children()
        self._began_s = time.monotonic()
        self._turns = [0] * len(clients.KINDS)

    def _children(self) -> set[int]:
        pid = self.gateway.process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def round(self, number: int, seconds: float) -> None:
        """Load, a change of the file in the middle of it, a pause, and a look."""
        with Crowd(self._ask, len(clients.KINDS)) as crowd:
            time.sleep(seconds * 0.4)
            self._rewrite(number, broken=number % 3 == 2)
            time.sleep(seconds * 0.4)
        self.words += crowd.words
        self.vendor.reset()
        time.sleep(max(2.5, seconds * 0.1))
        self.pauses.append(self._look())
        print(self.pauses[-1], flush=True)

    def _ask(self, number: int) -> str:
        self._turns[number] += 1
        word = clients.KINDS[number](self.gateway, self._turns[number])
        time.sleep(clients.PAUSE_S)
        return word if word == clients.WELL else f"{clients.KINDS[number].__name__}: {word}"

    def _rewrite(self, number: int, *, broken: bool) -> None:
        file = self.gateway.output.parent / "config.json"
        fresh = {"server_port": f"127.0.0.1:{self.gateway.port}", **clients.config(self.vendor.url, f"new-{number}")}
        text = json.dumps(fresh)
        file.write_text(text[:-5] if broken else text)

    def _look(self) -> Pause:
        asked_s = time.monotonic()
        held: Counter[str] = Counter()
        for pid in self.pids:
            held += Counter(self._probed(pid, asked_s))
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            held["kb"] += next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
            links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
            held["files"] += len(links)
            held["sockets"] += sum(link.startswith("socket:") for link in links)
        at_s, calls = time.monotonic() - self._began_s, sum(self.words.values())
        counts = {name: held[name] for name in ("files", "sockets", "greenlets", "slots", "waiting")}
        return Pause(at_s, calls, held["kb"] / 1024, **counts)

    def _probed(self, pid: int, since_s: float) -> dict[str, int]:
        """What a worker last wrote of itself, after ``since_s``."""
        while time.monotonic() < since_s + 10:
            with open_or_nothing(self.folder / f"{pid}.json") as text:
                if text and (found := json.loads(text))["at_s"] > since_s:
                    return {name: found[name] for name in ("greenlets", "slots", "waiting")}
            time.sleep(0.1)
        raise AssertionError(f"worker {pid} writes nothing any more")

    def judge(self) -> list[str]:
        """What is wrong; nothing if all is well."""
        found = [f"{word} ({count} times)" for word, count in self.words.items() if word != clients.WELL]
        if self._children() != self.pids:
            found.append("a worker died")
        first, last = self.pauses[min(WARM, len(self.pauses)) - 1], self.pauses[-1]
        grown = (
            ("MB", last.rss_mb - first.rss_mb, MOST_MB),
            ("sockets", last.sockets - first.sockets, MOST_SOCKETS),
            ("files", last.files - first.files, MOST_SOCKETS),
            ("greenlets", last.greenlets - first.greenlets, MOST_GREENLETS),
        )
        found += [f"{growth:.1f} {unit} more than after warming up" for unit, growth, most in grown if growth > most]
        found += [f"{pause.slots} slots and {pause.waiting} requests left" for pause in self.pauses if pause.slots]
        return found

    def slope_mb_per_minute(self) -> float:
        """The growth of memory after warming up, by least squares."""
        points = [(pause.at_s / 60, pause.rss_mb) for pause in self.pauses[WARM - 1 :]]
        middle_x = sum(x for x, _ in points) / len(points)
        middle_y = sum(y for _, y in points) / len(points)
        spread = sum((x - middle_x) ** 2 for x, _ in points)
        return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


@contextmanager
def open_or_nothing(path: Path) -> Iterator[str]:
    """The text of a file that may not be there yet."""
    try:
        yield path.read_text()
    except FileNotFoundError:
        yield ""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("SECONDS", "600")))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, running() as vendor:
        environ = {
            "SOAK_PROBE_DIR": name,
            "GUNICORN_CMD_ARGS": "--worker-class tests.soak.probe.Worker --keep-alive 5",
            "PYTHONPATH": str(process.REPOSITORY),
        }
        config = clients.config(vendor.url, "new")
        gateway = process.start(config, Path(name), environ=environ, workers=WORKERS)
        soak = Soak(gateway, vendor, Path(name))
        print(f"{ROUNDS} rounds in {options.seconds:.0f} s: {len(clients.KINDS)} clients, {WORKERS} workers")
        try:
            for number in range(ROUNDS):
                soak.round(number, options.seconds / ROUNDS)
        finally:
            faults = soak.judge() if soak.pauses else ["it ended before its first pause"]
            gateway.stop()
            gateway.check_end()
    print(f"memory: {soak.slope_mb_per_minute():+.2f} MB in a minute, all workers together, after {WARM} rounds")
    broken = soak.words[BROKEN]
    print(f"{sum(soak.words.values())} calls, {soak.words[clients.WELL]} as they should be, {broken} broken")
    for fault in faults:
        print(f"WRONG: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
