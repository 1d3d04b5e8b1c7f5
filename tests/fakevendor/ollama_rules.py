"""What a small Ollama refuses, and in which words: from the server's own source, not from the gateway."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

KEY = "ollama-cloud-key-7c21"
MODELS: Mapping[str, frozenset[str]] = {
    "llama3.2:latest": frozenset({"tools"}),
    "gemma3:4b": frozenset({"vision"}),
    "qwen3:8b": frozenset({"tools", "thinking"}),
    "gpt-oss:20b": frozenset({"tools", "thinking", "levels"}),
    "hf.co/user/repo:Q4": frozenset(),
    "all-minilm:latest": frozenset({"embedding"}),
}
OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("num_ctx", "num_predict", "seed", "top_k", "num_keep", "repeat_last_n"), int),
    **dict.fromkeys(("temperature", "top_p", "min_p", "repeat_penalty"), (int, float)),
    **dict.fromkeys(("presence_penalty", "frequency_penalty"), (int, float)),
    "stop": list,
}
CHAT: Mapping[str, type | tuple[type, ...]] = {
    "model": str,
    "messages": list,
    "stream": bool,
    "format": (str, dict),
    "keep_alive": (str, int, float),
    "tools": list,
    "options": dict,
    "think": (bool, str),
    "logprobs": bool,
    "top_logprobs": int,
    "truncate": bool,
    "shift": bool,
}
"""The server passes over what it does not know; this one refuses it, so that nothing is sent in vain."""

MESSAGE: Mapping[str, type | tuple[type, ...]] = {
    "role": str,
    "content": str,
    "thinking": str,
    "images": list,
    "tool_calls": list,
    "tool_name": str,
    "tool_call_id": str,
}
EMBED: Mapping[str, type | tuple[type, ...]] = {
    "model": str,
    "input": (str, list),
    "truncate": bool,
    "dimensions": int,
    "options": dict,
    "keep_alive": (str, int, float),
}


class Refused(Exception):  # noqa: N818 - what the server did
    """A refusal: its status and its text; ``plain`` is one that is no JSON."""

    def __init__(self, status: int, message: str, plain: bool = False) -> None:
        super().__init__(message)
        self.status, self.message, self.plain = status, message, plain


def model(name: Any) -> frozenset[str]:
    """What a model can do. Raises Refused for one that is not here; a name without a tag means the latest."""
    full = name if ":" in str(name).rpartition("/")[2] else f"{name}:latest"
    if full not in MODELS:
        raise Refused(404, f"model '{name}' not found")
    return MODELS[full]


def typed(body: Any, known: Mapping[str, type | tuple[type, ...]], where: str) -> None:
    """Raise Refused for a field that is unknown or of another type than the server's structs have."""
    for name, value in body.items():
        if name not in known:
            raise Refused(400, f"unknown field {where}.{name}")
        if not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] in (int, (int, float))):
            kind = type(value).__name__
            raise Refused(400, f"json: cannot unmarshal {kind} into Go struct field {where}.{name}")


def chat(body: Any) -> frozenset[str]:
    """What the model can do that is asked. Raises Refused."""
    typed(body, CHAT, "ChatRequest")
    if "stream" not in body:
        raise Refused(400, "stream was not said, so the client gets lines whether it reads them or not")
    skills = model(body["model"])
    typed(body.get("options", {}), OPTIONS, "Options")
    if body.get("tools") and "tools" not in skills:
        raise Refused(400, f"registry.ollama.ai/library/{body['model']} does not support tools")
    if body.get("think") and "thinking" not in skills:
        raise Refused(400, f'"{body["model"]}" does not support thinking')
    if isinstance(body.get("think"), str) and "levels" not in skills:
        raise Refused(400, f"invalid think value {body['think']}")
    if isinstance(body.get("format"), str) and body["format"] != "json":
        raise Refused(400, f'invalid format: "{body["format"]}"; expected "json" or a valid JSON Schema object')
    if body.get("format") == "json" and "json" not in json.dumps(body["messages"]).lower():
        raise Refused(400, "nobody asks for JSON, so the model writes blanks for ever")
    for tool in body.get("tools", ()):
        if tool["type"] != "function" or not tool["function"]["name"]:
            raise Refused(400, "tools: only functions are known")
    called: dict[str, str] = {}
    for message in body["messages"]:
        check_message(message, skills, called)
    return skills


def check_message(message: Any, skills: frozenset[str], called: dict[str, str]) -> None:
    typed(message, MESSAGE, "Message")
    if message["role"] not in ("system", "user", "assistant", "tool") or "content" not in message:
        raise Refused(400, f"invalid role or no content: {message['role']}")
    for image in message.get("images", ()):
        if "vision" not in skills:
            raise Refused(400, "this model is missing data required for image input")
        try:
            base64.b64decode(image, validate=True)
        except binascii.Error as error:
            raise Refused(400, f"illegal base64 data: {error}") from None
    for call in message.get("tool_calls", ()):
        if not isinstance(call["function"]["arguments"], dict):
            raise Refused(400, "json: cannot unmarshal string into Go struct field ToolCallFunction.arguments")
        called[call["id"]] = call["function"]["name"]
    if message["role"] == "tool" and called.get(message["tool_call_id"]) != message.get("tool_name"):
        raise Refused(400, f"tool_name {message.get('tool_name')} is not what {message['tool_call_id']} called")


def embed(body: Any, older: bool) -> list[str]:
    """The texts to embed, one by the older endpoint. Raises Refused."""
    known = {**EMBED, "prompt": str}
    typed(body, {name: known[name] for name in known if (name == "input") is False or not older}, "EmbedRequest")
    if "embedding" not in model(body["model"]):
        raise Refused(400, "this model does not support embeddings")
    given = body["prompt"] if older else body["input"]
    texts = [given] if isinstance(given, str) else given
    if not all(isinstance(text, str) for text in texts):
        raise Refused(400, "invalid input type")
    return texts


def openai_chat(body: Any) -> frozenset[str]:
    """What the model can do that the OpenAI surface is asked for. Raises Refused."""
    skills = model(body["model"])
    lost = body.keys() & {"tool_choice", "logit_bias", "user", "n", "max_completion_tokens"}
    if lost - ({"tool_choice"} if body.get("tool_choice") == "auto" else set()):
        raise Refused(400, f"this surface passes over {sorted(lost)}")
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if part["type"] == "image_url" and not part["image_url"]["url"].startswith("data:image/"):
                told = "image URLs are not currently supported, please use base64 encoded data instead"
                raise Refused(400, told)
    if body.get("tools") and "tools" not in skills:
        raise Refused(400, f"registry.ollama.ai/library/{body['model']} does not support tools")
    return skills
