"""The text of the config that was last found to be good, shared by the master process and its workers.

A worker that has to be started anew while the file is broken runs on this. It lives in memory that no file backs, made
by the master before it forks, so that no secret is written anywhere.
"""

import hashlib
import mmap
import struct
from collections.abc import Callable
from typing import Final

from config.load import ConfigError, loads, text
from config.model import Settings

_MOST: Final = 4 * 2**20
_HEAD: Final = struct.Struct("<I32s")

_shared: mmap.mmap | None = None


def share() -> None:
    """Make the memory. The master calls it, before its first worker."""
    global _shared  # noqa: PLW0603 - inherited by every fork
    if _shared is None:
        _shared = mmap.mmap(-1, _MOST)


def keep(content: bytes) -> None:
    """Remember ``content``. Without shared memory, or if it is larger than any config, nothing happens."""
    if _shared is not None and len(content) <= _MOST - _HEAD.size:
        _shared[: _HEAD.size + len(content)] = _HEAD.pack(len(content), hashlib.sha256(content).digest()) + content


def content() -> bytes | None:
    """What was last kept; None when there is nothing, or another worker is just writing."""
    if _shared is None:
        return None
    size, digest = _HEAD.unpack(_shared[: _HEAD.size])
    found = _shared[_HEAD.size : _HEAD.size + size]
    return found if size and hashlib.sha256(found).digest() == digest else None


def load_or_last(path: str, tell: Callable[[ConfigError], None]) -> Settings:
    """The settings in the file at ``path``; those of the last good text where it is broken now, after telling so.

    Raises ConfigError when there is neither.
    """
    try:
        found = text(path)
        settings = loads(found, path)
    except ConfigError as faults:
        last = content()
        if last is None:
            raise
        tell(faults)
        return loads(last, path)
    keep(found)
    return settings
