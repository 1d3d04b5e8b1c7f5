"""Spark's HTTP endpoint, checking what it is sent: the base of each model, the bearer, the fields and their ranges."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.fakevendor.xinghuo import KEY, SECRET, USAGE

PASSWORD: Final = "spark-password-canary-98765"
BEARERS: Final = (f"Bearer {PASSWORD}", f"Bearer {KEY}:{SECRET}")
SID: Final = "cha000@fake"
_FIELDS: Final = {
    *("model", "messages", "stream", "temperature", "top_p", "top_k", "max_tokens", "presence_penalty", "user"),
    *("frequency_penalty", "response_format", "tools", "tool_choice", "tool_calls_switch"),
}
_LIMITS: Final = {"lite": 4096, "generalv3": 8192, "generalv3.5": 8192, "4.0Ultra": 32768}
_TOOLS: Final = ("generalv3.5", "4.0Ultra")


def fault(path: str, body: Any) -> str:
    """What is wrong with a request, empty when nothing is."""
    model = body["model"]
    if path != "/v1/chat/completions" or model not in _LIMITS:
        return "path or model"
    if not set(body) <= _FIELDS or not 0 <= body.get("temperature", 1) <= 2 or not 0 < body.get("top_p", 1) <= 1:
        return "fields or ranges"
    if not 1 <= body.get("max_tokens", 1) <= _LIMITS[model]:
        return "max_tokens"
    if "tools" in body and (model not in _TOOLS or body.get("tool_calls_switch") is not True):
        return "tools"
    strings = all(isinstance(m["content"], str) or m.get("tool_calls") for m in body["messages"])
    systems = [place for place, m in enumerate(body["messages"]) if m["role"] == "system"]
    return "" if strings and systems in ([], [0]) else "messages"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["authorization"] not in BEARERS:
            wrong = {"message": "invalid user", "type": "api_error", "param": None, "code": None}
            return self._send(401, {"error": wrong})
        wrong_with = fault(self.path, body)
        if wrong_with:
            return self._send(200, {"code": 10005, "message": f"wrong: {wrong_with}", "sid": SID})
        last = body["messages"][-1]
        if last["content"].startswith("fault: "):
            return self._send(200, {"code": int(last["content"][7:]), "message": "as asked", "sid": SID})
        if body.get("tools") and last["role"] == "user":
            function = {"name": body["tools"][0]["function"]["name"], "arguments": '{"city":"合肥"}'}
            message = {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"type": "function", "id": "c1", "function": function}],
            }
        else:
            message = {"role": "assistant", "content": last["content"]}
        return self._stream(message) if body.get("stream") else self._send(200, _document(message))

    def _send(self, status: int, document: Any) -> None:
        data = json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, message: Any) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        text = message["content"]
        pieces = [text[start : start + 9] for start in range(0, len(text), 9)] or [""]
        for place, piece in enumerate(pieces):
            last = place == len(pieces) - 1
            delta = {**message, "content": piece}
            doc = {"code": 0, "message": "Success", "sid": SID, "id": SID, "created": 1719546385}
            doc |= {"choices": [{"delta": delta, "index": 0}], **({"usage": USAGE} if last else {})}
            self.wfile.write(b"data:" + json.dumps(doc, ensure_ascii=False).encode() + b"\n\n")
        self.wfile.write(b"data:[DONE]\n\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name for it
        """Nothing is printed."""


def _document(message: Any) -> Any:
    choices = [{"message": message, "index": 0}]
    return {"code": 0, "message": "Success", "sid": SID, "choices": choices, "usage": USAGE}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[str]:
    """The origin of a started endpoint, which ends with the block."""
    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
