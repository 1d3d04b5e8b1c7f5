"""Answers of a small Messages API: one message for a body, and the same message as the API streams it."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakevendor.claude_turns import signature

LONG = "长江发源于青藏高原，向东流入东海；The river is long。" * 60


def message(body: dict[str, Any], number: int) -> dict[str, Any]:
    """The whole answer to a body that was taken."""
    blocks = list(content(body, number))
    stop, sequence = "end_turn", None
    if any(block["type"] == "tool_use" for block in blocks):
        stop = "tool_use"
    for block in blocks:
        if block["type"] != "text":
            continue
        for word in body.get("stop_sequences", []):
            if word in block["text"]:
                block["text"], stop, sequence = block["text"].split(word)[0], "stop_sequence", word
        if len(block["text"].split()) > body["max_tokens"]:
            block["text"], stop = " ".join(block["text"].split()[: body["max_tokens"]]), "max_tokens"
    words = sum(len(json.dumps(block).split()) for block in blocks)
    return {
        "id": f"msg_{number:024d}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": sequence,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 20,
            "output_tokens": words,
            "service_tier": "standard",
        },
    }


def content(body: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """The blocks: thinking if it is on, then calls, or a text that tells what arrived."""
    last = body["messages"][-1]["content"]
    blocks = [{"type": "text", "text": last}] if isinstance(last, str) else last
    asked = " ".join(block["text"] for block in blocks if block["type"] == "text")
    if thinks(body):
        shown = body.get("thinking", {}).get(
            "display", "summarized" if "budget_tokens" in body.get("thinking", {}) else ""
        )
        thought = f"Thought {number}." if shown == "summarized" else ""
        yield {"type": "thinking", "thinking": thought, "signature": signature(body["model"], thought)}
    results = [block for block in blocks if block["type"] == "tool_result"]
    if results:
        yield text("Results: " + "; ".join(spoken(block.get("content")) for block in results) + ".")
    elif wants_tools(body, asked):
        if body.get("tool_choice", {}).get("type") not in ("any", "tool"):
            yield text("Let me see.")
        yield from calls(body, asked, number)
    elif body.get("output_config", {}).get("format"):
        yield text('{"city": "Paris", "degrees": 18}')
    else:
        yield text(echo(blocks, asked, body))


def thinks(body: dict[str, Any]) -> bool:
    kind = body.get("thinking", {}).get("type")
    return kind in ("enabled", "adaptive") or (kind is None and body["model"].endswith("5-5"))


def wants_tools(body: dict[str, Any], asked: str) -> bool:
    choice = body.get("tool_choice", {"type": "auto"})["type"]
    return bool(body.get("tools")) and choice != "none" and (choice != "auto" or "weather" in asked.lower())


def calls(body: dict[str, Any], asked: str, number: int) -> Iterator[dict[str, Any]]:
    choice = body.get("tool_choice", {})
    name = choice.get("name") or body["tools"][0]["name"]
    cities = [city for city in ("Paris", "Rome") if city in asked] or ["Paris"]
    if choice.get("disable_parallel_tool_use"):
        cities = cities[:1]
    for place, city in enumerate(cities):
        yield {"type": "tool_use", "id": f"toolu_{number:04d}_{place}", "name": name, "input": {"city": city}}


def echo(blocks: list[dict[str, Any]], asked: str, body: dict[str, Any]) -> str:
    if asked.strip() == "LONG":
        return LONG
    if asked.strip() == "HISTORY":
        return json.dumps(body["messages"][:-1], ensure_ascii=False)
    images = [block["source"] for block in blocks if block["type"] == "image"]
    seen = "".join(f" [{source.get('media_type') or source.get('url')}]" for source in images)
    system = body.get("system")
    return f"You said: {asked}{seen}" + (f" (system: {system})" if system else "")


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def spoken(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(block.get("text", block["type"]) for block in value)
    return str(value)


def events(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The message as events, with pings and with kinds that nobody knows yet."""
    usage = {**whole["usage"], "output_tokens": 1}
    start = {**whole, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(whole["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": empty(block)}
        yield {"type": "ping"}
        for delta in deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": whole["stop_sequence"]}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": whole["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}


def empty(block: dict[str, Any]) -> dict[str, Any]:
    blanks = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: blanks.get(name, value) if name != "type" else value for name, value in block.items()}


def deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        yield from ({"type": "text_delta", "text": piece} for piece in pieces(block["text"]))
    elif block["type"] == "thinking":
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"]))
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "tool_use":
        told = json.dumps(block["input"])
        yield from ({"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces(told)))


def pieces(value: str) -> list[str]:
    return [value[start : start + 7] for start in range(0, len(value), 7)]
