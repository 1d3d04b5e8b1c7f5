"""Asking through the official client, answers of both kinds in one form, and what every vendor has to get right."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

UNSHAKEN = {
    "circuit_breaker": {"enabled": False},
    "failover": {"rest_keys": False, "same_target_retry": False},
    "load_balancing": "first",
}
"""Settings of a gateway whose vendors fail on purpose, in whatever order the tests come."""

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "description": "天气", "parameters": CITY}}]
_PNG = "data:image/png;base64," + base64.b64encode(b"x" * 99).decode()
IMAGE: Any = {"type": "image_url", "image_url": {"url": _PNG}}
LONG = "千帆竞发，百舸争流。🌏" * 1000


def ask(client: openai.OpenAI, model: str, asked: Any = "你好", **more: Any) -> Any:
    """The answer to a user's text, or to messages."""
    messages = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    return client.chat.completions.create(model=model, messages=messages, **more)


def both(client: openai.OpenAI, model: str, asked: Any = "你好", **more: Any) -> Iterator[dict[str, Any]]:
    """What a plain and what a streamed answer say, in the same form."""
    reply = ask(client, model, asked, **more)
    yield _told(reply.choices[0].message.to_dict(), reply.choices[0].finish_reason, reply.usage)
    yield added(list(ask(client, model, asked, stream=True, stream_options={"include_usage": True}, **more)))


def added(chunks: list[Any]) -> dict[str, Any]:
    """The chunks of a stream, added up as a client would."""
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "tool_calls": []}
    reasons = []
    for chunk in chunks:
        for choice in chunk.choices:
            delta = choice.delta.to_dict()
            message["content"] += delta.get("content") or ""
            message["reasoning_content"] += delta.get("reasoning_content") or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
            for piece in delta.get("tool_calls") or []:
                if piece["index"] == len(message["tool_calls"]):
                    message["tool_calls"].append({"id": piece["id"], "function": dict(piece["function"])})
                else:
                    message["tool_calls"][piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    assert len(reasons) == 1, reasons
    assert not chunks[-1].choices, "usage comes last"
    assert [chunk for chunk in chunks if chunk.usage] == chunks[-1:]
    return _told(message, reasons[0], chunks[-1].usage)


def _told(message: dict[str, Any], reason: str, usage: Any) -> dict[str, Any]:
    calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or []]
    return {
        "text": message.get("content") or "",
        "reasoning": message.get("reasoning_content") or "",
        "calls": [(identity, function["name"], json.loads(function["arguments"])) for identity, function in calls],
        "reason": reason,
        "tokens": (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
    }


def text_of(stream: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def in_parallel(count: int, call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def fifty_at_once(client: openai.OpenAI, model: str) -> list[str]:
    """What fifty parallel requests, every second of them a stream, are answered. ``question(n)`` is the n-th's."""

    def one(number: int) -> str:
        if number % 2:
            return str(ask(client, model, question(number)).choices[0].message.content)
        return text_of(ask(client, model, question(number), stream=True))

    return in_parallel(50, one)


def question(number: int) -> str:
    return f"第{number}个问题🙂" * 3


def after_tool_call(client: openai.OpenAI, model: str, **more: Any) -> Iterator[str]:
    """What is said of a tool's result, the call before it plain and streamed."""
    asked = {"role": "user", "content": "北京天气？"}
    for found in both(client, model, [asked], tools=TOOLS, **more):
        ((identity, name, arguments),) = found["calls"]
        assert (name, arguments, found["reason"]) == ("get_weather", {"city": "北京🌏"}, "tool_calls")
        function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        call = {"id": identity, "type": "function", "function": function}
        history = [
            {"role": "system", "content": "Be brief."},
            asked,
            {"role": "assistant", "content": found["text"] or None, "tool_calls": [call], "reasoning_content": "想"},
            {"role": "tool", "tool_call_id": identity, "content": "晴，28度"},
        ]
        for answer in both(client, model, history, tools=TOOLS):
            assert (answer["reason"], answer["calls"]) == ("stop", [])
            yield answer["text"]


def failure(client: openai.OpenAI, model: str, asked: Any = "你好", **more: Any) -> openai.APIStatusError:
    """The error that a request ends with, the same whether it was to be streamed or not."""
    errors = []
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError) as raised:
            ask(client, model, asked, stream=stream, **more)
        errors.append(raised.value)
    plain, streamed = errors
    assert (plain.status_code, plain.code, plain.message) == (streamed.status_code, streamed.code, streamed.message)
    return plain


def broken(client: openai.OpenAI, model: str, order: str) -> tuple[str, str]:
    """The text of a stream that breaks, and the message of its error."""
    text = ""
    with pytest.raises(openai.APIError) as raised:
        for chunk in ask(client, model, order, stream=True):
            text += chunk.choices[0].delta.content or ""
            assert not chunk.choices[0].finish_reason
    return text, raised.value.message
