"""The processes of a bench run: started on free ports, measured through /proc, ended with the run."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Server:
    """A running server: its port, the process that does the work, and how long it took to answer first."""

    port: int
    pid: int
    start_s: float

    def cpu_s(self) -> float:
        """CPU seconds used so far by all threads, in nanosecond steps."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def rss_mb(self) -> float:
        """Resident memory in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def upstream() -> Iterator[Server]:
    port = free_port()
    with _running([sys.executable, "-m", "tests.bench.upstream", str(port)], port, worker=False) as server:
        yield server


@contextmanager
def bare() -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "--no-control-socket", "-b", f"127.0.0.1:{port}"]
    with _running([*command, "tests.bench.bare:app"], port, worker=True) as server:
        yield server


@contextmanager
def gateway(upstream_port: int) -> Iterator[Server]:
    port = free_port()
    entry = {
        "server_url": f"http://127.0.0.1:{upstream_port}/v1",
        "models": ["bench", "open"],
        "credentials": {"api_key": "bench-key"},
    }
    config = {"server_port": f"127.0.0.1:{port}", "services": {"openai": [entry]}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.json")
        path.write_text(json.dumps(config))
        with _running([sys.executable, "-m", "app.cli", str(path)], port, worker=True) as server:
            yield server


@contextmanager
def _running(command: list[str], port: int, *, worker: bool) -> Iterator[Server]:
    environ = {**os.environ, "SIMPLE_ONE_API_WORKERS": "1"}
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        start_s = time.monotonic() - began
        yield Server(port, _child(process.pid) if worker else process.pid, start_s)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"nothing answers on port {port}")


def _child(parent: int) -> int:
    """The one worker of a gunicorn."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(children[0])
