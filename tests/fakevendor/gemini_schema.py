"""The shape of a generateContent body, field by field: an unknown name anywhere is refused, as by the real parser.

Written from the API's reference and not from the gateway.
"""

import re
from typing import Any

FIELDS: dict[str, dict[str, str]] = {
    "request": {
        "contents": "[content",
        "systemInstruction": "content",
        "tools": "[tool",
        "toolConfig": "toolConfig",
        "generationConfig": "generation",
        "safetySettings": "[safety",
        "cachedContent": "text",
    },
    "content": {"role": "text", "parts": "[part"},
    "part": {
        "text": "text",
        "inlineData": "blob",
        "fileData": "file",
        "functionCall": "call",
        "functionResponse": "response",
        "thought": "bool",
        "thoughtSignature": "text",
    },
    "blob": {"mimeType": "text", "data": "text"},
    "file": {"mimeType": "text", "fileUri": "text"},
    "call": {"id": "text", "name": "text", "args": "struct"},
    "response": {"id": "text", "name": "text", "response": "struct"},
    "tool": {
        "functionDeclarations": "[function",
        "googleSearch": "struct",
        "codeExecution": "struct",
        "urlContext": "struct",
    },
    "function": {"name": "text", "description": "text", "parameters": "schema"},
    "toolConfig": {"functionCallingConfig": "calling"},
    "calling": {"mode": "text", "allowedFunctionNames": "[text"},
    "safety": {"category": "text", "threshold": "text"},
    "generation": {
        "temperature": "number",
        "topP": "number",
        "topK": "int",
        "maxOutputTokens": "int",
        "candidateCount": "int",
        "stopSequences": "[text",
        "seed": "int",
        "presencePenalty": "number",
        "frequencyPenalty": "number",
        "responseLogprobs": "bool",
        "logprobs": "int",
        "responseMimeType": "text",
        "responseSchema": "schema",
        "responseJsonSchema": "struct",
        "responseModalities": "[text",
        "thinkingConfig": "thinking",
    },
    "thinking": {"thinkingBudget": "int", "thinkingLevel": "text", "includeThoughts": "bool"},
    "schema": {
        "type": "text",
        "format": "text",
        "title": "text",
        "description": "text",
        "nullable": "bool",
        "enum": "[text",
        "items": "schema",
        "minItems": "int",
        "maxItems": "int",
        "properties": "{schema",
        "required": "[text",
        "minProperties": "int",
        "maxProperties": "int",
        "minLength": "int",
        "maxLength": "int",
        "pattern": "text",
        "example": "any",
        "anyOf": "[schema",
        "propertyOrdering": "[text",
        "default": "any",
        "minimum": "number",
        "maximum": "number",
    },
}
PLAIN: dict[str, Any] = {
    "text": str,
    "bool": bool,
    "int": int,
    "number": (int, float),
    "struct": dict,
    "any": object,
}


class Refused(Exception):  # noqa: N818 - it names what happened
    """A request that the API would not take; ``status`` is Google's word for it."""

    def __init__(self, message: str, code: int = 400, status: str = "INVALID_ARGUMENT", reason: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.status, self.reason = message, code, status, reason


def normal(value: Any, kind: str) -> Any:
    """The value with the names of its fields in camel case; the parser takes them in snake case too."""
    if kind[0] in "[{":
        if isinstance(value, dict):
            return {name: normal(item, kind[1:]) for name, item in value.items()}
        return [normal(item, kind[1:]) for item in value] if isinstance(value, list) else value
    if kind in PLAIN or not isinstance(value, dict):
        return value
    named = {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): item for name, item in value.items()}
    return {name: normal(item, FIELDS[kind].get(name, "any")) for name, item in named.items()}


def check(value: Any, kind: str, where: str) -> None:
    """Raise Refused unless ``value`` is of the kind, unknown names and wrong types included."""
    if kind[0] in "[{":
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        if isinstance(value, dict) is not (kind[0] == "{"):
            raise Refused(f"Invalid value at '{where}': Proto field is not repeating, cannot start list.")
        for name, item in items:
            check(item, kind[1:], f"{where}[{name}]")
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or (kind in ("int", "number") and isinstance(value, bool)):
            raise Refused(f"Invalid value at '{where}' ({kind}), {value!r}")
    else:
        check_message(value, kind, where)


def check_message(value: Any, kind: str, where: str) -> None:
    if not isinstance(value, dict):
        raise Refused(f"Invalid value at '{where}' (type.googleapis.com/google.ai.{kind}), {value!r}")
    for name, inner in value.items():
        if name not in FIELDS[kind]:
            raise Refused(f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field.")
        check(inner, FIELDS[kind][name], f"{where}.{name}" if where else name)


def check_schema(schema: dict[str, Any], where: str) -> None:
    """Raise Refused for a schema of the right shape that deployed models do not take."""
    kind = str(schema.get("type", "")).lower()
    if "anyOf" in schema and len(schema) > 1:
        raise Refused(f"{where}: when using any_of, it must be the only field set.")
    if kind and kind not in ("string", "number", "integer", "boolean", "array", "object", "null"):
        raise Refused(f"{where}.type: invalid")
    if kind == "array" and not schema.get("items"):
        raise Refused(f"{where}.items: missing field.")
    if "properties" in schema and not schema["properties"]:
        raise Refused(f"{where}.properties: should be non-empty for OBJECT type")
    check_words(schema, kind, where)
    inner = [*schema.get("properties", {}).items(), *enumerate(schema.get("anyOf", []))]
    for name, one in [*inner, *([("items", schema["items"])] if "items" in schema else [])]:
        check_schema(one, f"{where}.{name}")


def check_words(schema: dict[str, Any], kind: str, where: str) -> None:
    if "enum" in schema:
        if kind != "string":
            raise Refused(f"{where}.enum: only allowed for STRING type")
        for place, word in enumerate(schema["enum"]):
            if not word:
                raise Refused(f"{where}.enum[{place}]: cannot be empty")
    if kind == "string" and schema.get("format") not in (None, "enum", "date-time"):
        raise Refused(f"{where}.format: only 'enum' and 'date-time' are supported for STRING type")
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            raise Refused(f"{where}.required[0]: property is not defined")


def check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}", name):
        raise Refused("Invalid function name. Must start with a letter or an underscore.")
