"""Frames of Spark's WebSocket for tests, and what becomes of them."""

import json
from collections.abc import Iterable
from typing import Any

from app import render
from providers.types import Delta
from providers.vendor import Vendor, load_vendors

SOCKET, HTTP = load_vendors()["xinghuo"], load_vendors()["xinghuo-http"]
SID = "cht000cb087@dx18793cd421fb894542"


def frame(status: int, *texts: Any, usage: Any = None, **payload: Any) -> bytes:
    choices = {"status": status, "seq": 0, "text": list(texts)}
    payload = {"choices": choices, **payload} if texts else payload
    if usage:
        payload["usage"] = {"text": usage}
    head = {"code": 0, "message": "Success", "sid": SID, "status": status}
    return json.dumps({"header": head, "payload": payload}, ensure_ascii=False).encode()


def say(text: str, **more: Any) -> dict[str, Any]:
    return {"content": text, "role": "assistant", "index": 0, **more}


def failure(code: Any, message: str = "text of the vendor") -> bytes:
    return json.dumps({"header": {"code": code, "message": message, "sid": SID, "status": 2}}).encode()


COUNTS = {"question_tokens": 4, "prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}
ANSWER = [frame(0, say("你好，")), frame(1, say("有什么")), frame(2, say("吗？"), usage=COUNTS)]


def deltas(vendor: Vendor, pieces: Iterable[bytes]) -> list[Delta]:
    return list(vendor.decode(vendor.frame(iter(pieces))))


def folded(vendor: Vendor, pieces: Iterable[bytes]) -> Any:
    return render.fold(deltas(vendor, pieces), "m")
