"""Tencent's Hunyuan: its native protocol, signed with cloud keys; its OpenAI surface, with a key; and TokenHub."""

import re
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from providers import auth, support
from providers.types import Json
from providers.vendor import CredentialFields, Vendor
from providers.wires.hunyuan import embeddings, faults, reply, request, turns
from providers.wires.openai.dialect import Dialect, Range
from providers.wires.openai.row import row

DOCS: Final = "https://cloud.tencent.com/document/product/1729/111007"
BASE_URL: Final = "https://api.hunyuan.cloud.tencent.com/v1"
MODELS: Final = (
    *("hunyuan-lite", "hunyuan-standard", "hunyuan-standard-256K", "hunyuan-pro"),
    *("hunyuan-turbos-latest", "hunyuan-t1-latest", "hunyuan-2.0-instruct-20251111", "hunyuan-2.0-thinking-20251109"),
    *("hunyuan-a13b", "hunyuan-large", "hunyuan-vision", "hunyuan-turbo-vision"),
)
EMBEDDING_MODELS: Final = ("hunyuan-embedding",)

_EITHER: Final = (
    "secret_id and secret_key (AKID…, cloud account keys) speak the native protocol; an api_key (sk-…) of the"
    " Hunyuan console or of TokenHub speaks the OpenAI surface"
)
_CLOUD_KEYS: Final = CredentialFields(
    required=(("secret_id", "secret_key"),), optional=("region", "token", "api_key"), note=_EITHER
)
_CONSOLE_KEY: Final = CredentialFields(
    required=(("api_key",),), optional=("secret_id", "secret_key", "region", "token"), note=_EITHER
)
"""Each knows the other's fields too, so that an entry may hold both kinds and change its server_url."""

_OPENAI_PATH: Final = re.compile(r"/v[13](/|$)|/chat/completions/?$")
_TOKENHUB: Final = ("tokenhub.tencentmaas.com", "api.lkeap.cloud.tencent.com")


def pick(server_url: str, fields: frozenset[str]) -> str:
    """The name of the row for an address and a credential; the address decides where it says something."""
    parts = urlsplit(server_url)
    host = parts.hostname or ""
    if host.endswith(request.CLOUD):
        return "hunyuan"
    if host in _TOKENHUB:
        return "tokenhub"
    if host == urlsplit(BASE_URL).hostname or _OPENAI_PATH.search(parts.path):
        return "hunyuan-openai"
    return "hunyuan-openai" if "api_key" in fields and not {"secret_id", "secret_key"} <= fields else "hunyuan"


def _adjust(body: Json, losses: list[str]) -> None:
    body["messages"] = turns.arrange(body["messages"], losses)
    given = body.get("seed")
    if type(given) is int and request.seed(given) != given:
        body["seed"] = request.seed(given)
        losses.append(f"changed seed to {body['seed']}")


_DROP: Final = frozenset({"n", "logprobs", "top_logprobs", "logit_bias"})
DIALECT: Final = Dialect(
    drop=_DROP,
    clamp={"temperature": Range(0, 2), "top_p": Range(0, 1)},
    tool_choices=frozenset({"auto", "none"}),
    # "custom" is documented too, but not how it names its tool.
    # Answers of this surface, too, end behind a stop text instead of before it.
    cut_stops=True,
    adjust=_adjust,
    modern_only=True,
    null_content="empty",
    keep_5xx=False,
    embedding_drop=frozenset({"dimensions", "encoding_format", "user"}),
)

NATIVE: Final = Vendor(
    name="hunyuan",
    docs="https://cloud.tencent.com/document/product/1729/105701",
    base_url="https://hunyuan.tencentcloudapi.com",
    encode=request.encode,
    decode=reply.decode,
    fault=faults.fault,
    sign=partial(auth.tc3, service="hunyuan"),
    embed=embeddings.EMBEDDER,
    credentials=_CLOUD_KEYS,
    pick=pick,
    title="Tencent Hunyuan",
    title_zh="腾讯混元",
    supports=support.all_but(
        support.TOOL_REQUIRED, support.JSON_OBJECT, support.JSON_SCHEMA, support.MAX_TOKENS, support.LENGTH
    ),
    models=MODELS,
    embedding_models=EMBEDDING_MODELS,
)
_CONSOLE: Final = row(
    "hunyuan-openai",
    DOCS,
    BASE_URL,
    DIALECT,
    credentials=_CONSOLE_KEY,
    hosts=("api.hunyuan.cloud.tencent.com",),
    models=MODELS,
    embedding_models=EMBEDDING_MODELS,
    title="Tencent Hunyuan, OpenAI surface",
    title_zh="腾讯混元（OpenAI 接口）",
)

VENDORS: Final[tuple[Vendor, ...]] = (
    NATIVE,
    _CONSOLE,
    row(
        "tokenhub",
        "https://cloud.tencent.com/document/product/1823/132252",
        "https://tokenhub.tencentmaas.com/v1",
        Dialect(drop=_DROP, merge_system=True, keep_5xx=False),
        credentials=_CONSOLE_KEY,
        hosts=_TOKENHUB,
        models=(
            *("hy3", "hy3-preview", "hy4-preview", "hy-mt2-pro", "hunyuan-role-latest"),
            *("hunyuan-2.0-instruct-20251111", "hunyuan-2.0-thinking-20251109"),
        ),
        title="Tencent TokenHub",
        title_zh="腾讯云 TokenHub",
    ),
)
