"""One module for each wire, with ``speaks(row)``, ``reply(wire, script)`` and ``BROKEN``; found by being here.

``reply`` gives the bytes that a vendor would answer a request with, one item for each event or message of a stream.
``BROKEN`` is an error in mid-stream, the wire's own way, of which the text ``it broke q7`` is the message.
``MODELS``, where a module has it, are models to ask beside a row's own, by the row's name.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from providers.types import WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script


@dataclass(frozen=True, slots=True)
class Speaker:
    """A module's functions and values."""

    name: str
    speaks: Callable[[Vendor], bool]
    reply: Callable[[WireRequest, Script], list[bytes]]
    broken: bytes
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load() -> tuple[Speaker, ...]:
    """Every speaker in this package."""
    found = []
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        models = getattr(module, "MODELS", {})
        found.append(Speaker(info.name, module.speaks, module.reply, module.BROKEN, models))
    return tuple(found)


def of(row: Vendor, speakers: tuple[Speaker, ...]) -> Speaker:
    """The one speaker of a row's wire. Raises LookupError when there is none, or more than one."""
    fitting = [speaker for speaker in speakers if speaker.speaks(row)]
    if len(fitting) != 1:
        raise LookupError(f"{row.name} has {len(fitting)} speakers in {__name__}: {[one.name for one in fitting]}")
    return fitting[0]
