"""Load and faults at once: workers that die, names that do not resolve, files that change under open streams."""

import json
import os
import signal
import socket
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.calls import DONE, Call, bearer, chat, chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.crowd import BROKEN, Crowd
from tests.e2e.process import PROMPT, Gateway
from tests.fakevendor.control import FakeVendor

pytestmark = pytest.mark.e2e

SOON_S: Final = 2.0
KEY: Final = "good-key-load-canary"
MIXED: Final = (
    ("ok", False, "ok"),
    ("ok", True, "ok"),
    ("ok?gap=0.02", True, "ok"),
    ("fault:reset-mid", True, "upstream_incomplete"),
    ("fault:reset-before-headers", False, "upstream_unreachable"),
    ("fault:reset-after-headers", False, "upstream_incomplete"),
    ("fault:status-500", False, "502"),
    ("fault:no-terminal", True, "upstream_incomplete"),
)
"""(model, whether as a stream, what has to come of it)"""


def entry(vendor: FakeVendor, **fields: Any) -> dict[str, Any]:
    return {"server_url": vendor.url, "credentials": {"api_key": KEY}, **fields}


def ended(gateway: Gateway, model: str, stream: bool) -> str:
    """What came of a call: ``ok`` for a whole answer, else the error's code or the status."""
    with closing(chat_call(gateway, model, stream=stream)) as call:
        reply = call.reply()
    last = reply.chunks[-1] if stream and reply.status == 200 else reply.json
    if error := last.get("error"):
        return str(error["code"] or reply.status)
    return "ok" if not stream or reply.events[-1] == DONE else "cut"


def test_a_worker_that_is_killed_amid_load(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Broken: more than the requests of one worker break, or those that follow meet a gateway that is not whole."""
    models = list(dict.fromkeys(model for model, _, _ in MIXED))
    config = {"services": {"openai": [entry(vendor, models=models)]}, "circuit_breaker": {"enabled": False}}
    started = gateway({**config, "failover": {"same_target_retry": False}}, workers=2)

    def ask(number: int) -> str:
        model, stream, wanted = MIXED[number % len(MIXED)]
        word = ended(started, model, stream)
        return "as it should" if word in (wanted, "502") or wanted == "502" else f"{model}: {word}"

    with Crowd(ask, 16) as crowd:
        time.sleep(0.7)
        before = sum(crowd.words.values())
        killed_at = time.monotonic()
        os.kill(workers(started)[0], signal.SIGKILL)
        time.sleep(2.3)
    assert set(crowd.words) <= {"as it should", BROKEN}, crowd.words
    assert before > 20 and sum(crowd.words.values()) > before + 50
    assert crowd.words[BROKEN] <= 16 and all(at - killed_at < 1 for at in crowd.broken_at)
    assert len(workers(started)) == 2


def workers(gateway: Gateway) -> list[int]:
    pid = gateway.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_names_that_are_slow_to_resolve(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Broken: requests for a vendor whose name is not resolved hold up those for all others."""
    port = vendor.port
    entries = [
        entry(vendor, id="lost", server_url=f"http://lost.slow.test:{port}/v1", models=["lost"]),
        entry(vendor, id="quick", server_url=f"http://quick.test:{port}/v1", models=["ok"]),
        *(
            entry(vendor, id=f"lost-{n}", server_url=f"http://n{n}.slow.test:{port}/v1", models=[f"lost-{n}"])
            for n in range(12)
        ),
    ]
    names = str(Path(__file__).parents[1] / "slownames")
    started = gateway({"services": {"openai": entries}}, environ={"PYTHONPATH": names})
    waiting = [chat_call(started, "lost", stream=True) for _ in range(30)]
    waiting += [chat_call(started, f"lost-{n}") for n in range(12)]
    began = time.monotonic()
    assert [chat(started, "ok").status for _ in range(3)] == [200] * 3
    assert time.monotonic() - began < 3 * SOON_S, "it waited for the names of others"
    headers = {**bearer("any"), "X-Request-Id": "left-while-resolving"}
    body = {"model": "lost", "messages": [{"role": "user", "content": PROMPT}]}
    call = Call(started.port, "/v1/chat/completions", json.dumps(body).encode(), headers)
    time.sleep(0.2)
    call.hang_up()
    assert "error=client_gone" in started.access_line("left-while-resolving")
    for one in waiting:
        one.hang_up()


@dataclass(frozen=True, slots=True)
class Plan:
    """So many streams of so many words each, under which the file is written anew; ``broken`` are the bad ones.

    ``soon_s`` is the time for a change to arrive: on a machine that is busy with other tests it takes longer.
    """

    streams: int
    words: int
    gap_s: float
    reloads: int
    broken: tuple[int, ...]
    pause_s: float
    soon_s: float

    @property
    def model(self) -> str:
        """What the streams ask for."""
        return f"ok?words={self.words}&gap={self.gap_s}"

    def config(self, vendor: FakeVendor, *models: str) -> dict[str, Any]:
        """A config that offers the streams' model, and others."""
        names = [self.model, *models]
        return {"services": {"openai": [entry(vendor, models=names, model_map=dict.fromkeys(models, "ok"))]}}


PLANS: Final = [
    pytest.param(Plan(50, 90, 0.08, 6, (2, 4), 0.0, 10.0), id="50-streams"),
    pytest.param(Plan(200, 600, 0.1, 20, (3, 9, 15), 2.0, SOON_S), id="200-streams", marks=pytest.mark.long),
]


@pytest.mark.parametrize("plan", PLANS)
def test_streams_outlast_changes_of_the_file(gateway: StartGateway, vendor: FakeVendor, plan: Plan) -> None:
    """Broken: a changed file, or a broken one, cuts a stream or loses bytes of it, or is late at some worker."""
    started = gateway(plan.config(vendor), workers=2)
    file = started.output.parent / "config.json"
    texts: list[str] = []
    threads = [
        threading.Thread(target=lambda: texts.append(streamed(started, plan.model))) for _ in range(plan.streams)
    ]
    for thread in threads:
        thread.start()
    late_s = [change(started, file, plan, vendor, number) for number in range(plan.reloads)]
    for thread in threads:
        thread.join(plan.words * plan.gap_s + 60)
    assert [text for text in texts if text != "word " * plan.words] == [] and len(texts) == plan.streams
    assert max(late_s) < plan.soon_s
    print(f"\n{plan.streams} streams whole; {plan.reloads} changes seen by all workers within {max(late_s):.2f} s")


def change(gateway: Gateway, file: Path, plan: Plan, vendor: FakeVendor, number: int) -> float:
    """Seconds until a changed file is in force at all workers, or has been refused by all."""
    fresh = {"server_port": f"127.0.0.1:{gateway.port}", **plan.config(vendor, f"new-{number}")}
    refused = gateway.log.count("not reloaded")
    broken = number in plan.broken
    text = json.dumps(fresh)
    file.write_text(text[:-3] if broken else text)
    began_s = time.monotonic()
    while time.monotonic() - began_s < 2 * plan.soon_s:
        if (gateway.log.count("not reloaded") == refused + 2) if broken else known_everywhere(gateway, f"new-{number}"):
            break
        time.sleep(0.03)
    seconds = time.monotonic() - began_s
    time.sleep(plan.pause_s)
    return seconds


def known_everywhere(gateway: Gateway, model: str) -> bool:
    """Whether the workers know a model, as far as eight new connections can tell."""
    return all(chat(gateway, model).status == 200 for _ in range(8))


def streamed(gateway: Gateway, model: str) -> str:
    """The text of a long stream; what is wrong with it, if it does not end well."""
    reply = chat(gateway, model, stream=True)
    if reply.status != 200 or reply.events[-1] != DONE:
        return reply.body[-300:].decode()
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in reply.chunks)


