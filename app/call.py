"""Everything that belongs to one call besides what it asks: handed down the walk instead of looked up."""

from dataclasses import dataclass

from app.client import Client
from app.identity import Caller
from app.runtime import Runtime
from app.telemetry import Trace


@dataclass(frozen=True, slots=True)
class Call:
    """Who asked (``caller``), under which config (``runtime``), who waits (``client``), what happened (``trace``)."""

    runtime: Runtime
    caller: Caller
    client: Client
    trace: Trace
