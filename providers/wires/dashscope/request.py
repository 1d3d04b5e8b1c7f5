"""A chat request for the text or the multimodal endpoint, and the other one to try when the model is not there."""

from dataclasses import replace
from functools import partial
from typing import Final

import orjson

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.dashscope import messages, models, params, reply, urls
from providers.wires.openai import legacy

_PLAIN: Final = {"content-type": "application/json", "accept": "application/json"}
_STREAM: Final = {
    "content-type": "application/json",
    "accept": "text/event-stream",
    "X-DashScope-SSE": "enable",
    "X-Accel-Buffering": "no",
}
_KIND: Final = {True: urls.MULTIMODAL, False: urls.TEXT}


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``. Where only the model's name told the endpoint, ``instead`` is the other one.

    Which endpoint a model was found at is remembered. Raises UNSUPPORTED for messages that cannot go.
    """
    given = [legacy.message(message) for message in request.messages]
    media, forced = messages.has_media(given), urls.surface(to.server_url)
    if media and to.flatten:
        messages.refuse("this model takes text only")
    if forced or media:
        return _built(request, to, given, forced != urls.TEXT)
    key = f"{to.server_url} {to.model}"
    found = to.recall(key)
    multimodal = found["multimodal"] if found else models.is_multimodal(to.model)
    memo = {key: {"multimodal": not multimodal}}
    other = partial(_built, request, to, given, not multimodal, memo)
    return replace(_built(request, to, given, multimodal), instead=other)


def headers(stream: bool, to: Destination) -> dict[str, str]:
    """The headers of a request: streaming is switched on here and nowhere else."""
    chosen = _STREAM if stream else _PLAIN
    return {**chosen, "X-DashScope-DataInspection": "enable"} if to.options.get("data_inspection") is True else chosen


def _built(
    request: ChatRequest, to: Destination, given: list[Json], multimodal: bool, memo: dict[str, Json] | None = None
) -> WireRequest:
    losses: list[str] = []
    told = params.adapt(legacy.params(request.params), to.model, losses)
    if not request.stream and models.OPEN_HYBRID.match(to.model):
        told.setdefault("enable_thinking", False)
    stream = request.stream or told.get("enable_thinking") is True or bool(models.STREAM_ONLY.match(to.model))
    repeats = stream and (bool(models.CUMULATIVE.match(to.model)) or request.params.get("incremental_output") is False)
    form: Json = {} if multimodal else {"result_format": "message"}
    if stream:
        form["incremental_output"] = not repeats
    said = [messages.native(message, multimodal, losses) for message in given]
    body = orjson.dumps({"model": to.model, "input": {"messages": said}, "parameters": {**form, **told}})
    fields = headers(stream, to)
    if b'"oss://' in body:
        fields = {**fields, "X-DashScope-OssResourceResolve": "enable"}
    return WireRequest(
        "POST",
        urls.chat(to.server_url, _KIND[multimodal]),
        fields,
        body,
        tuple(losses),
        decode=partial(reply.decode, cumulative=True) if repeats else None,
        memo=memo,
    )
