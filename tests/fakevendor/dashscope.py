"""A small DashScope: native endpoints, applications and the surfaces of others, all checked. In threads of a test.

It echoes the last message. ``fail:<status>:<code>`` in it is a refusal, ``late:<status>:<code>`` an error in
mid-stream, and ``cut`` an answer that breaks off.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any

from tests.fakevendor import claude_replies
from tests.fakevendor import dashscope_replies as replies
from tests.fakevendor import dashscope_rules as rules

KEY = "sk-fake-dashscope-key"
WORKSPACE = "ws-example"
APP = "0f3a7c1d2e4b4f5a9c8d7e6f5a4b3c2d"
_NATIVE = "/api/v1/services/aigc/"


@dataclass(slots=True)
class DashScope:
    """``seen`` holds every path with its headers and body; ``faults`` every refusal; ``most`` the requests at once."""

    url: str = ""
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    faults: list[rules.Refusal] = field(default_factory=list)
    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def paths(self) -> list[str]:
        """What was asked, one word a request: the endpoint, or the application's id."""
        return [path.split("/")[-2] for path, _, _ in self.seen]


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    dashscope: DashScope

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.dashscope.lock:
            self.dashscope.seen.append((self.path, headers, body))
            self.dashscope.now += 1
            self.dashscope.most = max(self.dashscope.most, self.dashscope.now)
        try:
            self.route(headers, body)
        finally:
            with self.dashscope.lock:
                self.dashscope.now -= 1

    def route(self, headers: dict[str, str], body: Any) -> None:
        refusal = rules.key(headers, {KEY: WORKSPACE})
        if self.path == "/compatible-mode/v1/chat/completions":
            return self.compatible(refusal or rules.compatible(body), body)
        if self.path == "/apps/anthropic/v1/messages":
            return self.anthropic(refusal or rules.anthropic(headers), body)
        if self.path == "/api/v1/services/embeddings/text-embedding/text-embedding":
            return self.embed(refusal or rules.embeddings(headers, body), body)
        if self.path == f"/api/v1/apps/{APP}/completion":
            refusal = refusal or rules.application(headers, body)
            events = replies.app_events(body)
            return self.native(refusal, headers, body["input"], events, lambda: replies.app_document(body))
        kind = self.path.removeprefix(_NATIVE).removesuffix("/generation")
        if kind not in (rules.TEXT, rules.MULTIMODAL) or self.path != f"{_NATIVE}{kind}/generation":
            return self.refuse((404, "NotFound", f"Not found! {self.path}"), headers)
        refusal = refusal or rules.generation(kind, headers, body)
        multimodal = kind == rules.MULTIMODAL
        events = replies.events(body, multimodal)
        return self.native(refusal, headers, body["input"], events, lambda: replies.document(body, multimodal))

    def native(
        self, refusal: rules.Refusal, headers: dict[str, str], given: Any, events: Iterable[Any], document: Any
    ) -> None:
        """The answer to ``given``: a stream of ``events``, or what ``document`` makes."""
        if refusal:
            return self.refuse(refusal, headers)
        order = ordered(given)
        if order[0] == "fail":
            return self.refuse((int(order[1]), order[2], f"told of {order[2]}"), headers)
        time.sleep(0.02)
        if headers.get("x-dashscope-sse") != "enable":
            return self.document(document(), cut=order[0] == "cut")
        return self.stream(events, order)

    def stream(self, events: Iterable[Any], order: list[str]) -> None:
        self.begin(200, "text/event-stream;charset=UTF-8")
        stop = 1 if order[0] in ("late", "cut") else None
        for number, doc in enumerate(islice(events, stop), 1):
            self.chunk(frame(number, "result", 200, doc))
        if order[0] == "late":
            doc = {"code": order[2], "message": f"told of {order[2]}", "request_id": "r"}
            self.chunk(frame(2, "error", int(order[1]), doc))
        self.wfile.write(b"0\r\n\r\n")

    def refuse(self, refusal: tuple[int, str, str], headers: dict[str, str]) -> None:
        """A refusal comes as JSON, or as the only event of a stream where one was asked for; the status is the same."""
        status, code, message = refusal
        with self.dashscope.lock:
            self.dashscope.faults.append(refusal)
        doc = {"code": code, "message": message, "request_id": "r"}
        if headers.get("x-dashscope-sse") != "enable":
            return self.document(doc, status)
        self.begin(status, "text/event-stream;charset=UTF-8")
        self.chunk(frame(1, "error", status, doc))
        self.wfile.write(b"0\r\n\r\n")
        return None

    def embed(self, refusal: rules.Refusal, body: Any) -> None:
        if refusal:
            return self.refuse(refusal, {})
        texts = body["input"]["texts"]
        rows = [{"text_index": n, "embedding": [float(len(text)), 0.5]} for n, text in enumerate(texts)]
        return self.document({"output": {"embeddings": rows[::-1]}, "usage": {"total_tokens": len(texts)}})

    def compatible(self, refusal: rules.Refusal, body: Any) -> None:
        if refusal:
            status, code, message = refusal
            with self.dashscope.lock:
                self.dashscope.faults.append(refusal)
            error = {"code": code, "message": message, "param": None, "type": "invalid_request_error"}
            return self.document({"error": error, "request_id": "r"}, status)
        if body.get("stream"):
            self.begin(200, "text/event-stream")
            for doc in replies.compatible(body):
                self.chunk(f"data: {json.dumps(doc, ensure_ascii=False)}\n\n".encode())
            self.chunk(b"data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
            return None
        return self.document(replies.compatible_document(body))

    def anthropic(self, refusal: rules.Refusal, body: Any) -> None:
        if refusal:
            error = {"type": "authentication_error", "message": refusal[2]}
            return self.document({"type": "error", "error": error}, refusal[0])
        whole = claude_replies.message(body, 1)
        if not body.get("stream"):
            return self.document(whole)
        self.begin(200, "text/event-stream")
        for event in claude_replies.events(whole):
            self.chunk(f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
        self.wfile.write(b"0\r\n\r\n")
        return None

    def document(self, doc: Any, status: int = 200, *, cut: bool = False) -> None:
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:-20] if cut else data)
        self.close_connection = cut

    def begin(self, status: int, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def ordered(given: Any) -> list[str]:
    """What the last text asks for beside an answer."""
    text = given["prompt"] if "prompt" in given else replies.said(given["messages"][-1])
    words = text.split(":")
    return words if words[0] in ("fail", "late", "cut") else [""]


def frame(number: int, name: str, status: int, doc: Any) -> bytes:
    """One event in the vendor's form, its status in a comment."""
    data = json.dumps(doc, ensure_ascii=False)
    return f"id:{number}\nevent:{name}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[DashScope]:
    """A started DashScope, which ends with the block."""
    dashscope = DashScope()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"dashscope": dashscope}))
    dashscope.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield dashscope
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
