"""A small MiniMax, in all its protocols, that checks what it is sent and echoes it. In threads of a test."""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakevendor import minimax_rules as rules

KEY = "minimax-example-key"
GROUP = "1234567890"
THOUGHTS = "<think>\n想一想\n</think>\n\n"
FINE = {"input_sensitive": False, "output_sensitive": False, "base_resp": {"status_code": 0, "status_msg": ""}}


@dataclass(slots=True)
class MiniMax:
    """``seen`` holds every address and body; ``code`` is an error that every request gets, 0 for none."""

    url: str = ""
    code: int = 0
    seen: list[tuple[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    minimax: MiniMax

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        with self.minimax.lock:
            self.minimax.seen.append((self.path, body))
        parts = urlsplit(self.path)
        refusal = self.refusal(parts.path, parse_qs(parts.query), body)
        time.sleep(0.02)
        if parts.path == "/v1/chat/completions":
            return self.openai(refusal, body)
        if refusal:
            return self.refuse(refusal)
        if parts.path == "/v1/embeddings":
            vectors = [[float(len(text)), 0.5] for text in body["texts"]]
            return self.document({"vectors": vectors, "total_tokens": len(vectors), "base_resp": FINE["base_resp"]})
        answer = pro_packets(body) if parts.path.endswith("_pro") else openai_chunks(body, said(body))
        return self.stream(answer) if body.get("stream") else self.document(list(answer)[-1])

    def refusal(self, path: str, query: dict[str, list[str]], body: Any) -> rules.Refusal:
        headers = {name.lower(): value for name, value in self.headers.items()}
        refusal = rules.key(headers, {KEY: GROUP})
        if refusal or self.minimax.code:
            return refusal or (self.minimax.code, "as the test wants")
        if path.endswith(("_pro", "/embeddings")):
            refusal = rules.group(headers, {KEY: GROUP}, query)
        if path == "/v1/embeddings":
            fine = isinstance(body["texts"], list) and body["type"] in ("db", "query")
            return refusal or (None if fine else (2013, "invalid params"))
        return refusal or (rules.pro(body) if path.endswith("_pro") else rules.openai(body, path.endswith("_v2")))

    def openai(self, refusal: rules.Refusal, body: Any) -> None:
        if refusal:
            code, message = refusal
            status = 401 if code in (1004, 2049) else 400
            error = {"type": "bad_request_error", "message": f"{message} ({code})", "http_code": str(status)}
            return self.document({"type": "error", "error": error, "request_id": "r"}, status)
        chunks = openai_chunks(body, THOUGHTS + said(body))
        return self.stream(chunks, done=True) if body.get("stream") else self.document(list(chunks)[-1])

    def refuse(self, refusal: tuple[int, str]) -> None:
        told = {"status_code": refusal[0], "status_msg": refusal[1]}
        self.document({"created": 0, "model": "m", "reply": "", "choices": None, "vectors": None, "base_resp": told})

    def document(self, doc: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("trace-id", "t")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, docs: Iterable[dict[str, Any]], done: bool = False) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for doc in docs:
            if doc.get("object") != "whole":
                self.wfile.write(f"data: {json.dumps(doc, ensure_ascii=False)}\n\n".encode())
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


def said(body: Any) -> str:
    """What the model says: the last message's text, and how many images came with it."""
    last = body["messages"][-1]
    content = last.get("text", last.get("content"))
    if isinstance(content, str):
        return content
    images = sum(part["type"] == "image_url" for part in content)
    return "".join(part["text"] for part in content if part["type"] == "text") + f"[{images} images]"


def pro_packets(body: Any) -> Iterator[dict[str, Any]]:
    """Pieces, and a last packet that holds the whole again; the last one alone is the plain answer."""
    calls = body.get("functions") and body["messages"][-1]["sender_type"] == "USER"
    text = "" if calls else said(body)[: body["tokens_to_generate"]]
    bot = {"sender_type": "BOT", "sender_name": body["reply_constraints"]["sender_name"]}
    for start in range(0, len(text), 9):
        piece = {**bot, "text": text[start : start + 9]}
        yield {"created": 1689747645, "model": body["model"], "reply": "", "choices": [{"messages": [piece]}]}
    message: dict[str, Any] = {**bot, "text": text}
    if calls:
        message["function_call"] = {"name": body["functions"][0]["name"], "arguments": '{"city":"北京"}'}
    word = "stop" if len(said(body)) <= body["tokens_to_generate"] else "max_output"
    choice = {"finish_reason": word, "messages": [message]}
    head = {"created": 1689747645, "model": body["model"], "reply": text, "id": "0106b8ed"}
    call = {"function_call": message["function_call"]} if calls else {}
    yield {**head, **call, "choices": [choice], "usage": {"total_tokens": 187}, **FINE}


def openai_chunks(body: Any, text: str) -> Iterator[dict[str, Any]]:
    """Chunks with this vendor's extras; the last one, which no stream shows, is the plain answer."""
    called = body.get("tools") and body["messages"][-1]["role"] == "user"
    head = {"id": "04ecb6e7", "created": 1755153383, "model": body["model"], "object": "chat.completion.chunk"}
    extra: dict[str, Any] = {"name": "MiniMax AI", "audio_content": ""}
    for number, start in enumerate(range(0, len(text), 5)):
        delta = {"role": "" if number else "assistant", "content": text[start : start + 5], **extra}
        yield {**head, "choices": [{"index": 0, "delta": delta}], "usage": {"total_tokens": 0}}
    calls = []
    if called:
        function = {"name": body["tools"][0]["function"]["name"], "arguments": '{"city":"北京"}'}
        calls = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
    word = "tool_calls" if called else "stop"
    last = {"content": "", "role": "", **extra, **({"tool_calls": calls} if calls else {})}
    counts = {"total_tokens": 9, "prompt_tokens": 4, "completion_tokens": 5}
    yield {**head, "choices": [{"index": 0, "delta": last, "finish_reason": word}], "usage": counts}
    message = {**last, "role": "assistant", "content": text}
    yield {
        **head,
        "object": "whole",
        "choices": [{"index": 0, "message": message, "finish_reason": word}],
        "usage": counts,
        **FINE,
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[MiniMax]:
    """A started MiniMax, which ends with the block."""
    minimax = MiniMax()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"minimax": minimax}))
    minimax.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield minimax
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
