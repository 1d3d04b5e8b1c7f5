"""What each known field of a chat request has to be, so that ``encode`` may take its shape for granted.

Values that a vendor may or may not take are not judged here, and neither are fields that this table does not name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]


def is_object(value: Any) -> bool:
    """Whether ``value`` is a JSON object."""
    return isinstance(value, dict)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return type(value) is int


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _tools(value: Any) -> bool:
    return isinstance(value, list) and all(_tool(item) for item in value)


def _tool(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return False
    return value["type"] != "function" or _function(value.get("function"))


def _functions(value: Any) -> bool:
    return isinstance(value, list) and all(_function(item) for item in value)


def _function(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("description"), str | None)
        and isinstance(value.get("parameters"), dict | None)
    )


def _tool_choice(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, str)
    function, allowed = value.get("function"), value.get("allowed_tools")
    named = function is None or (isinstance(function, dict) and isinstance(function.get("name"), str))
    listed = allowed is None or (isinstance(allowed, dict) and _objects(allowed.get("tools")))
    return named and listed and isinstance(value.get("type"), str | None)


def _objects(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _function_call(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("name"), str))


def _response_format(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return False
    told = value.get("json_schema")
    return told is None or (isinstance(told, dict) and isinstance(told.get("schema"), dict | None))


FIELDS: Final[Mapping[str, tuple[Check, str]]] = {
    "stream": (lambda value: isinstance(value, bool), "true or false"),
    "stream_options": (is_object, "an object"),
    "temperature": (lambda value: _number(value) and value >= 0, "a number from 0 up"),
    "top_p": (lambda value: _number(value) and value >= 0, "a number from 0 up"),
    "presence_penalty": (_number, "a number"),
    "frequency_penalty": (_number, "a number"),
    "max_tokens": (lambda value: _whole(value) and value >= 1, "a whole number from 1 up"),
    "max_completion_tokens": (lambda value: _whole(value) and value >= 1, "a whole number from 1 up"),
    "n": (lambda value: _whole(value) and value >= 1, "a whole number from 1 up"),
    "seed": (_whole, "a whole number"),
    "logprobs": (lambda value: isinstance(value, bool), "true or false"),
    "top_logprobs": (lambda value: _whole(value) and value >= 0, "a whole number from 0 up"),
    "logit_bias": (is_object, "an object of token numbers and biases"),
    "stop": (lambda value: isinstance(value, str) or _texts(value), "a text or an array of texts"),
    "tools": (_tools, 'an array of {"type": "function", "function": {"name": …}}'),
    "tool_choice": (_tool_choice, "a text, or an object that names a function"),
    "parallel_tool_calls": (lambda value: isinstance(value, bool), "true or false"),
    "functions": (_functions, 'an array of {"name": …, "parameters": {…}}'),
    "function_call": (_function_call, 'a text, or an object with "name"'),
    "response_format": (_response_format, 'an object with "type", and "json_schema" with an object as its "schema"'),
    "modalities": (_texts, "an array of texts"),
    "audio": (is_object, "an object"),
    "metadata": (is_object, "an object"),
    "prediction": (is_object, "an object"),
    "user": (_text, "a text"),
    "reasoning_effort": (_text, "a text"),
}
"""Known fields and what each must be. null stands for absent everywhere; unknown fields pass."""
