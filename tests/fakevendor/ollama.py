"""A small Ollama, native and OpenAI surface, that checks what it is sent and echoes it; orders as in ``echo``."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fakevendor import echo
from tests.fakevendor import ollama_rules as rules
from tests.fakevendor.echo import Order, ordered, pieces
from tests.fakevendor.small import SmallHandler, event, serving

AT = "2025-07-07T20:32:53.844124123+02:00"
THOUGHT = "先想一想🤔。"
ANSWER = '{"city": "北京"}'
CITY = json.loads(echo.ARGUMENTS)
TOOL_LIMIT = 9


@dataclass(slots=True)
class Ollama:
    """``cloud`` asks for a key, ``old`` knows neither /api/embed nor ids of calls. ``seen`` holds bodies by path."""

    url: str = ""
    cloud: bool = False
    old: bool = False
    seen: list[tuple[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Handler(SmallHandler):
    """One request: checked, then answered."""

    ollama: Ollama

    def do_POST(self) -> None:  # noqa: N802 - the base class names it so
        body = json.loads(self.raw_body())
        surface = self.path.startswith("/v1/")
        try:
            self.answer(body)
        except rules.Refused as refused:
            self.ollama.refused.append(refused.message)
            kinds = {404: "not_found_error", 400: "invalid_request_error"}
            error = {"message": refused.message, "type": kinds.get(refused.status, "api_error"), "param": None}
            if refused.plain:
                self.text(refused)
            elif surface:
                self.document({"error": {**error, "code": None}}, refused.status)
            else:
                self.document({"error": refused.message}, refused.status)

    def answer(self, body: Any) -> None:
        routes = {"/api/chat": self.chat, "/api/embed": self.embed, "/api/embeddings": self.embed_one}
        path = self.path.partition("?")[0]
        route = {**routes, "/v1/chat/completions": self.openai, "/v1/embeddings": self.openai_embed}.get(path)
        if route is None or (self.ollama.old and path == "/api/embed"):
            raise rules.Refused(404, "404 page not found", plain=True)
        if self.ollama.cloud and self.fields.get("authorization") != f"Bearer {rules.KEY}":
            raise rules.Refused(401, "unauthorized")
        if not self.ollama.cloud and "authorization" in self.fields:
            raise rules.Refused(400, "a key was sent to a server that knows none")
        route(body)

    def text(self, refused: rules.Refused) -> None:
        self.send_response(refused.status)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(refused.message)))
        self.end_headers()
        self.wfile.write(refused.message.encode())

    def chat(self, body: Any) -> None:
        skills = rules.chat(body)
        self.ollama.seen.append((self.path, body))
        last = body["messages"][-1]
        order = ordered(last["content"])
        if order.word == "FAIL":
            raise rules.Refused(int(order.code), order.message)
        docs = list(lines(body, skills, with_ids=not self.ollama.old))
        if not body["stream"]:
            docs = [joined(docs)]
        kept = list(until(order, docs) if body["stream"] else docs)
        self.ollama.sent += kept
        self.ndjson(kept)

    def ndjson(self, docs: Iterable[Mapping[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("connection", "close")
        self.end_headers()
        for doc in docs:
            self.wfile.write(json.dumps(doc, ensure_ascii=False).encode() + b"\n")
        self.close_connection = True

    def embed(self, body: Any) -> None:
        texts = rules.embed(body, older=False)
        self.ollama.seen.append((self.path, body))
        counts = {"total_duration": 14143917, "load_duration": 1019500, "prompt_eval_count": len(texts)}
        doc = {"model": body["model"], "embeddings": [vector(text) for text in texts], **counts}
        self.ollama.sent.append(doc)
        self.document(doc)

    def embed_one(self, body: Any) -> None:
        (text,) = rules.embed(body, older=True)
        self.ollama.seen.append((self.path, body))
        self.document({"embedding": vector(text)})

    def openai(self, body: Any) -> None:
        skills = rules.openai_chat(body)
        self.ollama.seen.append((self.path, body))
        order = ordered(body["messages"][-1]["content"])
        if order.word == "FAIL":
            raise rules.Refused(int(order.code), order.message)
        head = {"id": "chatcmpl-1", "created": 1751000000, "model": body["model"], "system_fingerprint": "fp_ollama"}
        text = echo.text_of(body["messages"][-1]["content"])
        thinks = {"reasoning": THOUGHT} if "thinking" in skills else {}
        if not body.get("stream"):
            self.document(echo.whole(body, head, text, thinks))
            return
        docs = list(echo.chunks(body, head, text, {"role": "assistant"}))
        if thinks:
            thought = {"role": "assistant", "content": "", **thinks}
            docs.insert(0, {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": thought}]})
        told = [event(doc) for doc in until(order, docs)]
        self.events(told if order.word else [*told, "data: [DONE]\n\n"])

    def openai_embed(self, body: Any) -> None:
        rows = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(body["input"])]
        usage = {"prompt_tokens": len(rows), "total_tokens": len(rows)}
        self.document({"object": "list", "data": rows, "model": body["model"], "usage": usage})


def vector(text: str) -> list[float]:
    return [float(len(text)), 0.25]


def lines(body: Any, skills: frozenset[str], with_ids: bool) -> Iterator[dict[str, Any]]:
    """The answer as lines: thoughts, then calls or the text, then the counts."""
    last = body["messages"][-1]
    asked, images = last["content"], last.get("images") or []
    text = asked + "".join(f"[{len(base64.b64decode(image))}]" for image in images)
    told = [message["thinking"] for message in body["messages"] if "thinking" in message]
    text += "".join(f"<{thought}>" for thought in told)
    reason = "stop"
    if body.get("format"):
        text = ANSWER
    limit = body.get("options", {}).get("num_predict")
    if limit and limit < len(text):
        text, reason = text[:limit], "length"
    if "thinking" in skills and body.get("think") is not False:
        thought = f"{THOUGHT}{body['think']}" if isinstance(body.get("think"), str) else THOUGHT
        yield from (line(body, thinking=piece) for piece in pieces(thought))
    if body.get("tools") and last["role"] == "user":
        for number in range(2 if "两地" in asked else 1):
            function = {"name": body["tools"][0]["function"]["name"], "arguments": CITY}
            identity = {"id": f"call_{number}"} if with_ids else {}
            yield line(body, tool_calls=[{**identity, "function": function}])
        text = ""
    yield from (line(body, content=piece) for piece in pieces(text))
    counts = {"total_duration": 5, "load_duration": 2, "eval_count": 5, "eval_duration": 2}
    prompt = {} if asked == "CACHED" else {"prompt_eval_count": 4, "prompt_eval_duration": 1}
    yield {**line(body), "done": True, "done_reason": reason, **counts, **prompt}


def line(body: Any, **said: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "", "images": None, **said}
    told: dict[str, Any] = {"model": body["model"], "created_at": AT, "message": message, "done": False}
    if body.get("logprobs") and said.get("content"):
        others = [{"token": "x", "logprob": -2.5}] * body.get("top_logprobs", 0)
        told["logprobs"] = [{"token": said["content"], "logprob": -0.5, "top_logprobs": others}]
    return told


def joined(docs: list[dict[str, Any]]) -> dict[str, Any]:
    """The lines as the one document of a whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    probs: list[Any] = []
    for doc in docs:
        probs += doc.get("logprobs", [])
        for name, value in doc["message"].items():
            if name in ("content", "thinking"):
                message[name] = message.get(name, "") + value
            elif name == "tool_calls":
                message[name] = message.get(name, []) + value
    return {**docs[-1], "message": message, **({"logprobs": probs} if probs else {})}


def until(order: Order, docs: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The stream as far as it was ordered, and what comes instead of the rest."""
    for number, doc in enumerate(docs):
        if number == order.after:
            if order.word == "BREAK":
                yield {"error": order.message}
            return
        yield doc


@contextmanager
def running(**state: Any) -> Iterator[Ollama]:
    """A started server, which ends with the block; ``cloud`` and ``old`` say what kind of one."""
    ollama = Ollama(**state)
    with serving(Handler, ollama=ollama) as ollama.url:
        yield ollama
