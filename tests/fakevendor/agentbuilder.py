"""A small AgentBuilder that checks what it is sent and echoes the question. In threads of a test.

``fail:<number>`` in a question is a refusal, ``late:<number>`` one in mid-stream and ``cut`` an answer that breaks off.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "agent/secret+key="
APP = "AbCdEfGh01234567AbCdEfGh01234567"


@dataclass(slots=True)
class Agents:
    """``seen`` holds every body, ``faults`` what was wrong with them."""

    url: str = ""
    seen: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    agents: Agents

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        self.agents.seen.append(body)
        url = urlsplit(self.path)
        refusal = self.refusal({name: values[0] for name, values in parse_qs(url.query).items()}, body)
        question = body["message"]["content"]["value"]["showText"]
        if question.startswith("fail:"):
            refusal = refusal or (int(question[5:]), f"told of {question[5:]}")
        if refusal:
            return self.document({"status": refusal[0], "message": refusal[1], "logid": "1"})
        if url.path == "/assistant/conversation":
            return self.stream(question, body.get("threadId", "t1"))
        data = {"content": items(question), "threadId": body.get("threadId", "t1"), "msgId": "m1"}
        return self.document({"status": 0, "message": "succ", "logid": "1", "data": data})

    def refusal(self, query: dict[str, str], body: Any) -> tuple[int, str] | None:
        if query.get("secretKey") != KEY:
            return 13, f"invalid secretKey: {query.get('secretKey')}"
        if query.get("appId") != APP:
            return 11, "invalid appId"
        fault = malformed(body, query)
        if fault:
            self.agents.faults.append(fault)
        return (1000, fault) if fault else None

    def stream(self, question: str, thread: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream;charset=utf-8")
        self.send_header("connection", "close")
        self.end_headers()
        self.frame(None, thread)
        for start in range(0, len(question), 9):
            self.wfile.write(b"event:ping\n\n")
            data = {"text": question[start : start + 9], "type": "txt", "showType": "append"}
            item = {"sectionId": "1", "dataType": "markdown", "isFinished": False, "data": data}
            self.frame([item], thread)
        if question.startswith("late:"):
            told = {"status": int(question[5:]), "message": f"told of {question[5:]}", "logid": "1"}
            self.wfile.write(f"event:message\ndata:{json.dumps(told)}\n\n".encode())
        elif question != "cut":
            self.frame([], thread, end=True)
            self.frame([], thread)
        self.close_connection = True

    def frame(self, content: Any, thread: str, *, end: bool = False) -> None:
        message = {"content": content, "endTurn": end, "msgId": "m1", "threadId": thread}
        doc = {"status": 0, "message": "succ", "logid": "1", "data": {"message": message}}
        self.wfile.write(f"event:message\ndata:{json.dumps(doc, ensure_ascii=False)}\n\n".encode())

    def document(self, doc: dict[str, Any]) -> None:
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def items(question: str) -> list[dict[str, str]]:
    """The question in two items, whose data are texts as in whole answers."""
    half = len(question) // 2
    return [{"dataType": "markdown", "data": question[:half]}, {"dataType": "markdown", "data": question[half:]}]


def malformed(body: Any, query: dict[str, str]) -> str:
    """What is wrong with a body; empty when nothing is."""
    if body.keys() - {"threadId"} != {"message", "source", "from", "openId"}:
        return f"unknown or missing members: {sorted(body)}"
    if (body["source"], body["from"]) != (query["appId"], "openapi") or not body["openId"]:
        return "source, from or openId is wrong"
    content = body["message"]["content"]
    fits = content.keys() == {"type", "value"} and content["type"] == "text" and content["value"].keys() == {"showText"}
    return "" if fits and content["value"]["showText"].strip() else "the message is not a text"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[Agents]:
    """A started AgentBuilder, which ends with the block."""
    agents = Agents()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"agents": agents}))
    agents.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield agents
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
