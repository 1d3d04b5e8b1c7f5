"""A client that hangs up on a vendor of lines (NDJSON): let go within a second in every phase, as over SSE."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.e2e.calls import chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.wire import chunk, head

pytestmark = pytest.mark.e2e

KEY: Final = "good-key-lines"
LINES: Final = "application/x-ndjson"
HEAD: Final = head(200, {"content-type": LINES, "transfer-encoding": "chunked"})
BEGUN: Final = head(200, {"content-type": "application/json", "content-length": "5000"})


def line(text: str) -> bytes:
    """One line of an answer that goes on."""
    message = {"role": "assistant", "content": text}
    return json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}).encode()


PHASES: Final[dict[str, list[tuple[bytes, float]]]] = {
    "stream-before-headers": [(b"", 20)],
    "stream-before-first-line": [(HEAD, 20)],
    "stream-mid-line": [(HEAD + chunk(line("one") + b"\n" + line("two")[:20]), 20)],
    "stream-silent-midway": [(HEAD + chunk(line("one") + b"\n"), 20)],
    "stream-busy-midway": [(HEAD, 0), *[(chunk(line("one") + b"\n"), 0.05)] * 400],
    "plain-before-headers": [(b"", 20)],
    "plain-before-body": [(BEGUN, 20)],
    "plain-midway": [(BEGUN + line("one")[:40], 20)],
}


@pytest.fixture(scope="module")
def lines(vendor: FakeVendor, lasting_gateway: StartGateway) -> Iterator[Gateway]:
    """A gateway in front of a vendor of lines, a model for each phase."""
    for phase, steps in PHASES.items():
        vendor.script(phase, steps, "hold")
    entry: dict[str, Any] = {
        "server_url": vendor.url.removesuffix("/v1"),
        "models": list(PHASES),
        "credentials": {"api_key": KEY},
    }
    yield lasting_gateway({"services": {"ollama": [entry]}})


@pytest.mark.parametrize("phase", PHASES)
def test_the_vendor_is_let_go(lines: Gateway, vendor: FakeVendor, phase: str) -> None:
    """Broken: a vendor goes on writing lines for a client that has left."""
    mark = vendor.mark()
    call = chat_call(lines, phase, stream=phase.startswith("stream"))
    entry = vendor.wait_for(lambda entry: True, since=mark, model=phase)
    assert entry.path == "/api/chat" and not entry.refused, entry
    if phase.startswith("stream") and "mid" in phase:
        assert next(event for _, event in call.events() if b"one" in event)
    left_s = call.hang_up()
    entry = vendor.wait_for(lambda entry: entry.closed_by_peer_s is not None, since=mark, model=phase)
    assert entry.closed_by_peer_s is not None and entry.closed_by_peer_s - left_s < 1
    assert entry.finished_s is None
