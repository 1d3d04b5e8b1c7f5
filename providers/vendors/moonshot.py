"""Moonshot's Kimi, in China and abroad: half the temperature range, and newer models whose sampling is fixed."""

from providers.types import Json
from providers.vendor import Vendor
from providers.wires.openai.dialect import KEEP, LOGPROBS, Dialect, ModelRule, Range, models
from providers.wires.openai.row import row

_MIN_TEMPERATURE_FOR_MANY = 0.3
_FIXED = frozenset({"temperature", "top_p", "n", "presence_penalty", "frequency_penalty"})
_OLD = models(r"moonshot-v1")


def _adjust(body: Json, losses: list[str]) -> None:
    temperature = body.get("temperature")
    if (body.get("n") or 1) > 1 and temperature is not None and temperature < _MIN_TEMPERATURE_FOR_MANY:
        # Several choices are refused below this, since they would all be the same.
        body["temperature"] = _MIN_TEMPERATURE_FOR_MANY
        losses.append(f"clamped temperature to {_MIN_TEMPERATURE_FOR_MANY}")
    if body.get("tool_choice") == "required" and _OLD.match(body["model"]):
        # The vendor's own advice for models that do not know "required".
        del body["tool_choice"]
        body["messages"] = [*body["messages"], {"role": "user", "content": "Please select a tool."}]
        losses.append("replaced tool_choice required by a user message")


DIALECT = Dialect(
    max_tokens=KEEP,
    drop=LOGPROBS | {"logit_bias"},
    clamp={"temperature": Range(0, 1)},
    rules=(ModelRule(models(r"kimi-k2\.[5-9]|kimi-k[3-9]|.*thinking"), drop=_FIXED),),
    adjust=_adjust,
    modern_only=True,
    keep_reasoning=True,
    empty_assistant=False,
    text_models=models(r"moonshot-v1-(8k|32k|128k|auto)$|kimi-k2(?!\.)"),
)

VENDOR: Vendor = row(
    "moonshot",
    "https://platform.moonshot.cn/docs/api/chat",
    "https://api.moonshot.cn/v1",
    DIALECT,
    embeds=False,
    # Bytes or a file of its own (ms://) are taken, no http(s) address.
    # Source: https://platform.moonshot.ai/docs/guide/use-kimi-vision-model, checked 2026-08.
    inlines=True,
    services=("kimi",),
    hosts=("api.moonshot.cn", "api.moonshot.ai"),
    models=(
        *("moonshot-v1-8k", "moonshot-v1-32k", "moonshot-v1-128k", "moonshot-v1-auto"),
        *("kimi-latest", "kimi-k2-turbo-preview", "kimi-k2-thinking", "kimi-k2.5", "kimi-k2.6"),
    ),
    title="Moonshot (Kimi)",
    title_zh="月之暗面（Kimi）",
)
