"""What small vendors of OpenAI's shape say: an echo of the last message, or a call of the first tool; and orders.

An order is a user's text: ``FAIL <code> <message>`` asks for that error instead of an answer, ``BREAK <after> <code>
<message>`` for that error after so many events of a stream, ``CUT <after> …`` for a stream that just ends there.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

CALL_ID: Final = "call_echo"
ARGUMENTS: Final = json.dumps({"city": "北京🌏"}, ensure_ascii=False)
USAGE: Final = {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9}
PIECE: Final = 7


@dataclass(frozen=True, slots=True)
class Order:
    """``word`` is empty where nothing was ordered, ``after`` how many events of a stream are sent."""

    word: str = ""
    after: int = 1_000_000
    code: str = ""
    message: str = ""


def ordered(text: object) -> Order:
    """What a user's text orders."""
    word, *rest = text.split(" ", 1) if isinstance(text, str) else [""]
    if word == "FAIL":
        code, message = rest[0].split(" ", 1)
        return Order(word, 0, code, message)
    if word == "BREAK":
        after, code, message = rest[0].split(" ", 2)
        return Order(word, int(after), code, message)
    return Order(word, int(rest[0].split(" ")[0])) if word == "CUT" else Order()


def text_of(content: Any) -> str:
    """A message's text with each image as its type and size, or its address."""
    if not isinstance(content, list):
        return str(content)
    return "".join(part["text"] if part["type"] == "text" else seen(part["image_url"]["url"]) for part in content)


def seen(url: str) -> str:
    """What the model sees of an image."""
    kind, _, data = url.partition(";base64,")
    return f"[{kind.removeprefix('data:')} {len(base64.b64decode(data))}]" if data else f"[{url}]"


def until(text: str, stop: Any) -> str:
    """The text up to and with the first stop text in it, for vendors that leave that in."""
    stops = [stop] if isinstance(stop, str) else stop or []
    ends = [text.find(one) + len(one) for one in stops if one in text]
    return text[: min(ends)] if ends else text


def pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def calls(body: Mapping[str, Any]) -> bool:
    """Whether the answer is a call: tools are there, wanted, and their result is not yet."""
    return bool(body.get("tools")) and body["messages"][-1]["role"] == "user" and body.get("tool_choice") != "none"


def whole(body: Any, head: Mapping[str, Any], text: str, message: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer as one document; ``head`` and ``message`` are what the vendor adds of its own."""
    said: dict[str, Any] = {"role": "assistant", **(message or {}), "content": "" if calls(body) else text}
    if calls(body):
        function = {"name": body["tools"][0]["function"]["name"], "arguments": ARGUMENTS}
        said["tool_calls"] = [{"index": 0, "id": CALL_ID, "type": "function", "function": function}]
    choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if calls(body) else "stop"}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": USAGE}


def chunks(body: Any, head: Mapping[str, Any], text: str, delta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as chunks, with one more for the usage where it was asked for; ``delta`` is in every one."""
    for piece in _deltas(body, text):
        yield {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {**delta, **piece}}]}
    end = {"index": 0, "delta": delta, "finish_reason": "tool_calls" if calls(body) else "stop"}
    yield {**head, "object": "chat.completion.chunk", "choices": [end]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "object": "chat.completion.chunk", "choices": [], "usage": USAGE}


def _deltas(body: Any, text: str) -> Sequence[dict[str, Any]]:
    if not calls(body):
        return [{"content": piece} for piece in pieces(text)]
    named = {"name": body["tools"][0]["function"]["name"], "arguments": ""}
    begun = [{"index": 0, "id": CALL_ID, "type": "function", "function": named}]
    return [
        {"role": "assistant", "content": "", "tool_calls": begun},
        *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces(ARGUMENTS)),
    ]
