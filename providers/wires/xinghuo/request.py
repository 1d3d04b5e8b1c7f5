"""A chat request as the one text frame that Spark's WebSocket takes."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.openai import legacy, params
from providers.wires.openai.dialect import Dialect, ModelRule, Range, models
from providers.wires.xinghuo import auth, talk
from providers.wires.xinghuo.models import socket

USER_CHARS: Final = 32

PLAIN: Final = models(r"(lite|generalv2|generalv3|pro-128k)$")
"""Models that heed no system message. Source: https://www.xfyun.cn/doc/spark/Web.html, checked 2026-08."""

TOOLLESS: Final = models(r"(lite|generalv2|generalv3|pro-128k|max-32k)$")
CALLERS: Final = models(r"(generalv3\.5|4\.0ultra)$")
"""Models that may be given functions over WebSocket; over HTTP all may that are not ``TOOLLESS``."""

SEARCHERS: Final = models(r"(generalv3|generalv3\.5|pro-128k|max-32k|4\.0ultra)$")
"""Models that search the web, and do it unless they are told not to."""


def most_tokens(limit: int) -> Mapping[str, Range]:
    """The range of an answer's length."""
    return {"max_tokens": Range(1, limit)}


LENGTHS: Final = (
    ModelRule(models(r"(lite|generalv2|pro-128k)$"), clamp=most_tokens(4096)),
    ModelRule(models(r"(generalv3|generalv3\.5)$"), clamp=most_tokens(8192)),
    ModelRule(models(r"(4\.0ultra|max-32k)$"), clamp=most_tokens(32_768)),
    # "64K": whether the last of them counts is not told.
    ModelRule(models(r"spark-x$"), clamp=most_tokens(65_535)),
)

DIALECT: Final = Dialect(
    only=frozenset({"temperature", "top_k", "max_tokens", "tools", "tool_choice", "user", "stop", "stream_options"}),
    clamp={"temperature": Range(0, 1, at_low=0.01), "top_k": Range(1, 6)},
    rules=LENGTHS,
    tool_choices=frozenset({"auto", "none"}),
    stream_options=False,
    fold_system=PLAIN,
    merge_system=True,
    alternate=True,
)


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The upgrade's address and the frame to send after it. ``changes`` names every loss.

    Stop texts are unknown there; the gateway cuts the answer at them. Raises UNSUPPORTED for parts other than text and
    MODEL_NOT_FOUND where no address is known.
    """
    appid, wanted = auth.account(to.credential)
    url, domain = socket(to.model, wanted, to.server_url)
    losses: list[str] = []
    body: Json = {"model": domain, "messages": talk.texts(request.messages, DIALECT, domain, losses)}
    body.update(legacy.params(request.params))
    params.adapt(body, DIALECT, losses)
    functions, searches = _tools(body, domain, losses)
    chat: Json = {
        "domain": domain,
        **{name: body[name] for name in ("temperature", "top_k", "max_tokens") if name in body},
    }
    if searches:
        chat["tools"] = searches
    elif to.options.get("web_search") is False and SEARCHERS.match(domain):
        chat["tools"] = [{"type": "web_search", "web_search": {"enable": False}}]
    payload: Json = {"message": {"text": body["messages"]}}
    if functions:
        payload["functions"] = {"text": functions}
    frame = {"header": _header(appid, body, to.options, losses), "parameter": {"chat": chat}, "payload": payload}
    return WireRequest("GET", url, {}, orjson.dumps(frame), tuple(losses), stops(request))


def stops(request: ChatRequest) -> tuple[str, ...]:
    """The stop texts of a request, whether it gave one, several or none."""
    stop = request.params.get("stop")
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def _header(appid: str, body: Json, options: Mapping[str, Any], losses: list[str]) -> Json:
    header: Json = {"app_id": appid}
    user = body.get("user")
    if user:
        header["uid"] = user[:USER_CHARS]
        if len(user) > USER_CHARS:
            losses.append(f"clamped user to {USER_CHARS} characters")
    patch = options.get("patch_id")
    if patch:
        # The vendor's own spelling is a list.
        header["patch_id"] = [str(resource) for resource in (patch if isinstance(patch, list) else [patch])]
    return header


def _tools(body: Json, domain: str, losses: list[str]) -> tuple[list[Json], list[Json]]:
    """The functions, and the web search, that a client offers; what the model does not take is a loss."""
    functions: list[Json] = []
    searches: list[Json] = []
    # The vendor has no word for "none": its functions stay out. What is said about the search is no call, and stays.
    offers_none = body.get("tool_choice") == "none"
    for tool in body.get("tools") or ():
        if tool["type"] == "function" and offers_none:
            continue
        if tool["type"] == "function" and CALLERS.match(domain):
            functions.append(_function(tool["function"]))
        elif tool["type"] == "web_search" and SEARCHERS.match(domain):
            searches.append(tool)
        elif "dropped tools" not in losses:
            losses.append("dropped tools")
    return functions, searches


def _function(told: Json) -> Json:
    """A function with what Spark knows of one; its parameters must be an object's schema, even where it has none."""
    known = {name: told[name] for name in ("name", "description", "parameters") if told.get(name)}
    return {"parameters": {"type": "object", "properties": {}}, **known}
