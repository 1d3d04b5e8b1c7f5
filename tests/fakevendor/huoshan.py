"""A small Ark that checks what it is sent: access keys and their exchange, keys and their ends, bodies. In threads.

It echoes the last message. ``fail:<status>:<code>`` in it is a refusal, ``late:<code>`` an error in mid-stream and
``cut`` an answer that breaks off.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakevendor import huoshan_rules as rules
from tests.fakevendor.huoshan_replies import about_bot, called, calls, deltas, end, head, said
from tests.fakevendor.huoshan_state import API_KEY, PAIR, REFERENCE, THOUGHT, Ark

__all__ = ["API_KEY", "PAIR", "REFERENCE", "THOUGHT", "Ark", "running"]


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    ark: Ark

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path.startswith("/?"):
            self.exchange(raw, headers)
        else:
            self.data_plane(json.loads(raw), headers)

    def exchange(self, raw: bytes, headers: dict[str, str]) -> None:
        now = time.time() + self.ark.clock_s
        pairs = {PAIR["access_key"]: PAIR["secret_key"]}
        refusal = rules.signature(self.path, headers, raw, pairs, now) or rules.key_request(json.loads(raw))
        if self.path != "/?Action=GetApiKey&Version=2024-01-01":
            refusal = refusal or (404, "InvalidActionOrVersion", "no such action")
        if self.ark.exchange_fails:
            refusal = refusal or (500, "InternalError", "the control plane is down")
        if refusal:
            status, code, message = refusal
            return self.document({"ResponseMetadata": {"Error": {"Code": code, "Message": message}}}, status)
        key, end = self.ark.new_key(json.loads(raw)["ResourceIds"][0])
        meta = {"RequestId": "r", "Action": "GetApiKey", "Version": "2024-01-01", "Service": "ark"}
        return self.document({"ResponseMetadata": meta, "Result": {"ApiKey": key, "ExpiredTime": end}})

    def data_plane(self, body: Any, headers: dict[str, str]) -> None:
        model, bot = body["model"], "/bots/" in self.path
        if self.ark.refuses(headers.get("authorization", "").removeprefix("Bearer "), model):
            message = "The API key in the request is missing or invalid. Request id: 0217"
            return self.refuse(401, "AuthenticationError", message)
        refusal = rules.embeddings(self.path, body) if "/embeddings" in self.path else rules.chat(body)
        if bot is not model.startswith("bot-") or not self.path.startswith("/api/v3/"):
            refusal = refusal or (404, "InvalidEndpointOrModel.NotFound", f"{model} does not exist at {self.path}")
        if refusal:
            self.ark.faults.append(refusal)
            return self.refuse(*refusal)
        if "/embeddings" in self.path:
            return self.embed(body)
        return self.chat(body, bot)

    def chat(self, body: Any, bot: bool) -> None:
        with self.ark.lock:
            self.ark.chats += 1
        text = said(body)
        if text.startswith("fail:"):
            _, status, code = text.split(":")
            return self.refuse(int(status), code, f"told of {code}")
        if body.get("stream"):
            return self.stream(body, text, bot)
        counts = {
            "prompt_tokens": 0 if bot else 4,
            "completion_tokens": 0 if bot else 5,
            "total_tokens": 0 if bot else 9,
        }
        message: dict[str, Any] = {"role": "assistant", "content": "" if calls(body) else text}
        if calls(body):
            message["tool_calls"] = [{"id": "call_ark", "type": "function", "function": called(body)}]
        if "thinking" in body or "reasoning_effort" in body:
            message["reasoning_content"] = THOUGHT
        choice = {"finish_reason": end(body), "index": 0, "logprobs": None, "message": message}
        doc = {**head("chat.completion"), "choices": [choice], "usage": counts, **(about_bot() if bot else {})}
        if text == "cut":
            return self.raw(json.dumps(doc)[:-20].encode())
        return self.document(doc)

    def stream(self, body: Any, text: str, bot: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("connection", "close")
        self.end_headers()
        for delta in deltas(body, text):
            self.event({**head("chat.completion.chunk"), "choices": [delta], "usage": None})
        if text.startswith("late:"):
            code = text.partition(":")[2]
            self.event({"error": {"code": code, "message": f"told of {code}", "param": "", "type": "x"}})
        elif text != "cut":
            last = {"delta": {"content": "", "role": "assistant"}, "finish_reason": end(body), "index": 0}
            if bot:
                self.event({**head("chat.completion.chunk"), "choices": [], "references": [REFERENCE]})
            self.event({**head("chat.completion.chunk"), "choices": [last], "usage": None})
            if (body.get("stream_options") or {}).get("include_usage"):
                usage = {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9}
                told = about_bot() if bot else {"usage": usage}
                self.event({**head("chat.completion.chunk"), "choices": [], **told})
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def embed(self, body: Any) -> None:
        vectors = [
            {"object": "embedding", "index": n, "embedding": [float(len(str(item)))]}
            for n, item in enumerate(body["input"])
        ]
        data = vectors[0] if self.path.endswith("/multimodal") else vectors
        self.document({"id": "i", "object": "list", "data": data, "usage": {"prompt_tokens": 2, "total_tokens": 2}})

    def event(self, doc: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(doc, ensure_ascii=False)}\n\n".encode())

    def refuse(self, status: int, code: str, message: str) -> None:
        self.document({"error": {"code": code, "message": message, "param": "", "type": "BadRequest"}}, status)

    def document(self, doc: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def raw(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(data) + 20))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[Ark]:
    """A started Ark, which ends with the block."""
    ark = Ark()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"ark": ark}))
    ark.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield ark
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
