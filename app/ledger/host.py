"""The ledger of one host's workers: accounts in a mapped file (``mapped.py``). It never waits and never raises.

Windows are measured by the monotonic clock, which is one for all processes of a machine, and days by the wall clock.
Both are read under the lock, so that entries stand in the order of time. Where the file fails (a full disk, too many
limits) the worker goes on with what it knows itself, and says so once.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from app.ledger import Account, Claim, Refusal, Turn, Want, turns, window
from app.ledger.mapped import COUNTS, HIGH, SERVED, LedgerFullError, Mapped
from app.ledger.turns import LOOK_S

_LOG: Final = logging.getLogger("simple_one_api")


class HostLedger:
    """See ``app.ledger.Ledger``."""

    def __init__(
        self, file: Mapped, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._clock, self._wall = clock, wall
        self._failed = False

    def take(self, wants: Sequence[Want], turn: Turn) -> Claim | Refusal:
        """Everything wanted, or nothing."""
        taken: list[Claim | Refusal] = []
        return taken[0] if self._run(lambda: taken.append(self._take(wants, turn))) else Claim(wants)

    def _take(self, wants: Sequence[Want], turn: Turn) -> Claim | Refusal:
        file, now = self._file, self._clock()
        places = []
        for account, amount in wants:
            at = file.block(account.id, account.by_wall_clock)
            refusal = self._lack(account, at, amount, turn, now)
            if refusal:
                return refusal
            places.append(at)
        marks = []
        for at, (account, amount) in zip(places, wants, strict=True):
            if account.holds_slots:
                file.words[at + COUNTS + file.me] += 1
                marks.append((at, 0))
            else:
                by, rest_s = self._time(account, now)
                marks.append((at, window.enter(file, at, by, rest_s, amount, size=account.size)))
            turns.served(file, at, turn)
        return Claim(wants, marks)

    def _lack(self, account: Account, at: int, amount: int, turn: Turn, now: float) -> Refusal | None:
        """Why ``amount`` cannot be had now; None when it can."""
        file = self._file
        by = self._wall() if account.by_wall_clock else now
        used = self._slots(at) if account.holds_slots else window.collect(file, at, by)
        before, waiting = turns.ahead(file, at, turn, now)
        if used + amount <= account.size - before:
            return None
        if account.holds_slots and self._bury(at):
            return self._lack(account, at, amount, turn, now)
        lacking = used + amount - account.size
        due_s = math.inf if account.holds_slots else window.due_s(file, at, by, lacking)
        due_s = due_s if lacking > 0 else 0.0
        if turn.waiting:
            turns.wait(file, at, turn, now + LOOK_S + (due_s if math.isfinite(due_s) else 0.0))
        return Refusal(account, due_s, waiting)

    def _slots(self, at: int) -> int:
        return sum(self._file.words[at + COUNTS : at + COUNTS + self._file.words[HIGH]])

    def _bury(self, at: int) -> bool:
        """Give back the slots of owners that are dead. Whether there were any."""
        file, found = self._file, False
        for owner in range(file.words[HIGH]):
            if file.words[at + COUNTS + owner] and owner != file.me and not file.alive(owner):
                file.words[at + COUNTS + owner] = 0
                found = True
        return found

    def _time(self, account: Account, now: float) -> tuple[float, float]:
        """Now by the account's clock, and how long what is entered has to rest."""
        rest_s = account.rest_s + (account.day.left_s() if account.day else 0.0)
        return (self._wall() if account.by_wall_clock else now), rest_s

    def sent(self, claim: Claim) -> None:
        """Let what was entered begin to rest now."""
        if claim.marks:
            self._run(lambda: self._enter_anew(claim))

    def _enter_anew(self, claim: Claim) -> None:
        file, now = self._file, self._clock()
        for place, ((account, amount), (at, number)) in enumerate(zip(claim.wants, claim.marks, strict=True)):
            if not account.holds_slots:
                by, rest_s = self._time(account, now)
                window.take_out(file, at, number, amount)
                claim.marks[place] = (at, window.enter(file, at, by, rest_s, amount, size=account.size))

    def cancel(self, claim: Claim) -> None:
        """Undo a take."""
        if claim.marks:
            self._run(lambda: self._cancel(claim))

    def _cancel(self, claim: Claim) -> None:
        for (account, amount), (at, number) in zip(claim.wants, claim.marks, strict=True):
            if account.holds_slots:
                self._file.words[at + COUNTS + self._file.me] -= 1
            else:
                window.take_out(self._file, at, number, amount)

    def end(self, claim: Claim, tokens: int | None) -> None:
        """Give back slots, and enter the tokens there really were. Slots need no lock: only I write my own count."""
        settled = []
        for (account, amount), mark in zip(claim.wants, claim.marks or (), strict=bool(claim.marks)):
            if account.holds_slots:
                self._file.words[mark[0] + COUNTS + self._file.me] -= 1
            elif account.counts_tokens and tokens is not None and tokens != amount:
                settled.append((account, amount, mark))
        if settled:
            self._run(lambda: self._settle(settled, tokens or 0))

    def _settle(self, settled: list[tuple[Account, int, tuple[int, int]]], tokens: int) -> None:
        for account, amount, (at, number) in settled:
            if tokens < amount:
                window.take_out(self._file, at, number, amount - tokens)
            else:
                by, rest_s = self._time(account, self._clock())
                window.collect(self._file, at, by)
                window.enter(self._file, at, by, rest_s, tokens - amount, size=account.size)

    def wait(self, account: Account, turn: Turn, due_s: float) -> None:
        """Take note of who waits here."""
        at = self._file.known(account.id)
        if at is not None:
            until = self._clock() + LOOK_S + (due_s if math.isfinite(due_s) else 0.0)
            self._run(lambda: turns.wait(self._file, at, turn, until))

    def last_turn(self, account: Account, cell: int) -> int | None:
        """When a caller was served. Needs no lock."""
        at = self._file.known(account.id)
        return 0 if at is None else self._file.words[at + SERVED + cell]

    def withdraw(self, account: Account) -> None:
        """Take note that nobody waits here. Needs no lock either."""
        at = self._file.known(account.id)
        if at is not None:
            turns.withdraw(self._file, at)

    def _run(self, work: Callable[[], None]) -> bool:
        """Whether ``work`` was done."""
        try:
            self._file.locked(work)
        except (OSError, LedgerFullError) as error:
            if not self._failed:
                self._failed = True
                _LOG.error("limits hold for each worker by itself from now on: %s", error)
            return False
        return True
