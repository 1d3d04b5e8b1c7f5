"""The file under the host's ledger: mapped into every worker, one lock for all of it, a block for each account.

Locks are those of open file descriptions (fcntl's ``F_OFD_*``, Linux): whoever opens the file is an owner, and the
kernel drops an owner's locks the moment its process is gone, however it went. One byte is the lock itself, held for
microseconds. Another one is held for life and tells the others that its owner is alive, without pids that come again.

A process may die between any two stores. ``BUSY`` stays set then, and the next one to get the lock mends what was left.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

MAGIC: Final = int.from_bytes(b"s1aled01", "little")
OWNERS: Final = 128
BLOCKS: Final = 4096

BUSY, USED, HIGH, SERIAL, BOOT, PIDS = 1, 2, 3, 4, 5, 16
"""Words of the header, in words of 8 bytes. ``HIGH`` is one more than the highest owner so far."""

ID, KIND, TAIL, HEAD, TOTAL, FIRST, AWAITED = 0, 2, 3, 4, 5, 6, 7
SERVED: Final = 16
COUNTS: Final = SERVED + 64
CELL: Final = COUNTS + OWNERS
SINCE: Final = CELL + OWNERS
UNTIL: Final = SINCE + OWNERS
WAITING: Final = UNTIL + OWNERS
RING: Final = WAITING + OWNERS
ENTRIES: Final = 1024
"""Words of a block: see ``window.py`` for TAIL to FIRST and RING, ``turns.py`` for AWAITED, SERVED and CELL to WAITING.
COUNTS are the slots that each owner holds."""

_HEADER: Final = PIDS + OWNERS
_BLOCK: Final = RING + 2 * ENTRIES
SIZE_BYTES: Final = 8 * (_HEADER + BLOCKS * _BLOCK)
"""What the file spans; only blocks in use take memory (22 KiB each)."""

_LOCK_BYTE: Final = 0
_LIFE_BYTE: Final = 1024
_SAME_BOOT: Final = 60


class LedgerFullError(Exception):
    """There are more accounts or owners than the file has room for."""


class Mapped:
    """The file as words: ``words`` reads them as whole numbers, ``reals`` the same ones as floats.

    Opening makes this object an owner, ``me``. Raises OSError, ValueError for a file that is something else, and
    LedgerFullError.
    """

    def __init__(self, path: str | Path) -> None:
        # A descriptor of our own looks like a link; any other link is somebody's trap.
        links = 0 if str(path).startswith("/proc/self/fd/") else os.O_NOFOLLOW
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | links, 0o600)
        self._lock, self._unlock = _flock(fcntl.F_WRLCK, _LOCK_BYTE), _flock(fcntl.F_UNLCK, _LOCK_BYTE)
        self._blocks: dict[bytes, int] = {}
        try:
            self._begin()
        except BaseException:
            os.close(self._fd)
            raise

    def _begin(self) -> None:
        fcntl.fcntl(self._fd, fcntl.F_OFD_SETLKW, self._lock)
        try:
            found = os.fstat(self._fd)
            new = found.st_size == 0
            if found.st_uid != os.geteuid():
                raise ValueError("this file belongs to somebody else")
            if new:
                os.ftruncate(self._fd, SIZE_BYTES)
                os.posix_fallocate(self._fd, 0, 8 * _HEADER)
            elif found.st_size != SIZE_BYTES:
                raise ValueError("this file is something else")
            self._memory = mmap.mmap(self._fd, SIZE_BYTES)
            self.words, self.reals = memoryview(self._memory).cast("q"), memoryview(self._memory).cast("d")
            if new:
                self.words[0] = MAGIC
            elif self.words[0] != MAGIC:
                raise ValueError("this file is something else")
            self._mend_and_reboot()
            self.me = self._enrol()
        finally:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, self._unlock)

    def locked(self, work: Callable[[], None]) -> None:
        """Run ``work`` while no other owner is in the file. It must not switch greenlets."""
        fcntl.fcntl(self._fd, fcntl.F_OFD_SETLKW, self._lock)
        try:
            if self.words[BUSY]:
                self._mend()
            self.words[BUSY] = 1
            try:
                work()
            except (OSError, LedgerFullError):
                self.words[BUSY] = 0  # no block could be made, and nothing was begun
                raise
            self.words[BUSY] = 0
        finally:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, self._unlock)

    def block(self, account: bytes, kind: int) -> int:
        """Where an account's block begins, in words; a new one is made for an account that has none. Under the lock.

        Raises LedgerFullError, and OSError where there is no memory for it.
        """
        begin = self._blocks.get(account)
        if begin is None:
            begin = self._blocks[account] = self._found(account) or self._new(account, kind)
        return begin

    def known(self, account: bytes) -> int | None:
        """The same for an account that this process has used before; None for others. Needs no lock."""
        return self._blocks.get(account)

    def _found(self, account: bytes) -> int:
        first, second = struct.unpack("<qq", account)
        return next((at for at in self.blocks() if self.words[at] == first and self.words[at + 1] == second), 0)

    def _new(self, account: bytes, kind: int) -> int:
        number = self.words[USED]
        if number >= BLOCKS:
            raise LedgerFullError("the ledger holds too many limits of former configs; remove its file")
        begin = _HEADER + number * _BLOCK
        os.posix_fallocate(self._fd, 8 * begin, 8 * _BLOCK)
        self.words[begin], self.words[begin + 1] = struct.unpack("<qq", account)
        self.words[begin + KIND] = kind
        self.words[USED] = number + 1
        return begin

    def blocks(self) -> Iterator[int]:
        """Where the blocks in use begin."""
        return (_HEADER + number * _BLOCK for number in range(self.words[USED]))

    def alive(self, owner: int) -> bool:
        """Whether the process of another owner still runs."""
        answer = fcntl.fcntl(self._fd, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK, _LIFE_BYTE + owner))
        return bool(struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK)

    def _enrol(self) -> int:
        """The number of this owner: the first one that no living process has. Whatever the dead one left is cleared."""
        for owner in range(OWNERS):
            with suppress(BlockingIOError):
                fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK, _LIFE_BYTE + owner))
                for begin in self.blocks():
                    self.words[begin + COUNTS + owner] = self.words[begin + WAITING + owner] = 0
                    self.reals[begin + UNTIL + owner] = 0.0
                self.words[PIDS + owner] = os.getpid()
                self.words[HIGH] = max(self.words[HIGH], owner + 1)
                return owner
        raise LedgerFullError(f"more than {OWNERS} processes share one ledger")

    def _mend_and_reboot(self) -> None:
        """After a restart of the machine the monotonic clock begins anew: what rests by it is over."""
        if self.words[BUSY]:
            self._mend()
        boot = _boot()
        if abs(self.words[BOOT] - boot) > _SAME_BOOT:
            for begin in self.blocks():
                self.reals[begin + AWAITED] = 0.0
                if not self.words[begin + KIND]:
                    self.words[begin + TAIL] = self.words[begin + HEAD] = self.words[begin + TOTAL] = 0
        self.words[BOOT] = boot

    def _mend(self) -> None:
        """Make the totals right again after a process died in the middle."""
        for at in self.blocks():
            tail, head = self.words[at + TAIL], self.words[at + HEAD]
            amounts = (self.words[at + RING + 2 * (number % ENTRIES) + 1] for number in range(tail, head))
            self.words[at + TOTAL] = sum(amounts)
        self.words[BUSY] = 0

    def close(self) -> None:
        """Stop being an owner: what this one holds is free from now on. Works twice."""
        if self._fd < 0:
            return
        self.words.release()
        self.reals.release()
        self._memory.close()  # it has a descriptor of its own, and with it the locks
        os.close(self._fd)
        self._fd = -1


def _flock(kind: int, byte: int) -> bytes:
    """``struct flock`` for one byte of the file."""
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)


def _boot() -> int:
    """A number that is far from this one after each start of the machine: its own, else the second of the start."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return round(time.time() - time.monotonic())
    return int(text.strip().replace("-", "")[:15], 16)