def test_one_client_after_another_leaves(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Broken: clients that leave at once, whole crowds of them, leave sockets or slots behind."""
    models = ["ok?gap=0.05&words=100", "fault:stall-headers", "ok"]
    limited = {"limit": {"concurrency": 30, "timeout": 5}}
    started = gateway({"services": {"openai": [entry(vendor, models=models, **limited)]}})
    mark = vendor.mark()
    for _ in range(3):
        calls = [chat_call(started, models[number % 2], stream=number % 3 > 0) for number in range(30)]
        time.sleep(0.2)
        for call in calls:
            call.hang_up()
    (worker,) = workers(started)
    with Crowd(lambda _: ended(started, "ok", stream=True), 4) as crowd:
        time.sleep(1.0)
    assert set(crowd.words) == {"ok"} and crowd.words["ok"] > 10
    assert all(one.closed_by_peer_s or one.finished_s for one in vendor.entries(since=mark))
    # Idle connections to the vendor and the listening socket remain.
    assert sockets(worker) < 30


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    links = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return sum(link.name.startswith("socket:") for link in links)


def test_a_client_that_stops_half_way_through_its_body(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Broken: half a body is taken for a whole one, or its sender's leaving is a fault of the gateway."""
    started = gateway({"services": {"openai": [entry(vendor, models=["ok"])]}})
    mark = vendor.mark()
    body = json.dumps({"model": "ok", "messages": [{"role": "user", "content": PROMPT}]}).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(body) + 10)
    with socket.create_connection(("127.0.0.1", started.port), timeout=5) as sock:
        sock.sendall(head + body)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert not vendor.entries(since=mark)
