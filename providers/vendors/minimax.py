"""MiniMax, in China and abroad: its OpenAI surface, and the two older protocols where an address or a model asks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from providers import support
from providers.types import ChatRequest, Delta, Destination, Event, Json, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.minimax import addresses, embeddings, pro, reply
from providers.wires.openai.dialect import MAX_COMPLETION_TOKENS, Dialect, ModelRule, Range, models
from providers.wires.openai.row import row

DOCS: Final = "https://platform.minimaxi.com/docs/api-reference/text-openai-api"
HOSTS: Final = ("api.minimaxi.com", "api.minimax.io", "api.minimax.chat", "api.minimaxi.chat", "api.minimax.cn")
OLD_MODELS: Final = (
    *("abab6.5", "abab6.5s", "abab6.5t", "abab6.5g", "abab5.5s"),
    *("abab6.5-chat", "abab6.5s-chat", "abab6.5t-chat", "abab6.5g-chat", "abab5.5s-chat", "abab5.5-chat"),
)
MODELS: Final = (
    *("MiniMax-M3", "MiniMax-M3.1-Flash-Preview", "MiniMax-M2.7", "MiniMax-M2.7-highspeed", "MiniMax-M2.5"),
    *("MiniMax-M2.5-highspeed", "MiniMax-M2.1", "MiniMax-M2.1-highspeed", "MiniMax-M2"),
)
V2_MODELS: Final = ("MiniMax-M1", "MiniMax-Text-01", "M2-her")
EMBEDDING_MODELS: Final = ("embo-01",)

_NOTE: Final = "group_id is the number of the account's group; keys of the Chinese and the international site differ"
_KEY: Final = CredentialFields(optional=("group_id",), note=_NOTE)
_KEY_AND_GROUP: Final = CredentialFields(required=(("api_key", "group_id"),), note=_NOTE)
_BY_HAND: Final = "pro-grouped"


def pick(server_url: str, _fields: frozenset[str]) -> str:
    """The name of the row for an address; without one each request finds its protocol by its model."""
    if not server_url:
        return "minimax"
    protocol = addresses.protocol_of(server_url)
    if protocol == "pro" and addresses.names_group(server_url):
        protocol = _BY_HAND
    return f"minimax-{protocol}"


def _adjust(body: Json, _losses: list[str]) -> None:
    """A schema for tools without one, and an object for calls without arguments: both are refused (2013)."""
    body["messages"] = [_with_arguments(message) for message in body["messages"]]
    if body.get("tools"):
        body["tools"] = [_with_parameters(tool) for tool in body["tools"]]


def _with_arguments(message: Json) -> Json:
    if not message.get("tool_calls"):
        return message
    return {**message, "tool_calls": [_call_with_arguments(call) for call in message["tool_calls"]]}


def _call_with_arguments(call: Json) -> Json:
    function = call.get("function")
    if not isinstance(function, dict) or function.get("arguments"):
        return call
    return {**call, "function": {**function, "arguments": "{}"}}


def _with_parameters(tool: Json) -> Json:
    function = tool.get("function")
    if not isinstance(function, dict) or function.get("parameters"):
        return tool
    return {**tool, "function": {**function, "parameters": {"type": "object", "properties": {}}}}


DIALECT: Final = Dialect(
    url=addresses.surface_url,
    max_tokens=MAX_COMPLETION_TOKENS,
    drop=frozenset({"n"}),
    clamp={"top_p": Range(0, 1, at_low=0.01)},
    # Source: https://platform.minimaxi.com/docs/api-reference/text-openai-api, checked 2026-08.
    rules=(
        ModelRule(models(r"(?!minimax-m3)"), clamp={"temperature": Range(0, 1, at_low=0.01)}),
        ModelRule(models(r"minimax-m3"), clamp={"temperature": Range(0, 2)}),
    ),
    merge_system=True,
    modern_only=True,
    adjust=_adjust,
    # Its own thinking must come back in full, in whatever field it left.
    strip=frozenset({"refusal", "annotations", "audio"}),
    keep_5xx=False,
)

V2_DIALECT: Final = Dialect(
    max_tokens=MAX_COMPLETION_TOKENS,
    drop=frozenset(
        {"n", "seed", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"}
    ),
    clamp={"temperature": Range(0, 1, at_low=0.01), "top_p": Range(0, 1, at_low=0.01)},
    # Source: https://platform.minimaxi.com/docs/api-reference/text-post, checked 2026-08.
    rules=(
        ModelRule(models(r"minimax-text-01|m2-her"), clamp={"max_completion_tokens": Range(high=2048)}),
        ModelRule(models(r"(?!minimax-text-01)"), drop=frozenset({"response_format"})),
    ),
    tool_choices=frozenset({"auto", "none"}),
    merge_system=True,
    modern_only=True,
    adjust=_adjust,
    strip=frozenset({"refusal", "annotations", "audio"}),
    keep_5xx=False,
)

_OPENAI: Final = replace(
    row(
        "minimax-openai",
        DOCS,
        addresses.BASE_URL,
        DIALECT,
        sign=addresses.sign,
        credentials=_KEY,
        hosts=HOSTS,
        title="MiniMax, OpenAI surface",
        title_zh="MiniMax（OpenAI 接口）",
    ),
    embed=embeddings.EMBEDDER,
    pick=pick,
    models=(*MODELS, *V2_MODELS, *OLD_MODELS),
    embedding_models=EMBEDDING_MODELS,
)
_V2: Final = replace(
    row(
        "minimax-v2",
        "https://platform.minimaxi.com/docs/api-reference/text-post",
        addresses.V2_URL,
        V2_DIALECT,
        sign=addresses.sign,
        credentials=_KEY,
        title="MiniMax, chatcompletion_v2",
        title_zh="MiniMax（chatcompletion_v2）",
    ),
    embed=embeddings.EMBEDDER,
    models=(*V2_MODELS, *MODELS),
    embedding_models=EMBEDDING_MODELS,
)
_PRO: Final = replace(
    _V2,
    name="minimax-pro",
    docs="https://platform.minimaxi.com/document/ChatCompletion%20Pro",
    base_url=addresses.PRO_URL,
    encode=pro.encode,
    decode=reply.decode,
    credentials=_KEY_AND_GROUP,
    title="MiniMax, chatcompletion_pro",
    title_zh="MiniMax（chatcompletion_pro）",
    supports=frozenset(
        {
            support.STREAM,
            support.TOOLS,
            support.TOOL_NONE,
            support.TOOL_NAMED,
            support.MAX_TOKENS,
            support.LENGTH,
            support.USAGE,
        }
    ),
    wire="",
    models=(*OLD_MODELS, "MiniMax-Text-01"),
)


def encode_v2(request: ChatRequest, to: Destination) -> WireRequest:
    """The request of ``chatcompletion_v2``: OpenAI's body at an address of its own."""
    return replace(_V2.encode(request, to), url=to.server_url)


