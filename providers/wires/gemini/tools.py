"""Tools and how they may be chosen."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from providers.types import Json
from providers.wires.gemini import schemas
from providers.wires.gemini.names import Names

_VENDORS_OWN: Final = {
    "google_search": "googleSearch",
    "web_search": "googleSearch",
    "web_search_preview": "googleSearch",
    "code_execution": "codeExecution",
    "code_interpreter": "codeExecution",
    "url_context": "urlContext",
}
"""Types of tools that the vendor runs itself.

Source: https://ai.google.dev/gemini-api/docs/google-search, …/code-execution, …/url-context, checked 2026-08.
"""

_WORD: Final = re.compile(r"[ -~]{1,40}")
_MODES: Final = {"none": "NONE", "required": "ANY", "auto": "AUTO"}


@dataclass(frozen=True, slots=True)
class Tooling:
    """The fields ``tools`` and ``toolConfig``, both absent when empty. ``functions`` tells whether there are any."""

    tools: list[Json] = field(default_factory=list)
    config: Json = field(default_factory=dict)

    @property
    def functions(self) -> bool:
        """Whether the model may call functions of the client's."""
        return any("functionDeclarations" in tool for tool in self.tools)


def arranged(params: Json, names: Names, losses: list[str]) -> Tooling:
    """The client's tools and choice. Functions and the vendor's own tools do not go together: functions win."""
    given = list(params.get("tools") or [])
    if params.get("web_search_options") is not None:
        given.append({"type": "web_search"})
    lost: set[str] = set()
    declared = [_declared(tool["function"], names, lost, losses) for tool in given if tool["type"] == "function"]
    if lost:
        told = sorted(word if _WORD.fullmatch(word) else "others" for word in lost)
        losses.append(f"reduced tools[].function.parameters: without {', '.join(dict.fromkeys(told))}")
    built_in: list[Json] = []
    for kind in dict.fromkeys(str(tool["type"]) for tool in given if tool["type"] != "function"):
        own: Json = {_VENDORS_OWN[kind]: {}} if kind in _VENDORS_OWN and not declared else {}
        if own and own not in built_in:
            built_in.append(own)
        elif not own:
            losses.append(f"dropped tools of type {kind if _WORD.fullmatch(kind) else 'unknown'}")
    if not declared:
        if params.get("tool_choice") not in (None, "auto", "none"):
            losses.append("dropped tool_choice")
        return Tooling(built_in)
    return Tooling([{"functionDeclarations": declared}], _choice(params.get("tool_choice"), names, losses))


def _declared(function: Json, names: Names, lost: set[str], losses: list[str]) -> Json:
    found: Json = {"name": names.sent(function["name"])}
    if function.get("description"):
        found["description"] = function["description"]
    parameters = schemas.of_input(function.get("parameters"), lost)
    if parameters:
        found["parameters"] = parameters
    if function.get("strict") is True:
        losses.append("dropped tools[].function.strict")
    return found


def _choice(choice: Any, names: Names, losses: list[str]) -> Json:
    """``toolConfig``; empty for what the API does anyway."""
    if isinstance(choice, str) and choice in _MODES:
        return _config(_MODES[choice])
    if not isinstance(choice, dict):
        return {}
    if choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools") or choice
        mode = "ANY" if allowed.get("mode") == "required" else "VALIDATED"
        wanted = [names.sent(name) for tool in allowed.get("tools") or [] if (name := _name(tool))]
        return _config(mode, wanted) if wanted else {}
    name = _name(choice)
    if name:
        return _config("ANY", [names.sent(name)])
    losses.append("dropped tool_choice")
    return {}


def _name(tool: Any) -> str:
    inner = tool.get("function") if isinstance(tool, dict) else None
    named = inner if isinstance(inner, dict) else tool
    name = named.get("name") if isinstance(named, dict) else None
    return name if isinstance(name, str) else ""


def _config(mode: str, allowed: list[str] | None = None) -> Json:
    names = {"allowedFunctionNames": allowed} if allowed else {}
    return {"functionCallingConfig": {"mode": mode, **names}}
