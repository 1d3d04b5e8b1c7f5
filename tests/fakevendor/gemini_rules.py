"""What a small Gemini refuses, and in which words: parameters by model, the order of turns, thought signatures."""

import base64
import json
import re
from itertools import pairwise
from typing import Any

from tests.fakevendor.gemini_schema import Refused, check, check_name, check_schema

PLACEHOLDER = base64.b64encode(b"skip_thought_signature_validator").decode()
MODELS = {
    "gemini-2.0-flash": (2, 0),
    "gemini-2.5-flash": (2, 5),
    "gemini-2.5-pro": (2, 5),
    "gemini-3-flash-preview": (3, 0),
    "gemini-3-pro-preview": (3, 0),
    "gemini-3.8-flash": (3, 8),
}
FORBIDDEN_IMAGES = ("image/gif", "image/bmp", "image/tiff")


def check_body(body: dict[str, Any], model: str, door: str, *, placeholders: bool = True) -> None:
    """Raise Refused unless the API would take the body. ``door`` is ``gemini`` or ``vertexai``."""
    if model not in MODELS:
        known = "Call ListModels to see the list of available models and their supported methods."
        raise Refused(f"models/{model} is not found for API version v1beta. {known}", 404, "NOT_FOUND")
    check(body, "request", "")
    check_tools(body)
    check_generation(body.get("generationConfig", {}), model, bool(body.get("tools")))
    if "systemInstruction" in body:
        check_parts(body["systemInstruction"].get("parts", []), "system_instruction")
    check_contents(body.get("contents", []), door)
    if MODELS[model] >= (3, 0):
        check_signatures(body["contents"], f"{door}/{model}", placeholders)
    check_ids(body["contents"], MODELS[model] >= (3, 0))


def check_generation(config: dict[str, Any], model: str, tools: bool) -> None:
    version = MODELS[model]
    if not 0 <= config.get("temperature", 1) <= 2:
        raise Refused("temperature must be in the range [0.0, 2.0]")
    if not 0 <= config.get("topP", 1) <= 1:
        raise Refused("top_p must be in the range [0.0, 1.0]")
    stops = config.get("stopSequences", [])
    if len(stops) > 5 or not all(stops):
        raise Refused("stop_sequences: at most 5, none of them empty")
    if not -(2**31) <= config.get("seed", 0) < 2**31:
        raise Refused("Invalid value at 'generation_config.seed' (TYPE_INT32)")
    if version >= (3, 0) and config.keys() & {"presencePenalty", "frequencyPenalty"}:
        raise Refused(f"Penalty is not enabled for models/{model}")
    if {"responseSchema", "responseJsonSchema"} <= config.keys():
        raise Refused("response_schema and response_json_schema cannot both be set")
    if "responseJsonSchema" in config and version < (2, 5):
        raise Refused("response_json_schema is not supported by this model")
    if "responseSchema" in config:
        check_schema(config["responseSchema"], "generation_config.response_schema")
    if "responseMimeType" in config and tools and version < (3, 0):
        raise Refused("Function calling with a response mime type: 'application/json' is unsupported")
    check_thinking(config.get("thinkingConfig", {}), model)


def check_thinking(config: dict[str, Any], model: str) -> None:
    version = MODELS[model]
    if not config:
        return
    if version < (2, 5):
        raise Refused("Thinking is not supported by this model")
    if {"thinkingBudget", "thinkingLevel"} <= config.keys():
        raise Refused("You can only set only one of thinking budget and thinking level.")
    if "thinkingLevel" in config and version < (3, 0):
        raise Refused("Thinking level is not supported for this model.")
    if "pro" in model and config.get("thinkingBudget") == 0:
        raise Refused("Budget 0 is invalid. This model only works in thinking mode.")
    levels = ("LOW", "HIGH") if model == "gemini-3-pro-preview" else ("MINIMAL", "LOW", "MEDIUM", "HIGH")
    if config.get("thinkingLevel", levels[0]) not in levels:
        raise Refused(f"Thinking level {config['thinkingLevel']} is not supported for this model.")


