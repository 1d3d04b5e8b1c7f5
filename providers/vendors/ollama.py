"""Ollama: its native protocol, and its OpenAI surface where ``server_url`` holds ``/v1``. No key is needed locally."""

from dataclasses import replace
from functools import partial
from typing import Final

from providers import framing, support
from providers.types import Timeouts
from providers.vendor import Vendor
from providers.wires.ollama import embeddings, faults, reply, request, urls
from providers.wires.ollama.params import CONFIGURED
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.row import KEY_IF_ANY, OPTIONS, row

MODELS: Final = ("llama3.2", "qwen3", "gemma3", "gpt-oss")
EMBEDDING_MODELS: Final = ("nomic-embed-text",)

TIMEOUTS: Final = Timeouts(first_event_s=600.0, idle_s=300.0)
"""A model that is not in memory is loaded first, which takes minutes on slow disks; nothing is sent meanwhile."""

DIALECT: Final = Dialect(
    url=urls.surface,
    drop=frozenset({"logit_bias", "n", "user", "parallel_tool_calls", "service_tier"}),
    tool_choices=frozenset({"auto"}),
    models_by_account=True,
)
"""Source: https://docs.ollama.com/api/openai-compatibility, checked 2026-08."""


def _pick(server_url: str, _fields: frozenset[str]) -> str:
    return "ollama-openai" if urls.is_openai(server_url) else "ollama"


VENDORS: tuple[Vendor, ...] = (
    Vendor(
        name="ollama",
        docs="https://docs.ollama.com/api",
        base_url="http://127.0.0.1:11434/api/chat",
        encode=request.encode,
        decode=reply.decode,
        fault=faults.fault,
        frame=framing.ndjson,
        title="Ollama",
        supports=support.all_but(support.TOOL_REQUIRED, support.TOOL_NAMED),
        embed=embeddings.EMBEDDER,
        credentials=KEY_IF_ANY,
        pick=_pick,
        models=MODELS,
        embedding_models=EMBEDDING_MODELS,
        options=OPTIONS | {"options", *CONFIGURED},
        inlines=True,
        timeouts=TIMEOUTS,
    ),
    replace(
        row(
            "ollama-openai",
            "https://docs.ollama.com/api/openai-compatibility",
            "http://127.0.0.1:11434/v1",
            DIALECT,
            credentials=KEY_IF_ANY,
            hosts=("ollama.com",),
            models=MODELS,
            embedding_models=EMBEDDING_MODELS,
            title="Ollama, OpenAI surface",
            title_zh="Ollama（OpenAI 接口）",
        ),
        fault=partial(faults.fault, dialect=DIALECT),
        inlines=True,
        timeouts=TIMEOUTS,
    ),
)
