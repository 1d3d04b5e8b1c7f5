"""Requests to Spark for tests: encoded for either protocol, and taken apart again."""

import json
from typing import Any

from app import parse
from providers.types import Destination, Secret, WireRequest
from providers.vendor import load_vendors

ROWS = load_vendors()
CREDENTIAL = {"appid": Secret("app-1"), "api_key": Secret("k"), "api_secret": Secret("s")}
HELLO = [{"role": "user", "content": "hi"}]
WEATHER = {"name": "weather", "description": "d", "parameters": {"type": "object", "properties": {"city": {}}}}
TOOLS = [{"type": "function", "function": {**WEATHER, "strict": True}}]
SEARCH = {"type": "web_search", "web_search": {"enable": True}}


def encoded(row: str, model: str, messages: Any = None, options: Any = None, **params: Any) -> WireRequest:
    body = {"model": model, "messages": messages or HELLO, **params}
    to = Destination(model, ROWS[row].base_url, CREDENTIAL, options=options or {})
    return ROWS[row].encode(parse.chat(json.dumps(body).encode()), to)


def frame(model: str = "spark-max", messages: Any = None, options: Any = None, **params: Any) -> Any:
    """(the frame, what was changed)."""
    wire = encoded("xinghuo", model, messages, options, **params)
    assert wire.method == "GET"
    return json.loads(wire.body), wire.changes


def body(model: str = "spark-max", messages: Any = None, options: Any = None, **params: Any) -> Any:
    """(HTTP's body, what was changed)."""
    wire = encoded("xinghuo-http", model, messages, options, **params)
    return json.loads(wire.body), wire.changes
