"""A chat request as V1 takes it: the model in the path, everything else in V1's own words."""

from typing import Final

import orjson

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.qianfan import messages, models, params, urls

HEADERS: Final = {"content-type": "application/json"}


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``, still without its token. ``changes`` names whatever is lost, clamped or made up.

    Raises UNSUPPORTED for content that is not text, INVALID_REQUEST for results of unknown calls.
    """
    path = models.chat_path(to.model, address_of(to))
    losses: list[str] = []
    told = request.messages
    if rule := params.schema_rule(request.params):
        told = [*told, {"role": "system", "content": rule}]
    system, turns = messages.convert(told, system_field=models.takes_system(path), losses=losses)
    body: Json = {"messages": turns}
    if system:
        body["system"] = system
    if request.stream:
        body["stream"] = True
    body.update(params.adapt(request.params, path, losses))
    return WireRequest("POST", urls.v1(to.server_url, "chat", path), HEADERS, orjson.dumps(body), tuple(losses))


def address_of(to: Destination) -> str:
    """The path of a model that the operator deployed, empty when the config names none.

    It is configured beside the key, but is part of a URL and no secret. Three s are the old spelling.
    """
    named = to.credential.get("addresss") or to.credential.get("address")
    return named.reveal().strip().strip("/") if named else urls.named_path(to.server_url)
