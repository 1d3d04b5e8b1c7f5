"""What one message or delta holds: its text, its reasoning under any of its names, and fields that pass as they are."""

from typing import Any, Final

from providers.types import Json

_REASONING: Final = ("reasoning_content", "reasoning", "thinking")
_PASSED: Final = ("refusal", "annotations", "audio")


def text_and_reasoning(message: Json) -> tuple[str, str]:
    """The text and the reasoning of a message or delta, each empty where there is none."""
    text, thoughts = _of_content(message.get("content"))
    return text, _reasoning(message) or thoughts


def _of_content(content: Any) -> tuple[str, str]:
    """Text and thoughts of a content that is a string or a list of parts."""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        return "", ""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif part.get("type") in ("thinking", "reasoning"):
            thoughts.append(_of_content(part.get("thinking") or part.get("text"))[0])
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
    return "".join(texts), "".join(thoughts)


def _reasoning(message: Json) -> str:
    for name in _REASONING:
        value = message.get(name)
        if value and isinstance(value, str):
            return value
    details = message.get("reasoning_details")
    if not isinstance(details, list):
        return ""
    return "".join(d["text"] for d in details if isinstance(d, dict) and isinstance(d.get("text"), str))


def passed(message: Json, choice: Json) -> Json:
    """Fields of OpenAI's own that pass as they are; logprobs only in OpenAI's shape."""
    extra = {name: message[name] for name in _PASSED if message.get(name) not in (None, "")}
    logprobs = choice.get("logprobs")
    if isinstance(logprobs, dict) and ("content" in logprobs or "refusal" in logprobs):
        extra["logprobs"] = {"content": None, "refusal": None, **logprobs}
    return extra
