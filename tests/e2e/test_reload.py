"""A config file that changes under a running gateway."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.calls import chat, chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import TEXT

pytestmark = pytest.mark.e2e

SOON_S: Final = 2.0
KEY: Final = "good-key-reload-canary"


def config(vendor: FakeVendor, port: int, *models: str, **top: Any) -> str:
    entry = {
        "server_url": vendor.url,
        "models": list(models),
        "model_map": {model: "ok?gap=0.3" if model == "slow" else "ok" for model in models},
        "credentials": {"api_key": KEY},
    }
    return json.dumps({"server_port": f"127.0.0.1:{port}", "services": {"openai": [entry]}, **top})


def within(seconds: float, happens: Callable[[], bool]) -> bool:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if happens():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def begun(gateway: StartGateway, vendor: FakeVendor) -> tuple[Gateway, Path]:
    """A gateway of two workers, and its file."""
    asked = json.loads(config(vendor, 0, "slow", "one"))
    started = gateway({"services": asked["services"]}, workers=2)
    return started, started.output.parent / "config.json"


def known(gateway: Gateway, model: str) -> bool:
    """Whether every worker knows a model, as far as eight new connections can tell."""
    return all(chat(gateway, model).status != 404 for _ in range(8))


def test_a_change_reaches_new_requests_and_spares_running_ones(begun: tuple[Gateway, Path], vendor: FakeVendor) -> None:
    """A new model is not there in time, a running stream is cut, or a broken file takes effect."""
    gateway, file = begun
    stream = chat_call(gateway, "slow", stream=True)
    assert stream.head().status == 200
    file.write_text(config(vendor, gateway.port, "two"))
    assert within(SOON_S, lambda: known(gateway, "two"))
    assert chat(gateway, "one").status == 404
    reply = stream.reply()
    assert (
        reply.events[-1] == b"data: [DONE]"
        and "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in reply.chunks) == TEXT
    )
    file.write_text(config(vendor, gateway.port, "three")[:-2])
    assert within(SOON_S, lambda: gateway.log.count("not reloaded") == 2), gateway.log
    assert "config.json:1:" in gateway.log and known(gateway, "two")
    file.unlink()
    assert within(SOON_S, lambda: gateway.log.count("cannot be read") == 2) and known(gateway, "two")
    file.write_text(config(vendor, gateway.port + 1, "three"))
    assert within(SOON_S, lambda: known(gateway, "three"))
    assert "restart the service" in gateway.log


def test_a_worker_that_dies_while_the_file_is_broken(begun: tuple[Gateway, Path], vendor: FakeVendor) -> None:
    """A worker that has to be started anew cannot, or comes up with a config older than the last good one."""
    gateway, file = begun
    file.write_text(config(vendor, gateway.port, "two"))
    assert within(SOON_S, lambda: known(gateway, "two"))
    file.write_text("{")
    assert within(SOON_S, lambda: gateway.log.count("not reloaded") == 2)
    for worker in _children(gateway.process.pid):
        os.kill(worker, signal.SIGKILL)
    assert within(5, lambda: gateway.log.count("the last good config stays in force") == 2), gateway.log
    assert within(SOON_S, lambda: known(gateway, "two"))


def test_limits_outlast_a_reload(gateway: StartGateway, vendor: FakeVendor) -> None:
    """A reload forgets what was started within the window."""
    limit = {"rpm": 2, "timeout": 0.1}
    entry = {"server_url": vendor.url, "models": ["ok"], "credentials": {"api_key": KEY}, "limit": limit}
    started = gateway({"services": {"openai": [entry]}})
    file = started.output.parent / "config.json"
    assert [chat(started, "ok").status for _ in range(3)] == [200, 200, 429]
    document = json.loads(file.read_text())
    other = {"models": ["other"], "model_map": {"other": "ok"}, "credentials": {"api_key": f"{KEY}-2"}}
    document["services"]["openai"].insert(0, {**entry, **other})
    file.write_text(json.dumps(document))
    assert within(SOON_S, lambda: "info reloaded" in started.log)
    assert chat(started, "ok").status == 429
    assert chat(started, "other").status == 200


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_fresh_workers_and_a_fresh_master(gateway: StartGateway, vendor: FakeVendor) -> None:
    """An upgrade by HUP or USR2 cuts a running stream, or turns new requests away."""
    entry = {"server_url": vendor.url, "models": ["slow"], "credentials": {"api_key": KEY}}
    entry["model_map"] = {"slow": "ok?gap=0.3"}
    started = gateway({"services": {"openai": [entry]}})
    pid, old = started.process.pid, _children(started.process.pid)
    first = chat_call(started, "slow", stream=True)
    assert first.head().status == 200
    os.kill(pid, signal.SIGHUP)
    assert within(5, lambda: bool(set(_children(pid)) - set(old)))
    second = chat_call(started, "slow", stream=True)
    assert second.head().status == 200
    assert first.reply().events[-1] == second.reply().events[-1] == b"data: [DONE]"
    third = chat_call(started, "slow", stream=True)
    assert third.head().status == 200
    before = set(_children(pid))
    os.kill(pid, signal.SIGUSR2)
    assert within(8, lambda: any(_children(child) for child in set(_children(pid)) - before))
    new_master = next(child for child in _children(pid) if child not in before and _children(child))
    try:
        started.stop()
        assert third.reply().events[-1] == b"data: [DONE]"
        started.process.wait(20)
        assert chat(started, "slow").status == 200
    finally:
        os.kill(new_master, signal.SIGTERM)
    assert within(10, lambda: not Path(f"/proc/{new_master}/task").exists())


def test_a_fresh_worker_that_dies_while_an_old_one_serves(gateway: StartGateway, vendor: FakeVendor) -> None:
    """New requests find nobody until the last stream of an old worker has ended, or an order to stop is not heard."""
    entry = {"server_url": vendor.url, "models": ["slow"], "credentials": {"api_key": KEY}}
    entry["model_map"] = {"slow": "ok?gap=0.3&words=30"}
    started = gateway({"services": {"openai": [entry]}})
    pid, old = started.process.pid, _children(started.process.pid)
    stream = chat_call(started, "slow", stream=True)
    assert stream.head().status == 200
    os.kill(pid, signal.SIGHUP)
    assert within(5, lambda: bool(set(_children(pid)) - set(old)))
    for _ in range(2):
        fresh = set(_children(pid)) - set(old)
        for worker in fresh:
            os.kill(worker, signal.SIGKILL)
        assert within(5, lambda dead=fresh: bool(set(_children(pid)) - set(old) - dead))
    os.kill(pid, signal.SIGTERM)
    assert within(3, lambda: "Handling signal: term" in started.log), started.log
    assert stream.reply().events[-1] == b"data: [DONE]"
