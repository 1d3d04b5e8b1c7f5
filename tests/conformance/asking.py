"""A client's request on its way up through one row, without a network: what is sent, and what became of a wish."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import orjson

from app import parse
from providers import support
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, Secret, WireRequest
from providers.vendor import Vendor
from tests.conformance.asks import BARE, Ask

CARRIED: Final = "carried"
NAMED: Final = "named"
REFUSED: Final = "refused"
LOST: Final = "lost"
UNKNOWN: Final = "unknown"

_REFUSALS: Final = (ErrorKind.UNSUPPORTED, ErrorKind.INVALID_REQUEST)
_PLACES: Final = {"location": "us-central1", "project_id": "a-project"}


@dataclass(frozen=True, slots=True)
class Sent:
    """The chat's request and the uploads before it."""

    wire: WireRequest
    uploads: tuple[WireRequest, ...] = ()

    @property
    def told(self) -> tuple[object, ...]:
        """All that the vendor and the gateway are told, for comparing."""
        wire = self.wire
        return (wire.url, dict(wire.headers), wire.body, wire.stops, wire.split_think, self.uploads)

    def holds(self, marks: tuple[bytes, ...]) -> bool:
        """Whether any of the marks goes up, or stays for the gateway to see to."""
        there = (
            self.wire.body,
            *(upload.body for upload in self.uploads),
            *(stop.encode() for stop in self.wire.stops),
        )
        return any(mark in place for mark in marks for place in there)


def destination(row: Vendor, model: str) -> Destination:
    """Where a row's requests go, with a credential that has every field of its first alternative."""
    credential = {name: Secret(_PLACES.get(name, f"an-{name}")) for name in row.credentials.required[0]}
    return Destination(model, row.base_url or "https://vendor.example", credential, alias=model)


def read(body: Json) -> ChatRequest:
    """The request as the gateway reads it."""
    return parse.chat(orjson.dumps(body))


def sent(row: Vendor, request: ChatRequest, to: Destination) -> Sent:
    """What goes up. Raises ProviderError."""
    uploads = row.prepare.requests(request, to) if row.prepare else ()
    prepared = tuple({"id": f"file-{number}"} for number in range(len(uploads)))
    return Sent(row.encode(request, replace(to, prepared=prepared)), uploads)


def outcome(row: Vendor, ask: Ask, model: str) -> tuple[str, str]:
    """What becomes of a wish at one model, and why: one of the words above."""
    to = destination(row, model)
    try:
        bare = sent(row, read(BARE.body(wished=False)), to)
        rival = sent(row, read(ask.body(wished=False)), to)
    except ProviderError as error:
        return UNKNOWN, error.message
    try:
        asked = sent(row, read(ask.body()), to)
    except ProviderError as error:
        proper = error.kind in _REFUSALS and error.param
        return (REFUSED if proper else LOST), f"{error.kind.name} {error.param}: {error.message}"
    named = [change for change in asked.wire.changes if change not in bare.wire.changes]
    if named:
        return NAMED, "; ".join(named)
    missing = [marks[0] for marks in ask.marks if not asked.holds(marks)]
    idle = ask.word == support.TOOL_NONE and asked.told == bare.told
    if missing or (asked.told == rival.told and not idle):
        return LOST, f"{missing or 'no difference'} in {asked.wire.body!r}"
    return CARRIED, ""


def models(row: Vendor, also: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The models to ask: the row's own, ``also`` of that row, and one that nobody knows."""
    return (*row.models, *also.get(row.name, ()), "some-model")
