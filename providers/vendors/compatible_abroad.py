"""Vendors abroad that differ from the wire's common ways by values only.

A row's dialect holds what its own reference demands; what a row does not say is as for any unknown third party.
"""

from providers import support
from providers.vendor import Vendor
from providers.vendors.compatible import OPENAI_NAMES
from providers.vendors.openai import COMPLETION_MODELS, RULES
from providers.wires.openai.dialect import KEEP, LOGPROBS, REPLY_ONLY_FIELDS, TOOLS, Dialect, ModelRule, models
from providers.wires.openai.row import row

_PENALTIES = frozenset({"presence_penalty", "frequency_penalty", "logit_bias"})


def _with_version(server_url: str, _model: str) -> str:
    """The base for an address that leaves the version out."""
    base = server_url.rstrip("/")
    return f"{base}/v1" if base.endswith(("/inference", "/openai")) else server_url


VENDORS: tuple[Vendor, ...] = (
    row(
        "groq",
        "https://console.groq.com/docs/openai",
        "https://api.groq.com/openai/v1",
        Dialect(
            root="/openai/v1",
            url=_with_version,
            max_tokens=KEEP,
            drop=LOGPROBS | {"logit_bias", "n"},
            strip=REPLY_ONLY_FIELDS | {"name", "reasoning_details"},
            null_content="drop",
        ),
        embeds=False,
        hosts=("api.groq.com",),
        models=(
            *("llama3-70b-8192", "llama3-8b-8192", "gemma-7b-it", "mixtral-8x7b-32768"),
            *("llama-3.3-70b-versatile", "llama-3.1-8b-instant", "openai/gpt-oss-120b", "openai/gpt-oss-20b"),
        ),
        title="Groq",
    ),
    row(
        "openrouter",
        "https://openrouter.ai/docs/api-reference/chat-completion",
        "https://openrouter.ai/api/v1",
        Dialect(
            root="/api/v1",
            max_tokens=KEEP,
            developer_models=OPENAI_NAMES,
            # Reasoning has to come back unmodified in tool loops.
            strip=frozenset({"refusal", "annotations", "audio"}),
            keep_details=True,
        ),
        hosts=("openrouter.ai",),
        models=("openrouter/auto", "openai/gpt-5-mini", "anthropic/claude-sonnet-4.5", "deepseek/deepseek-chat"),
        title="OpenRouter",
    ),
    row(
        "together",
        "https://docs.together.ai/reference/chat-completions-1",
        "https://api.together.xyz/v1",
        Dialect(),
        hosts=("api.together.xyz", "api.together.ai"),
        models=("meta-llama/Llama-3.3-70B-Instruct-Turbo", "deepseek-ai/DeepSeek-V3"),
        embedding_models=("BAAI/bge-base-en-v1.5",),
        title="Together AI",
    ),
    row(
        "xai",
        "https://docs.x.ai/docs/api-reference",
        "https://api.x.ai/v1",
        Dialect(
            max_tokens=KEEP,
            developer_models=models(""),
            rules=(
                ModelRule(
                    models(r"grok-(3-mini|4(?!.*non-reasoning)|code|[5-9])"),
                    drop=frozenset({"presence_penalty", "frequency_penalty", "stop"}),
                ),
                ModelRule(models(r"grok-4(-\d{4}|-latest)?$|grok-code"), drop=frozenset({"reasoning_effort"})),
            ),
        ),
        embeds=False,
        services=("grok",),
        hosts=("api.x.ai",),
        models=("grok-4", "grok-4-fast-reasoning", "grok-4-fast-non-reasoning", "grok-3", "grok-3-mini"),
        title="xAI (Grok)",
        title_zh="xAI（Grok）",
    ),
    row(
        "sambanova",
        "https://docs.sambanova.ai/cloud/api-reference/endpoints/chat",
        "https://api.sambanova.ai/v1",
        Dialect(text_models=models(r"(?!.*(vision|maverick|scout))")),
        hosts=("api.sambanova.ai",),
        models=("Meta-Llama-3.3-70B-Instruct", "DeepSeek-V3.1"),
        title="SambaNova",
    ),
    row(
        "cerebras",
        "https://inference-docs.cerebras.ai/api-reference/chat-completions",
        "https://api.cerebras.ai/v1",
        Dialect(max_tokens=KEEP, drop=_PENALTIES),
        embeds=False,
        hosts=("api.cerebras.ai",),
        models=("llama-3.3-70b", "gpt-oss-120b", "qwen-3-32b"),
        title="Cerebras",
        # None of its models sees (unverified).
        lacks=frozenset({support.IMAGES}),
    ),
    row(
        "perplexity",
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
        "https://api.perplexity.ai",
        Dialect(
            root="",
            drop=TOOLS | LOGPROBS | {"n", "logit_bias", "seed"},
            merge_system=True,
            alternate=True,
            # Neighbours of one role are put together as texts.
            text_models=models(""),
        ),
        embeds=False,
        hosts=("api.perplexity.ai",),
        models=("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research"),
        title="Perplexity",
        # Source: https://docs.perplexity.ai/docs/grounded-llm/output-control/structured-outputs, checked 2026-08.
        lacks=frozenset({support.JSON_OBJECT}),
    ),
    row(
        "github",
        "https://docs.github.com/rest/models/inference",
        "https://models.github.ai/inference",
        Dialect(
            root="/inference",
            completion_models=COMPLETION_MODELS,
            rules=RULES,
            developer_models=OPENAI_NAMES,
        ),
        hosts=("models.github.ai",),
        models=("openai/gpt-4o-mini", "openai/gpt-4.1"),
        embedding_models=("openai/text-embedding-3-small",),
        title="GitHub Models",
    ),
    row(
        "github-azure",
        "https://docs.github.com/rest/models/inference",
        "https://models.inference.ai.azure.com",
        Dialect(root="", completion_models=COMPLETION_MODELS, rules=RULES, developer_models=OPENAI_NAMES),
        hosts=("models.inference.ai.azure.com",),
        models=("gpt-4o-mini", "gpt-4.1"),
        title="GitHub Models, older address",
        title_zh="GitHub Models（旧地址）",
    ),
    row(
        "nvidia",
        "https://docs.api.nvidia.com/nim/reference/llm-apis",
        "https://integrate.api.nvidia.com/v1",
        Dialect(),
        services=("nim",),
        hosts=("integrate.api.nvidia.com",),
        models=("meta/llama-3.3-70b-instruct", "nvidia/llama-3.3-nemotron-super-49b-v1"),
        title="NVIDIA NIM",
    ),
    row(
        "huggingface",
        "https://huggingface.co/docs/inference-providers/index",
        "https://router.huggingface.co/v1",
        Dialect(),
        embeds=False,
        hosts=("router.huggingface.co",),
        models=("openai/gpt-oss-120b", "meta-llama/Llama-3.3-70B-Instruct"),
        title="Hugging Face Inference Providers",
    ),
    row(
        "fireworks",
        "https://docs.fireworks.ai/api-reference/post-chatcompletions",
        "https://api.fireworks.ai/inference/v1",
        Dialect(root="/inference/v1", url=_with_version),
        hosts=("api.fireworks.ai",),
        models=("accounts/fireworks/models/llama-v3p3-70b-instruct",),
        embedding_models=("nomic-ai/nomic-embed-text-v1.5",),
        title="Fireworks AI",
    ),
    row(
        "cohere",
        "https://docs.cohere.com/docs/compatibility-api",
        "https://api.cohere.ai/compatibility/v1",
        Dialect(root="/compatibility/v1"),
        hosts=("api.cohere.ai", "api.cohere.com"),
        models=("command-a-03-2025", "command-r-plus-08-2024"),
        embedding_models=("embed-v4.0",),
        title="Cohere, OpenAI surface",
        title_zh="Cohere（OpenAI 接口）",
    ),
)
