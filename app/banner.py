"""The words an operator reads before the gateway starts: what it serves, where, and a line to paste. Never a secret."""

import json
import shlex
from collections.abc import Iterable, Iterator

from config.model import Settings, Upstream

WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - recognised, not bound


def banner(settings: Settings, version: str) -> Iterator[str]:
    """The lines shown at start: address, upstreams by service, remarks, a call to try."""
    yield f"simple-one-api {version}, config {settings.path}"
    yield f"  listening on {base_url(settings)}" + (", all interfaces" if settings.bind_host in WILDCARDS else "")
    yield from (f"  {line}" for line in summary(settings))
    yield from (f"  note: {note}" for note in settings.notes)
    if not settings.caller_keys and settings.bind_host in WILDCARDS:
        yield "  note: no api_key is set, so whoever reaches this address can use it"
    if any(upstream.enabled and upstream.models for upstream in settings.upstreams):
        yield "try it:"
        yield f"  {curl(settings)}"


def summary(settings: Settings) -> Iterator[str]:
    """One line per service: its upstreams and the names they offer. A line saying so when there is none."""
    services = dict.fromkeys(upstream.service for upstream in settings.upstreams)
    for service in services:
        entries = [upstream for upstream in settings.upstreams if upstream.service == service]
        enabled = [upstream for upstream in entries if upstream.enabled]
        disabled = len(entries) - len(enabled)
        counts = f"{_count(len(enabled), 'upstream')}, {_count(len(_names(enabled)), 'model')}"
        yield f"{service}: {counts}" + (f" ({disabled} disabled)" if disabled else "")
    if not services:
        yield "no upstreams: nothing can be asked until the config names a service"


def base_url(settings: Settings) -> str:
    """The address clients on this machine use, ``/v1`` included."""
    host = "127.0.0.1" if settings.bind_host in WILDCARDS else settings.bind_host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.bind_port}/v1"


def curl(settings: Settings) -> str:
    """One shell line that streams an answer from the first model offered, with a stand-in where a key is needed."""
    body = {
        "model": next(iter(_names(u for u in settings.upstreams if u.enabled and u.models)), "MODEL"),
        "stream": True,
        "messages": [{"role": "user", "content": "Say hello in five words."}],
    }
    key = "-H 'Authorization: Bearer YOUR_KEY' " if settings.caller_keys else ""
    kind = "-H 'Content-Type: application/json'"
    return f"curl -N {base_url(settings)}/chat/completions {key}{kind} -d {shlex.quote(json.dumps(body))}"


def _names(upstreams: Iterable[Upstream]) -> dict[str, None]:
    return dict.fromkeys(
        name for entry in upstreams for name in (*entry.models, *entry.embedding_models, *entry.model_redirect)
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
