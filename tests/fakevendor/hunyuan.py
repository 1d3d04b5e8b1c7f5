"""A small Hunyuan, native and OpenAI surface, that checks what it is sent and echoes it. In threads of a test."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakevendor import hunyuan_rules as rules

KEYS = {"secret_id": "AKIDexample", "secret_key": "secretexample"}
CONSOLE_KEY = "sk-example"
NOTE = "以上内容为AI生成，不代表开发者立场，请勿删除或修改本标记"
CALL_ID = "call_cq154vk2c3m1v7ep3530"


@dataclass(slots=True)
class Hunyuan:
    """``clock_s`` is how far its clock is off; ``seen`` holds every body; ``most`` the requests it had at once."""

    url: str = ""
    clock_s: float = 0.0
    seen: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    hunyuan: Hunyuan

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.hunyuan.lock:
            self.hunyuan.seen.append(json.loads(raw))
            self.hunyuan.headers.append(headers)
            self.hunyuan.now += 1
            self.hunyuan.most = max(self.hunyuan.most, self.hunyuan.now)
        try:
            self.openai(headers, json.loads(raw)) if "/v1/" in self.path else self.native(headers, raw)
        finally:
            with self.hunyuan.lock:
                self.hunyuan.now -= 1

    def native(self, headers: dict[str, str], raw: bytes) -> None:
        now = time.time() + self.hunyuan.clock_s
        key = {KEYS["secret_id"]: KEYS["secret_key"]}
        refusal = rules.signature(headers, raw, key, now) if self.path == "/" else ("InvalidAction", self.path)
        body = json.loads(raw)
        if headers.get("x-tc-version") != "2023-09-01":
            refusal = refusal or ("NoSuchVersion", "The version does not exist.")
        if not refusal and headers["x-tc-action"] == "GetEmbedding":
            return self.embed(body)
        refusal = refusal or rules.chat(body)
        if refusal:
            return self.answer({"RequestId": "r", "Error": {"Code": refusal[0], "Message": refusal[1]}})
        time.sleep(0.02)
        return self.stream(body) if body["Stream"] else self.plain(body)

    def answer(self, inner: dict[str, Any]) -> None:
        self.document({"Response": inner})

    def document(self, doc: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def embed(self, body: Any) -> None:
        texts = body.get("InputList") or [body["Input"]]
        if len(texts) > 50:
            return self.answer({"RequestId": "r", "Error": {"Code": "InvalidParameter", "Message": "InputList"}})
        rows = [{"Embedding": [float(len(text)), 0.5], "Index": 0, "Object": "embedding"} for text in texts]
        usage = {"PromptTokens": len(texts), "TotalTokens": len(texts)}
        return self.answer({"RequestId": "r", "Data": rows, "Usage": usage})

    def plain(self, body: Any) -> None:
        message: dict[str, Any] = {"Role": "assistant", "Content": said(body)}
        if calls(body):
            called = {"Name": body["Tools"][0]["Function"]["Name"], "Arguments": '{"location":"深圳"}'}
            message["ToolCalls"] = [{"Type": "function", "Function": called, "Index": 0}]
        choice = {"Index": 0, "Message": message, "FinishReason": "tool_calls" if calls(body) else "stop"}
        self.answer({**head(), "RequestId": "r", "Choices": [choice], "Usage": usage(9)})

    def stream(self, body: Any) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("x-tc-requestid", "r")
        self.send_header("connection", "close")
        self.end_headers()
        for number, (delta, word) in enumerate(deltas(body)):
            choice = {"FinishReason": word, "Delta": {"Role": "assistant", "Content": "", **delta}}
            doc = {**head(), "Choices": [choice], "Usage": usage(number)}
            self.wfile.write(f"data: {json.dumps(doc, ensure_ascii=False)}\n\n".encode())
        self.close_connection = True

    def openai(self, headers: dict[str, str], body: Any) -> None:
        if headers.get("authorization") != f"Bearer {CONSOLE_KEY}":
            return self.refuse(401, "Incorrect API key provided", "invalid_api_key")
        if self.path.endswith("/embeddings"):
            rows = [{"object": "embedding", "index": n, "embedding": [1.0]} for n, _ in enumerate(body["input"])]
            return self.document({"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        refusal = rules.turns([(message["role"], message["content"]) for message in body["messages"]])
        if refusal or not 1 <= body.get("seed", 1) <= 10_000:
            return self.refuse(400, refusal[1] if refusal else "seed", "1001")
        message = {"role": "assistant", "content": until(str(body["messages"][-1]["content"]), body.get("stop"))}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        counts = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        return self.document({"id": "i", "created": 7, "note": NOTE, "choices": [choice], "usage": counts})

    def refuse(self, status: int, message: str, code: str) -> None:
        error = {"id": "e", "message": message, "type": "invalid_request_error", "param": None, "code": code}
        self.document({"error": error}, status)


def head() -> dict[str, Any]:
    return {"Note": NOTE, "Created": 1700549760, "Id": "148b89ef-14e1-489f-8e70-b767e5b27d56"}


def usage(completion: int) -> dict[str, int]:
    return {"PromptTokens": 4, "CompletionTokens": completion, "TotalTokens": 4 + completion}


def calls(body: Any) -> bool:
    """Whether the answer is a call: tools are there and their result is not yet."""
    return bool(body.get("Tools")) and body["Messages"][-1]["Role"] == "user" and body.get("ToolChoice") != "none"


def said(body: Any) -> str:
    """The last message's text and the size of its images, up to and with a stop text, as this vendor does."""
    last = body["Messages"][-1]
    if calls(body):
        return "先查一下。"
    parts = last.get("Contents") or [{"Type": "text", "Text": last["Content"]}]
    told = [part["Text"] if part["Type"] == "text" else _seen(part["ImageUrl"]["Url"]) for part in parts]
    return until("".join(told), body.get("Stop"))


def _seen(url: str) -> str:
    kind, _, data = url.partition(";base64,")
    return f"[{kind.removeprefix('data:')} {len(base64.b64decode(data))}]" if data else f"[{url}]"


def until(text: str, stop: Any) -> str:
    """The text up to the end of the first stop in it."""
    stops = [stop] if isinstance(stop, str) else stop or []
    ends = [text.find(one) + len(one) for one in stops if one in text]
    return text[: min(ends)] if ends else text


def deltas(body: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The pieces of a stream, each with its finish reason."""
    text = said(body)
    if calls(body):
        name = body["Tools"][0]["Function"]["Name"]
        for piece, called in (("", name), ('{"location":', ""), ('"深圳"}', "")):
            function = {"Name": called, "Arguments": piece}
            yield {"ToolCalls": [{"Id": CALL_ID, "Type": "function", "Function": function}]}, ""
    for start in range(0, len(text), 7):
        yield {"Content": text[start : start + 7]}, ""
    yield {}, "tool_calls" if calls(body) else "stop"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def running() -> Iterator[Hunyuan]:
    """A started Hunyuan, which ends with the block."""
    hunyuan = Hunyuan()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"hunyuan": hunyuan}))
    hunyuan.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hunyuan
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
