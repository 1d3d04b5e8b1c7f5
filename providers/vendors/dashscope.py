"""Alibaba's DashScope: its native protocol, its applications (Bailian), and the surfaces of others that it offers."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from providers import auth, framing, support
from providers.errors import ProviderError
from providers.types import Json, Secret, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.anthropic import faults as anthropic_faults
from providers.wires.anthropic import reply as anthropic_reply
from providers.wires.anthropic import request as anthropic_request
from providers.wires.dashscope import apps, apps_reply, embeddings, faults, frames, models, reply, request, urls
from providers.wires.openai.dialect import Dialect, Range
from providers.wires.openai.row import row

DOCS: Final = "https://help.aliyun.com/zh/model-studio/compatibility-of-openai-with-dashscope"
KEY: Final = CredentialFields(
    optional=("workspace",),
    note="a key begins with sk-, belongs to one region and is made at https://bailian.console.aliyun.com/?tab=model#/api-key;"
    " workspace is needed only where the model or application is not in the key's own",
    looks={"coding_plan": ("api_key", "sk-sp-")},
)
MODELS: Final = (
    *("qwen-turbo", "qwen-plus", "qwen-max", "qwen-max-longcontext", "qwen-flash", "qwen-long", "qwq-plus"),
    *("qwen3-max", "qwen3.5-plus", "qwen3.5-flash", "qwen3.7-plus", "qwen3.7-max", "qwen3.8-max", "qwen3.8-flash"),
    *("qwen3.8-omni-flash", "qwen3-coder-plus", "qwen3-coder-flash", "qwen3-vl-plus", "qwen-vl-ocr"),
    *("deepseek-v4-flash", "deepseek-v4-pro", "glm-5.1", "glm-5.2", "kimi-k2.7-code"),
)
EMBEDDING_MODELS: Final = ("text-embedding-v4", "text-embedding-v3", "text-embedding-v2", "text-embedding-v1")


def pick(server_url: str, _fields: frozenset[str], default: str) -> str:
    """The name of the row for an address; ``default`` where it names no protocol."""
    path = urlsplit(server_url).path.rstrip("/") + "/"
    # A bare /v1 is the address of a coding plan: https://coding.dashscope.aliyuncs.com/v1.
    if "/compatible-mode/" in path or path.endswith("/chat/completions/") or path.startswith("/v1/"):
        return "dashscope-openai"
    if "/apps/anthropic/" in path:
        return "dashscope-anthropic"
    if "/apps/" in path:
        return "bailian"
    return "dashscope" if "/services/" in path or urls.surface(server_url) else default


def advise(server_url: str, fields: frozenset[str]) -> str:
    """A sentence on a key that no address takes but a coding plan's own."""
    at_the_plan = (urlsplit(server_url).hostname or "").startswith("coding")
    told = "this is a key of a coding plan (sk-sp-…), which works at the plan's own address only"
    return told if "coding_plan" in fields and not at_the_plan else ""


