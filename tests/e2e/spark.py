"""What the tests of Spark ask, and how."""

from typing import Any

import openai

LONG = "千里之行，始于足下。🙂" * 4000
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "天气查询",
            "description": "天气",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def ask(sdk: openai.OpenAI, text: Any = "你好", model: str = "spark-max", **more: Any) -> Any:
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    return sdk.chat.completions.create(model=model, messages=messages, **more)


def streamed(sdk: openai.OpenAI, text: Any = "你好", **more: Any) -> tuple[str, Any, Any]:
    """(text, finish reason, usage) of a stream."""
    said, reason, usage = "", None, None
    for chunk in ask(sdk, text, stream=True, stream_options={"include_usage": True}, **more):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            said += choice.delta.content or ""
            reason = choice.finish_reason or reason
    return said, reason, usage
