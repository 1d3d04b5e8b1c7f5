"""The small Qianfan's answers: each request checked, then an echo of its last message, to show what arrived.

A user's text may be an order (see ``echo.py``); its error is one of V1's numbers, or of V2's words.
"""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakevendor import echo
from tests.fakevendor.qianfan_rules import chat_fault, signature_fault, v2_fault
from tests.fakevendor.qianfan_state import IAM_SECRET, SECRET, V2_KEY, Qianfan
from tests.fakevendor.small import SmallHandler, event

V1_ROOT = "/rpc/2.0/ai_custom/v1/wenxinworkshop/"


class Handler(SmallHandler):
    """One request: checked, then answered."""

    qianfan: Qianfan

    def respond(self) -> None:
        raw, parts = self.raw_body(), urlsplit(self.path)
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
            self.document({"error_code": 3, "error_msg": "Unsupported openapi method"})

    def oauth(self, query: Mapping[str, str], raw: bytes) -> None:
        client = query.get("client_id", "")
        if (self.command, raw, query.get("grant_type")) != ("POST", b"", "client_credentials"):
            self.document({"error": "invalid_request", "error_description": "not as documented"}, 400)
        elif not client.startswith("fake-client-"):
            self.document({"error": "invalid_client", "error_description": "unknown client id"}, 401)
        elif query.get("client_secret") != SECRET:
            self.document({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        else:
            token, says_s = self.qianfan.new_token("24.", client)
            self.document({"access_token": token, "expires_in": says_s, "scope": "public", "session_key": "k"})

    def bearer(self) -> None:
        fault, key = self.signature()
        if fault:
            return self.document({"code": "IamSignatureInvalid", "message": fault, "requestId": "r"}, 400)
        token, says_s = self.qianfan.new_token("bce-v3/ALTAK-", key)
        times = [f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%dT%H:%M:%SZ}" for at in (0.0, says_s)]
        return self.document({"token": token, "status": "enable", "createTime": times[0], "expireTime": times[1]})

    def signature(self) -> tuple[str, str]:
        """What is wrong with the signature of a key pair, empty if nothing is, and whose it is."""
        parts, fields = urlsplit(self.path), self.fields
        key = [*fields.get("authorization", "").split("/"), "", ""][1]
        known = {key: IAM_SECRET} if key.startswith("ALTAKfake") else {}
        request = {"method": self.command, "path": parts.path, "query": parts.query}
        return signature_fault(request, fields, known, time.time()), key

    def v1(self, path: str, query: Mapping[str, str], body: Any) -> None:
        code = self.qianfan.token_code(query["access_token"]) if "access_token" in query else 0
        told = {110: "Access token invalid or no longer valid", 111: "Access token expired"}.get(code, "")
        if "access_token" not in query and (wrong := self.signature()[0]):
            code, told = 14, f"IAM Certification failed: {wrong}"
        operation, _, name = path.partition("/")
        if code:
            return self.document({"error_code": code, "error_msg": told})
        if operation == "embeddings":
            return self.embeddings(body)
        fault = chat_fault(name, body)
        if fault:
            self.qianfan.faults.append(fault[1])
        order = echo.ordered(None if fault else body["messages"][-1]["content"])
        if order.word == "FAIL":
            fault = (int(order.code), order.message)
        if fault:
            return self.document({"error_code": fault[0], "error_msg": fault[1], "id": "as-fault"})
        if not body.get("stream"):
            return self.document(v1_document(body, text_for(body), True))
        broken = {"error_code": int(order.code or 0), "error_msg": order.message, "id": "as-fault"}
        # In mid-stream an error comes as a line of its own, without "data:".
        ends = [json.dumps(broken, ensure_ascii=False) + "\n"] if order.code else []
        return self.events([*map(event, islice(v1_chunks(body), order.after)), *ends])

    def embeddings(self, body: Any) -> None:
        texts = body["input"]
        if not 0 < len(texts) <= 16 or body.keys() - {"input", "user_id"}:
            return self.document({"error_code": 336003, "error_msg": "input is out of range"})
        self.qianfan.embedded.append(len(texts))
        rows = [{"object": "embedding", "embedding": [float(len(t)), 0.5], "index": i} for i, t in enumerate(texts)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return self.document({"id": "as-e", "object": "embedding_list", "data": rows[::-1], "usage": usage})

    def v2(self, path: str, body: Any) -> None:
        key = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if key != V2_KEY and self.qianfan.token_code(key):
            return self.document(refused("invalid_iam_token", "invalid iam token"), 401)
        self.qianfan.appids[self.headers.get("appid")] += 1
        if path != "/v2/chat/completions":
            rows = [
                {"object": "embedding", "embedding": [float(len(t))], "index": i} for i, t in enumerate(body["input"])
            ]
            return self.document({"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        fault = v2_fault(body)
        if fault:
            self.qianfan.faults.append(fault[1])
        order = echo.ordered(None if fault else body["messages"][-1]["content"])
        if order.word == "FAIL":
            fault = (order.code, order.message)
        if fault:
            return self.document(refused(*fault), 400)
        head = {"id": "as-2", "created": 1717487283, "model": body["model"]}
        text = echo.text_of(body["messages"][-1]["content"])
        if not body.get("stream"):
            return self.document(v2_endless(echo.whole(body, head, text)))
        broken = [refused(order.code, order.message)] if order.code else []
        chunks = islice(map(v2_endless, echo.chunks(body, head, text, {})), order.after)
        done = [] if order.word else ["data: [DONE]\n\n"]
        return self.events([*map(event, [*chunks, *broken]), *done])


def refused(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "type": "invalid_request_error"}, "id": "as-x"}


def v2_endless(doc: dict[str, Any]) -> dict[str, Any]:
    """A document of V2 without its finish reason, and with usage everywhere, as the vendor's own fixtures are."""
    choices = [{**choice, "need_clear_history": False} for choice in doc["choices"]]
    for choice in choices:
        choice.pop("finish_reason", None)
    return {"usage": echo.USAGE, **doc, "object": "chat.completion", "choices": choices}


def text_for(body: Any) -> str:
    """What the model says: the last message's text, or nothing where a function is to be called."""
    last = body["messages"][-1]
    return "" if body.get("functions") and last["role"] == "user" else str(last["content"])


def v1_chunks(body: Any) -> Iterator[dict[str, Any]]:
    pieces = echo.pieces(text_for(body)) or [""]
    for place, piece in enumerate(pieces, 1):
        yield v1_document(body, piece, place == len(pieces))


def v1_document(body: Any, result: str, end: bool) -> dict[str, Any]:
    """A chunk or a whole document; "normal" stands in every one of them."""
    doc = {"id": "as-fake", "object": "chat.completion", "created": 1709089502, "is_end": end, "is_truncated": False}
    doc |= {"result": result, "need_clear_history": False, "finish_reason": "normal", "usage": echo.USAGE}
    if end and body.get("functions") and body["messages"][-1]["role"] == "user":
        name = body["functions"][0]["name"]
        doc["function_call"] = {"name": name, "thoughts": "想一想", "arguments": echo.ARGUMENTS}
    return doc
