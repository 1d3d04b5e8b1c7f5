"""A chat request for an application: one prompt, or the history as messages. Applications bring their own tools."""

from typing import Any, Final

import orjson

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.dashscope import params, urls
from providers.wires.dashscope.messages import lose, refuse, text_of
from providers.wires.dashscope.request import headers
from providers.wires.openai import legacy

INPUTS: Final = ("session_id", "biz_params", "image_list", "file_list", "memory_id")
"""What stands beside the prompt. A session lives for an hour on the vendor's side; without one all is in the messages.

Source: https://help.aliyun.com/zh/model-studio/call-single-agent-application, checked 2026-08.
"""

OPTIONS: Final = frozenset({"has_thoughts", "flow_stream_mode"})
"""Parameters that an entry may set for every request: whether thoughts are told, and what a workflow streams."""

_FOREIGN: Final = params.FOREIGN | {
    *("tools", "tool_choice", "parallel_tool_calls", "n", "max_tokens", "max_completion_tokens", "response_format"),
    *("presence_penalty", "logprobs", "top_logprobs"),
}
_OURS: Final = frozenset({"stream_options", "incremental_output", "stop", *INPUTS})
_LINKS: Final = ("https://", "http://", "oss://")


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``, whose model is the application's id. Stop texts are cut off by the gateway.

    Raises UNSUPPORTED for tool calls in the history, and for pictures that are not addresses.
    """
    losses: list[str] = []
    given = legacy.params(request.params)
    asked = _input([legacy.message(message) for message in request.messages], given, losses)
    body = {"input": asked, "parameters": _parameters(given, request.stream, to, losses), "debug": {}}
    url = urls.application(to.server_url, to.model)
    stop = given.get("stop") or ()
    stops = (stop,) if isinstance(stop, str) else tuple(stop)
    return WireRequest("POST", url, headers(request.stream, to), orjson.dumps(body), tuple(losses), stops)


def _parameters(given: Json, stream: bool, to: Destination, losses: list[str]) -> Json:
    told = {name: value for name, value in to.options.items() if name in OPTIONS and value is not None}
    fresh = {**told, **{name: value for name, value in given.items() if name not in _OURS}}
    params.drop(fresh, _FOREIGN, losses)
    params.clamp(fresh, losses)
    if isinstance(fresh.get("seed"), int) and fresh["seed"] < 0:
        params.drop(fresh, frozenset({"seed"}), losses)
    effort = fresh.pop("reasoning_effort", None)
    if effort is not None and "has_thoughts" not in given:
        fresh["has_thoughts"] = effort != "none"
        losses.append("changed reasoning_effort to has_thoughts")
    return {"incremental_output": True, **fresh} if stream else fresh


def _input(messages: list[Json], given: Json, losses: list[str]) -> Json:
    """The last text alone where there is no history or the vendor keeps it, else all messages."""
    images: list[str] = []
    turns = [_turn(message, images, losses) for message in messages]
    more: Json = {name: given[name] for name in INPUTS if name in given}
    if images:
        more["image_list"] = [*more.get("image_list", ()), *images]
    alone = len(turns) == 1 and turns[0]["role"] == "user"
    if not alone and not more.get("session_id"):
        return {"messages": turns, **more}
    asked = next((turn["content"] for turn in reversed(turns) if turn["role"] == "user"), turns[-1]["content"])
    return {"prompt": asked, **more}


def _turn(message: Json, images: list[str], losses: list[str]) -> Json:
    if message["role"] == "tool" or message.get("tool_calls"):
        refuse("an application takes no tool calls in its history; it brings tools of its own")
    if message.get("name"):
        lose("dropped messages[].name", losses)
    return {"role": message["role"], "content": _text(message.get("content"), images)}


def _text(content: Any, images: list[str]) -> str:
    if not isinstance(content, list):
        return content or ""
    for part in content:
        if part["type"] == "image_url":
            url = part["image_url"]["url"]
            if not url.startswith(_LINKS):
                refuse("an application takes images as https:// addresses only")
            images.append(url)
    return text_of([part for part in content if part["type"] != "image_url"])
