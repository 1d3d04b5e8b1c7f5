"""Body bytes to requests. Every 400 about the body is raised here, naming the field and what it should be.

By hand and not by a schema library: this runs for every request, and what it does not know it must let through.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from app.errors import ApiError
from app.fields import FIELDS, Check, is_object
from providers.types import ChatRequest, EmbeddingRequest, Json

MAX_DEPTH: Final = 100
"""How deep a body may nest: far above any real request, far below what would exhaust a stack."""

MAX_NAME: Final = 512

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def chat(body: bytes) -> ChatRequest:
    """The chat request in ``body``. Raises ApiError 400 naming the field at fault."""
    document = json_object(body)
    model = _model(document)
    _check_fields(document)
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _fault("messages", "a non-empty array of messages", messages)
    for number, message in enumerate(messages):
        _check_message(message, f"messages[{number}]")
    stream = document.get("stream") is True
    if document.get("stream_options") is not None and not stream:
        raise ApiError(400, "'stream_options' may only be set together with 'stream: true'", param="stream_options")
    params = {name: value for name, value in document.items() if name not in ("model", "messages", "stream")}
    return ChatRequest(model, messages, stream, params)


def embeddings(body: bytes) -> EmbeddingRequest:
    """The embeddings request in ``body``, its input always a list. Raises ApiError 400 naming the field at fault."""
    document = json_object(body)
    model = _model(document)
    if document.get("encoding_format") not in (None, "float", "base64"):
        raise _fault("encoding_format", '"float" or "base64"', document["encoding_format"])
    params = {name: value for name, value in document.items() if name not in ("model", "input")}
    return EmbeddingRequest(model, _inputs(document.get("input")), params)


def _inputs(value: Any) -> list[str] | list[list[int]]:
    if isinstance(value, str) and value:
        return [value]
    if isinstance(value, list) and value:
        if all(isinstance(item, str) for item in value) or all(_is_tokens(item) for item in value):
            return value
        if _is_tokens(value):
            return [value]
    raise _fault("input", "a text, an array of texts, or arrays of token numbers", value)


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


def json_object(body: bytes) -> Json:
    """The JSON object in ``body``. Raises ApiError 400 when it is none, or nests too deeply."""
    if not body.strip():
        raise ApiError(400, "the request body is empty; send a JSON object")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"the request body is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise ApiError(400, f"the request body must be a JSON object, not {_kind(document)}")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth_exceeds(document):
        raise ApiError(400, f"the request body nests more than {MAX_DEPTH} levels deep")
    return document


def _depth_exceeds(document: Json) -> bool:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for node in level:
            children = node.values() if isinstance(node, dict) else node
            deeper.extend(child for child in children if isinstance(child, (dict, list)))
        if not deeper:
            return False
        level = deeper
    return True


def _model(document: Json) -> str:
    model = document.get("model")
    if isinstance(model, str) and model.strip():
        return short(model.strip())
    if model is None:
        raise ApiError(400, "you must name a 'model'; GET /v1/models lists them", param="model")
    raise _fault("model", "a model name", model)


def short(name: str, param: str = "model") -> str:
    """A name as it is. It is repeated in answers and in the log, so raises ApiError 400 for one that fills a page."""
    if len(name) > MAX_NAME:
        raise ApiError(400, f"'{param}' is longer than any name ({MAX_NAME} characters)", param=param)
    return name


def _check_fields(document: Json) -> None:
    for name, value in document.items():
        known = FIELDS.get(name)
        if known and value is not None and not known[0](value):
            raise _fault(name, known[1], value)


def _check_message(message: Any, path: str) -> None:
    if not isinstance(message, dict):
        raise _fault(path, "a message object", message)
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise _fault(f"{path}.role", f"one of {', '.join(sorted(_ROLES))}", role)
    content = message.get("content")
    if isinstance(content, list):
        for number, part in enumerate(content):
            _check_part(part, f"{path}.content[{number}]")
    elif content is None:
        if role not in ("assistant", "function"):
            raise _fault(f"{path}.content", "a text or an array of parts", content)
    elif not isinstance(content, str):
        raise _fault(f"{path}.content", "a text or an array of parts", content)
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise _fault(f"{path}.tool_call_id", "the id of the tool call it answers", message.get("tool_call_id"))
    if message.get("tool_calls") is not None:
        _check_calls(message["tool_calls"], f"{path}.tool_calls")


_PART_FIELDS: Final[Mapping[str, tuple[str, Check, str]]] = {
    "text": ("text", lambda value: isinstance(value, str), "a text"),
    "image_url": (
        "image_url",
        lambda value: is_object(value) and isinstance(value.get("url"), str),
        'an object with "url"',
    ),
    "input_audio": ("input_audio", is_object, 'an object with "data" and "format"'),
    "file": ("file", is_object, "an object"),
}


def _check_part(part: Any, path: str) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        raise _fault(path, 'an object with "type"', part)
    known = _PART_FIELDS.get(part["type"])
    if known and not known[1](part.get(known[0])):
        raise _fault(f"{path}.{known[0]}", known[2], part.get(known[0]))


def _check_calls(calls: Any, path: str) -> None:
    if not isinstance(calls, list):
        raise _fault(path, "an array of tool calls", calls)
    for number, call in enumerate(calls):
        if not isinstance(call, dict):
            raise _fault(f"{path}[{number}]", "a tool call", call)
        function = call.get("function")
        if not isinstance(call.get("id"), str):
            raise _fault(f"{path}[{number}].id", "a text", call.get("id"))
        if not isinstance(call.get("type"), str | None):
            raise _fault(f"{path}[{number}].type", "a text", call["type"])
        if (call.get("type") or "function") != "function":
            continue
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise _fault(f"{path}[{number}].function", 'an object with "name" and "arguments"', function)
        if not isinstance(function.get("arguments"), str):
            raise _fault(f"{path}[{number}].function.arguments", "a text of JSON", function.get("arguments"))


def _fault(path: str, expected: str, value: Any) -> ApiError:
    code = "missing_required_parameter" if value is None else "invalid_type"
    found = "it is missing" if value is None else f"got {_kind(value)}"
    return ApiError(400, f"'{path}' must be {expected}; {found}", code=code, param=path)


def _kind(value: Any) -> str:
    """The JSON word for a value; numbers and short words are shown, since they are no secrets."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else "a text"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    return "an object"
