"""A real Redis or Valkey in a process of its own, with a password, and nothing written to disk."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis


@dataclass
class RedisServer:
    """``stop`` and ``start`` may be called again and again; what it held is forgotten."""

    program: str
    port: int
    folder: Path
    password: str = "canary-redis-password"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", self.password]
        quiet = ["--save", "", "--appendonly", "no", "--dir", str(self.folder), "--logfile", str(self.folder / "log")]
        self.process = subprocess.Popen([self.program, *options, *quiet])
        deadline_s = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline_s and self.process.poll() is None, "it does not come up"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return bool(self._ask(lambda client: client.ping()))
        except redis.RedisError:
            return False

    def _ask(self, question):  # type: ignore[no-untyped-def]
        with redis.Redis.from_url(self.url) as client:
            return question(client)

    def keys(self) -> int:
        """How many keys it holds."""
        return int(self._ask(lambda client: client.dbsize()))

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[RedisServer]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        pytest.skip("no redis-server is installed")
    server = RedisServer(program, port, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
