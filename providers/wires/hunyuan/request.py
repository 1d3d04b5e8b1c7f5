"""A chat request in the vendor's words: parameters and tools. Messages are in ``content`` and ``turns``."""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import orjson

from providers.losses import dropped
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.hunyuan import content, turns
from providers.wires.openai import legacy

VERSION: Final = "2023-09-01"
CLOUD: Final = ".tencentcloudapi.com"
"""All regional and international hosts of the vendor's cloud end with it."""

_EXTRAS: Final = {
    "enable_enhancement": "EnableEnhancement",
    "force_search_enhancement": "ForceSearchEnhancement",
    "enable_speed_search": "EnableSpeedSearch",
    "enable_deep_search": "EnableDeepSearch",
    "enable_multimedia": "EnableMultimedia",
    "enable_recommended_questions": "EnableRecommendedQuestions",
    "enable_deep_read": "EnableDeepRead",
    "enable_thinking": "EnableThinking",
    "web_search_options": "WebSearchOptions",
    "stream_moderation": "StreamModeration",
    "search_info": "SearchInfo",
    "topic_choice": "TopicChoice",
    "citation": "Citation",
}
"""The vendor's own parameters: as its OpenAI surface spells them, and as this protocol does. Both are passed on.

Source: https://cloud.tencent.com/document/api/1729/105701, checked 2026-08.
"""

_TRANSLATED: Final = frozenset({"temperature", "top_p", "stop", "seed", "tools", "tool_choice"})
_OWN: Final = frozenset({*_EXTRAS, *_EXTRAS.values()})
_KNOWN: Final = _TRANSLATED | _OWN | {"stream_options"}

_CEILINGS: Final = (("temperature", "Temperature", 2), ("top_p", "TopP", 1))
_MOST_SEED: Final = 10_000
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for ``to``, unsigned. Only what the client set is sent; ``changes`` names every loss.

    The answer of this vendor ends behind a stop text, so ``stops`` lists those to cut off.
    Raises UNSUPPORTED for message parts the vendor cannot take.
    """
    losses: list[str] = []
    arranged = turns.arrange([legacy.message(message) for message in request.messages], losses)
    messages = [content.native(message, to.flatten is True, losses) for message in arranged]
    body: Json = {"Model": to.model, "Messages": messages, "Stream": request.stream}
    given = legacy.params(request.params)
    _sampling(body, given, losses)
    _tools(body, given, losses)
    body.update((_EXTRAS.get(name, name), value) for name, value in given.items() if name in _OWN)
    losses += dropped(given, _KNOWN)
    return action("ChatCompletions", body, to, tuple(losses), stops=body.get("Stop", ()))


def action(
    name: str, body: Json, to: Destination, changes: tuple[str, ...] = (), *, stops: tuple[str, ...] = ()
) -> WireRequest:
    """The call of one of the vendor's actions: they share an address and differ in a header.

    The cloud's own hosts take no path, whatever stands in a config; that of a proxy stays.
    """
    scheme, host, path, *_ = urlsplit(to.server_url)
    path = "/" if host.endswith(CLOUD) else path or "/"
    headers = {"content-type": "application/json", "x-tc-action": name, "x-tc-version": VERSION}
    url = urlunsplit((scheme, host, path, "", ""))
    return WireRequest("POST", url, headers, orjson.dumps(body), changes, stops)


def _sampling(body: Json, given: Json, losses: list[str]) -> None:
    for name, native, most in _CEILINGS:
        if name in given:
            body[native] = min(given[name], most)
        if given.get(name, 0) > most:
            losses.append(f"clamped {name} to {most}")
    stops = stop_texts(given.get("stop"))
    if stops:
        body["Stop"] = stops
    if "seed" in given:
        body["Seed"] = seed(given["seed"])
        if body["Seed"] != given["seed"]:
            losses.append(f"changed seed to {body['Seed']}")


def stop_texts(given: str | list[str] | None) -> tuple[str, ...]:
    """The texts of a ``stop`` parameter, without empty ones."""
    return tuple(text for text in ([given] if isinstance(given, str) else given or ()) if text)


def seed(given: int) -> int:
    """The seed itself if the vendor takes it (1 to 10000), else one that always stands for it."""
    return given if 1 <= given <= _MOST_SEED else given % _MOST_SEED + 1


def _tools(body: Json, given: Json, losses: list[str]) -> None:
    functions = [tool["function"] for tool in given.get("tools", ()) if tool["type"] == "function"]
    if len(functions) < len(given.get("tools", ())):
        losses.append("dropped tools of other types than function")
    if not functions:
        return
    body["Tools"] = [_tool(function, losses) for function in functions]
    choice = given.get("tool_choice")
    if choice is not None:
        _choose(body, choice, losses)


def _tool(function: Json, losses: list[str]) -> Json:
    """A tool whose ``Parameters`` are JSON text: an object is refused."""
    parameters = orjson.dumps(function.get("parameters") or _NO_PARAMETERS).decode()
    described = {"Description": function["description"]} if function.get("description") else {}
    if function.get("strict") and "dropped tools[].strict" not in losses:
        losses.append("dropped tools[].strict")
    return {"Type": "function", "Function": {"Name": function["name"], **described, "Parameters": parameters}}


def _choose(body: Json, choice: Any, losses: list[str]) -> None:
    """``required`` is not known; with a single tool it means that tool, else it can only be ``auto``."""
    if choice in ("none", "auto"):
        body["ToolChoice"] = choice
        return
    tools = body["Tools"]
    wanted = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
    named = tools if choice == "required" else [tool for tool in tools if tool["Function"]["Name"] == wanted]
    if len(named) == 1:
        body.update(ToolChoice="custom", CustomTool=named[0])
        return
    body["ToolChoice"] = "auto"
    losses.append("dropped tool_choice")
