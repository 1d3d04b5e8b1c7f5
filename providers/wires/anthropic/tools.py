"""Tools and how they may be chosen."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from providers.types import Json
from providers.wires.anthropic import names, schemas
from providers.wires.anthropic.models import Traits

_VENDORS_OWN: Final = re.compile(r"[a-z_]+_\d{8}")
"""Types of tools that the vendor itself runs or defines, such as ``web_search_20250305``; they pass as they are."""


@dataclass(frozen=True, slots=True)
class Tooling:
    """The fields ``tools`` and ``tool_choice``, both absent when empty, and what must be said in words instead."""

    tools: list[Json] = field(default_factory=list)
    choice: Json = field(default_factory=dict)
    spoken: str = ""


def arranged(params: Json, traits: Traits, losses: list[str], *, thinking: bool) -> Tooling:
    """The client's tools and choice, the choice weakened where the model, or its ``thinking``, forbids to force one."""
    told, mode = _allowed(params.get("tools") or [], params.get("tool_choice"))
    if params.get("response_format", {}).get("type") == "json_schema" and not traits.structured:
        told, mode = _with_answer_tool(told, mode, params["response_format"], losses)
    tools = [tool for one in told for tool in _tool(one, traits, losses)]
    if not tools:
        if mode not in (None, "auto", "none"):
            losses.append("dropped tool_choice")
        return Tooling()
    choice = _choice(mode, traits)
    spoken = ""
    if choice["type"] in ("any", "tool") and (thinking or not traits.forced_tools):
        losses.append("weakened tool_choice to auto; the system text asks for the tool instead")
        spoken = _asked_for(choice)
        choice = {"type": "auto"}
    if params.get("parallel_tool_calls") is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return Tooling(tools, {} if choice == {"type": "auto"} else choice, spoken)


def _allowed(tools: list[Json], choice: Any) -> tuple[list[Json], Any]:
    """The tools and the choice, where OpenAI's ``allowed_tools`` narrows the former."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return tools, choice
    allowed = choice.get("allowed_tools") or choice
    wanted = {_name(tool) for tool in allowed.get("tools") or []}
    return [tool for tool in tools if _name(tool) in wanted], allowed.get("mode")


def _name(tool: Json) -> str:
    inner = tool.get("function") or tool.get("custom")
    return str(inner.get("name") if isinstance(inner, dict) else tool.get("name"))


def _with_answer_tool(tools: list[Json], mode: Any, asked: Json, losses: list[str]) -> tuple[list[Json], Any]:
    """The tools with one whose input is the answer, and a choice that leads to it, for models without schemas."""
    if mode not in (None, "auto", "none"):
        losses.append("dropped response_format (a tool is forced)")
        return tools, mode
    told = asked.get("json_schema") or {}
    described = told.get("description") or "Give the answer by calling this tool."
    function = {"name": names.JSON_TOOL, "description": described, "parameters": told.get("schema")}
    answer: Json = {"type": "function", "function": function}
    if tools and mode != "none":
        return [*tools, answer], "required"
    return [answer], answer


def _tool(tool: Json, traits: Traits, losses: list[str]) -> list[Json]:
    if tool["type"] != "function":
        if _VENDORS_OWN.fullmatch(tool["type"]):
            return [tool]
        losses.append(f"dropped tools of type {tool['type']}")
        return []
    function = tool["function"]
    parameters = function.get("parameters")
    found: Json = {"name": names.sent(function["name"], traits.tool_name_chars)}
    if function.get("description"):
        found["description"] = function["description"]
    found["input_schema"] = schemas.of_input(parameters if isinstance(parameters, dict) else {}, losses)
    if function.get("strict") is True:
        if traits.structured:
            found["strict"] = True
        else:
            losses.append("dropped tools[].strict")
    mark = tool.get("cache_control") or function.get("cache_control")
    return [{**found, "cache_control": mark} if isinstance(mark, dict) else found]


def _choice(mode: Any, traits: Traits) -> Json:
    if isinstance(mode, dict):
        name = _name(mode)
        return {"type": "tool", "name": names.sent(name, traits.tool_name_chars)}
    return {"type": {"required": "any", "none": "none"}.get(mode, "auto")}


def _asked_for(choice: Json) -> str:
    if choice["type"] == "tool":
        return f"Call the tool {choice['name']} now, before anything else."
    return "Call at least one of the tools now, before anything else."