def encode_by_model(request: ChatRequest, to: Destination) -> WireRequest:
    """The request in the protocol of the model, for entries without a ``server_url``."""
    protocol = addresses.protocol_for(to.model, "group_id" in to.credential)
    if protocol == "pro":
        return pro.encode(request, replace(to, server_url=addresses.PRO_URL))
    if protocol == "v2":
        return encode_v2(request, replace(to, server_url=addresses.V2_URL))
    return _OPENAI.encode(request, to)


def decode_by_shape(events: Iterator[Event]) -> Iterator[Delta]:
    """The deltas of a reply whose protocol only its request knew."""
    return reply.by_shape(events, _OPENAI.decode)


VENDORS: Final[tuple[Vendor, ...]] = (
    replace(
        _OPENAI,
        name="minimax",
        title="MiniMax",
        title_zh="",
        encode=encode_by_model,
        decode=decode_by_shape,
        embed=embeddings.EMBEDDER_ANYWHERE,
        hosts=(),
        wire="",
    ),
    _OPENAI,
    replace(_V2, encode=encode_v2),
    _PRO,
    replace(
        _PRO,
        name=f"minimax-{_BY_HAND}",
        title="MiniMax, chatcompletion_pro with the group in the address",
        title_zh="MiniMax（chatcompletion_pro，地址里带 GroupId）",
        credentials=_KEY,
    ),
)
