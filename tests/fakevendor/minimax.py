"""A small MiniMax, in all its protocols, that checks what it is sent and echoes it. In threads of a test.

A user's text may be an order (see ``echo.py``); its error is a number of the vendor's, in the form of the protocol.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.fakevendor import echo
from tests.fakevendor import minimax_rules as rules
from tests.fakevendor.small import SmallHandler, event, serving

KEY = "minimax-example-key"
GROUP = "1234567890"
THOUGHTS = "<think>\n想一想\n</think>\n\n"
FINE = {"input_sensitive": False, "output_sensitive": False, "base_resp": {"status_code": 0, "status_msg": ""}}
PRO_TOKENS = 187


@dataclass(slots=True)
class MiniMax:
    """``seen`` holds every address and body."""

    url: str = ""
    seen: list[tuple[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(SmallHandler):
    """One request: checked, then answered."""

    minimax: MiniMax

    def respond(self) -> None:
        body = orjson.loads(self.raw_body())
        with self.minimax.lock:
            self.minimax.seen.append((self.path, body))
        parts = urlsplit(self.path)
        refusal = self.refusal(parts.path, parse_qs(parts.query), body)
        order = echo.ordered(None if refusal else last_text(body))
        if order.word == "FAIL":
            refusal = (int(order.code), order.message)
        if parts.path == "/v1/chat/completions":
            self.openai(refusal, order, body)
        elif refusal:
            self.document(failed(refusal))
        elif parts.path == "/v1/embeddings":
            vectors = [[float(len(text)), 0.5] for text in body["texts"]]
            self.document({"vectors": vectors, "total_tokens": len(vectors), "base_resp": FINE["base_resp"]})
        elif parts.path.endswith("_pro"):
            self.reply(body, order, pro_packets(body), [*pro_packets(body)][-1])
        else:
            extra = {"name": "MiniMax AI", "audio_content": ""}
            document = {**echo.whole(body, head(body), text_for(body), extra), **FINE}
            self.reply(body, order, zero_usage(echo.chunks(body, head(body), text_for(body), extra)), document)

    def refusal(self, path: str, query: dict[str, list[str]], body: Any) -> rules.Refusal:
        keys = {KEY: GROUP}
        refusal = rules.key(self.fields, keys)
        if not refusal and path.endswith(("_pro", "/embeddings")):
            refusal = rules.group(self.fields, keys, query)
        if path == "/v1/embeddings":
            fine = isinstance(body["texts"], list) and body["type"] in ("db", "query")
            return refusal or (None if fine else (2013, "invalid params"))
        return refusal or (rules.pro(body) if path.endswith("_pro") else rules.openai(body, path.endswith("_v2")))

    def reply(self, body: Any, order: echo.Order, packets: Iterator[Any], document: Any) -> None:
        """An answer of one of the two older protocols, without ``[DONE]``."""
        if not body.get("stream"):
            return self.document(document)
        broken = [failed((int(order.code), order.message))] if order.code else []
        return self.events(map(event, [*islice(packets, order.after), *broken]))

    def openai(self, refusal: rules.Refusal, order: echo.Order, body: Any) -> None:
        if refusal:
            return self.document(failed_openai(*refusal), 401 if refusal[0] in (1004, 2049) else 400)
        text = THOUGHTS + text_for(body)
        if not body.get("stream"):
            return self.document({**echo.whole(body, head(body), text), **FINE})
        broken = [failed_openai(int(order.code), order.message)] if order.code else []
        chunks = islice(echo.chunks(body, head(body), text, {"role": ""}), order.after)
        done = [] if order.word else ["data: [DONE]\n\n"]
        return self.events([*map(event, [*chunks, *broken]), *done])


def failed(refusal: tuple[int, str]) -> dict[str, Any]:
    told = {"status_code": refusal[0], "status_msg": refusal[1]}
    return {"created": 0, "model": "m", "reply": "", "choices": None, "vectors": None, "base_resp": told}


def failed_openai(code: int, message: str) -> dict[str, Any]:
    error = {"type": "bad_request_error", "message": f"{message} ({code})", "http_code": "400"}
    return {"type": "error", "error": error, "request_id": "r"}


def head(body: Any) -> dict[str, Any]:
    return {"id": "04ecb6e7", "created": 1755153383, "model": body["model"]}


def last_text(body: Any) -> Any:
    """The last message's text or parts; empty for embeddings."""
    last = body["messages"][-1] if "messages" in body else {}
    return last.get("text", last.get("content", ""))


def text_for(body: Any) -> str:
    """What the model says."""
    return echo.text_of(last_text(body))


def zero_usage(chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The chunks with counts of zero in all but the last, as this vendor sends them."""
    for chunk in chunks:
        yield {"usage": {"total_tokens": 0, "total_characters": 0}, **chunk}


def pro_packets(body: Any) -> Iterator[dict[str, Any]]:
    """Pieces, and a last packet that holds the whole again; the last one alone is the plain answer."""
    calls = body.get("functions") and body["messages"][-1]["sender_type"] == "USER"
    text = "" if calls else text_for(body)[: body["tokens_to_generate"]]
    bot = {"sender_type": "BOT", "sender_name": body["reply_constraints"]["sender_name"]}
    for piece in echo.pieces(text):
        message = {**bot, "text": piece}
        yield {"created": 1689747645, "model": body["model"], "reply": "", "choices": [{"messages": [message]}]}
    message = {**bot, "text": text}
    if calls:
        message["function_call"] = {"name": body["functions"][0]["name"], "arguments": echo.ARGUMENTS}
    word = "stop" if len(text_for(body)) <= body["tokens_to_generate"] else "max_output"
    choice = {"finish_reason": word, "messages": [message]}
    told = {"created": 1689747645, "model": body["model"], "reply": text, "id": "0106b8ed"}
    call = {"function_call": message["function_call"]} if calls else {}
    yield {**told, **call, "choices": [choice], "usage": {"total_tokens": PRO_TOKENS}, **FINE}


@contextmanager
def running() -> Iterator[MiniMax]:
    """A started MiniMax, which ends with the block."""
    minimax = MiniMax()
    with serving(Handler, minimax=minimax) as minimax.url:
        yield minimax
