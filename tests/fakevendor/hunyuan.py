"""A small Hunyuan, native and OpenAI surface, that checks what it is sent and echoes it. In threads of a test.

A user's text may be an order (see ``echo.py``); its error is one of the surface that is asked.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tests.fakevendor import echo
from tests.fakevendor import hunyuan_replies as replies
from tests.fakevendor import hunyuan_rules as rules
from tests.fakevendor.small import SmallHandler, event, serving

KEYS = {"secret_id": "AKIDexample", "secret_key": "secretexample"}
CONSOLE_KEY = "sk-example"


@dataclass(slots=True)
class Hunyuan:
    """``clock_s`` is how far its clock is off; ``seen`` holds every body, ``headers`` those of every request."""

    url: str = ""
    clock_s: float = 0.0
    seen: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(SmallHandler):
    """One request: checked, then answered."""

    hunyuan: Hunyuan

    def respond(self) -> None:
        raw = self.raw_body()
        with self.hunyuan.lock:
            self.hunyuan.seen.append(json.loads(raw))
            self.hunyuan.headers.append(self.fields)
        if "/v1/" in self.path:
            self.openai(json.loads(raw))
        else:
            self.native(raw, json.loads(raw))

    def native(self, raw: bytes, body: Any) -> None:
        headers, key = self.fields, {KEYS["secret_id"]: KEYS["secret_key"]}
        now = time.time() + self.hunyuan.clock_s
        refusal = rules.signature(headers, raw, key, now) if self.path == "/" else ("InvalidAction", self.path)
        if headers.get("x-tc-version") != "2023-09-01":
            refusal = refusal or ("NoSuchVersion", "The version does not exist.")
        if not refusal and headers["x-tc-action"] == "GetEmbedding":
            return self.embed(body)
        refusal = refusal or rules.chat(body)
        order = echo.ordered(None if refusal else body["Messages"][-1].get("Content"))
        if order.word == "FAIL":
            refusal = (order.code, order.message)
        if refusal:
            return self.answer({"RequestId": "r", "Error": {"Code": refusal[0], "Message": refusal[1]}})
        if not body["Stream"]:
            return self.answer(replies.plain(body))
        broken = [{**replies.head(), "ErrorMsg": {"Code": int(order.code), "Msg": order.message}}] if order.code else []
        return self.events(map(event, [*islice(replies.blocks(body), order.after), *broken]))

    def answer(self, inner: dict[str, Any]) -> None:
        self.document({"Response": inner})

    def embed(self, body: Any) -> None:
        texts = body.get("InputList") or [body["Input"]]
        if len(texts) > 50:
            return self.answer({"RequestId": "r", "Error": {"Code": "InvalidParameter", "Message": "InputList"}})
        rows = [{"Embedding": [float(len(text)), 0.5], "Index": 0, "Object": "embedding"} for text in texts]
        usage = {"PromptTokens": len(texts), "TotalTokens": len(texts)}
        return self.answer({"RequestId": "r", "Data": rows, "Usage": usage})

    def openai(self, body: Any) -> None:
        if self.fields.get("authorization") != f"Bearer {CONSOLE_KEY}":
            return self.document(refused("Incorrect API key provided", "invalid_api_key"), 401)
        if self.path.endswith("/embeddings"):
            if body.keys() != {"model", "input"}:
                return self.document(refused("unknown field", "1001"), 400)
            rows = [{"object": "embedding", "index": n, "embedding": [1.0]} for n, _ in enumerate(body["input"])]
            return self.document({"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        refusal, order = rules.openai(body), echo.ordered(body["messages"][-1]["content"])
        if refusal or order.word == "FAIL":
            return self.document(refused(*(refusal or (order.message, order.code))), 400)
        head = {"id": "i", "created": 1700549760, "model": body["model"], "note": replies.NOTE}
        text = echo.until(echo.text_of(body["messages"][-1]["content"]), body.get("stop"))
        if not body.get("stream"):
            return self.document(echo.whole(body, head, text))
        broken = [refused(order.message, order.code)] if order.code else []
        chunks = islice(echo.chunks(body, head, text, {"role": "assistant"}), order.after)
        done = [] if order.word else ["data: [DONE]\n\n"]
        return self.events([*map(event, [*chunks, *broken]), *done])


def refused(message: str, code: str) -> dict[str, Any]:
    return {"error": {"id": "e", "message": message, "type": "invalid_request_error", "param": None, "code": code}}


@contextmanager
def running() -> Iterator[Hunyuan]:
    """A started Hunyuan, which ends with the block."""
    hunyuan = Hunyuan()
    with serving(Handler, hunyuan=hunyuan) as hunyuan.url:
        yield hunyuan
