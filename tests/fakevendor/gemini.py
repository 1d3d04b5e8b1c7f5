"""A small Google that checks what it is sent: Google AI, Vertex AI with Gemini and Claude, and the token exchange.

A user's text of ``FAIL <code> <status> <message>`` is answered with that error, ``BREAK <after>`` with a stream that
ends in an error without ``data:`` after so many events, ``CUT <after>`` with one that just ends, ``BLOCK`` with a
refusal of the prompt, ``EMPTY <times>`` with so many empty answers before a real one.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakevendor import claude_replies, gemini_replies
from tests.fakevendor.gemini_rules import check_body
from tests.fakevendor.gemini_schema import Refused, normal
from tests.fakevendor.small import SmallHandler, serving

API_KEY = "test-key"
CLAUDE = "claude-sonnet-4-5@20250929"
PROJECT, EMAIL = "example-project", "gateway@example-project.iam.gserviceaccount.com"
CANCELLED = {"error": {"code": 499, "message": "The operation was cancelled.", "status": "CANCELLED"}}
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class Google:
    """The state: bodies taken, faults, tokens given out. ``modulus`` is the public half of the account's key.

    Without ``placeholders`` a signature must be one that was given out. ``audience`` is what a claim must be for.
    """

    def __init__(self, modulus: int, audience: str) -> None:
        self.lock = threading.Lock()
        self.modulus, self.audience = modulus, audience
        self.placeholders = True
        self.token_life_s = 3599
        self.served: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.tokens: list[str] = []
        self.empty: dict[str, int] = {}
        self.url = ""

    def reset(self) -> None:
        for kept in (self.served, self.paths, self.sent, self.faults, self.empty):
            kept.clear()
        self.placeholders = True

    def take(self, path: str, body: dict[str, Any]) -> int:
        with self.lock:
            self.served.append(body)
            self.paths.append(path)
            return len(self.served)

    def token(self, form: dict[str, list[str]], now: float) -> str:
        """A token for a signed claim. Raises Refused."""
        if form.get("grant_type") != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            raise Refused("unsupported_grant_type")
        head, claims, signature = form["assertion"][0].split(".")
        if not self.is_signed(f"{head}.{claims}", signature):
            raise Refused("Invalid JWT Signature.")
        told, header = json.loads(unpadded(claims)), json.loads(unpadded(head))
        if header["alg"] != "RS256" or told["iss"] != EMAIL or told["aud"] != self.audience:
            raise Refused("Invalid JWT: wrong issuer or audience")
        if told["scope"] != "https://www.googleapis.com/auth/cloud-platform":
            raise Refused("invalid_scope")
        if not (now - 60 <= told["iat"] <= now + 60 and told["exp"] - told["iat"] <= 3600):
            raise Refused("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe")
        with self.lock:
            self.tokens.append(f"ya29.{len(self.tokens)}")
            return self.tokens[-1]

    def is_signed(self, told: str, signature: str) -> bool:
        size = (self.modulus.bit_length() + 7) // 8
        found = pow(int.from_bytes(unpadded(signature), "big"), 65537, self.modulus).to_bytes(size, "big")
        digest = DIGEST_INFO + hashlib.sha256(told.encode()).digest()
        return found == b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Handler(SmallHandler):
    """One request: checked, then answered."""

    google: Google

    def respond(self) -> None:
        raw, url = self.raw_body(), urlsplit(self.path)
        if url.path == "/token":
            self.exchange(raw)
            return
        try:
            self.serve(json.loads(raw), url.path, url.query)
        except Refused as refused:
            self.google.faults.append(refused.message)
            self.refuse(refused)

    def exchange(self, raw: bytes) -> None:
        try:
            token = self.google.token(parse_qs(raw.decode()), time.time())
        except Refused as refused:
            self.document({"error": "invalid_grant", "error_description": refused.message}, 400)
            return
        self.document({"access_token": token, "expires_in": self.google.token_life_s, "token_type": "Bearer"})

    def serve(self, body: dict[str, Any], path: str, query: str) -> None:
        door = "vertexai" if "/projects/" in path else "gemini"
        self.check_credential(door, query)
        place, _, verb = path.rpartition(":")
        model = place.rpartition("/models/")[2]
        if verb in ("rawPredict", "streamRawPredict"):
            self.claude(body, model, verb == "streamRawPredict")
        elif verb in ("batchEmbedContents", "predict"):
            self.embed(body, model, door)
        elif verb in ("generateContent", "streamGenerateContent"):
            if (verb == "streamGenerateContent") is not (query == "alt=sse"):
                raise Refused(f"unexpected query {query!r}")
            self.generate(body, model, door, verb == "streamGenerateContent")
        else:
            raise Refused(f"Requested entity was not found: {path}", 404, "NOT_FOUND")

    def check_credential(self, door: str, query: str) -> None:
        """The key in its header and nowhere else, or a token that is still good."""
        if "key=" in query:
            raise Refused("the key stands in the address")
        if self.fields.get("content-type") != "application/json":
            raise Refused("Content-Type must be application/json")
        if door == "vertexai":
            if self.fields.get("authorization", "").removeprefix("Bearer ") not in self.google.tokens:
                message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
                raise Refused(message, 401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        elif self.fields.get("x-goog-api-key") != API_KEY:
            message = "API key not valid. Please pass a valid API key."
            raise Refused(message, 400, "INVALID_ARGUMENT", "API_KEY_INVALID")

    def generate(self, body: dict[str, Any], model: str, door: str, stream: bool) -> None:
        body = normal(body, "request")
        check_body(body, model, door, placeholders=self.google.placeholders)
        number = self.google.take(self.path, body)
        word, *more = gemini_replies.asked(body).split(" ", 3)
        if word == "FAIL":
            raise Refused(more[2], int(more[0]), more[1])
        answer = gemini_replies.whole(body, model, door, number)
        if word == "BLOCK":
            answer = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
        elif word == "EMPTY" and self.is_empty(" ".join([word, *more]), int(more[0])):
            answer["candidates"] = [{"content": {"role": "model"}, "finishReason": "STOP"}]
        self.google.sent.append(answer)
        if not stream:
            self.document(answer)
            return
        events = [answer]
        if answer.get("candidates", [{}])[0].get("content", {}).get("parts"):
            events = list(gemini_replies.events(answer, stop_on_each=door == "vertexai"))
        self.stream(events, word, int(more[0]) if word in ("BREAK", "CUT") else len(events))

    def is_empty(self, text: str, times: int) -> bool:
        with self.google.lock:
            self.google.empty[text] = self.google.empty.get(text, 0) + 1
            return self.google.empty[text] <= times

    def stream(self, events: Iterable[dict[str, Any]], word: str, most: int) -> None:
        texts = [f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n" for event in islice(events, most)]
        if word == "BREAK":
            texts.append(json.dumps(CANCELLED, indent=2) + "\n")
        self.events(texts)

    def claude(self, body: dict[str, Any], model: str, stream: bool) -> None:
        """A Messages body without a model, with the version in it; answered as Anthropic answers."""
        if "model" in body or body.get("anthropic_version") != "vertex-2023-10-16" or "x-api-key" in self.fields:
            raise Refused("this is no body for a publisher's model")
        if bool(body.get("stream")) is not stream:
            raise Refused("stream and method do not fit")
        number = self.google.take(self.path, body)
        if body["messages"][-1]["content"] == "FAIL":
            told = {"type": "error", "error": {"type": "invalid_request_error", "message": "messages: too odd"}}
            self.document(told, 400)
            return
        answer = claude_replies.message({**body, "model": model}, number)
        if not stream:
            self.document(answer)
            return
        events = claude_replies.events(answer)
        self.events(f"event: {one['type']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n" for one in events)

    def embed(self, body: dict[str, Any], model: str, door: str) -> None:
        if door == "vertexai":
            if body.keys() - {"instances", "parameters"} or len(body["instances"]) > (1 if "gemini" in model else 250):
                raise Refused("only one instance is supported")
            rows = [(row["content"], body["parameters"].get("outputDimensionality", 3)) for row in body["instances"]]
        else:
            if len(body["requests"]) > 100 or any(row["model"] != f"models/{model}" for row in body["requests"]):
                raise Refused("at most 100 requests can be in one batch, all for the model of the address")
            told = body["requests"]
            rows = [(row["content"]["parts"][0]["text"], row.get("outputDimensionality", 3)) for row in told]
        self.google.take(self.path, body)
        vectors = [{"values": [float(len(text))] * size} for text, size in rows]
        statistics = {"statistics": {"token_count": 2, "truncated": False}}
        if door == "vertexai":
            self.document({"predictions": [{"embeddings": {**vector, **statistics}} for vector in vectors]})
        else:
            self.document({"embeddings": vectors})

    def refuse(self, refused: Refused) -> None:
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": refused.reason,
            "domain": "googleapis.com",
        }
        details: list[dict[str, Any]] = [info] if refused.reason else []
        if refused.code == 429:
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"})
        error = {"code": refused.code, "message": refused.message, "status": refused.status, "details": details}
        self.document({"error": error}, refused.code)


@contextmanager
def running(modulus: int, audience: str) -> Iterator[Google]:
    """A small Google on a port of its own, for as long as the block lasts."""
    google = Google(modulus, audience)
    with serving(Handler, google=google) as google.url:
        yield google
