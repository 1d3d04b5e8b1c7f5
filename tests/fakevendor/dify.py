"""A small Dify that checks what it is sent and echoes the question. In threads of a test.

Its keys are apps, one of each mode. ``fail:<status>:<code>`` in a question is a refusal, ``late:<status>:<code>`` one
in mid-stream, ``cut`` an answer that breaks off, ``bad`` one that moderation replaces, ``page`` the page of a proxy.
"""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from werkzeug.formparser import parse_form_data

from tests.fakevendor import dify_rules as rules

KEYS = {mode: f"app-key-of-a-{mode}-app" for mode in ("chat", "agent-chat", "advanced-chat", "completion", "workflow")}
"""Mode of an app to its key."""

MODES = {f"Bearer {key}": mode for mode, key in KEYS.items()}
CONVERSATION, MESSAGE = "c-1", "m-1"
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12, "total_price": "0.1", "latency": 1.5}
REPLACED = "This is not shown."


@dataclass(slots=True)
class Dify:
    """``seen`` holds every body, ``faults`` what was wrong, ``files`` the uploads by id: user, name, type, bytes."""

    url: str = ""
    seen: list[Any] = field(default_factory=list)
    faults: list[rules.Refusal] = field(default_factory=list)
    files: dict[str, tuple[str, str, str, bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def users(self) -> dict[str, str]:
        """Id of an upload to its user."""
        return {identity: user for identity, (user, *_) in self.files.items()}


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    dify: Dify

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        mode = MODES.get(self.headers.get("authorization", ""))
        if mode is None:
            return self.refuse(401, "unauthorized", "Access token is invalid")
        if self.path == "/v1/files/upload":
            return self.upload(raw)
        body = json.loads(raw)
        self.dify.seen.append(body)
        text = body.get("query") or body.get("inputs", {}).get("topic") or ""
        refusal = rules.refusal(mode, self.path.removeprefix("/v1"), body, self.dify.users)
        if refusal and "blocking mode" not in refusal[2]:
            self.dify.faults.append(refusal)
        if text.startswith("fail:"):
            refusal = refusal or (int(text.split(":")[1]), text.split(":")[2], f"told of {text.split(':')[2]}")
        if body.get("conversation_id") not in (None, "", CONVERSATION):
            refusal = refusal or (404, "not_found", "Conversation Not Exists.")
        if refusal:
            return self.refuse(*refusal)
        if text == "page":
            return self.send(403, "text/html", b"<html><title>Just a moment</title></html>")
        return self.stream(mode, text) if body["response_mode"] == "streaming" else self.whole(mode, text)

    def upload(self, raw: bytes) -> None:
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": self.headers["content-type"],
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw),
        }
        _, form, files = parse_form_data(environ)
        file = files.get("file")
        if file is None or not form.get("user") or "." not in (file.filename or ""):
            self.dify.faults.append((400, "no_file_uploaded", "Please upload your file."))
            return self.refuse(*self.dify.faults[-1])
        data = file.read()
        file.close()
        if data == b"too large":
            return self.refuse(413, "file_too_large", "File size exceeded.")
        with self.dify.lock:
            identity = f"f-{len(self.dify.files) + 1}"
            self.dify.files[identity] = (form["user"], str(file.filename), file.mimetype, data)
        return self.document({"id": identity, "name": file.filename, "size": len(data)}, 201)

    def whole(self, mode: str, text: str) -> None:
        if mode == "workflow":
            data = {"id": "r", "status": "succeeded", "outputs": {"text": text}, "error": None, "total_tokens": 12}
            return self.document({"workflow_run_id": "r-1", "task_id": "t", "data": {**data, "created_at": 1705407629}})
        answer = REPLACED if text == "bad" else text
        told = {"answer": answer, "metadata": {"usage": USAGE, "retriever_resources": []}, "created_at": 1705407629}
        ids = {"task_id": "t", "id": MESSAGE, "message_id": MESSAGE, "conversation_id": CONVERSATION}
        return self.document({"event": "message", **ids, "mode": mode, **told})

    def stream(self, mode: str, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b"event: ping\n\n")
        events = workflow(text) if mode == "workflow" else chat(mode, text)
        for event in events:
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

    def refuse(self, status: int, code: str, message: str) -> None:
        self.document({"code": code, "message": message, "status": status}, status)

    def document(self, doc: dict[str, Any], status: int = 200) -> None:
        self.send(status, "application/json", json.dumps(doc).encode())

    def send(self, status: int, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def chat(mode: str, text: str) -> Iterator[dict[str, Any]]:
    """The events of an answer of an app of this mode."""
    about = {"conversation_id": CONVERSATION, "message_id": MESSAGE, "created_at": 1705407629, "task_id": "t"}
    name = "agent_message" if mode == "agent-chat" else "message"
    if mode == "agent-chat":
        yield {"event": "agent_thought", **about, "position": 1, "thought": text, "tool": "", "observation": ""}
    if mode == "advanced-chat":
        yield {"event": "workflow_started", **about, "workflow_run_id": "r-1", "data": {"id": "r"}}
    for start in range(0, len(text), 9):
        yield {"event": name, **about, "id": MESSAGE, "answer": text[start : start + 9]}
    if text == "bad":
        yield {"event": "message_replace", **about, "answer": REPLACED}
    if text.startswith("late:"):
        _, status, code = text.split(":")
        yield {"event": "error", **about, "status": int(status), "code": code, "message": f"told of {code}"}
        return
    if text == "cut":
        return
    if mode == "advanced-chat":
        data = {"id": "r", "status": "succeeded", "outputs": {"answer": text}, "total_tokens": 12}
        yield {"event": "workflow_finished", **about, "workflow_run_id": "r-1", "data": data}
    yield {"event": "message_end", **about, "id": MESSAGE, "metadata": {"usage": USAGE}}


def workflow(text: str) -> Iterator[dict[str, Any]]:
    """The events of a workflow app's run."""
    about = {"task_id": "t", "workflow_run_id": "r-1"}
    yield {"event": "workflow_started", **about, "data": {"id": "r", "created_at": 1705407629}}
    for start in range(0, len(text), 9):
        yield {"event": "text_chunk", **about, "data": {"text": text[start : start + 9]}}
    if text == "cut":
        return
    failed = text.startswith("late:")
    data = {"id": "r", "status": "failed" if failed else "succeeded", "outputs": {"text": text}, "total_tokens": 12}
    yield {"event": "workflow_finished", **about, "data": {**data, "error": f"told of {text[5:]}" if failed else None}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[Dify]:
    """A started Dify, which ends with the block."""
    dify = Dify()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"dify": dify}))
    dify.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield dify
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
