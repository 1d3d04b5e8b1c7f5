"""OpenAI itself, whose protocol the whole wire is named after."""

from dataclasses import replace

from providers import support
from providers.vendor import Vendor
from providers.wires.openai.dialect import KEEP, Dialect, ModelRule, models
from providers.wires.openai.row import row

_SAMPLING = frozenset({"temperature", "top_p", "logprobs", "top_logprobs"})
_ALWAYS_REFUSED = frozenset({"presence_penalty", "frequency_penalty", "logit_bias"})

REASONING = models(r"(openai/)?(o\d|gpt-5|gpt-[6-9])(?!.*chat)")
"""Models that take max_completion_tokens and refuse sampling parameters with a 400.

Source: https://platform.openai.com/docs/guides/reasoning, checked 2026-08.
"""

RULES = (
    ModelRule(REASONING, drop=_ALWAYS_REFUSED),
    ModelRule(models(r"(openai/)?(o\d|gpt-5(?!\.\d))(?!.*chat)"), drop=_SAMPLING),
    # From gpt-5.1 on they are taken when the model does not reason.
    # Source: https://platform.openai.com/docs/guides/latest-model, checked 2026-08.
    ModelRule(
        models(r"(openai/)?(gpt-5\.\d|gpt-[6-9])(?!.*chat)"), drop=_SAMPLING, unless=("reasoning_effort", "none")
    ),
    ModelRule(models(r"(openai/)?(o3|o4-mini)"), drop=frozenset({"stop"})),
)

COMPLETION_MODELS = models(r"(openai/)?(o\d|gpt-5|gpt-[6-9])")
ANY = models("")

DIALECT = Dialect(
    max_tokens=KEEP,
    completion_models=COMPLETION_MODELS,
    rules=RULES,
    developer_models=ANY,
    fold_system=models(r"(openai/)?(o1-mini|o1-preview)"),
    strip=frozenset({"reasoning_content", "reasoning"}),
    strip_nulls=False,
)

VENDOR: Vendor = replace(
    row(
        "openai",
        "https://platform.openai.com/docs/api-reference/chat",
        "https://api.openai.com/v1",
        DIALECT,
        hosts=("api.openai.com", ".api.openai.com"),
        models=(
            "gpt-5.4",
            "gpt-5.4-mini",
            "gpt-5-mini",
            "gpt-4.1",
            "gpt-4.1-mini",
            "gpt-4o",
            "gpt-4o-mini",
            "o3",
            "o4-mini",
        ),
        embedding_models=("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"),
        title="OpenAI",
        # Thoughts are counted and not shown.
        # Source: https://platform.openai.com/docs/guides/reasoning, checked 2026-08.
        lacks=frozenset({support.REASONING}),
    ),
    unknown_host="compatible",
)
