"""``make bench``: measure, print ratios, compare with what was recorded. ``--record`` keeps this run's figures.

Ratios of one run are what counts: absolute times belong to the machine.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

from tests.bench import servers
from tests.bench.servers import Server
from tests.bench.upstream import EVENTS

RECORDED = Path(__file__).with_name("recorded.json")
ROUNDS, REQUESTS, STREAMS, OPEN_STREAMS = 7, 500, 3, 300
MESSAGES = [
    {"role": "user" if number % 2 else "system", "content": "A sentence of usual length."} for number in range(10)
]


def body(**fields: object) -> bytes:
    return json.dumps({"model": "bench", "messages": MESSAGES, **fields}, separators=(",", ":")).encode()


def post(connection: HTTPConnection, payload: bytes) -> bytes:
    connection.request("POST", "/v1/chat/completions", payload, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    data = reply.read()
    if reply.status != 200:
        raise RuntimeError(data)
    return data


def cpu_us(all_servers: list[Server], count: int, work: Callable[[HTTPConnection], None]) -> list[float]:
    """CPU microseconds of each server per unit of ``work``, the best of the rounds (noise only ever adds).

    The servers take turns, so that whatever disturbs the machine disturbs them alike.
    """
    best = [float("inf")] * len(all_servers)
    for _ in range(ROUNDS):
        for place, server in enumerate(all_servers):
            connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
            before = server.cpu_s()
            work(connection)
            best[place] = min(best[place], (server.cpu_s() - before) / count * 1e6)
            connection.close()
    return best


def plain(connection: HTTPConnection) -> None:
    payload = body()
    for _ in range(REQUESTS):
        post(connection, payload)


def streams(connection: HTTPConnection) -> None:
    payload = body(stream=True)
    for _ in range(STREAMS):
        if not post(connection, payload).endswith(b"data: [DONE]\n\n"):
            raise RuntimeError("a stream did not end well")


def open_streams_mb(server: Server) -> float:
    """Resident memory with many streams open at once."""
    connections = []
    payload = body(stream=True, model="open")
    for _ in range(OPEN_STREAMS):
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/v1/chat/completions", payload)
        connections.append((connection, connection.getresponse()))
    for _, reply in connections:
        reply.read1(10)
    used = server.rss_mb()
    for connection, _ in connections:
        connection.close()
    return used


def measure() -> dict[str, float]:
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream())
        bare = stack.enter_context(servers.bare())
        gateway = stack.enter_context(servers.gateway(upstream.port))
        idle_mb = gateway.rss_mb()
        cpu_us([bare, gateway, upstream], REQUESTS, plain)
        requests_us = cpu_us([bare, gateway, upstream], REQUESTS, plain)
        events_us = cpu_us([gateway, upstream], STREAMS * EVENTS, streams)
        figures = {
            "bare_request_us": requests_us[0],
            "gateway_request_us": requests_us[1],
            "upstream_request_us": requests_us[2],
            "gateway_event_us": events_us[0],
            "upstream_event_us": events_us[1],
            "start_s": gateway.start_s,
            "idle_mb": idle_mb,
            "open_streams_mb": open_streams_mb(gateway),
        }
    figures["request_ratio"] = figures["gateway_request_us"] / figures["bare_request_us"]
    figures["request_to_upstream_ratio"] = figures["gateway_request_us"] / figures["upstream_request_us"]
    figures["event_to_upstream_ratio"] = figures["gateway_event_us"] / figures["upstream_event_us"]
    return {name: round(figure, 2) for name, figure in figures.items()}


TEXT = {
    "request_ratio": "gateway / bare Flask route, CPU per plain request (aim: 4 at most)",
    "request_to_upstream_ratio": "gateway / upstream alone, CPU per plain request",
    "event_to_upstream_ratio": "gateway / upstream alone, CPU per stream event",
    "gateway_request_us": "gateway, CPU µs per plain request",
    "bare_request_us": "bare Flask route, CPU µs per request",
    "upstream_request_us": "upstream alone, CPU µs per request",
    "gateway_event_us": "gateway, CPU µs per stream event (aim: 50 at most)",
    "upstream_event_us": "upstream alone, CPU µs per stream event",
    "start_s": "start to first answer, s (aim: below 1)",
    "idle_mb": "worker idle, MB resident (aim: below 80)",
    "open_streams_mb": f"worker with {OPEN_STREAMS} open streams, MB resident",
}


def machine() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return f"{names[0] if names else platform.machine()}, {len(names)} cores, Python {platform.python_version()}"


def main() -> int:
    began = time.monotonic()
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    figures = measure()
    print(f"{machine()}; best of {ROUNDS} rounds; {time.monotonic() - began:.0f} s")
    for name, text in TEXT.items():
        before = recorded.get("figures", {}).get(name)
        print(f"{figures[name]:>9.2f}  {text}" + (f"  [recorded: {before:.2f}]" if before is not None else ""))
    if "--record" in sys.argv:
        RECORDED.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
