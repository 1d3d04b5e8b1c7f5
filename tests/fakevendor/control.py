"""The tests' side of the fake vendor: start it, script it, read its journal, stop it."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

from tests.fakevendor.journal import Entry

REPOSITORY: Final = Path(__file__).parents[2]


class FakeVendor:
    """A running fake vendor. ``context`` is how its certificate is trusted, where it speaks TLS."""

    def __init__(self, port: int, context: SSLContext | None = None) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.url = f"{'https' if context else 'http'}://{self.host}/v1"
        self._context = context

    def entries(self, model: str | None = None, since: int = 0) -> list[Entry]:
        """The requests seen after number ``since``, in the order of their arrival, optionally for one model."""
        entries = [Entry(**entry) for entry in self._call("GET", f"/_log?since={since}")]
        return [entry for entry in entries if model is None or entry.model == model]

    def mark(self) -> int:
        """The number of the newest entry: what comes after it is the test's own."""
        return int(self._call("GET", "/_mark"))

    def wait_for(
        self, wanted: Callable[[Entry], bool], timeout_s: float = 3.0, since: int = 0, model: str | None = None
    ) -> Entry:
        """The first entry for which ``wanted`` holds; raises AssertionError when there is none in time."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            entries = self.entries(model, since)
            if found := next((entry for entry in entries if wanted(entry)), None):
                return found
            if time.monotonic() > deadline_s:
                raise AssertionError(f"no such request in {timeout_s} s; there were {entries}")
            time.sleep(0.02)

    def script(self, model: str, steps: Sequence[tuple[bytes, float]], end: str = "open") -> None:
        """Answer ``model`` with these bytes, a wait after each write, then ``open`` or the name of an ``End``."""
        encoded = [(base64.b64encode(data).decode(), wait_s) for data, wait_s in steps]
        self._call("POST", "/_script", {"model": model, "steps": encoded, "end": end})

    def reset(self) -> None:
        """Forget the journal and all scripts."""
        self._call("POST", "/_reset", {})

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if self._context:
            connection: HTTPConnection = HTTPSConnection("127.0.0.1", self.port, context=self._context, timeout=10)
        else:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def running(certificate: str = "", private_key: str = "", context: SSLContext | None = None) -> Iterator[FakeVendor]:
    """A fake vendor in a process of its own, which ends with the block, or with this process."""
    command = [sys.executable, "-m", "tests.fakevendor", "--port", "0", "--until-stdin-ends"]
    if certificate:
        command += ["--certificate", certificate, "--private-key", private_key]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield FakeVendor(int(process.stdout.readline()), context)
        finally:
            process.terminate()
            process.wait(10)
