"""A small Azure resource that checks what it is sent, answers with all of its oddities, and misbehaves on demand.

Orders in a user's text are those of ``echo``; ``FILTERED`` is stopped by the prompt's filter, ``OUTPUT`` by that of
the answer.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakevendor import azure_rules as rules
from tests.fakevendor.echo import ARGUMENTS, Order, ordered, pieces, text_of
from tests.fakevendor.small import SmallHandler, event, serving

SAFE = {"hate": {"filtered": False, "severity": "safe"}, "violence": {"filtered": False, "severity": "safe"}}
PROMPT = [{"prompt_index": 0, "content_filter_results": {**SAFE, "jailbreak": {"filtered": False, "detected": False}}}]
HEAD = {"id": "chatcmpl-CB3G19", "created": 1756750165, "model": "gpt-4o-2024-11-20", "system_fingerprint": "fp_1"}
THOUGHT = "先想一想。"
ANSWER = '{"city": "北京"}'
POLICY = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
LIMIT = (
    "Requests to the ChatCompletions_Create Operation have exceeded token rate limit. Please retry after 24 seconds."
)


@dataclass(slots=True)
class Azure:
    """``seen`` holds every body that was taken with its path, ``refused`` the messages of refusals."""

    url: str = ""
    seen: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    tokens: int = 0


class Handler(SmallHandler):
    """One request: checked, then answered."""

    azure: Azure

    def do_POST(self) -> None:  # noqa: N802 - the base class names it so
        raw = self.raw_body()
        try:
            if "/oauth2/" in self.path:
                self.token(parse_qs(raw.decode()))
                return
            body = json.loads(raw)
            call = rules.read(self.path, self.fields, body)
            if call.operation == "embeddings":
                self.embed(body)
                return
            rules.check_chat(call, body)
            self.azure.seen.append((self.path, body))
            self.azure.headers.append(self.fields)
            self.chat(call, body)
        except rules.Refused as refused:
            self.azure.refused.append(str(refused))
            self.document(refused.body, refused.status, headers=refused.headers)

    def token(self, form: dict[str, list[str]]) -> None:
        rules.check_application(self.path, form)
        self.azure.tokens += 1
        self.document({"token_type": "Bearer", "expires_in": 3599, "access_token": rules.TOKEN})

    def embed(self, body: Any) -> None:
        if body.keys() - {"model", "input", "dimensions", "encoding_format", "user"}:
            raise rules.model(f"Unrecognized request argument supplied: {sorted(body)}")
        rows = [
            {"object": "embedding", "index": n, "embedding": [float(len(text)), 0.5]}
            for n, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": len(rows), "total_tokens": len(rows)}
        self.azure.seen.append((self.path, body))
        self.document({"object": "list", "data": rows[::-1], "model": "text-embedding-3-small", "usage": usage})

    def chat(self, call: rules.Call, body: Any) -> None:
        order = ordered(body["messages"][-1]["content"])
        said = answer(call, body)
        if order.word == "FAIL":
            fail(order)
        if "FILTERED" in said["content"]:
            inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": SAFE}
            error = {"message": POLICY, "type": None, "param": "prompt", "code": "content_filter", "status": 400}
            raise rules.Refused(400, {"error": {**error, "innererror": inner}})
        if body.get("stream"):
            self.events(event(doc) if isinstance(doc, dict) else doc for doc in until(order, chunks(call, body, said)))
        else:
            self.document(whole(call, said))

    def document(self, doc: Any, status: int = 200, kind: str = "application/json", headers: Any = None) -> None:
        for name, value in (headers or {}).items():
            self._late = (*getattr(self, "_late", ()), (name.replace("_", "-"), value))
        super().document(doc, status, kind)

    def end_headers(self) -> None:
        for name, value in getattr(self, "_late", ()):
            self.send_header(name, value)
        self._late = ()
        super().end_headers()


def fail(order: Order) -> None:
    """Raise what was ordered: a status, and for some the very words of the service."""
    status = int(order.code)
    if status == 429:
        raise rules.resource(429, "429", f"{LIMIT} {order.message}", retry_after="24")
    if status == 403:
        raise rules.resource(403, "403", order.message)
    raise rules.resource(status, "InternalServerError" if status >= 500 else str(status), order.message)


def answer(call: rules.Call, body: Any) -> dict[str, Any]:
    """What is said: thoughts, tool calls, JSON, or the last text again; and why it ends."""
    last = body["messages"][-1]
    text = text_of(last["content"])
    said: dict[str, Any] = {"content": text, "calls": [], "reasoning": "", "reason": "stop"}
    if call.kind == "foreign":
        said["reasoning"] = THOUGHT
    if body.get("response_format", {}).get("type") in ("json_object", "json_schema"):
        said["content"] = ANSWER
    limit = body.get("max_tokens") or body.get("max_completion_tokens")
    if limit and limit < len(text):
        said |= {"content": text[:limit], "reason": "length"}
    if text.startswith("OUTPUT"):
        said |= {"content": "He", "reason": "content_filter"}
    if body.get("tools") and last["role"] == "user" and body.get("tool_choice") != "none":
        name = body["tools"][0]["function"]["name"]
        count = 2 if "两地" in text else 1
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": ARGUMENTS}}
            for n in range(count)
        ]
        said |= {"content": "", "calls": calls, "reason": "tool_calls"}
    return said


def usage(call: rules.Call) -> dict[str, Any]:
    thinking = 3 if call.kind == "reasoning" else 0
    details = {"completion_tokens_details": {"reasoning_tokens": thinking}}
    return {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9, **details}


def whole(call: rules.Call, said: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"annotations": [], "content": said["content"], "refusal": None, "role": "assistant"}
    if said["calls"]:
        message = {"role": "assistant", "content": None, "tool_calls": said["calls"]}
    if said["reasoning"]:
        message["reasoning_content"] = said["reasoning"]
    choice = {"index": 0, "finish_reason": said["reason"], "logprobs": None, "content_filter_results": SAFE}
    if said["reason"] != "content_filter":
        choice["message"] = message
    top = {"object": "chat.completion", "prompt_filter_results": PROMPT, "usage": usage(call)}
    return {**HEAD, **top, "choices": [choice]}


def chunks(call: rules.Call, body: Any, said: dict[str, Any]) -> Iterator[dict[str, Any] | str]:
    """The answer as the service streams it: the prompt's filter first, the answer's after its end."""
    nobody = {"created": 0, "id": "", "model": "", "object": ""}
    yield {"choices": [], **nobody, "prompt_filter_results": PROMPT}
    yield chunk({"content": "", "refusal": None, "role": "assistant"})
    for piece in pieces(said["reasoning"]):
        yield chunk({"reasoning_content": piece})
    for number, made in enumerate(said["calls"]):
        begun = {**made, "index": number, "function": {**made["function"], "arguments": ""}}
        yield chunk({"content": None, "tool_calls": [begun]})
        for piece in pieces(ARGUMENTS):
            yield chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
    for piece in pieces(said["content"]):
        yield chunk({"content": piece}, content_filter_results=SAFE)
    offsets = {"check_offset": 4, "start_offset": 4, "end_offset": 9}
    late = {"index": 0, "content_filter_offsets": offsets, "content_filter_results": SAFE}
    if said["reason"] == "content_filter":
        yield {"choices": [{**late, "finish_reason": "content_filter"}], **nobody}
    else:
        yield chunk({}, said["reason"])
        yield {"choices": [{**late, "finish_reason": None}], **nobody}
    if body.get("stream_options", {}).get("include_usage"):
        yield {**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": usage(call), "latency_checkpoint": {}}
    yield "data: [DONE]\n\n"


def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"content_filter_results": {}, "delta": delta, "finish_reason": reason, "index": 0, "logprobs": None}
    top = {"object": "chat.completion.chunk", "obfuscation": "aB3", "usage": None}
    return {**HEAD, **top, "choices": [{**choice, **more}]}


def until(order: Order, docs: Iterator[dict[str, Any] | str]) -> Iterator[dict[str, Any] | str]:
    """The stream as far as it was ordered, and what comes instead of the rest."""
    for number, doc in enumerate(docs):
        if number == order.after:
            if order.word == "BREAK":
                yield {"error": {"code": order.code, "message": order.message}}
            return
        yield doc


@contextmanager
def running() -> Iterator[Azure]:
    """A started resource, which ends with the block."""
    azure = Azure()
    with serving(Handler, azure=azure) as azure.url:
        yield azure
