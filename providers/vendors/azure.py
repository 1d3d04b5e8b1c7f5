"""Azure OpenAI and the models of Azure AI Foundry: the OpenAI wire at an operator's own resource and deployments."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from providers.vendor import Embedder, Vendor
from providers.vendors.openai import COMPLETION_MODELS, REASONING, RULES
from providers.wires.azure import auth, embeddings, faults, reply, request
from providers.wires.azure.urls import DEPLOYMENTS, MODELS, V1
from providers.wires.openai import embeddings as common_embeddings
from providers.wires.openai.dialect import KEEP, Dialect, models
from providers.wires.openai.row import OPTIONS, row

DOCS: Final = "https://learn.microsoft.com/azure/ai-foundry/openai/reference"

OPENAI: Final = Dialect(
    max_tokens=KEEP,
    completion_models=COMPLETION_MODELS,
    rules=RULES,
    developer_models=REASONING,
    fold_system=models(r"o1-(mini|preview)"),
    strip=frozenset({"reasoning_content", "reasoning", "annotations"}),
    codes=faults.CODES,
    models_by_account=True,
)
FOUNDRY: Final = Dialect(completion_models=COMPLETION_MODELS, rules=RULES, codes=faults.CODES, models_by_account=True)
DIALECTS: Final[Mapping[str, Dialect]] = {DEPLOYMENTS: OPENAI, V1: OPENAI, MODELS: FOUNDRY}

VENDOR: Vendor = replace(
    row(
        "azure",
        DOCS,
        "",
        OPENAI,
        sign=auth.sign,
        credentials=auth.CREDENTIALS,
        hosts=(".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com", ".openai.azure.us"),
        title="Azure OpenAI and AI Foundry",
        title_zh="Azure OpenAI 与 AI Foundry",
    ),
    encode=partial(request.encode, dialects=DIALECTS),
    decode=partial(reply.decode, dialect=OPENAI),
    fault=partial(faults.fault, dialect=OPENAI),
    embed=Embedder(
        partial(embeddings.encode, dialects=DIALECTS), partial(common_embeddings.decode, dialect=OPENAI), batch=2048
    ),
    exchange=auth.EXCHANGE,
    options=OPTIONS | {"api_version", "content_filter_results", "headers", "key_header", "reasoning_models"},
)
