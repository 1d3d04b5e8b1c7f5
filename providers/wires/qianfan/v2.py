"""V2, which is the OpenAI wire: the values by which it differs, and what values cannot say.

Source: https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb (chat), /s/Om9b4yj3w (errors), /s/Fm7u3ropn (embeddings),
checked 2026-08.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import Final

import orjson

from providers import auth
from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, EmbeddingRequest, Json, Secret, WireRequest
from providers.vendor import Embedder
from providers.wires.openai import embeddings, faults
from providers.wires.openai import request as openai
from providers.wires.openai.dialect import KEEP, Dialect, ModelRule, Range, models
from providers.wires.qianfan import urls
from providers.wires.qianfan.embeddings import batch, check
from providers.wires.qianfan.params import MOST_STOP_CHARS, MOST_STOPS

HINT: Final = "V2 takes one key that begins with bce-v3/; a pair of api_key and secret_key belongs to V1"
_MERGED: Final = "merged neighbouring messages of one role"
_OPENING: Final = {"role": "user", "content": "Continue."}

_ARREARS: Final = re.compile(r"(?i)arrears|overdue|欠费")
"""No code for it is documented, so that it may come with any."""


def _named(model: str) -> str:
    """V2's name of a model, whose names are in lower case and shorter for one family.

    Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/Wm3fhy2vb, checked 2026-08.
    """
    return model.lower().replace("ernie-character-", "ernie-char-")


def _adjust(body: Json, losses: list[str]) -> None:
    _cut_stops(body, losses)
    joined = _joined(body["messages"])
    if len(joined) < len(body["messages"]) and _MERGED not in losses:
        losses.append(_MERGED)
    body["messages"] = joined


def _joined(messages: list[Json]) -> list[Json]:
    """The messages with neighbours of one role as one, also where parts or calls keep the common rules from it."""
    joined: list[Json] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last and last["role"] == message["role"] in ("user", "assistant") and not _legacy_calls(last, message):
            joined[-1] = _as_one(last, message)
        else:
            joined.append(message)
    return joined


def _legacy_calls(*messages: Json) -> bool:
    return any(message.get("function_call") for message in messages)


def _as_one(one: Json, other: Json) -> Json:
    """Two messages of one role: their contents, and all the calls that either makes."""
    calls = [*(one.get("tool_calls") or ()), *(other.get("tool_calls") or ())]
    parts = [*_parts(one), *_parts(other)]
    content = _one_content(parts) if parts else other.get("content")
    return {**one, **other, "content": content, **({"tool_calls": calls} if calls else {})}


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _one_content(parts: list[Json]) -> str | list[Json]:
    """The parts, as one text where they are nothing else: models without eyes may take no parts."""
    texts = [part["text"] for part in parts if part.get("type") == "text"]
    return "\n".join(texts) if len(texts) == len(parts) else parts


def _cut_stops(body: Json, losses: list[str]) -> None:
    told = body.get("stop") or []
    texts = [told] if isinstance(told, str) else told
    kept = [text for text in texts if text and len(text) <= MOST_STOP_CHARS][:MOST_STOPS]
    if len(kept) < len(texts):
        body["stop"] = kept
        losses.append(f"dropped stop beyond {MOST_STOPS} texts of {MOST_STOP_CHARS} characters")
    if not kept:
        body.pop("stop", None)


DIALECT: Final = Dialect(
    root="/v2",
    url=urls.v2,
    name=_named,
    max_tokens=KEEP,
    clamp={"top_p": Range(0, 1), "seed": Range(1, 2**31 - 2)},
    rules=(
        # Hosted models of others have bounds of their own.
        ModelRule(models(r"ernie|qianfan"), clamp={"temperature": Range(0, 1, at_low=0.01)}),
        ModelRule(models(r"ernie-x1.*turbo"), drop=frozenset({"stop"})),
    ),
    merge_system=True,
    alternate=True,
    adjust=_adjust,
    keep_5xx=False,
    # Which models there are is a matter of the account, so another credential may have one that this one lacks.
    models_by_account=True,
    embedding_drop=frozenset({"encoding_format", "dimensions"}),
)


def encode(request: ChatRequest, to: Destination, dialect: Dialect) -> WireRequest:
    """The request for ``to``. Calls that nobody asked for, as a shortened history begins with, get an asker.

    The common rules drop what an assistant says first, and the results of its calls would then answer nothing.
    """
    place = next((i for i, m in enumerate(request.messages) if m["role"] not in ("system", "developer")), 0)
    first = takewhile(lambda message: message["role"] == "assistant", request.messages[place:])
    if not any(message.get("tool_calls") for message in first):
        return openai.encode(request, to, dialect)
    messages = [*request.messages[:place], _OPENING, *request.messages[place:]]
    wire = openai.encode(replace(request, messages=messages), to, dialect)
    return replace(wire, changes=(*wire.changes, "added a user message before the first tool call"))


def sign(request: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with the exchanged token, or else the key, as bearer; and with ``appid`` where there is one."""
    key = credential.get("token") or credential.get("api_key")
    signed = auth.with_headers(request, authorization=f"Bearer {key.reveal()}") if key else request
    appid = credential.get("appid")
    return auth.with_headers(signed, appid=appid.reveal()) if appid else signed


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is. Header names are lower case; nothing is raised."""
    error = faults.fault(status, headers, body, DIALECT)
    if _ARREARS.search(error.message):
        return ProviderError(ErrorKind.QUOTA, error.message)
    code = _code(body)
    if code == "invalid_iam_token":
        return ProviderError(error.kind, f"{error.message} ({HINT})", stale_token=True)
    if code == "method_not_supported":
        # A fault of this gateway: neither the client nor another credential can mend it.
        return ProviderError(ErrorKind.INVALID_REQUEST, error.message, status=500, type="server_error")
    return error


def _code(body: bytes) -> object:
    try:
        error = orjson.loads(body)["error"]
        return error["code"]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None


def _encode_embeddings(request: EmbeddingRequest, to: Destination) -> WireRequest:
    """The request for ``to``; V1's names of the same models have underscores."""
    check(request)
    return embeddings.encode(request, replace(to, model=to.model.replace("_", "-")), DIALECT)


EMBEDDER: Final = Embedder(_encode_embeddings, partial(embeddings.decode, dialect=DIALECT), batch)
