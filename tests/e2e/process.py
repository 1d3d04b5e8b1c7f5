"""The gateway as a process: started on a free port with a config of one's own, asked to stop, and looked after."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import openai

from app import cli

REPOSITORY: Final = Path(__file__).parents[2]
START_S: Final = 30.0
STOP_S: Final = 20.0
PROMPT: Final = "Canary-Prompt-5f1c: say hello"
"""What tests ask. No line of any gateway's output may hold it."""

NOWHERE: Final = "http://127.0.0.1:9"
"""A proxy that does not exist, put into every gateway's environment: what uses it fails."""

_PROXY_NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(slots=True)
class Gateway:
    """A running gateway. ``url`` is its root; ``canaries`` are texts that its output must never hold."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path
    canaries: tuple[str, ...] = (PROMPT,)

    @property
    def url(self) -> str:
        """The root address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All it has written so far, standard output and error together."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    @property
    def access_lines(self) -> list[str]:
        """The access lines so far."""
        return [line for line in self.log.splitlines() if " info request id=" in line]

    def access_line(self, request_id: str) -> str:
        """The access line of one request, which is written a moment after its answer. Raises AssertionError."""
        deadline_s = time.monotonic() + 3
        while time.monotonic() < deadline_s:
            if found := [line for line in self.access_lines if f"id={request_id} " in line]:
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no access line for {request_id} in\n{self.log}")

    def sdk(self, key: str = "any", **options: Any) -> openai.OpenAI:
        """The official client, without retries of its own. Close it, or use it as a block."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, **{"timeout": 20, **options})

    def stop(self) -> None:
        """Ask it to end. ``check_end`` waits for that, so that several can end at the same time."""
        self.process.send_signal(signal.SIGTERM)

    def check_end(self) -> None:
        """Raises AssertionError unless it ended well, told no secret and met no surprise."""
        try:
            code: object = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = f"no end within {STOP_S} s"
        log = self.log
        assert code == 0, f"{code}\n{log}"
        assert "Traceback" not in log, log
        told = [canary for canary in self.canaries if canary in log]
        assert not told, f"{told} in\n{log}"


def start(
    config: Mapping[str, Any],
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    workers: int = 1,
    name: str = "config.json",
    before_exec: Callable[[], None] | None = None,
) -> Gateway:
    """A gateway that answers. ``server_port`` is added to the config when it has none.

    ``before_exec`` is called in the new process, to set limits for it.
    Raises AssertionError with all its output when it does not come up.
    """
    port = free_port()
    path = folder / name
    path.write_text(json.dumps({"server_port": f"127.0.0.1:{port}", **config}), encoding="utf-8")
    output = folder / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, *cli.server(), "-c", "python:config.gunicorn", "wsgi:app"],
            cwd=REPOSITORY,
            env=_environment(path, workers, environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            preexec_fn=before_exec,  # noqa: PLW1509 - nothing here has threads that hold locks
        )
    gateway = Gateway(port, process, output, (PROMPT, *_secrets(config)))
    _wait(gateway)
    return gateway


def free_port() -> int:
    """A port below those the system hands out by itself, so that nobody gets it in the meantime."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _environment(config: Path, workers: int, more: Mapping[str, str]) -> dict[str, str]:
    """What the command line would hand to the server; it has tests of its own, and takes a quarter of a second."""
    own = {
        "PYTHONPATH": str(REPOSITORY),
        "SIMPLE_ONE_API_CONFIG": str(config),
        "SIMPLE_ONE_API_STATE_DIR": str(config.parent),
        "SIMPLE_ONE_API_WORKERS": str(workers),
    }
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, **dict.fromkeys(_PROXY_NAMES, NOWHERE), **own, **more}


def _wait(gateway: Gateway) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and gateway.process.poll() is None:
        if _answers(gateway.port):
            return
        time.sleep(0.02)
    gateway.process.kill()
    gateway.process.wait()
    raise AssertionError(f"the gateway did not come up:\n{gateway.log}")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().read() != b""
    except OSError:
        return False
    finally:
        connection.close()


def _secrets(config: Mapping[str, Any]) -> Iterable[str]:
    """Every client key and every credential field of a config."""
    yield from (key for key in [config.get("api_key")] if key)
    yield from (key["api_key"] for key in config.get("api_keys", ()))
    for entries in config["services"].values():
        for entry in entries:
            for credential in (entry.get("credentials") or {}, *entry.get("credential_list", ())):
                yield from (value for value in credential.values() if isinstance(value, str) and len(value) > 7)
