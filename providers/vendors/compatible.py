"""The row for hosts that nobody knows, and servers that operators run themselves.

An unknown host is treated as the average third party: it knows ``max_tokens`` and ``system``. Where the model's name is
one of OpenAI's own, the host is taken for a relay and the request is made as for OpenAI.
"""

from providers import support
from providers.types import Json
from providers.vendor import Vendor
from providers.vendors.openai import COMPLETION_MODELS, RULES
from providers.wires.openai.dialect import KEEP, Dialect, models
from providers.wires.openai.row import KEY_IF_ANY, row

OPENAI_NAMES = models(r"(openai/)?(gpt-(?!oss)|o\d|chatgpt-|codex-)")
"""Names of OpenAI's own models."""


def _no_json_object(body: Json, losses: list[str]) -> None:
    if (body.get("response_format") or {}).get("type") == "json_object":
        # Only schemas are known there (unverified).
        del body["response_format"]
        losses.append("dropped response_format")


VENDORS: tuple[Vendor, ...] = (
    row(
        "compatible",
        "https://platform.openai.com/docs/api-reference/chat",
        "",
        Dialect(completion_models=COMPLETION_MODELS, rules=RULES, developer_models=OPENAI_NAMES),
        credentials=KEY_IF_ANY,
        services=("generic", "openai_compatible"),
        title="any other server that speaks the OpenAI API",
        title_zh="其他说 OpenAI API 的服务",
    ),
    row(
        "vllm",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        "http://127.0.0.1:8000/v1",
        Dialect(max_tokens=KEEP),
        credentials=KEY_IF_ANY,
        services=("sglang",),
        title="vLLM, SGLang",
        title_zh="vLLM、SGLang",
    ),
    row(
        "lmstudio",
        "https://lmstudio.ai/docs/app/api/endpoints/openai",
        "http://127.0.0.1:1234/v1",
        Dialect(adjust=_no_json_object),
        credentials=KEY_IF_ANY,
        # Source: https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1120, checked 2026-08.
        inlines=True,
        title="LM Studio",
        # See _no_json_object.
        lacks=frozenset({support.JSON_OBJECT}),
    ),
    row(
        "llamacpp",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        "http://127.0.0.1:8080/v1",
        # Older servers tell a failure amid a stream in a line "error: {…}", which framing.sse reads.
        Dialect(),
        credentials=KEY_IF_ANY,
        services=("llama.cpp", "local"),
        title="llama.cpp's server",
        title_zh="llama.cpp 服务器",
    ),
)