def check_tools(body: dict[str, Any]) -> None:
    declared = [tool["functionDeclarations"] for tool in body.get("tools", []) if "functionDeclarations" in tool]
    if len(declared) > 1 or (declared and len(body["tools"]) > 1):
        raise Refused("Tool use with function calling is unsupported")
    names = [function["name"] for functions in declared for function in functions]
    for functions in declared:
        for place, function in enumerate(functions):
            check_name(function["name"])
            if "parameters" in function:
                where = f"tools[0].function_declarations[{place}].parameters"
                if not function["parameters"].get("properties"):
                    raise Refused(f"{where}.properties: should be non-empty for OBJECT type")
                check_schema(function["parameters"], where)
    if len(set(names)) < len(names):
        raise Refused("Duplicate function declaration found")
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    if "toolConfig" in body and not names:
        raise Refused("Function calling config is set without function_declarations.")
    if "allowedFunctionNames" in calling and calling["mode"] not in ("ANY", "VALIDATED"):
        raise Refused("allowed_function_names should only be set when the mode is ANY or VALIDATED.")
    if not set(calling.get("allowedFunctionNames", [])) <= set(names):
        raise Refused("allowed_function_names should be a subset of function_declarations")


def check_parts(parts: list[dict[str, Any]], where: str) -> None:
    if not parts:
        raise Refused(f"{where}: contents.parts must not be empty.")
    for part in parts:
        kinds = part.keys() - {"thought", "thoughtSignature"}
        if len(kinds) != 1 or part.get("text") == "":
            raise Refused("Unable to submit request because it must have a text parameter.")
        if part.get("inlineData", {}).get("mimeType") in FORBIDDEN_IMAGES:
            raise Refused(f"Unsupported MIME type: {part['inlineData']['mimeType']}")
        if "inlineData" in part:
            base64.b64decode(part["inlineData"]["data"], validate=True)
        if "fileData" in part and not part["fileData"].get("mimeType"):
            raise Refused("mimeType is required for fileData")


def check_contents(contents: list[dict[str, Any]], door: str) -> None:
    roles = [content.get("role") for content in contents]
    if not contents:
        raise Refused("contents is not specified")
    if roles[0] != "user" or any(role not in ("user", "model") for role in roles):
        raise Refused("Please use a valid role: user, model.")
    if any(one == other for one, other in pairwise(roles)):
        raise Refused("Please ensure that multiturn requests alternate between user and model.")
    for place, (content, after) in enumerate(zip(contents, [*contents[1:], {}], strict=True)):
        check_parts(content["parts"], f"contents[{place}]")
        if not any("text" in part or "functionResponse" in part for part in content["parts"]) and place % 2 == 0:
            raise Refused("Unable to submit request because it must have a text parameter.")
        check_answers(content, after)
    if door == "gemini" and any("gs://" in json.dumps(part) for one in contents for part in one["parts"]):
        raise Refused("Unsupported file uri")


def check_answers(content: dict[str, Any], after: dict[str, Any]) -> None:
    """Every call is answered right after it, and nothing else is: by name, by number and before any text."""
    calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
    parts = after.get("parts", [])
    answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
    if content["role"] == "user" and calls:
        raise Refused("Please ensure that function call turn comes from the model.")
    if content["role"] == "model" and [one["name"] for one in calls] != [one["name"] for one in answers]:
        raise Refused(
            "Please ensure that the number of function response parts is equal to the number of function call parts"
            " of the function call turn."
        )
    if any("functionResponse" not in part for part in parts[: len(answers)]):
        raise Refused("function responses must come first")
    if [one.get("id") for one in calls] != [one.get("id") for one in answers] and answers:
        raise Refused("function response ids do not match")


def sign(source: str, name: str) -> str:
    """A signature that this server knows as its own, for a model at one door and a function."""
    return base64.b64encode(f"signed {source} {name}".encode()).decode()


def check_signatures(contents: list[dict[str, Any]], source: str, placeholders: bool) -> None:
    """Each step of the current turn carries its signature on its first call; what is there anywhere must be valid."""
    last = max((place for place, one in enumerate(contents) if is_question(one)), default=0)
    for place, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and place > last and not calls[0].get("thoughtSignature"):
            name = calls[0]["functionCall"]["name"]
            raise Refused(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to"
                f" work correctly, and missing thought_signature may lead to degraded model performance. ({name})"
            )
        for part in calls:
            signature = part.get("thoughtSignature")
            good = (None, sign(source, part["functionCall"]["name"]), *([PLACEHOLDER] if placeholders else []))
            if signature not in good:
                raise Refused("Thought signature is not valid.")


def is_question(content: dict[str, Any]) -> bool:
    return content["role"] == "user" and not any("functionResponse" in part for part in content["parts"])


def check_ids(contents: list[dict[str, Any]], issued: bool) -> None:
    """Ids are known only where this server gave them out: the newest generation's, in its own form."""
    for content in contents:
        for part in content["parts"]:
            identity = (part.get("functionCall") or part.get("functionResponse") or {}).get("id")
            if identity is not None and not (issued and re.fullmatch(r"fc-\d+-\d+", identity)):
                raise Refused('Invalid JSON payload received. Unknown name "id"')
