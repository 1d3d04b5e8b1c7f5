"""The parameters beside the messages: renamed, clamped or dropped as the vendor demands, and every loss said aloud."""

from collections.abc import Mapping
from typing import Final

import orjson

from providers.losses import NEUTRAL
from providers.types import Json
from providers.wires.openai import turns
from providers.wires.openai.dialect import EITHER, KEEP, MAX_COMPLETION_TOKENS, MAX_TOKENS, Dialect, Range

_ENVELOPE: Final = frozenset({"model", "messages", "stream"})


def adapt(body: Json, dialect: Dialect, losses: list[str]) -> None:
    """Change a fresh body in place until this speaker takes it; what the client loses is added to ``losses``."""
    for name in [name for name, value in body.items() if value is None]:
        del body[name]
    _name_token_limit(body, dialect)
    for old, new in dialect.rename.items():
        if old in body:
            body.setdefault(new, body.pop(old))
    _drop(body, _unwanted(body, dialect), losses)
    _clamp(body, dialect.clamp, losses)
    for rule in dialect.rules:
        lifted = rule.unless and body.get(rule.unless[0]) == rule.unless[1]
        if rule.models.match(body["model"]) and not lifted:
            _drop(body, rule.drop, losses)
            _clamp(body, rule.clamp, losses)
    _choose_tools(body, dialect, losses)
    if not dialect.json_schema:
        _loosen_schema(body, dialect, losses)
    _stream(body, dialect)
    if dialect.adjust:
        dialect.adjust(body, losses)


def _name_token_limit(body: Json, dialect: Dialect) -> None:
    """Give the limit of the answer's length the name the vendor knows; the longer name wins where both are given."""
    wanted = MAX_COMPLETION_TOKENS if dialect.completion_models.match(body["model"]) else dialect.max_tokens
    both = MAX_TOKENS in body and MAX_COMPLETION_TOKENS in body
    if wanted == KEEP or (wanted == EITHER and not both):
        return
    if wanted == EITHER:
        del body[MAX_TOKENS]
        return
    other = MAX_TOKENS if wanted == MAX_COMPLETION_TOKENS else MAX_COMPLETION_TOKENS
    if other in body:
        limit = body.pop(other)
        body[wanted] = body.get(wanted, limit) if wanted == MAX_COMPLETION_TOKENS else limit


def _unwanted(body: Json, dialect: Dialect) -> frozenset[str]:
    unknown = body.keys() - dialect.only - _ENVELOPE if dialect.only is not None else frozenset()
    return dialect.drop | unknown


def _drop(body: Json, names: frozenset[str], losses: list[str]) -> None:
    for name in [name for name in body if name in names]:
        value = body.pop(name)
        if name not in NEUTRAL or NEUTRAL[name] != value:
            losses.append(f"dropped {name}")


def _clamp(body: Json, ranges: Mapping[str, Range], losses: list[str]) -> None:
    for name, bounds in ranges.items():
        value = body.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            _set_clamped(body, name, bounds, losses)


def _set_clamped(body: Json, name: str, bounds: Range, losses: list[str]) -> None:
    clamped = bounds.clamp(body[name])
    if clamped != body[name]:
        body[name] = clamped
        losses.append(f"clamped {name} to {clamped}")


def _choose_tools(body: Json, dialect: Dialect, losses: list[str]) -> None:
    """Leave ``tool_choice`` only where the vendor takes its kind; a refused ``none`` takes the tools away instead."""
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = choice if isinstance(choice, str) else "named"
    if kind in dialect.tool_choices:
        if kind == "required":
            body["tool_choice"] = dialect.required_word
        return
    del body["tool_choice"]
    if kind == "none":
        for name in ("tools", "parallel_tool_calls"):
            body.pop(name, None)
    elif kind != "auto":
        losses.append("dropped tool_choice")


def _loosen_schema(body: Json, dialect: Dialect, losses: list[str]) -> None:
    """Ask for a JSON object and put the schema into words, for vendors that know no ``json_schema``."""
    wanted = body.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return
    schema = (wanted.get("json_schema") or {}).get("schema") or {}
    body["response_format"] = {"type": "json_object"}
    rule = (
        f"Answer with one JSON object and nothing else. It must fit this JSON schema: {orjson.dumps(schema).decode()}"
    )
    messages = _with_rule(body["messages"], rule)
    # The words come as a system message, after the client's own were folded.
    body["messages"] = turns.folded(messages) if dialect.fold_system.match(body["model"]) else messages
    losses.append("replaced response_format json_schema by json_object")


def _with_rule(messages: list[Json], rule: str) -> list[Json]:
    if messages and messages[0]["role"] == "system" and isinstance(messages[0].get("content"), str):
        return [{**messages[0], "content": f"{messages[0]['content']}\n\n{rule}"}, *messages[1:]]
    return [{"role": "system", "content": rule}, *messages]


def _stream(body: Json, dialect: Dialect) -> None:
    """Stream upstream where the model can do nothing else; the gateway folds. Ask for usage only on a stream."""
    model, asked = body["model"], body.get("stream") is True
    hybrid = not asked and dialect.hybrid_thinking.match(model) is not None
    if not asked and (dialect.stream_only.match(model) or (hybrid and body.get("enable_thinking"))):
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    elif hybrid:
        body["enable_thinking"] = False
    if not dialect.stream_options or body.get("stream") is not True:
        body.pop("stream_options", None)
