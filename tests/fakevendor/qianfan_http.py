"""The small Qianfan's answers: each request checked, then an echo of its last message, to show what arrived."""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakevendor.qianfan_rules import chat_fault, signature_fault, v2_fault
from tests.fakevendor.qianfan_state import IAM_PAIR, PAIR, V2_KEY, Qianfan

V1_ROOT = "/rpc/2.0/ai_custom/v1/wenxinworkshop/"


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered."""

    protocol_version = "HTTP/1.1"
    qianfan: Qianfan

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        del format, args

    def do_GET(self) -> None:
        self.dispatch()

    def do_POST(self) -> None:
        self.dispatch()

    def dispatch(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/oauth/2.0/token":
            self.oauth(query, raw)
        elif parts.path == "/v1/BCE-BEARER/token":
            self.bearer()
        elif parts.path.startswith(V1_ROOT):
            self.v1(parts.path.removeprefix(V1_ROOT), query, json.loads(raw))
        elif parts.path.startswith("/v2/"):
            self.v2(parts.path, json.loads(raw))
        else:
            self.page()

    def page(self) -> None:
        data = b"<html><head><title>404 Not Found</title></head></html>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, doc: Mapping[str, Any], status: int = 200) -> None:
        data = json.dumps(doc, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def oauth(self, query: Mapping[str, str], raw: bytes) -> None:
        good = (self.command, raw, query.get("grant_type")) == ("POST", b"", "client_credentials")
        if not good:
            return self.answer({"error": "invalid_request", "error_description": "not as documented"}, 400)
        if query.get("client_id") != PAIR["api_key"]:
            return self.answer({"error": "invalid_client", "error_description": "unknown client id"}, 401)
        if query.get("client_secret") != PAIR["secret_key"]:
            return self.answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        token, lifetime_s = self.qianfan.new_token("24.")
        return self.answer({"access_token": token, "expires_in": lifetime_s, "scope": "public", "session_key": "k"})

    def bearer(self) -> None:
        fault = self.signature()
        if fault:
            return self.answer({"code": "IamSignatureInvalid", "message": fault, "requestId": "r"}, 400)
        token, lifetime_s = self.qianfan.new_token("bce-v3/ALTAK-")
        began = time.time()
        times = [
            datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            for at in (began, began + lifetime_s)
        ]
        return self.answer({"token": token, "status": "enable", "createTime": times[0], "expireTime": times[1]})

    def signature(self) -> str:
        headers = {name.lower(): value for name, value in self.headers.items()}
        parts = urlsplit(self.path)
        request = {"method": self.command, "path": parts.path, "query": parts.query}
        return signature_fault(request, headers, {IAM_PAIR["access_key"]: IAM_PAIR["secret_key"]}, time.time())

    def v1(self, path: str, query: Mapping[str, str], body: Any) -> None:
        code = self.qianfan.token_code(query["access_token"]) if "access_token" in query else 0
        told = {110: "Access token invalid or no longer valid", 111: "Access token expired"}.get(code, "")
        if "access_token" not in query and self.signature():
            code, told = 14, f"IAM Certification failed: {self.signature()}"
        if code:
            return self.answer({"error_code": code, "error_msg": told})
        operation, _, name = path.partition("/")
        if operation == "embeddings":
            return self.embeddings(body)
        fault = chat_fault(name, body)
        if fault:
            self.qianfan.faults.append(fault[1])
            return self.answer({"error_code": fault[0], "error_msg": fault[1], "id": "as-fault"})
        with self.qianfan.lock:
            self.qianfan.chats += 1
        return self.v1_stream(body) if body.get("stream") else self.answer(v1_document(body, text_for(body), True))

    def v1_stream(self, body: Any) -> None:
        text = text_for(body)
        pieces = [text[i : i + 7] for i in range(0, len(text), 7)] or [""]
        docs = [v1_document(body, piece, place == len(pieces) - 1) for place, piece in enumerate(pieces)]
        self.stream(f"data: {json.dumps(doc, ensure_ascii=False)}\n\n" for doc in docs)

    def stream(self, events: Iterable[str]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(event.encode())
        self.close_connection = True

    def embeddings(self, body: Any) -> None:
        texts = body["input"]
        if not 0 < len(texts) <= 16 or body.keys() - {"input", "user_id"}:
            return self.answer({"error_code": 336003, "error_msg": "input is out of range"})
        self.qianfan.embedded.append(len(texts))
        rows = [
            {"object": "embedding", "embedding": [float(len(text)), 0.5], "index": i} for i, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return self.answer({"id": "as-e", "object": "embedding_list", "created": 1, "data": rows[::-1], "usage": usage})

    def v2(self, path: str, body: Any) -> None:
        key = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if key != V2_KEY and (key not in self.qianfan.tokens or self.qianfan.token_code(key)):
            return self.refuse(401, "invalid_iam_token", "invalid iam token")
        self.qianfan.appids.add(self.headers.get("appid"))
        if path != "/v2/chat/completions":
            rows = [
                {"object": "embedding", "embedding": [float(len(t))], "index": i} for i, t in enumerate(body["input"])
            ]
            return self.answer({"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        fault = v2_fault(body)
        if fault:
            self.qianfan.faults.append(fault[1])
            return self.refuse(400, *fault)
        text = str(body["messages"][-1]["content"])
        head = {"id": "as-2", "object": "chat.completion", "created": 1717487283, "model": body["model"]}
        usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "need_clear_history": False}
            return self.answer({**head, "choices": [choice], "usage": usage})
        deltas = [{"index": 0, "delta": {"content": letter}, "is_end": False} for letter in text]
        docs = [json.dumps({**head, "choices": [delta], "usage": usage}, ensure_ascii=False) for delta in deltas]
        return self.stream(f"data: {doc}\n\n" for doc in (*docs, "[DONE]"))

    def refuse(self, status: int, code: str, message: str) -> None:
        self.answer(
            {"error": {"code": code, "message": message, "type": "invalid_request_error"}, "id": "as-x"}, status
        )


def text_for(body: Any) -> str:
    """What the model says: the last message's text, or nothing where a function is to be called."""
    last = body["messages"][-1]
    return "" if body.get("functions") and last["role"] == "user" else str(last["content"])


def v1_document(body: Any, result: str, end: bool) -> dict[str, Any]:
    """A chunk or a whole document; "normal" stands in every one of them."""
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    doc = {"id": "as-fake", "object": "chat.completion", "created": 1709089502, "is_end": end, "is_truncated": False}
    doc |= {"result": result, "need_clear_history": False, "finish_reason": "normal", "usage": usage}
    if end and body.get("functions") and body["messages"][-1]["role"] == "user":
        name = body["functions"][0]["name"]
        doc["function_call"] = {"name": name, "thoughts": "想一想", "arguments": '{"city":"北京"}'}
    return doc
