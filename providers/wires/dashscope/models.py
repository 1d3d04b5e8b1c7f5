"""What a model's name tells: at which endpoint it lives, and whether and how it thinks."""

import re
from typing import Final

from providers.wires.openai.dialect import models

_MULTIMODAL: Final = re.compile(
    r"(?i)-vl|vl-|omni|qvq|-ocr|-asr|-audio|(^|/)(qwen3\.[568]|qwen3\.7-(plus|flash)|kimi-k2\.[56])"
)
"""Models of the multimodal endpoint, for prompts of text alone too. A guess from client code; the vendor lists none.

Where qwen3.7-max lives is told both ways; whatever this says, a refused model is looked for at the other endpoint.
"""

STREAM_ONLY: Final = models(r"qwq|qvq|qwen.*-omni|.*-thinking")
"""Models that answer by stream only, like every other one that was told to think.

Source: https://help.aliyun.com/zh/model-studio/deep-thinking, checked 2026-08.
"""

OPEN_HYBRID: Final = models(r"qwen3-\d+(\.\d+)?b(-a\d+b)?$")
"""Models that think unless told not to, and then cannot answer without a stream."""

_HYBRID: Final = models(
    r"(?!.*(instruct|coder|character))(qwen-(plus|flash|turbo)|qwen3-max|qwen3-vl-(plus|flash)|qwen3\.[5-9]"
    r"|deepseek-v(3\.[12]|4)|glm-(4\.[5-9]|5)|kimi-k2\.[5-9])"
)

CUMULATIVE: Final = models(r"farui")
"""Models whose streams repeat the whole text in every event."""


def is_multimodal(model: str) -> bool:
    """Whether ``model`` is to be asked at the multimodal endpoint first."""
    return _MULTIMODAL.search(model) is not None


def may_think(model: str) -> bool:
    """Whether ``enable_thinking`` means something to ``model``."""
    return bool(_HYBRID.match(model) or OPEN_HYBRID.match(model))
