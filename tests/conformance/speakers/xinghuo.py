"""Spark's WebSocket: frames, of which the last says that it is."""

from typing import Final

from providers.types import Json, WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.conformance.speakers.openai import usage
from tests.fakevendor.xinghuo import error, message, words

BROKEN: Final = error(10012, "it broke q7").encode()


def speaks(row: Vendor) -> bool:
    """Whether a row is that of the WebSocket."""
    return row.transport == "websocket"


def reply(_wire: WireRequest, script: Script) -> list[bytes]:
    """The frames; this vendor knows no other way. It has no word for an answer that was cut short."""
    pieces: list[Json] = [{**words(""), "reasoning_content": piece} for piece in script.thoughts]
    pieces += [words(piece) for piece in script.texts]
    pieces += [{**words(""), "function_call": {"name": call.name, "arguments": call.json}} for call in script.calls]
    pieces = pieces or [words("")]
    last = len(pieces) - 1
    return [
        message(2 if place == last else min(place, 1), piece, usage=usage(script) if place == last else None).encode()
        for place, piece in enumerate(pieces)
    ]
