"""The memory in which the workers of this gateway count together, made by the master process before it forks.

It has no name in any directory: nobody else can open it, nothing has to be removed, and two gateways never share one.
What stands in it is up to ``app/ledger``.
"""

import os
import tempfile
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final

_HANDED_ON: Final = "SIMPLE_ONE_API_LEDGER"
"""Set for a master that another one starts in its place (USR2): descriptor, device and inode of the memory."""

_descriptor: int | None = None


def share() -> None:
    """Make it. The master calls this, before its first worker."""
    global _descriptor  # noqa: PLW0603 - inherited by every fork
    if _descriptor is None:
        _descriptor = _inherited(os.environ.pop(_HANDED_ON, "")) or _made()


def hand_on(environ: MutableMapping[str, str]) -> None:
    """Let the program that this process is about to become find the memory, by what is put into its ``environ``."""
    if _descriptor is not None:
        os.set_inheritable(_descriptor, True)
        found = os.fstat(_descriptor)
        environ[_HANDED_ON] = f"{_descriptor}:{found.st_dev}:{found.st_ino}"


def _inherited(told: str) -> int | None:
    """The descriptor that was handed on, None unless it still is what it was."""
    with suppress(OSError, ValueError):
        descriptor, *place = map(int, told.split(":"))
        found = os.fstat(descriptor)
        if [found.st_dev, found.st_ino] == place:
            os.set_inheritable(descriptor, False)
            return descriptor
    return None


def _made() -> int:
    if hasattr(os, "memfd_create"):
        try:
            return os.memfd_create("simple-one-api-ledger")
        except OSError:  # forbidden by some sandboxes; a file without a name does as well
            pass
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def path() -> str | None:
    """Where a worker opens it for itself, with locks of its own; None when no master has made it."""
    return None if _descriptor is None else f"/proc/self/fd/{_descriptor}"
