"""Alibaba's DashScope. What is spoken is its compatible mode; addresses of the native protocol lead there."""

from urllib.parse import urlsplit, urlunsplit

from providers.types import Json
from providers.vendor import Vendor
from providers.wires.openai.dialect import Dialect, Range, models
from providers.wires.openai.row import KEY, row
from providers.wires.unspoken import unspoken

DOCS = "https://help.aliyun.com/zh/model-studio/compatibility-of-openai-with-dashscope"


def compatible_url(server_url: str, _model: str) -> str:
    """The base of compatible mode on the same host, for addresses of the native protocol too."""
    scheme, host, path, query, _ = urlsplit(server_url)
    if path.startswith("/api/v1"):
        return urlunsplit((scheme, host, "/compatible-mode/v1", "", ""))
    return urlunsplit((scheme, host, path, query, ""))


def _adjust(body: Json, losses: list[str]) -> None:
    if body.get("tools") and body.pop("n", 1) != 1:
        losses.append("dropped n")


DIALECT = Dialect(
    root="/compatible-mode/v1",
    url=compatible_url,
    clamp={
        "temperature": Range(0, 2, at_high=1.99),
        "top_p": Range(0, 1, at_low=0.01, at_high=0.99),
        "presence_penalty": Range(-2, 2),
        "seed": Range(0, 2**31 - 1),
    },
    # Source: https://help.aliyun.com/zh/model-studio/deep-thinking, checked 2026-08.
    stream_only=models(r"qwq|qvq|qwen.*-omni|qwen3-.*thinking"),
    hybrid_thinking=models(r"qwen3-\d+(\.\d+)?b(-a\d+b)?$"),
    adjust=_adjust,
    keep_5xx=False,
)

VENDORS: tuple[Vendor, ...] = (
    unspoken(
        "dashscope",
        "https://help.aliyun.com/zh/model-studio/qwen-api-reference",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "DashScope's native protocol",
        KEY,
        pick=lambda _server_url, _fields: "dashscope-openai",
        services=("aliyun",),
    ),
    row(
        "dashscope-openai",
        DOCS,
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        DIALECT,
        services=("qwen",),
        hosts=(
            "dashscope.aliyuncs.com",
            "dashscope-intl.aliyuncs.com",
            "dashscope-us.aliyuncs.com",
            *(".dashscope.aliyuncs.com", ".maas.aliyuncs.com"),
        ),
        models=(
            *("qwen-turbo", "qwen-plus", "qwen-max", "qwen-max-longcontext", "qwen-flash", "qwen-long", "qwq-plus"),
            *("qwen3-max", "qwen3.5-plus", "qwen3.5-flash", "qwen3.7-plus", "qwen3.8-max", "qwen3-coder-plus"),
        ),
        embedding_models=("text-embedding-v4", "text-embedding-v3", "text-embedding-v2", "text-embedding-v1"),
    ),
)
