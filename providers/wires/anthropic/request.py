"""A chat request as a Messages body, and the request around it for servers that speak this wire directly.

``body`` alone is what a cloud needs that serves the same models at addresses and with signatures of its own.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.anthropic import forms, history, layout, models, params, schemas, thinking, tools
from providers.wires.anthropic.urls import endpoint

VERSION: Final = "2023-06-01"
MOST_PLAIN_TOKENS: Final = 21_333
"""Above this limit an answer may take more than ten minutes, which no idle connection survives: it is streamed.

Source: https://platform.claude.com/docs/en/cli-sdks-libraries/sdks/python#long-requests, checked 2026-08.
"""

_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no text around it and no code fence."


@dataclass(frozen=True, slots=True)
class Body:
    """A Messages body, ``model`` and ``stream`` included, and what of the request it does not hold."""

    json: Json
    changes: tuple[str, ...]


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for a server of this wire; ``sign`` puts the key into whichever header is there for it, empty.

    Options: ``anthropic_version``, ``anthropic_beta`` (text or list), ``auth`` (``x-api-key`` or ``bearer``),
    ``max_tokens`` (for requests without a limit).
    """
    made = body(request, to)
    auth = "authorization" if str(to.options.get("auth", "")).lower() == "bearer" else "x-api-key"
    headers = {
        "content-type": "application/json",
        "anthropic-version": str(to.options.get("anthropic_version") or VERSION),
        auth: "",
        **beta_header(to.options.get("anthropic_beta")),
    }
    return WireRequest("POST", endpoint(to.server_url), headers, orjson.dumps(made.json), made.changes)


def beta_header(told: Any) -> dict[str, str]:
    """The header that switches beta features on, none for none."""
    words = told if isinstance(told, list | tuple) else [told] if told else []
    return {"anthropic-beta": ",".join(str(word) for word in words)} if words else {}


def body(request: ChatRequest, to: Destination) -> Body:
    """The body for ``to.model``. Raises UNSUPPORTED for what the model cannot do and must not be left out."""
    losses: list[str] = []
    asked = forms.current(request, to.flatten, losses)
    params.check(asked.params, losses)
    traits = models.traits(to.model)
    laid_out = partial(layout.recalled, recall=to.recall, model=to.model)
    plan = thinking.plan(asked.params, traits, losses)
    plan = thinking.settled(plan, asked.messages, traits, laid_out, losses)
    tooling = tools.arranged(asked.params, traits, losses, thinking=plan.active)
    formed, in_words = _format(asked.params, traits, losses)
    limit = params.max_tokens(asked.params, to.options.get("max_tokens"), traits, plan, losses)
    thoughts = partial(_thoughts, laid_out) if plan.may_think(traits) else _nothing
    prefill = traits.prefill and not plan.active
    document: Json = {
        "model": to.model,
        "max_tokens": limit,
        "system": _system(asked.messages, (tooling.spoken, in_words), losses),
        "messages": history.turns(asked.messages, traits, thoughts, losses, may_prefill=prefill),
        **params.sampling(asked.params, traits, plan, losses),
        "stop_sequences": params.stop_sequences(asked.params, losses),
        "metadata": _named("user_id", params.user_id(asked.params, losses)),
        "tools": tooling.tools,
        "tool_choice": tooling.choice,
        "thinking": plan.config,
        "output_config": {**_named("effort", plan.effort), **_named("format", formed)},
        "cache_control": asked.params.get("cache_control"),
        "stream": request.stream or limit > MOST_PLAIN_TOKENS,
    }
    # Of these fields, an empty one says the same as an absent one. A temperature of 0 does not.
    filled = {name: value for name, value in document.items() if value or type(value) in (int, float)}
    return Body(filled, tuple(dict.fromkeys(losses)))


def _named(name: str, value: Any) -> Json:
    return {name: value} if value else {}


def _system(messages: list[Json], said: tuple[str, ...], losses: list[str]) -> str | list[Json]:
    """The client's system text and what must be said in words because there is no field for it."""
    words: list[Json] = [{"type": "text", "text": text} for text in said if text]
    return history.joined([*history.system(messages, losses), *words])


def _nothing(_message: Json) -> None:
    return None


def _thoughts(laid_out: layout.Layouts, message: Json) -> list[Json] | None:
    """The layout of a message, if there is thinking in it to be restored."""
    blocks = laid_out(message)
    return blocks if blocks is not None and layout.has_thinking(blocks) else None


def _format(asked: Json, traits: models.Traits, losses: list[str]) -> tuple[Json, str]:
    """The format of the answer, and what must be said in words where the API has no field for it.

    A schema for a model without that field has become a tool elsewhere.
    """
    told = asked.get("response_format", {})
    schema = (told.get("json_schema") or {}).get("schema")
    if told.get("type") == "json_schema" and not traits.structured:
        return {}, ""
    if told.get("type") == "json_schema" and schema:
        return {"type": "json_schema", "schema": schemas.of_answer(schema, losses)}, ""
    if told.get("type") in ("json_schema", "json_object"):
        losses.append("asked for JSON in the system text: the API has no field for it")
        return {}, _JSON_ONLY
    return {}, ""
