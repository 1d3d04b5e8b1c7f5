"""What the end-to-end tests of the Messages wire share: how to ask, and answers of both kinds in one form."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai

SONNET, OPUS, NEWEST, OLD = "claude-sonnet-4-5", "claude-opus-4-8", "claude-opus-5-5", "claude-3-7-sonnet-20250219"
MODELS = [SONNET, OPUS, NEWEST, OLD, "claude-opus-4-6"]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: Any = [{"type": "function", "function": {"name": "get.weather", "description": "天气", "parameters": CITY}}]
QUESTION = "The weather in Paris and Rome?"

Connect = Callable[..., openai.OpenAI]


def ask(client: openai.OpenAI, asked: Any, model: str = SONNET, **more: Any) -> Any:
    messages = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    return client.chat.completions.create(model=model, messages=messages, **more)


def both(client: openai.OpenAI, asked: Any, model: str = SONNET, **more: Any) -> Iterator[dict[str, Any]]:
    """What a plain and what a streamed answer say, in the same form."""
    reply = ask(client, asked, model, **more)
    yield told(reply.choices[0].message.to_dict(), reply.choices[0].finish_reason, reply.usage)
    stream = ask(client, asked, model, stream=True, stream_options={"include_usage": True}, **more)
    yield added(list(stream))


def told(message: dict[str, Any], finish_reason: str, usage: Any) -> dict[str, Any]:
    calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or []]
    return {
        "text": message.get("content") or "",
        "reasoning": message.get("reasoning_content") or "",
        "calls": [(identity, function["name"], json.loads(function["arguments"])) for identity, function in calls],
        "finish_reason": finish_reason,
        "usage": usage.to_dict(),
    }


def added(chunks: list[Any]) -> dict[str, Any]:
    """The chunks of a stream, added up as a client would."""
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "tool_calls": []}
    reason = ""
    for chunk in chunks:
        for choice in chunk.choices:
            delta = choice.delta.to_dict()
            message["content"] += delta.get("content") or ""
            message["reasoning_content"] += delta.get("reasoning_content") or ""
            reason = choice.finish_reason or reason
            for piece in delta.get("tool_calls") or []:
                if piece["index"] == len(message["tool_calls"]):
                    message["tool_calls"].append({"id": piece["id"], "function": dict(piece["function"])})
                else:
                    message["tool_calls"][piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    return told(message, reason, chunks[-1].usage)
