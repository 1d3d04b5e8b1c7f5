"""What small vendors in threads of a test share: a server on a free port, and how documents and events are sent."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class SmallHandler(BaseHTTPRequestHandler):
    """One request. A vendor's handler reads its state from a class attribute."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_GET(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.respond()

    def respond(self) -> None:
        """Answer the request, whatever its method."""
        raise NotImplementedError

    @property
    def fields(self) -> dict[str, str]:
        """The headers, their names in lower case."""
        return {name.lower(): value for name, value in self.headers.items()}

    def raw_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def document(self, doc: Mapping[str, Any], status: int = 200, kind: str = "application/json") -> None:
        """Answer with one JSON document."""
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self, texts: Iterable[str]) -> None:
        """Answer with a stream of these texts; the connection ends with it."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for text in texts:
            self.wfile.write(text.encode())
        self.close_connection = True


def event(doc: Mapping[str, Any]) -> str:
    """A document as one event of a stream."""
    return f"data: {json.dumps(doc, ensure_ascii=False)}\n\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def serving(handler: type[SmallHandler], **state: Any) -> Iterator[str]:
    """A server with this state, for as long as the block lasts; its address."""
    server = _Server(("127.0.0.1", 0), type("Bound", (handler,), state))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
