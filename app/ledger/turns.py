"""Whose turn it is among the workers: each one notes, beside an account, the first of those who wait for it there.

Callers take turns: who was served longest ago goes first, and who waits longest goes first among requests of the same
caller. The order inside one worker is the same (``app/queue.py``); here the first ones of all workers are compared.
A worker writes its own note only. A note holds until its worker has had time to look again, so that one that died, or
is stuck, holds up the others for a moment at most.
"""

from typing import Final

from app.ledger import Turn
from app.ledger.mapped import AWAITED, CELL, HIGH, SERIAL, SERVED, SINCE, UNTIL, WAITING, Mapped

LOOK_S: Final = 0.15
"""How much later than announced a worker may look again and keep its turn."""


def ahead(file: Mapped, at: int, turn: Turn, now: float) -> tuple[int, int]:
    """How many workers have somebody waiting whose turn comes before ``turn``, and how many wait there in all."""
    if file.reals[at + AWAITED] <= now:
        return 0, 0
    words, reals = file.words, file.reals
    mine = (words[at + SERVED + turn.cell], turn.since)
    before = waiting = 0
    for owner in range(words[HIGH]):
        if owner != file.me and reals[at + UNTIL + owner] > now:
            waiting += words[at + WAITING + owner]
            theirs = (words[at + SERVED + words[at + CELL + owner]], reals[at + SINCE + owner])
            before += theirs < mine and file.alive(owner)
    return before, waiting


def wait(file: Mapped, at: int, turn: Turn, until: float) -> None:
    """Note that the first one of this worker waits, and will look again before ``until``."""
    words, reals, me = file.words, file.reals, file.me
    words[at + CELL + me], reals[at + SINCE + me], words[at + WAITING + me] = turn.cell, turn.since, turn.waiting
    reals[at + UNTIL + me] = until
    reals[at + AWAITED] = max(reals[at + AWAITED], until)


def served(file: Mapped, at: int, turn: Turn) -> None:
    """Note that the caller has had its turn."""
    file.words[SERIAL] += 1
    file.words[at + SERVED + turn.cell] = file.words[SERIAL]
    file.reals[at + UNTIL + file.me] = 0.0


def withdraw(file: Mapped, at: int) -> None:
    """Note that nobody of this worker waits."""
    file.reals[at + UNTIL + file.me] = 0.0
