"""What all workers know of the limits together. The line in front of them is each worker's own (``app/queue.py``).

A limit is an account: so many slots, or so much within a window. A start enters what it takes into all its accounts at
once or into none; a ledger is whatever keeps accounts for more than one worker:

``host.py``    a mapped file for the workers of one host (``mapped.py``, ``window.py``, ``turns.py``)
``remote.py``  Redis for the workers of several hosts, on top of the host's (``scripts.py``, ``link.py``)

``place.py`` tells which one a config asks for. See docs/decisions/0009-one-ledger-for-all-workers.md.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.ledger.days import Day

WAIT_S: Final = 0.1
"""How often a worker has to say that somebody waits."""

CELLS: Final = 64
"""Callers are told apart by a cell of so many; two that share one take turns as if they were one."""


@dataclass(frozen=True, slots=True)
class Account:
    """One limit under a name that outlives the process: ``id`` is a digest of 16 bytes, see ``ids.py``.

    ``size`` counts slots, starts or tokens. What was entered rests for ``rest_s`` seconds, or until the ``day`` is over
    and so much longer; with neither of them the account holds slots, which stay taken until they are given back.
    What rests by the wall clock goes on resting while the machine restarts.
    """

    id: bytes
    size: int
    rest_s: float = 0.0
    day: Day | None = None
    by_wall_clock: bool = False
    counts_tokens: bool = False

    @property
    def holds_slots(self) -> bool:
        """Whether what is taken comes back by being given back, and not by itself."""
        return not self.rest_s and self.day is None


Want = tuple[Account, int]
"""How much of an account a start takes: 1, or its tokens."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is: the caller's cell, and since when (monotonic seconds) its request has waited.

    ``waiting`` is how many requests of this worker wait with it. 0: it does not wait, and will not be waited for.
    """

    cell: int
    since: float
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing was taken, because ``account`` has not enough left, or others were there first.

    ``due_s`` is when it can be worth while to ask again, infinite where only a release can tell. ``ahead`` counts the
    requests that wait for it in other workers.
    """

    account: Account
    due_s: float
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """What a start has taken. ``marks`` is for the ledger alone."""

    wants: Sequence[Want]
    marks: Any = None


class Ledger(Protocol):
    """Accounts kept for several workers. No method raises for want of its store: then it lets everything pass."""

    def take(self, wants: Sequence[Want], turn: Turn) -> Claim | Refusal:
        """Everything wanted, or nothing. Only for a ledger on other hosts it may switch greenlets."""

    def sent(self, claim: Claim) -> None:
        """Let what rests begin to rest now, because the request is on its way only now."""

    def cancel(self, claim: Claim) -> None:
        """Undo a take: the upstream was never asked."""

    def end(self, claim: Claim, tokens: int | None) -> None:
        """Give slots back after use, and set right what was reserved of tokens, where their number is known."""

    def wait(self, account: Account, turn: Turn, due_s: float) -> None:
        """Take note that a request waits for ``account`` which this worker itself has nothing left of.

        It will look again when it is due, infinite where a release of this worker will tell, and every ``WAIT_S``.
        """

    def withdraw(self, account: Account) -> None:
        """Take note that no request of this worker waits for ``account`` any more."""

    def last_turn(self, account: Account, cell: int) -> int | None:
        """When a caller's cell was last served, in turns of all workers; None where only this worker is known."""


def cell(caller: str) -> int:
    """The cell of a caller, the same one in every process."""
    return zlib.crc32(caller.encode()) % CELLS
