"""What the clients of a soak do, each a function of the gateway that returns a word for what came of it."""

import json
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Final

from tests.e2e.calls import DONE, Call, bearer, chat_call
from tests.e2e.process import Gateway
from tests.fakevendor.replies import TEXT

WELL: Final = "well"
PAUSE_S: Final = 0.02
MODELS: Final = (
    *("ok", "ok?gap=0.05", "ok?delay=0.2", "ok?words=400", "fault:tools", "fault:status-500"),
    *("fault:reset-mid", "fault:close-mid-event", "fault:no-terminal", "fault:error-mid", "fault:wrong-shape"),
    *("fault:half-letter", "fault:comments", "fault:html-200"),
)
LIMITED: Final = "fault:status-429"
STALLS: Final = ("fault:stall-mid", "fault:stall-headers", "fault:stall-first-event")


def plain(gateway: Gateway, _turn: int) -> str:
    """A whole answer."""
    with closing(chat_call(gateway, "ok")) as call:
        reply = call.reply()
    return WELL if reply.status == 200 and reply.json["choices"][0]["message"]["content"] == TEXT else _told(reply)


def stream(gateway: Gateway, turn: int) -> str:
    """A stream, read to its end."""
    model = ("ok", "ok?gap=0.05", "ok?words=400", "fault:half-letter", "fault:comments", "fault:tools")[turn % 6]
    with closing(chat_call(gateway, model, stream=True)) as call:
        reply = call.reply()
    return WELL if reply.status == 200 and reply.events[-1] == DONE else _told(reply)


def embeddings(gateway: Gateway, _turn: int) -> str:
    """Vectors."""
    body = json.dumps({"model": "ok", "input": ["a", "b"]}).encode()
    with closing(Call(gateway.port, "/v1/embeddings", body, bearer("any"))) as call:
        reply = call.reply()
    return WELL if reply.status == 200 and len(reply.json["data"]) == 2 else _told(reply)


def faults(gateway: Gateway, turn: int) -> str:
    """Upstreams that fail in one way after another; the client is told each time."""
    names = [LIMITED, *(model for model in MODELS if model.startswith("fault:") and _fails(model))]
    model, as_stream = names[turn % len(names)], turn % 2 == 0
    with closing(chat_call(gateway, model, stream=as_stream)) as call:
        reply = call.reply()
    told = reply.status >= 400 or (as_stream and b'"error"' in reply.body and DONE not in reply.events)
    return WELL if told else _told(reply)


def _fails(model: str) -> bool:
    return model not in ("fault:half-letter", "fault:comments", "fault:tools")


def stalls(gateway: Gateway, turn: int) -> str:
    """Upstreams that go silent; the entry is impatient."""
    with closing(chat_call(gateway, STALLS[turn % len(STALLS)], stream=turn % 2 == 0)) as call:
        reply = call.reply()
    return WELL if reply.status == 504 or b"upstream_timeout" in reply.body else _told(reply)


def leaves(gateway: Gateway, turn: int) -> str:
    """Hangs up: before the answer, or in the middle of it."""
    model = ("ok?gap=0.05", "ok?delay=0.2", "fault:stall-headers", "ok?words=400")[turn % 4]
    with closing(chat_call(gateway, model, stream=turn % 3 > 0)) as call:
        if turn % 2 and model.startswith("ok?gap"):
            next(iter(call.events()), None)
        else:
            time.sleep(0.05 * (turn % 4))
    return WELL


def nonsense(gateway: Gateway, turn: int) -> str:
    """Bodies that are no requests, and half ones whose sender leaves."""
    if turn % 3 == 0:
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
            sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        return WELL
    body = (b"[" * 10_000, b"\xff\xfe", b'{"model":"nobody","messages":[{"role":"user","content":"x"}]}')[turn % 3]
    with closing(Call(gateway.port, "/v1/chat/completions", body, bearer("any"))) as call:
        reply = call.reply()
    return WELL if reply.status in (400, 404) else _told(reply)


def lists(gateway: Gateway, _turn: int) -> str:
    """The models."""
    with closing(Call(gateway.port, "/v1/models", None, bearer("any"))) as call:
        reply = call.reply()
    return WELL if reply.status == 200 and reply.json["data"] else _told(reply)


def translates(gateway: Gateway, _turn: int) -> str:
    """Several texts at once."""
    body = json.dumps({"text": ["a", "b", "c"], "target_lang": "ZH", "model": "ok"}).encode()
    with closing(Call(gateway.port, "/v2/translate", body, bearer("any"))) as call:
        reply = call.reply()
    return WELL if reply.status == 200 and len(reply.json["translations"]) == 3 else _told(reply)


def _told(reply: Any) -> str:
    return f"{reply.status} {reply.body[-200:]!r}"


KINDS: Final[tuple[Callable[[Gateway, int], str], ...]] = (
    *(plain, plain, stream, stream, stream, embeddings, faults, stalls, leaves, leaves, nonsense, lists, translates),
)
"""What one client after another does; each stays with its own."""


def config(vendor_url: str, more: str) -> Mapping[str, Any]:
    """The gateway's config; ``more`` is one further model, so that each one differs."""
    entry = {"server_url": vendor_url, "credentials": {"api_key": "good-key-soak-1"}}
    patient = {
        **entry,
        "models": [*MODELS, more],
        "embedding_models": ["ok"],
        "model_map": {more: "ok"},
        "limit": {"concurrency": 40, "timeout": 30},
    }
    impatient = {
        **entry,
        "credentials": {"api_key": "good-key-soak-2"},
        "models": list(STALLS),
        "first_event_timeout": 0.5,
        "timeout": 0.5,
        "limit": {"concurrency": 10, "timeout": 30},
    }
    # Where an entry has limits, a request waits for a credential that the vendor told to rest.
    limited = {**entry, "credentials": {"api_key": "good-key-soak-3"}, "models": [LIMITED]}
    return {
        "log_level": "warn",
        "circuit_breaker": {"enabled": False},
        "failover": {"same_target_retry": False},
        "translation": {"enable": True},
        "services": {"openai": [patient, impatient, limited]},
    }
