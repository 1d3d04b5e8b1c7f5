"""A chat request for the text or the multimodal endpoint, whole or by stream, and what to try when that was wrong."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import orjson

from providers.errors import ProviderError
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.dashscope import faults, messages, models, params, reply, urls
from providers.wires.openai import legacy

_PLAIN: Final = {"content-type": "application/json", "accept": "application/json"}
_STREAM: Final = {
    "content-type": "application/json",
    "accept": "text/event-stream",
    "X-DashScope-SSE": "enable",
    "X-Accel-Buffering": "no",
}
_KIND: Final = {True: urls.MULTIMODAL, False: urls.TEXT}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: the request, where it goes, and its messages in today's spelling."""

    request: ChatRequest
    to: Destination
    messages: list[Json]

    @property
    def key(self) -> str:
        """Under which what was learnt of the model is remembered."""
        return f"{self.to.server_url} {self.to.model}"


@dataclass(frozen=True, slots=True)
class _Way:
    """How a model is asked. ``settled`` tells that no other endpoint is to be tried, ``stream`` that it streams only.

    ``learnt`` marks a way that the vendor's refusal of another one led to, worth remembering if it works.
    """

    multimodal: bool
    stream: bool
    settled: bool
    learnt: bool = False


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``. What only the model's name told may be wrong; ``instead`` puts it right.

    At which endpoint a model was found, and whether it streams only, is remembered. Raises UNSUPPORTED for messages
    that cannot go.
    """
    asked = _Asked(request, to, [legacy.message(message) for message in request.messages])
    media, forced = messages.has_media(asked.messages), urls.surface(to.server_url)
    if media and to.flatten:
        messages.refuse("this model takes text only")
    found = to.recall(asked.key) or {"multimodal": models.is_multimodal(to.model), "stream": False}
    settled = media or bool(forced)
    multimodal = forced != urls.TEXT if settled else found["multimodal"]
    return _built(asked, _Way(multimodal, found["stream"], settled))


def headers(stream: bool, to: Destination) -> dict[str, str]:
    """The headers of a request: streaming is switched on here and nowhere else."""
    chosen = _STREAM if stream else _PLAIN
    return {**chosen, "X-DashScope-DataInspection": "enable"} if to.options.get("data_inspection") is True else chosen


def _built(asked: _Asked, way: _Way) -> WireRequest:
    request, to = asked.request, asked.to
    losses: list[str] = []
    told = params.adapt(legacy.params(request.params), to.model, losses)
    if not request.stream and models.OPEN_HYBRID.match(to.model):
        told.setdefault("enable_thinking", False)
    stream = request.stream or _streams(told, to.model, way)
    repeats = stream and (bool(models.CUMULATIVE.match(to.model)) or request.params.get("incremental_output") is False)
    form: Json = {} if way.multimodal else {"result_format": "message"}
    if stream:
        form["incremental_output"] = not repeats
    said = [messages.native(message, way.multimodal, losses) for message in asked.messages]
    body = orjson.dumps({"model": to.model, "input": {"messages": said}, "parameters": {**form, **told}})
    fields = headers(stream, to)
    if b'"oss://' in body:
        fields = {**fields, "X-DashScope-OssResourceResolve": "enable"}
    return WireRequest(
        "POST",
        urls.chat(to.server_url, _KIND[way.multimodal]),
        fields,
        body,
        tuple(losses),
        decode=partial(reply.decode, cumulative=True) if repeats else None,
        instead=partial(_instead, asked, way, stream),
        memo={asked.key: {"multimodal": way.multimodal, "stream": way.stream}} if way.learnt else None,
    )


def _streams(told: Json, model: str, way: _Way) -> bool:
    """Whether the vendor answers by stream only, be it for the model's sake or for its thoughts'."""
    return way.stream or told.get("enable_thinking") is True or bool(models.STREAM_ONLY.match(model))


def _instead(asked: _Asked, way: _Way, streamed: bool, error: ProviderError) -> WireRequest | None:
    """The request at the other endpoint, or by stream, where the error asks for it and it was not tried yet."""
    if not way.settled and faults.is_elsewhere(error):
        return _built(asked, replace(way, multimodal=not way.multimodal, settled=True, learnt=True))
    if not streamed and faults.STREAM_REFUSAL.search(error.message):
        return _built(asked, replace(way, stream=True, learnt=True))
    return None
