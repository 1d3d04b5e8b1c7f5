"""What a small Messages API refuses, and in which words. Written from the API's reference, not from the gateway."""

import re
from collections.abc import Iterator
from typing import Any

from tests.fakevendor.claude_turns import Refused, check_messages

KEYS = {"test-key", "other-key"}
FIELDS = {
    "model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k", "stop_sequences",
    "metadata", "tools", "tool_choice", "thinking", "output_config", "cache_control", "service_tier", "container",
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "claude-3-7-sonnet-20250219": {"most": 64_000, "thinking": "budget"},
    "claude-haiku-4-5": {"most": 64_000, "thinking": "budget", "one": True, "schema": True},
    "claude-sonnet-4-5": {"most": 64_000, "thinking": "budget", "one": True, "schema": True},
    "claude-opus-4-6": {"most": 128_000, "thinking": "both", "one": True, "schema": True, "prefill": False},
    "claude-opus-4-8": {"most": 128_000, "thinking": "adaptive", "sampling": False, "schema": True, "prefill": False},
    "claude-opus-5-5": {
        "most": 128_000, "thinking": "always", "sampling": False, "schema": True, "prefill": False, "forced": False,
    },
}  # fmt: skip


def check(headers: dict[str, str], path: str, body: dict[str, Any]) -> None:
    """Raise Refused unless the API would take the request."""
    check_headers(headers, path)
    for name in body:
        if name not in FIELDS:
            raise Refused(f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            raise Refused(f"{name}: Field required")
    if body["model"] not in MODELS:
        raise Refused(f"model: {body['model']}", 404, "not_found_error")
    model = MODELS[body["model"]]
    check_numbers(body, model)
    check_thinking(body, model)
    check_tools(body, model)
    check_system(body.get("system", "x"))
    check_messages(body, model)
    marks = list(found(body, "cache_control"))
    if len(marks) > 4:
        raise Refused(f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}.")


def check_headers(headers: dict[str, str], path: str) -> None:
    key, bearer = headers.get("x-api-key"), headers.get("authorization")
    if key and bearer:
        raise Refused("both x-api-key and authorization were given", 401, "authentication_error")
    if key not in KEYS and (bearer or "").removeprefix("Bearer ") not in KEYS:
        raise Refused("invalid x-api-key", 401, "authentication_error")
    if not headers.get("anthropic-version"):
        raise Refused("anthropic-version: header is required")
    if headers.get("content-type") != "application/json":
        raise Refused("content-type: must be application/json")
    if path != "/v1/messages":
        raise Refused("Not Found", 404, "not_found_error")


def check_numbers(body: dict[str, Any], model: dict[str, Any]) -> None:
    limit = body["max_tokens"]
    if type(limit) is not int or limit < 1:
        raise Refused("max_tokens: must be greater than or equal to 1")
    if limit > model["most"]:
        raise Refused(f"max_tokens: {limit} > {model['most']}, which is the maximum allowed number of output tokens")
    for name in ("temperature", "top_p", "top_k"):
        if name in body and not model.get("sampling", True):
            raise Refused(f"`{name}` is deprecated for this model")
        if name != "top_k" and not 0 <= body.get(name, 0) <= 1:
            raise Refused(f"{name}: range: 0..1")
    if model.get("one") and {"temperature", "top_p"} <= body.keys():
        raise Refused("`temperature` and `top_p` cannot both be specified for this model")
    check_words(body, model)


def check_words(body: dict[str, Any], model: dict[str, Any]) -> None:
    if any(not stop.strip() for stop in body.get("stop_sequences", [])):
        raise Refused("stop_sequences: each stop sequence must contain non-whitespace")
    if "@" in body.get("metadata", {}).get("user_id", ""):
        raise Refused("metadata.user_id: should not be an email address")
    schema = body.get("output_config", {}).get("format", {}).get("schema")
    if schema is not None:
        if not model.get("schema"):
            raise Refused("output_config.format: not supported by this model")
        check_closed(schema)


def check_closed(schema: Any) -> None:
    for part in found_objects(schema):
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            raise Refused("output_config.format.schema: 'additionalProperties' must be explicitly set to false")


def check_thinking(body: dict[str, Any], model: dict[str, Any]) -> None:
    asked, style = body.get("thinking", {}), model["thinking"]
    kind = asked.get("type")
    if kind == "disabled" and style == "always":
        raise Refused('"thinking.type.disabled" is not supported for this model')
    if kind == "enabled" and style not in ("budget", "both"):
        raise Refused('"thinking.type.enabled" is not supported for this model')
    if kind == "adaptive" and style == "budget":
        raise Refused("adaptive thinking is not supported on this model")
    if "effort" in body.get("output_config", {}) and style == "budget":
        raise Refused("output_config.effort: not supported by this model")
    if kind == "enabled" and not 1024 <= asked["budget_tokens"] < body["max_tokens"]:
        raise Refused("max_tokens must be greater than thinking.budget_tokens, which must be at least 1024")
    if kind in ("enabled", "adaptive"):
        if body.get("temperature", 1) != 1 or "top_k" in body or not 0.95 <= body.get("top_p", 1) <= 1:
            raise Refused("`temperature` may only be set to 1 when thinking is enabled.")
        if body.get("tool_choice", {}).get("type") in ("any", "tool"):
            raise Refused("Thinking may not be enabled when tool_choice forces tool use.")


def check_tools(body: dict[str, Any], model: dict[str, Any]) -> None:
    choice, tools = body.get("tool_choice"), body.get("tools")
    if choice and not tools:
        raise Refused("tool_choice: may only be specified while providing tools")
    if choice and choice["type"] in ("any", "tool") and not model.get("forced", True):
        raise Refused("tool_choice: forced tool use is not supported for this model")
    if choice and choice["type"] == "none" and "disable_parallel_tool_use" in choice:
        raise Refused("tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted")
    for tool in tools or []:
        if set(tool) - {"name", "description", "input_schema", "strict", "cache_control"}:
            raise Refused("tools.0: Extra inputs are not permitted")
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]):
            raise Refused("tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")
        if tool["input_schema"].get("type") != "object":
            raise Refused("tools.0.custom.input_schema.type: Field required")
        if {"oneOf", "anyOf", "allOf"} & set(tool["input_schema"]):
            raise Refused("input_schema does not support oneOf, allOf, or anyOf at the top level")
    if choice and choice["type"] == "tool" and choice["name"] not in {tool["name"] for tool in tools or []}:
        raise Refused(f"Tool '{choice['name']}' not found in provided tools")


def check_system(system: Any) -> None:
    for text in [system] if isinstance(system, str) else [block["text"] for block in system]:
        if not text.strip():
            raise Refused("system: text content blocks must be non-empty")


def found(value: Any, name: str) -> Iterator[Any]:
    """Every value called ``name``, at any depth."""
    for part in found_objects(value):
        if name in part:
            yield part[name]


def found_objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from found_objects(inner)
