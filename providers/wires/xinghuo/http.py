"""What Spark's HTTP endpoint does otherwise than other speakers of the OpenAI wire."""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.openai import request as openai
from providers.wires.openai.dialect import Dialect, ModelRule, Range, models
from providers.wires.openai.urls import CHAT
from providers.wires.xinghuo import auth, talk
from providers.wires.xinghuo.models import HTTP_ONLY, http
from providers.wires.xinghuo.request import LENGTHS, PLAIN, SEARCHERS, TOOLLESS

_NEWEST: Final = models(HTTP_ONLY.replace(".", r"\."))


def adjust(body: Json, losses: list[str]) -> None:
    """What values cannot say: stop texts, which the gateway cuts, and tools, which small models know only in part."""
    body.pop("stop", None)
    tools = body.pop("tools", None) or []
    kept = [tool for tool in tools if _takes(body["model"], tool)]
    if len(kept) < len(tools):
        losses.append("dropped tools")
    if kept:
        # Without the switch the answer's tool_calls is one object instead of a list.
        body.update(tools=kept, tool_calls_switch=True)
    if not any(tool["type"] == "function" for tool in kept):
        body.pop("tool_choice", None)


def _takes(model: str, tool: Json) -> bool:
    if tool["type"] == "web_search":
        return SEARCHERS.match(model) is not None or not TOOLLESS.match(model)
    return not TOOLLESS.match(model)


DIALECT: Final = Dialect(
    # Source: https://www.xfyun.cn/doc/spark/HTTP%E8%B0%83%E7%94%A8%E6%96%87%E6%A1%A3.html, checked 2026-08.
    drop=frozenset(
        {"n", "seed", "logprobs", "top_logprobs", "parallel_tool_calls", "logit_bias", "reasoning_effort", "verbosity"}
        | {"store", "metadata", "service_tier", "modalities", "prediction", "audio"}
    ),
    clamp={
        "temperature": Range(0, 2),
        "top_p": Range(0, 1, at_low=0.01),
        "top_k": Range(1, 6),
        "presence_penalty": Range(-2, 2),
        "frequency_penalty": Range(-2, 2),
    },
    # Spark-X2.5 has its temperature and top_p fixed. Source: https://www.xfyun.cn/doc/spark/Spark-X2.5.html.
    rules=(*LENGTHS, ModelRule(_NEWEST, drop=frozenset({"temperature", "top_p", "top_k"}))),
    completion_models=_NEWEST,
    json_schema=False,
    stream_options=False,
    cut_stops=True,
    modern_only=True,
    fold_system=PLAIN,
    merge_system=True,
    text_models=models(""),
    adjust=adjust,
    keep_5xx=False,
)


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for the base that the model lives under. Raises UNSUPPORTED for parts other than text."""
    talk.check_texts(request.messages)
    _, wanted = auth.account(to.credential)
    base, model = http(to.model, wanted, to.server_url)
    asked = replace(request, params=_with_search(request.params, to, model))
    return openai.encode(asked, replace(to, model=model, server_url=_endpoint(base)), DIALECT)


def _endpoint(base: str) -> str:
    """The whole address: to a base such as /x2 the common rules would add a version."""
    parts = urlsplit(base)
    return parts._replace(path=parts.path + CHAT).geturl()


def _with_search(params: Json, to: Destination, model: str) -> Json:
    """The parameters, and a word against web search where the operator wants none and the client says nothing."""
    tools: list[Any] = list(params.get("tools") or ())
    asks = any(tool["type"] == "web_search" for tool in tools)
    if to.options.get("web_search") is not False or asks or not SEARCHERS.match(model):
        return params
    return {**params, "tools": [*tools, {"type": "web_search", "web_search": {"enable": False}}]}
