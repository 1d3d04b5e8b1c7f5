"""Everything that belongs to one call besides what it asks: handed down the walk instead of looked up."""

from dataclasses import dataclass, field

from app.client import Client
from app.identity import Caller
from app.runtime import Runtime
from app.telemetry import Trace
from providers.fetch import Image


@dataclass(frozen=True, slots=True)
class Call:
    """Who asked (``caller``), under which config (``runtime``), who waits (``client``), what happened (``trace``).

    ``images`` are those fetched so far, by address, so that another attempt need not fetch them anew.
    """

    runtime: Runtime
    caller: Caller
    client: Client
    trace: Trace
    images: dict[str, Image] = field(default_factory=dict)
