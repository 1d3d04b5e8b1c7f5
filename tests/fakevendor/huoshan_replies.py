"""What the small Ark answers: an echo of the last message, or a call of the first tool, whole or in pieces."""

from collections.abc import Iterator
from typing import Any

from tests.fakevendor.huoshan_state import REFERENCE, THOUGHT


def head(kind: str) -> dict[str, Any]:
    return {
        "created": 1742632436,
        "id": "0217",
        "model": "doubao-underneath",
        "service_tier": "default",
        "object": kind,
    }


def about_bot() -> dict[str, Any]:
    used = [{"name": "m", "prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}]
    return {"bot_usage": {"model_usage": used, "action_usage": []}, "references": [REFERENCE], "metadata": {}}


def calls(body: Any) -> bool:
    """Whether the answer is a call: tools are there and their result is not yet."""
    return bool(body.get("tools")) and body["messages"][-1]["role"] == "user"


def called(body: Any) -> dict[str, str]:
    return {"name": body["tools"][0]["function"]["name"], "arguments": '{"city": "北京"}'}


def end(body: Any) -> str:
    return "tool_calls" if calls(body) else "stop"


def said(body: Any) -> str:
    """The last message's text, and the length of what its images are told by."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(p["text"] if p["type"] == "text" else f"[{len(p['image_url']['url'])}]" for p in content)


def deltas(body: Any, text: str) -> Iterator[dict[str, Any]]:
    """The pieces of a stream, as this vendor sends them: the role in each, and no finish reason."""
    pieces: list[dict[str, Any]] = []
    if "thinking" in body or "reasoning_effort" in body:
        pieces.append({"content": "", "reasoning_content": THOUGHT})
    if calls(body):
        function = called(body)
        pieces.append(
            {
                "content": "",
                "tool_calls": [
                    {"index": 0, "id": "call_ark", "type": "function", "function": {**function, "arguments": ""}}
                ],
            }
        )
        pieces += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in function["arguments"]]
    else:
        pieces += [{"content": text[start : start + 7]} for start in range(0, len(text), 7)]
    for piece in pieces:
        yield {"delta": {**piece, "role": "assistant"}, "index": 0}
