"""DeepSeek: thinking on tool-call turns must be sent back, and schemas are put into words."""

from providers import support
from providers.types import Json
from providers.vendor import Vendor
from providers.wires.openai.dialect import LOGPROBS, Dialect, ModelRule, models
from providers.wires.openai.row import row


def _adjust(body: Json, _losses: list[str]) -> None:
    if body.get("reasoning_effort") == "none":
        # There is no such effort; thinking is a switch of its own.
        # Source: https://api-docs.deepseek.com/guides/thinking_mode, checked 2026-08.
        del body["reasoning_effort"]
        body.setdefault("thinking", {"type": "disabled"})


DIALECT = Dialect(
    rules=(ModelRule(models(r"deepseek-reasoner"), drop=LOGPROBS),),
    json_schema=False,
    keep_reasoning=True,
    text_models=models(""),
    adjust=_adjust,
)

VENDOR: Vendor = row(
    "deepseek",
    "https://api-docs.deepseek.com",
    "https://api.deepseek.com",
    DIALECT,
    embeds=False,
    hosts=("api.deepseek.com",),
    models=("deepseek-chat", "deepseek-coder", "deepseek-reasoner", "deepseek-v4-pro", "deepseek-v4-flash"),
    title="DeepSeek",
    # Its models read text only (unverified).
    lacks=frozenset({support.IMAGES}),
)
