"""A request in the one form that the rest of this wire reads: tools for functions, and texts where those are wanted."""

from collections.abc import Iterator
from dataclasses import replace

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Json


def current(request: ChatRequest, flatten: bool | None, losses: list[str]) -> ChatRequest:
    """The request without OpenAI's older fields and without nulls, which stand for absent.

    ``flatten`` True turns content arrays into texts; raises UNSUPPORTED where one holds more than text.
    """
    params = {name: value for name, value in request.params.items() if value is not None}
    messages = list(_messages(request.messages))
    if "functions" in params or "function_call" in params:
        params = _tools(params)
        losses.append("renamed functions to tools; the reply holds tool_calls")
    if flatten:
        messages = [_flat(message) for message in messages]
    return replace(request, messages=messages, params=params)


def _tools(params: Json) -> Json:
    functions, choice = params.pop("functions", []), params.pop("function_call", None)
    if functions and "tools" not in params:
        params["tools"] = [{"type": "function", "function": function} for function in functions]
    if choice is not None and "tool_choice" not in params:
        named = isinstance(choice, dict)
        params["tool_choice"] = {"type": "function", "function": choice} if named else choice
    return params


def _messages(messages: list[Json]) -> Iterator[Json]:
    """The messages, older calls of functions with ids made from their places."""
    last = "call_0"
    for place, message in enumerate(messages):
        told = message.get("function_call")
        if message["role"] == "assistant" and isinstance(told, dict) and not message.get("tool_calls"):
            last = f"call_{place}"
            function = {"name": str(told.get("name") or ""), "arguments": str(told.get("arguments") or "")}
            yield {**message, "tool_calls": [{"id": last, "type": "function", "function": function}]}
        elif message["role"] == "function":
            yield {"role": "tool", "tool_call_id": last, "content": message.get("content") or ""}
        else:
            yield message


def _flat(message: Json) -> Json:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    other = next((part["type"] for part in content if part["type"] != "text"), None)
    if other:
        text = f"this model takes text only, and a message holds a part of type {other}"
        raise ProviderError(ErrorKind.UNSUPPORTED, text, param="messages")
    return {**message, "content": "\n".join(part["text"] for part in content)}
