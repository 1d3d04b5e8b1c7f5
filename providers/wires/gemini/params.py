"""The parameters beside messages and tools as ``generationConfig``. Whatever is lost is added to ``losses``."""

from typing import Any, Final

from providers.errors import ErrorKind, ProviderError
from providers.losses import dropped
from providers.types import Json
from providers.wires.gemini import native, schemas, thinking
from providers.wires.gemini.models import Traits

_READ: Final = frozenset(
    {
        *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed", "n", "stop"),
        *("max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "response_format", "modalities"),
        *("reasoning_effort", "tools", "tool_choice", "web_search_options", "stream_options"),
        *("extra_body", "safety_settings"),
    }
)
"""Fields that are read here or in a neighbouring module; the API refuses any that it does not know."""

_NEUTRAL: Final[Json] = {"service_tier": "auto", "metadata": {}}
"""Values of others that say what the API does anyway."""

_SAMPLING: Final = {"temperature": ("temperature", 2), "top_p": ("topP", 1), "top_k": ("topK", None)}
_PENALTIES: Final = {"presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty"}
_MODALITIES: Final = {"text": "TEXT", "image": "IMAGE"}
_SEEDS: Final = 2**31
_STOPS: Final = 5
"""How many stop texts the API takes; the gateway cuts at the others itself."""

_JSON: Final = "application/json"


def generation(params: Json, traits: Traits, losses: list[str], *, functions: bool, drop_sampling: bool) -> Json:
    """The whole object, empty where nothing was asked. ``functions`` tells whether there are tools to be called.

    Raises UNSUPPORTED for what must not be left out in silence.
    """
    lost = {name: value for name, value in params.items() if _NEUTRAL.get(name) != value}
    losses += dropped(lost, _READ)
    own = native.google(params)
    think = thinking.config(params.get("reasoning_effort"), native.camel(own.get("thinking_config")), traits, losses)
    limit = params.get("max_completion_tokens", params.get("max_tokens"))
    return {
        **_sampling(params, losses, drop=drop_sampling),
        **_counts(params, losses),
        **_penalties(params, traits, losses),
        **_logprobs(params),
        **({"maxOutputTokens": limit} if limit is not None else {}),
        **({"stopSequences": stops(params)[:_STOPS]} if stops(params) else {}),
        **_format(params.get("response_format") or {}, traits, losses, functions=functions),
        **_modalities(params.get("modalities")),
        **({"thinkingConfig": think} if think else {}),
    }


def stops(params: Json) -> list[str]:
    """The stop texts without empty ones, which the API refuses and which stop nothing."""
    told = params.get("stop") or []
    return [stop for stop in ([told] if isinstance(told, str) else told) if stop]


def further_stops(params: Json) -> tuple[str, ...]:
    """The stop texts that are too many for the API."""
    return tuple(stops(params)[_STOPS:])


def _sampling(params: Json, losses: list[str], *, drop: bool) -> Json:
    asked = {name: params[name] for name in _SAMPLING if name in params}
    if drop:
        losses += dropped(asked, ())
        return {}
    found: Json = {}
    for name, value in asked.items():
        sent, most = _SAMPLING[name]
        too_much = most is not None and value > most
        losses += [f"clamped {name} to {most}"] if too_much else []
        found[sent] = most if too_much else value
    return found


def _counts(params: Json, losses: list[str]) -> Json:
    """The number of answers, sent only when it is not one, and the seed, which has 32 bits."""
    found: Json = {"candidateCount": params["n"]} if params.get("n", 1) > 1 else {}
    seed = params.get("seed")
    if seed is not None:
        if not -_SEEDS <= seed < _SEEDS:
            seed = (seed + _SEEDS) % (2 * _SEEDS) - _SEEDS
            losses.append(f"folded seed to {seed}")
        found["seed"] = seed
    return found


def _penalties(params: Json, traits: Traits, losses: list[str]) -> Json:
    """Penalties other than 0, for models that know them; the newest answer with an error."""
    asked = {name: params[name] for name in _PENALTIES if params.get(name)}
    if not traits.penalties:
        losses += [f"dropped {name}" for name in asked]
        return {}
    return {_PENALTIES[name]: value for name, value in asked.items()}


def _logprobs(params: Json) -> Json:
    if params.get("logprobs") is not True:
        return {}
    most = params.get("top_logprobs")
    return {"responseLogprobs": True, **({"logprobs": most} if most else {})}


def _format(told: Json, traits: Traits, losses: list[str], *, functions: bool) -> Json:
    """The format of the answer: a schema as it is where the model reads JSON Schema, else in the narrower form."""
    kind = told.get("type")
    if kind not in ("json_object", "json_schema"):
        return {}
    if functions and not traits.json_with_tools:
        losses.append("dropped response_format (this model does not take it together with functions)")
        return {}
    asked = told.get("json_schema")
    schema = asked.get("schema") if kind == "json_schema" and isinstance(asked, dict) else None
    if not isinstance(schema, dict) or not schema:
        return {"responseMimeType": _JSON}
    if traits.json_schema:
        return {"responseMimeType": _JSON, "responseJsonSchema": schema}
    lost: set[str] = set()
    reduced = schemas.reduced(schema, lost)
    if lost:
        losses.append(f"reduced response_format: without {', '.join(sorted(word for word in lost if word.isascii()))}")
    return {"responseMimeType": _JSON, "responseSchema": reduced}


def _modalities(told: Any) -> Json:
    if not isinstance(told, list) or told in ([], ["text"]):
        return {}
    other = next((kind for kind in told if kind not in _MODALITIES), None)
    if other is not None:
        raise ProviderError(
            ErrorKind.UNSUPPORTED, f"this gateway takes text and images from the model, not {other}", param="modalities"
        )
    return {"responseModalities": [_MODALITIES[kind] for kind in told]}
