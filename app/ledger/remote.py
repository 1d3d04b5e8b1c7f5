"""The ledger of several hosts: Redis counts what the host's own ledger has let through.

What the host refuses need not be asked of Redis, and where Redis is away the host's ledger goes on by itself, with all
that this gateway has started so far. What a worker holds it also remembers, so that a Redis that has been away, or has
lost its memory, is told.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from math import inf
from typing import Any, Final

from app.ledger import Account, Claim, Ledger, Refusal, Turn, Want, scripts
from app.ledger.link import AwayError, Job, Link

_PIECE: Final = 200
"""Entries told in one call."""

Entry = tuple[str, Account, int, float]
"""A lease's entry in one account: lease, account, amount, and when it is over by the monotonic clock."""


class RemoteLedger:
    """See ``app.ledger.Ledger``. A claim's marks are the host's claim and the lease's name in Redis."""

    def __init__(
        self, url: str, host: Ledger | None, link: Callable[[str, Callable[[bool], list[Job]]], Link] = Link
    ) -> None:
        self._host = host
        self._owner = secrets.token_hex(6)
        self._numbers = count()
        self._held: dict[str, list[Want]] = {}
        self._resting: dict[bytes, deque[Entry]] = {}
        self._link = link(url, self._told)

    def take(self, wants: Sequence[Want], turn: Turn) -> Claim | Refusal:
        """Everything wanted, or nothing: first of this host, then of all. Switches greenlets."""
        here = self._host.take(wants, turn) if self._host else Claim(wants)
        if isinstance(here, Refusal):
            return here
        claim = Claim(wants, (here, f"{self._owner}-{next(self._numbers)}"))
        try:
            refusal = self._ask(claim, turn)
        except BaseException:  # killed in the middle: nobody knows whether Redis has done it
            self.cancel(claim)
            raise
        if refusal is None:
            self._remember(claim)
        elif self._host:
            self._host.cancel(here)
        return refusal or claim

    def _ask(self, claim: Claim, turn: Turn) -> Refusal | None:
        wants, (_, lease) = claim.wants, claim.marks
        args = scripts.take_args(lease, self._owner, wants, turn, time.monotonic())
        try:
            lacking, due_us, ahead, _ = self._link.call((scripts.TAKE, scripts.keys([want[0] for want in wants]), args))
        except AwayError:
            return None
        if not lacking:
            return None
        return Refusal(wants[lacking - 1][0], inf if due_us < 0 else due_us / 1e6, ahead)

    def _remember(self, claim: Claim) -> None:
        now, (_, lease) = time.monotonic(), claim.marks
        for account, amount in claim.wants:
            if account.holds_slots:
                self._held.setdefault(lease, []).append((account, amount))
            else:
                self._rest((lease, account, amount, now + scripts.rest_us(account) / 1e6), now)

    def _rest(self, entry: Entry, now: float) -> None:
        """Remember what rests, with each account by itself: those of a day must not keep those of a second."""
        entries = self._resting.setdefault(entry[1].id, deque())
        while entries and entries[0][3] <= now:
            entries.popleft()
        entries.append(entry)

    def _told(self, was_away: bool) -> list[Job]:
        """What Redis has to hear: that the slots are still held, and after it was away what rests as well."""
        now = time.monotonic()
        entries: list[Entry] = [
            (lease, account, amount, now + scripts.SLOT_S)
            for lease, wants in self._held.items()
            for account, amount in wants
        ]
        if was_away:
            entries += [entry for resting in self._resting.values() for entry in resting if entry[3] > now]
        pieces = (entries[start : start + _PIECE] for start in range(0, len(entries), _PIECE))
        return [_renewal(piece, now) for piece in pieces] or [(scripts.RENEW, scripts.keys([]), [])]

    def sent(self, claim: Claim) -> None:
        """Let what was entered begin to rest now."""
        here, lease = claim.marks
        if self._host:
            self._host.sent(here)
        now = time.monotonic()
        entries = [
            (lease, account, amount, now + scripts.rest_us(account) / 1e6)
            for account, amount in claim.wants
            if not account.holds_slots
        ]
        if entries:
            for entry in entries:
                self._rest(entry, now)
            self._link.later(_renewal(entries, now))

    def cancel(self, claim: Claim) -> None:
        """Undo a take."""
        here, lease = claim.marks
        if self._host:
            self._host.cancel(here)
        for account, _ in claim.wants:
            if entries := self._resting.get(account.id):
                self._resting[account.id] = deque(entry for entry in entries if entry[0] != lease)
        self._finish(claim, -2)

    def end(self, claim: Claim, tokens: int | None) -> None:
        """Give slots back, and set tokens right."""
        if self._host:
            self._host.end(claim.marks[0], tokens)
        if any(account.holds_slots or account.counts_tokens for account, _ in claim.wants):
            self._finish(claim, -1 if tokens is None else tokens)

    def _finish(self, claim: Claim, tokens: int) -> None:
        lease = claim.marks[1]
        self._held.pop(lease, None)
        keys = scripts.keys([account for account, _ in claim.wants])
        self._link.later((scripts.FINISH, keys, scripts.finish_args(lease, tokens, claim.wants)))

    def wait(self, account: Account, turn: Turn, due_s: float) -> None:
        """Take note of who waits, on this host. Other hosts may go first: this worker has all that there is."""
        if self._host:
            self._host.wait(account, turn, due_s)

    def last_turn(self, account: Account, cell: int) -> int | None:
        """When a caller was served on this host."""
        return self._host.last_turn(account, cell) if self._host else None

    def withdraw(self, account: Account) -> None:
        """Take note that nobody waits. In Redis the note is over by itself in a moment."""
        if self._host:
            self._host.withdraw(account)


def _renewal(entries: Sequence[Entry], now: float) -> Job:
    args: list[Any] = []
    for lease, account, amount, over in entries:
        args += [lease, scripts.kind(account), amount, round(1e6 * (over - now))]
    return scripts.RENEW, scripts.keys([account for _, account, _, _ in entries]), args
