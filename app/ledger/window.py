"""What rests until its window is over: a ring of (free at, amount) in an account's block, the oldest entry first.

``TAIL`` and ``HEAD`` count entries for ever; an entry's place is its number modulo the ring's size, and its number is
what a claim remembers of it. Where more starts fit into a window than the ring has entries, those within a thousandth
of the window share one and come free together with the last of them: never too early. All of it under the file's lock.
"""

from typing import Final

from app.ledger.mapped import ENTRIES, FIRST, HEAD, RING, TAIL, TOTAL, Mapped

_MANY: Final = ENTRIES - 24


def collect(file: Mapped, at: int, now: float) -> int:
    """The amount that still rests, after what is over has been taken out."""
    words = file.words
    tail, head, total = words[at + TAIL], words[at + HEAD], words[at + TOTAL]
    while tail < head:
        entry = at + RING + 2 * (tail % ENTRIES)
        if words[entry + 1] and file.reals[entry] > now:
            break
        total -= words[entry + 1]
        tail += 1
    words[at + TAIL], words[at + TOTAL] = tail, total
    return total


def due_s(file: Mapped, at: int, now: float, needed: int) -> float:
    """Seconds until ``needed`` of what rests is over; more can never be needed than rests."""
    number, head = file.words[at + TAIL], file.words[at + HEAD]
    free_at = now
    while needed > 0 and number < head:
        entry = at + RING + 2 * (number % ENTRIES)
        needed -= file.words[entry + 1]
        free_at = file.reals[entry]
        number += 1
    return max(0.0, free_at - now)


def enter(file: Mapped, at: int, now: float, rest_s: float, amount: int, *, size: int) -> int:
    """Let ``amount`` rest from now on. The number of its entry."""
    words, reals = file.words, file.reals
    head = words[at + HEAD]
    kept = head - words[at + TAIL]
    full = kept >= ENTRIES
    crowded = kept and size > _MANY and now - reals[at + FIRST] < rest_s / _MANY
    if full or crowded:
        head -= 1
        words[at + RING + 2 * (head % ENTRIES) + 1] += amount
    else:
        words[at + RING + 2 * (head % ENTRIES) + 1] = amount
        reals[at + FIRST] = now
    reals[at + RING + 2 * (head % ENTRIES)] = now + rest_s
    words[at + HEAD] = head + 1
    words[at + TOTAL] += amount
    return head


def take_out(file: Mapped, at: int, number: int, amount: int) -> None:
    """Take ``amount`` out of an entry, if it still rests."""
    words = file.words
    head = words[at + HEAD]
    if not words[at + TAIL] <= number < head:
        return
    words[at + RING + 2 * (number % ENTRIES) + 1] -= amount
    words[at + TOTAL] -= amount
    while head > words[at + TAIL] and not words[at + RING + 2 * ((head - 1) % ENTRIES) + 1]:
        head -= 1
    words[at + HEAD] = head
