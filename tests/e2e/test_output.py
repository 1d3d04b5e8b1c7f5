"""What the gateway writes, and how it ends."""

import json
import re
import signal
import time
from typing import Any, Final

import pytest

from tests.e2e.calls import Call, bearer, chat, chat_call, get, post
from tests.e2e.conftest import StartGateway
from tests.e2e.process import PROMPT, Gateway
from tests.fakevendor.control import FakeVendor

pytestmark = pytest.mark.e2e

CLIENT_KEY: Final = "client-canary-0b77"
VENDOR_KEY: Final = "good-key-vendor-canary-1d"
ANSWER: Final = "Canary-Answer-33f0"


def config(vendor: FakeVendor, **top: Any) -> dict[str, Any]:
    models = ["ok", "fault:error-mid", "fault:status-400", "script-c", "ok?gap=0.3", "ok?delay=5"]
    entry = {"server_url": vendor.url, "models": models, "credentials": {"api_key": VENDOR_KEY}}
    entry["embedding_models"] = ["ok"]
    return {"api_key": CLIENT_KEY, "services": {"openai": [entry]}, **top}


@pytest.mark.parametrize("log_level", ["debug", "prodj"])
def test_one_line_for_each_request_and_no_secret(gateway: StartGateway, vendor: FakeVendor, log_level: str) -> None:
    """A request leaves no line or two, or a prompt, an answer or a key is written down."""
    started = gateway(config(vendor, log_level=log_level, debug=log_level == "debug"))
    started.canaries += (CLIENT_KEY, VENDOR_KEY, ANSWER, "Canary-Input", "wrong-canary")
    told = json.dumps({"error": {"message": f"key {VENDOR_KEY} may not: {ANSWER}"}}).encode()
    vendor.script("script-c", [(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(told) + told, 0)])
    key = bearer(CLIENT_KEY)
    replies = [
        chat(started, "ok", key=CLIENT_KEY),
        chat(started, "ok", key=CLIENT_KEY, stream=True),
        chat(started, "fault:error-mid", key=CLIENT_KEY, stream=True),
        chat(started, "fault:status-400", key=CLIENT_KEY),
        chat(started, "script-c", key=CLIENT_KEY),
        chat(started, "ok", key="wrong-canary"),
        chat(started, "nobody", key=CLIENT_KEY),
        post(started, "/v1/embeddings", {"model": "ok", "input": "Canary-Input"}, key),
        post(started, "/v1/chat/completions", f'{{"model": "{PROMPT}'.encode(), key),
        get(started, f"/v1/models?api_key={CLIENT_KEY}", key),
        get(started, "/nowhere", key),
        get(started, "/v1/chat/completions", {"Origin": "https://a.test"}, method="OPTIONS"),
    ]
    assert VENDOR_KEY.encode() not in replies[4].body
    for reply in replies:
        lines = [line for line in wait_for_lines(started, reply.id) if reply.id in line]
        assert len(lines) == 1, lines
        assert re.search(rf'"?status"?[=:] ?{reply.status}\b', lines[0]), lines
    if log_level == "prodj":
        own = [json.loads(line) for line in started.log.splitlines() if line.startswith("{")]
        assert {"time", "level", "message", "id", "status"} <= own[-1].keys()


def wait_for_lines(gateway: Gateway, request_id: str) -> list[str]:
    deadline_s = time.monotonic() + 3
    while request_id not in gateway.log and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return gateway.log.splitlines()


def test_a_stop_lets_streams_end(gateway: StartGateway, vendor: FakeVendor) -> None:
    """A restart cuts answers that are under way, or waits for idle connections."""
    started = gateway(config(vendor))
    stream = chat_call(started, "ok?gap=0.3", key=CLIENT_KEY, stream=True)
    events = stream.events()
    next(events)
    idle = Call(started.port, "/healthz")
    idle.head().read()
    started.stop()
    assert list(events)[-1][1] == b"data: [DONE]"
    began = time.monotonic()
    assert started.process.wait(10) == 0
    assert time.monotonic() - began < 5
    with pytest.raises(OSError):
        get(started, "/healthz")
    stream.close()
    idle.close()


def test_an_interrupt_ends_at_once(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Ctrl-C waits for answers under way, or ends in a traceback."""
    started = gateway(config(vendor))
    call = chat_call(started, "ok?delay=5", key=CLIENT_KEY)
    mark_s = time.monotonic()
    vendor.wait_for(lambda entry: entry.key == VENDOR_KEY and entry.model == "ok?delay=5")
    started.process.send_signal(signal.SIGINT)
    started.process.wait(10)
    assert time.monotonic() - mark_s < 4
    call.close()


def test_two_workers(gateway: StartGateway, vendor: FakeVendor) -> None:
    """More than one worker does not start, does not answer, or does not end."""
    started = gateway(config(vendor), workers=2)
    assert started.log.count("Booting worker") == 2
    assert {chat(started, "ok", key=CLIENT_KEY).status for _ in range(20)} == {200}
    started.stop()
    assert started.process.wait(10) == 0