def sign(wire: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with its key, and with its workspace where the credential names one."""
    signed, workspace = auth.bearer(wire, credential, now), credential.get("workspace")
    return auth.with_headers(signed, X_DashScope_WorkSpace=workspace.reveal()) if workspace else signed


def compatible_url(server_url: str, _model: str) -> str:
    """The base of compatible mode on the same host, for addresses of the native protocol too."""
    scheme, host, path, query, _ = urlsplit(server_url)
    if path.startswith("/api/v1"):
        return urlunsplit((scheme, host, "/compatible-mode/v1", "", ""))
    return urlunsplit((scheme, host, path, query, ""))


def _sign_messages(wire: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """A request of Anthropic's wire, signed as all others; without the empty header for that wire's form of a key."""
    signed = sign(wire, credential, now)
    return replace(signed, headers={name: value for name, value in signed.headers.items() if name != "x-api-key"})


def _fault_of_messages(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error of a failed call of Anthropic's wire; the vendor's own codes show up there too."""
    fault = faults.fault if faults.is_native(body) else anthropic_faults.fault
    return fault(status, headers, body)


def _adjust(body: Json, losses: list[str]) -> None:
    if body.get("tools") and body.pop("n", 1) != 1:
        losses.append("dropped n")


DIALECT: Final = Dialect(
    root="/compatible-mode/v1",
    url=compatible_url,
    clamp={
        "temperature": Range(0, 2, at_high=1.99),
        "top_p": Range(0, 1, at_low=0.01, at_high=0.99),
        "presence_penalty": Range(-2, 2),
        "seed": Range(0, 2**31 - 1),
    },
    stream_only=models.STREAM_ONLY,
    hybrid_thinking=models.OPEN_HYBRID,
    stream_refusal=faults.STREAM_REFUSAL,
    adjust=_adjust,
    codes=faults.KINDS,
    keep_5xx=False,
)

NATIVE: Final = Vendor(
    name="dashscope",
    docs="https://help.aliyun.com/zh/model-studio/qwen-api-reference",
    base_url=urls.HOST,
    encode=request.encode,
    decode=reply.decode,
    fault=faults.fault,
    frame=frames.frame,
    sign=sign,
    embed=embeddings.EMBEDDER,
    credentials=replace(KEY, advise=advise),
    services=("aliyun",),
    pick=partial(pick, default="dashscope"),
    models=MODELS,
    embedding_models=EMBEDDING_MODELS,
    options=frozenset({"data_inspection"}),
    title="Alibaba DashScope (Qwen)",
    title_zh="阿里云百炼 DashScope（通义千问）",
    supports=support.all_but(support.TOOL_REQUIRED),
)
_COMPATIBLE: Final = row(
    "dashscope-openai",
    DOCS,
    f"{urls.HOST}/compatible-mode/v1",
    DIALECT,
    sign=sign,
    credentials=NATIVE.credentials,
    services=("qwen",),
    hosts=(
        *("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"),
        *(".dashscope.aliyuncs.com", ".maas.aliyuncs.com"),
    ),
    models=MODELS,
    embedding_models=EMBEDDING_MODELS,
    title="Alibaba DashScope, OpenAI surface",
    title_zh="阿里云百炼（OpenAI 接口）",
)

VENDORS: Final[tuple[Vendor, ...]] = (
    NATIVE,
    replace(
        _COMPATIBLE,
        fault=faults.fault,
        embed=_COMPATIBLE.embed and replace(_COMPATIBLE.embed, batch=embeddings.batch),
    ),
    replace(
        NATIVE,
        name="bailian",
        docs="https://help.aliyun.com/zh/model-studio/call-single-agent-application",
        base_url=f"{urls.HOST}/api/v1/apps",
        encode=apps.encode,
        decode=apps_reply.decode,
        embed=None,
        services=(),
        pick=partial(pick, default="bailian"),
        models=(),
        embedding_models=(),
        options=NATIVE.options | apps.OPTIONS,
        title="Alibaba Bailian, applications",
        title_zh="阿里云百炼应用",
        supports=frozenset({support.STREAM, support.IMAGES, support.REASONING, support.STOP, support.USAGE}),
    ),
    replace(
        NATIVE,
        name="dashscope-anthropic",
        docs="https://help.aliyun.com/zh/model-studio/anthropic-api-messages",
        base_url=f"{urls.HOST}/apps/anthropic",
        encode=anthropic_request.encode,
        decode=anthropic_reply.decode,
        fault=_fault_of_messages,
        sign=_sign_messages,
        frame=framing.sse,
        embed=None,
        services=(),
        pick=None,
        embedding_models=(),
        options=frozenset({"max_tokens"}),
        title="Alibaba DashScope, Anthropic's surface",
        title_zh="阿里云百炼（Anthropic 接口）",
        supports=support.all_but(support.JSON_OBJECT),
    ),
)
