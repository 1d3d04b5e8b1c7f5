"""The client's side of WebSocket tests: ask through the transport, read to the end, name what went wrong."""

from contextlib import closing

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.transport import transport_for
from providers.types import Timeouts, WireReply, WireRequest

QUICK = Timeouts(connect_s=0.5, first_event_s=0.3, idle_s=0.3)
PATIENT = Timeouts(connect_s=5, first_event_s=5, idle_s=5)


def ask(url: str, timeouts: Timeouts = PATIENT, body: bytes = b"{}") -> WireReply:
    wire = WireRequest("GET", f"{url}/v1/chat?signature=hidden", {"X-One": "1"}, body)
    return transport_for("websocket", timeouts, None).send(wire)


def messages(url: str, timeouts: Timeouts = PATIENT) -> list[bytes]:
    with closing(ask(url, timeouts)) as reply:
        return list(reply.chunks)


def kind_of(url: str, timeouts: Timeouts = QUICK) -> ErrorKind:
    """What the failure is called; none may show the URL's query."""
    with pytest.raises(ProviderError) as caught:
        messages(url, timeouts)
    assert "hidden" not in caught.value.message
    return caught.value.kind
