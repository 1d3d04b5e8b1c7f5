"""Replies as vendors send them, out of the vector files, and the ways to read them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import orjson
from hypothesis import strategies as st

from providers.types import Destination, Secret
from providers.vendor import Vendor, load_vendors
from tests.fuzz import values
from tests.vectorfile import VECTORS, Case

VENDORS: Final[Mapping[str, Vendor]] = load_vendors()


def destination(vendor: Vendor, model: str) -> Destination:
    """An address and a credential with every field that the row knows."""
    fields = {name: Secret(f"{name}-test-value") for name in (*vendor.credentials.known, "token")}
    return Destination(model, vendor.base_url or "https://vendor.example/v1", fields, alias=model)


@cache
def replies() -> tuple[tuple[str, tuple[str, ...], Vendor], ...]:
    """(row, entries of its reply, the reader that its request asks for) of every case that lists a reply."""
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        file = json.loads(path.read_text())
        for section in ("chat", "pairs"):
            for body in file.get(section, []):
                case = Case(file, body)
                if entries := _entries(body):
                    found.append((case.vendor.name, tuple(entries), case.reader))
    return tuple(found)


def _entries(body: Mapping[str, Any]) -> Iterable[str]:
    if "vendor_response" in body and "body" in body["vendor_response"]:
        return [orjson.dumps(body["vendor_response"]["body"]).decode()]
    return list(body.get("vendor_stream") or body.get("received") or [])


@st.composite
def spoilt_replies(draw: st.DrawFn) -> tuple[Vendor, list[bytes]]:
    """A row, and a reply of some vendor, mostly of its own, with something in it changed, lost or moved."""
    _name, entries, reader = draw(st.sampled_from(replies()))
    if draw(st.integers(0, 3)) == 0:
        reader = draw(st.sampled_from([VENDORS[known] for known in sorted(VENDORS)]))
    pieces = [entry.encode() for entry in entries]
    for _ in range(draw(st.integers(1, 3))):
        pieces = draw(_moved(pieces) | _rewritten(pieces) | _broken(pieces))
    return reader, pieces


@st.composite
def _moved(draw: st.DrawFn, pieces: list[bytes]) -> list[bytes]:
    """Entries left out, said twice, in another order, or cut off at the end."""
    kept = list(pieces)
    how = draw(st.sampled_from(("cut", "drop", "double", "shuffle")))
    place = draw(st.integers(0, max(0, len(kept) - 1)))
    if how == "cut":
        return kept[:place]
    if how == "drop":
        return kept[:place] + kept[place + 1 :]
    if how == "double":
        return kept[: place + 1] + kept[place:]
    return draw(st.permutations(kept)) if len(kept) < 50 else kept[::-1]


@st.composite
def _rewritten(draw: st.DrawFn, pieces: list[bytes]) -> list[bytes]:
    """The JSON of one entry with changes in it."""
    if not pieces:
        return [draw(st.sampled_from(values.PIECES))]
    place = draw(st.integers(0, len(pieces) - 1))
    head, brace, rest = pieces[place].partition(b"{")
    try:
        document = orjson.loads(brace + rest)
    except orjson.JSONDecodeError:
        return pieces
    changed = draw(values.changed(st.just(document)))
    return [*pieces[:place], head + orjson.dumps(changed) + b"\n\n", *pieces[place + 1 :]]


@st.composite
def _broken(draw: st.DrawFn, pieces: list[bytes]) -> list[bytes]:
    """Bytes of one entry gone, doubled or others."""
    if not pieces:
        return [draw(st.binary(max_size=20))]
    place = draw(st.integers(0, len(pieces) - 1))
    return [*pieces[:place], draw(values.spoilt(st.just(pieces[place]))), *pieces[place + 1 :]]
