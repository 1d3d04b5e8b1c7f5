"""The ledger that a config asks for: the workers of this gateway, all who name the same file, or Redis."""

import fcntl
import logging
from typing import Final

from app.ledger import Ledger
from app.ledger.host import HostLedger
from app.ledger.mapped import LedgerFullError, Mapped
from config import ledgerfile
from config.model import Settings

_LOG: Final = logging.getLogger("simple_one_api")

FILE: Final = "file:"


def open_for(settings: Settings) -> Ledger | None:
    """The ledger for ``settings.shared_state``; None where this process has to count alone, after saying so."""
    address = settings.shared_state.reveal() if settings.shared_state else ""
    named = address.removeprefix(FILE) if address.startswith(FILE) else ""
    host = _host(named or ledgerfile.path())
    if not address or named:
        return host
    from app.ledger.remote import RemoteLedger  # noqa: PLC0415 - its package is an extra

    return RemoteLedger(address, host)


def _host(path: str | None) -> HostLedger | None:
    if path is None:  # not under config/gunicorn.py: no other process is ours
        return None
    if not hasattr(fcntl, "F_OFD_SETLK"):
        _LOG.warning("limits hold for each worker by itself: workers can count together on Linux only")
        return None
    try:
        return HostLedger(Mapped(path))
    except (OSError, ValueError, LedgerFullError) as error:
        _LOG.error("limits hold for each worker by itself: the common ledger cannot be used: %s", error)
        return None
