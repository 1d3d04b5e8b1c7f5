"""Messages: one string each, with images as bare base64 beside it, and tool calls with objects for arguments.

Source: https://docs.ollama.com/api/chat and the server's api/types.go, checked 2026-08.
"""

import base64
import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json
from providers.wires.openai import legacy

JSON_RULE: Final = "Answer with one JSON object and nothing else."
_DATA_URL: Final = re.compile(r"(?is)data:(?P<type>[^;,]*)(?P<extra>(?:;[^;,]*)*),(?P<data>.*)")
_REASONING: Final = ("reasoning_content", "reasoning", "thinking")


def native(given: list[Json], to: Destination, losses: list[str]) -> list[Json]:
    """The messages as the server takes them, in the client's order; what is lost is added to ``losses``.

    Raises UNSUPPORTED, naming the part, for what is neither a text nor an image, and for an image that is no bytes.
    """
    names: dict[str, str] = {}
    said = []
    for place, message in enumerate(map(legacy.message, given)):
        fresh: Json = {"role": message["role"], **_content(message, f"messages[{place}]", to)}
        if message["role"] == "assistant":
            _add_thinking(fresh, message, to)
            calls = [_call(call, losses) for call in message.get("tool_calls") or ()]
            if calls:
                fresh["tool_calls"] = calls
                names.update((call["id"], call["function"]["name"]) for call in calls)
        elif message["role"] == "tool":
            identity = message["tool_call_id"]
            name = names.get(identity) or message.get("name")
            fresh |= {**({"tool_name": name} if name else {}), "tool_call_id": identity}
        if message.get("name") and message["role"] != "tool" and "dropped messages[].name" not in losses:
            losses.append("dropped messages[].name")
        said.append(fresh)
    return said


def asks_for_json(said: list[Json]) -> bool:
    """Whether any text speaks of JSON: a model that is only held to the grammar may fill it with blanks for ever."""
    return any("json" in message["content"].lower() for message in said)


def _content(message: Json, where: str, to: Destination) -> Json:
    content = message.get("content")
    if not isinstance(content, list):
        return {"content": content or ""}
    texts: list[str] = []
    images: list[str] = []
    for number, part in enumerate(content):
        kind = part["type"]
        if kind in ("text", "refusal"):
            texts.append(part.get("text") or part.get("refusal") or "")
        elif kind == "image_url" and not to.flatten:
            images.append(_image(part["image_url"]["url"], f"{where}.content[{number}]"))
        else:
            takes = "texts" if to.flatten else "texts and images"
            raise _refused(f"this model takes {takes}, and {where}.content[{number}] is a part of type {kind}", where)
    return {"content": "\n".join(texts), **({"images": images} if images else {})}


def _image(url: str, where: str) -> str:
    """The base64 of an image's bytes."""
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise _refused(f"{where} must hold the image itself as a data: URL; this vendor fetches no addresses", where)
    data = found["data"]
    if not found["extra"].lower().endswith(";base64"):
        return base64.b64encode(unquote_to_bytes(data)).decode()
    return "".join((unquote_to_bytes(data).decode("ascii", "replace") if "%" in data else data).split())


def _refused(message: str, where: str) -> ProviderError:
    return ProviderError(ErrorKind.UNSUPPORTED, message, param=where.partition("[")[0])


def _call(call: Json, losses: list[str]) -> Json:
    function = call.get("function")
    if not isinstance(function, dict):
        raise _refused(f"this vendor knows no tool calls of type {call.get('type')}", "messages")
    told = {"name": function["name"], "arguments": _arguments(function["arguments"], losses)}
    return {"id": call["id"], "function": told}


def _arguments(text: str, losses: list[str]) -> Json:
    """The arguments as an object; the server takes nothing else."""
    if not text.strip():
        return {}
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, dict):
        return found
    loss = "replaced tool arguments that are no JSON object"
    if loss not in losses:
        losses.append(loss)
    return {} if found is None else {"value": found}


def _add_thinking(fresh: Json, message: Json, to: Destination) -> None:
    """Put a turn's reasoning back: what the client kept of it, else what memory has for one of its tool calls."""
    told = next((message[name] for name in _REASONING if isinstance(message.get(name), str) and message[name]), None)
    if told is None:
        notes = (to.recall(call["id"]) for call in message.get("tool_calls") or ())
        told = next((note["thinking"] for note in notes if note and note.get("thinking")), None)
    if told:
        fresh["thinking"] = told
