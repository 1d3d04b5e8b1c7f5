"""A chat request as a question to one app. Models, sampling and tools are settled in the app; the rest is named.

Source: https://docs.dify.ai/api-reference/chat, checked 2026-08.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.vendor import Preparation
from providers.wires.dify import faults, files, prompt, reply, urls
from providers.wires.openai import legacy

USER: Final = "abc-123"
"""Who asks, where the client does not say: the vendor wants a name, and keeps conversations and files under it."""

VARIABLE: Final = "query"
CONVERSATION: Final = "conversation_id"
OPTIONS: Final = frozenset({"inputs", "input_variable", "output_variable", "always_stream", "split_think"})
"""Further fields of an entry: the app's variables, which of them gets the text of a workflow or text generator, which
output of a workflow is the answer, whether to stream from the vendor in any case, and thoughts in tags told apart."""

_COMMON: Final = frozenset({"user", "inputs", "metadata", "files", "stop", "stream_options"})
_CHAT: Final = _COMMON | {CONVERSATION, "workflow_id", "auto_generate_name"}


@dataclass(frozen=True, slots=True)
class _Way:
    """How to ask. ``learnt`` marks streaming that the vendor's refusal led to, worth remembering if it works."""

    stream: bool
    conversation: str
    learnt: bool = False
    lost: bool = False


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for the app whose key it will be signed with.

    ``instead`` streams from an app that answers no other way, and does without a conversation that is gone; that an
    app streams only is remembered. Raises UNSUPPORTED where there is no text to ask.
    """
    stream = request.stream or to.options.get("always_stream") is True or to.recall(_key(to)) is not None
    return _built(request, to, _Way(stream, _conversation(request, to)))


def _built(request: ChatRequest, to: Destination, way: _Way) -> WireRequest:
    operation = urls.operation(to.server_url)
    params = legacy.params(request.params)
    losses = dropped(params, _CHAT if operation == urls.CHAT else _COMMON)
    first = len(request.messages) - 1 if way.conversation else 0
    if first:
        losses.append("left earlier messages to the conversation")
    if way.lost:
        losses.append(f"dropped {CONVERSATION}")
    asked = prompt.text(request.messages[first:], losses)
    named = files.entries(files.found(request.messages[first:], first, losses), to.prepared, losses)
    body = _body(asked, [*named, *_list(params, "files")], params, to, way)
    stop = params.get("stop") or ()
    return WireRequest(
        "POST",
        urls.endpoint(to.server_url, operation),
        {"content-type": "application/json", "accept": "text/event-stream" if way.stream else "application/json"},
        orjson.dumps(body),
        tuple(losses),
        stops=(stop,) if isinstance(stop, str) else tuple(stop),
        split_think=to.options.get("split_think") is True,
        decode=partial(
            reply.decode, held=way.stream and not request.stream, output=_output(to), chat=operation == urls.CHAT
        ),
        instead=partial(_other, request, to, way),
        memo={_key(to): {"stream": True}} if way.learnt else None,
    )


def _body(asked: str, named: list[Json], params: Json, to: Destination, way: _Way) -> Json:
    operation = urls.operation(to.server_url)
    variable = str(to.options.get("input_variable") or VARIABLE)
    body: Json = {
        "inputs": _inputs(params, to, {} if operation == urls.CHAT else {variable: asked}),
        "response_mode": "streaming" if way.stream else "blocking",
        "user": params.get("user") or USER,
    }
    if named or operation != urls.WORKFLOW:
        body["files"] = named
    if operation == urls.CHAT:
        # A title costs a call of a model and is never read.
        titled = params.get("auto_generate_name") is True
        body |= {"query": asked, CONVERSATION: way.conversation, "auto_generate_name": titled}
        if params.get("workflow_id"):
            body["workflow_id"] = params["workflow_id"]
    return body


def _inputs(params: Json, to: Destination, text: Json) -> Json:
    """The app's variables: those of the entry, of ``metadata``, the text, and last the client's own ``inputs``."""
    configured, metadata = to.options.get("inputs"), params.get("metadata")
    inner = metadata.get("inputs") if isinstance(metadata, dict) else None
    told = inner if isinstance(inner, dict) else metadata
    own = params.get("inputs", {})
    if not isinstance(own, dict):
        raise ProviderError(
            ErrorKind.INVALID_REQUEST, "'inputs' must be an object of the app's variables", param="inputs"
        )
    return {**_object(configured), **_object(told), **text, **own}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(params: Json, name: str) -> list[Any]:
    value = params.get(name)
    return value if isinstance(value, list) else []


def _output(to: Destination) -> str:
    name = to.options.get("output_variable")
    return name if isinstance(name, str) else ""


def _conversation(request: ChatRequest, to: Destination) -> str:
    """The vendor's conversation to go on with, empty for a new one."""
    told = request.params.get(CONVERSATION)
    return told if isinstance(told, str) and urls.operation(to.server_url) == urls.CHAT else ""


def _other(request: ChatRequest, to: Destination, way: _Way, error: ProviderError) -> WireRequest | None:
    if not way.stream and faults.refuses_blocking(error):
        return _built(request, to, replace(way, stream=True, learnt=True))
    if way.conversation and faults.misses_conversation(error):
        return _built(request, to, replace(way, conversation="", lost=True))
    return None


def _key(to: Destination) -> str:
    return f"dify {to.server_url} {to.model}"


def _uploads(request: ChatRequest, to: Destination) -> tuple[WireRequest, ...]:
    first = len(request.messages) - 1 if _conversation(request, to) else 0
    found = files.found(request.messages[first:], first, [])
    user = request.params.get("user") or USER
    return files.uploads(found, urls.endpoint(to.server_url, urls.UPLOAD), user)


PREPARATION: Final = Preparation(_uploads, files.uploaded)
