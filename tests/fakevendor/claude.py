"""A small Messages API that checks what it is sent. In threads of a test; ``served`` and ``faults`` tell what came.

A user's text of ``FAIL <status> <type> <message>`` is answered with that error, ``BREAK <after>`` with a stream that
ends in an error event after so many events, ``CUT <after>`` with one that just ends.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any

from tests.fakevendor import claude_replies as replies
from tests.fakevendor.claude_rules import check
from tests.fakevendor.claude_turns import Refused


class Claude:
    """The state: bodies taken, with their headers, and refusals. ``sent`` keeps what was answered, event by event."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.served: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sent: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.url = ""

    def take(self, headers: dict[str, str], path: str, body: dict[str, Any]) -> int:
        """The number of a request that the rules allow. Raises Refused."""
        with self.lock:
            try:
                check(headers, path, body)
            except Refused as refused:
                self.faults.append(refused.message)
                raise
            self.served.append(body)
            self.headers.append(headers)
            return len(self.served)


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    claude: Claude

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            number = self.claude.take(headers, self.path.partition("?")[0], body)
            order = self.order(body)
        except Refused as refused:
            headers = {"retry-after": "7"} if refused.status in (429, 529) else {}
            self.answer(
                {"type": "error", "error": {"type": refused.kind, "message": refused.message}}, refused.status, headers
            )
            return
        whole = replies.message(body, number)
        self.claude.sent.append(whole)
        if body.get("stream"):
            self.stream(whole, order)
        else:
            self.answer(whole)

    def order(self, body: dict[str, Any]) -> list[str]:
        """What the last text asks for in capitals, beside an answer. Raises Refused for an error."""
        last = body["messages"][-1]["content"]
        words = last.split(" ", 3) if isinstance(last, str) else [""]
        if words[0] == "FAIL":
            raise Refused(words[3], int(words[1]), words[2])
        return words if words[0] in ("BREAK", "CUT") else ["", "1000000"]

    def answer(self, document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        fields = {"content-type": "application/json", "request-id": "req_1", **(headers or {})}
        for name, value in {**fields, "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def stream(self, whole: dict[str, Any], order: list[str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in islice(replies.events(whole), int(order[1])):
            self.chunk(event)
        if order[0] == "BREAK":
            self.chunk({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, event: dict[str, Any]) -> None:
        self.claude.sent.append(event)
        data = f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[Claude]:
    """A small Messages API on a port of its own, for as long as the block lasts. ``url`` ends with ``/v1``."""
    claude = Claude()
    server = _Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"claude": claude}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    claude.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield claude
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
