"""Vertex AI: Gemini and Claude at a project's own addresses, in a region or wherever there is room.

Source: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations, …/partner-models/claude, checked 2026-08.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from providers.errors import ErrorKind, ProviderError, not_here
from providers.types import ChatRequest, Delta, Destination, Event, WireRequest
from providers.wires.anthropic import faults as anthropic_faults
from providers.wires.anthropic import reply as anthropic_reply
from providers.wires.anthropic import request as anthropic
from providers.wires.gemini import faults, request, urls
from providers.wires.gemini.surface import VERTEX

GLOBAL: Final = "https://aiplatform.googleapis.com"
ANTHROPIC_VERSION: Final = "vertex-2023-10-16"
_WIDE: Final = frozenset({"us", "eu"})
_VERSIONED: Final = re.compile(r"/v1\w*$")
_PREFIX: Final = re.compile(r"^(publishers/(google|anthropic)/models/|models/|google/|anthropic/)")


def model_of(to: Destination) -> str:
    """The vendor's name of the model, without publisher; ``model_id`` of the credential pins it."""
    pinned = to.credential.get("model_id")
    return _PREFIX.sub("", pinned.reveal() if pinned else to.model)


def is_claude(model: str) -> bool:
    """Whether a model is published by Anthropic."""
    return model.lower().startswith("claude")


def host(location: str) -> str:
    """The origin that serves a location: ``global``, a multi-region or a region."""
    if location == "global":
        return GLOBAL
    return f"https://aiplatform.{location}.rep.googleapis.com" if location in _WIDE else _regional(location)


def _regional(location: str) -> str:
    return f"https://{location}-aiplatform.googleapis.com"


def project(to: Destination, version: str = "v1") -> str:
    """The address of the project in its location: at the vendor's host for it, or under a configured ``server_url``.

    Raises UPSTREAM_AUTH where the credential does not tell both.
    """
    fields = {name: to.credential[name].reveal() for name in ("project_id", "location") if to.credential.get(name)}
    if len(fields) < 2 or not re.fullmatch(r"[a-z][a-z0-9-]*", fields["location"]):
        raise ProviderError(ErrorKind.UPSTREAM_AUTH, "Vertex AI: the credential has no project_id or no valid location")
    base = _base(to.server_url, fields["location"], version)
    return f"{base}/projects/{quote(fields['project_id'], safe=':')}/locations/{fields['location']}"


def _base(server_url: str, location: str, version: str) -> str:
    told = server_url.rstrip("/")
    if told in ("", GLOBAL):
        return f"{host(location)}/{version}"
    scheme, place, path, _, _ = urlsplit(told)
    path = path.partition("/projects/")[0].rstrip("/")
    return urlunsplit((scheme, place, path if _VERSIONED.search(path) else f"{path}/{version}", "", ""))


def address(to: Destination, model: str, verb: str) -> str:
    """The address of ``verb`` for a model; a number is an endpoint that the project deployed itself."""
    if model.isdecimal():
        return f"{project(to)}/endpoints/{model}:{verb}"
    publisher = "anthropic" if is_claude(model) else "google"
    return f"{project(to)}/publishers/{publisher}/models/{quote(model, safe='@')}:{verb}"


def encode(asked: ChatRequest, to: Destination) -> WireRequest:
    """The request for the model's publisher; ``sign`` adds the token. Raises UNSUPPORTED and UPSTREAM_AUTH."""
    model = model_of(to)
    named = replace(to, model=model)
    if is_claude(model):
        return _claude(asked, named)
    verb = f"{urls.STREAM}?alt=sse" if asked.stream else urls.GENERATE
    return request.wired(address(to, model, verb), request.body(asked, named, VERTEX))


def _claude(asked: ChatRequest, to: Destination) -> WireRequest:
    """A Messages body without its model, which the address names."""
    made = anthropic.body(asked, to)
    body = {name: value for name, value in made.json.items() if name != "model"}
    body = {"anthropic_version": str(to.options.get("anthropic_version") or ANTHROPIC_VERSION), **body}
    url = address(to, to.model, "streamRawPredict" if body.get("stream") else "rawPredict")
    headers = {**request.HEADERS, **anthropic.beta_header(to.options.get("anthropic_beta"))}
    return WireRequest("POST", url, headers, orjson.dumps(body), made.changes, decode=_claudes)


def _claudes(events: Iterator[Event]) -> Iterator[Delta]:
    return anthropic_reply.decode(faults.checked(events))


def fault(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a reply with a failing status is: Google's, or Anthropic's where it says so itself.

    A model that is missing may be there in another credential's region.
    """
    read = anthropic_faults.fault if _is_anthropics(body) else faults.fault
    error = read(status, headers, body)
    error.stale_token = status == 401
    return not_here(error.message) if error.kind is ErrorKind.MODEL_NOT_FOUND else error


def _is_anthropics(body: bytes) -> bool:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    error = document.get("error") if isinstance(document, dict) else None
    return isinstance(error, dict) and isinstance(error.get("type"), str) and "status" not in error
