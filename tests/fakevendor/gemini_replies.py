"""Answers of a small Gemini: one response for a body, and the same response as the API streams it."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakevendor.gemini_rules import MODELS, sign

LONG = "长江发源于青藏高原，向东流入东海；The river is long。" * 60
CITIES = ("Paris", "Rome")
USAGE = {"promptTokenCount": 12, "cachedContentTokenCount": 4, "candidatesTokenCount": 5}
THOUGHT = "Let me think about it. 让我想想。"


def texts(content: dict[str, Any]) -> str:
    return " ".join(part["text"] for part in content["parts"] if part.get("text", "").strip())


def asked(body: dict[str, Any]) -> str:
    """The text of the last entry."""
    return texts(body["contents"][-1])


def thinks(body: dict[str, Any]) -> bool:
    return bool(body.get("generationConfig", {}).get("thinkingConfig", {}).get("includeThoughts"))


def parts(body: dict[str, Any], model: str, door: str, number: int) -> Iterator[dict[str, Any]]:
    """The parts of the answer: thoughts if they are to be seen, then calls, or a text that tells what arrived."""
    last = body["contents"][-1]
    if thinks(body):
        yield {"text": THOUGHT, "thought": True}
    answers = [part["functionResponse"] for part in last["parts"] if "functionResponse" in part]
    if answers:
        yield {"text": "Results: " + "; ".join(spoken(one["response"]) for one in answers) + "."}
    elif wants_calls(body):
        yield from calls(body, model, door, number)
    elif "responseMimeType" in body.get("generationConfig", {}):
        yield {"text": '{"city": "Paris"}'}
    else:
        yield {"text": echo(body)}


def wants_calls(body: dict[str, Any]) -> bool:
    mode = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode", "AUTO")
    has = any("functionDeclarations" in tool for tool in body.get("tools", []))
    return has and mode != "NONE" and (mode == "ANY" or "weather" in asked(body).lower())


def calls(body: dict[str, Any], model: str, door: str, number: int) -> Iterator[dict[str, Any]]:
    config = body.get("toolConfig", {}).get("functionCallingConfig", {})
    declared = body["tools"][0]["functionDeclarations"]
    name = (config.get("allowedFunctionNames") or [declared[0]["name"]])[0]
    cities = [city for city in CITIES if city in asked(body)] or ["Paris"]
    for place, city in enumerate(cities):
        call: dict[str, Any] = {"name": name, "args": {"city": city}}
        part: dict[str, Any] = {"functionCall": call}
        if MODELS[model] >= (3, 0):
            call["id"] = f"fc-{number}-{place}"
        if place == 0 and MODELS[model] >= (2, 5):
            part["thoughtSignature"] = sign(f"{door}/{model}", name)
        yield part


def echo(body: dict[str, Any]) -> str:
    text = asked(body)
    if text == "LONG":
        return LONG
    last = body["contents"][-1]["parts"]
    seen = [
        f" [{part['inlineData']['mimeType']} {len(part['inlineData']['data'])}]"
        for part in last
        if "inlineData" in part
    ]
    seen += [f" [{part['fileData']['fileUri']}]" for part in last if "fileData" in part]
    system = " | ".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    return f"You said: {text}{''.join(seen)}" + (f" (system: {system})" if system else "")


def spoken(response: dict[str, Any]) -> str:
    return str(response.get("output", json.dumps(response)))


def usage(body: dict[str, Any]) -> dict[str, Any]:
    thoughts = {"thoughtsTokenCount": 7} if thinks(body) else {}
    counts = {**USAGE, **thoughts}
    return {**counts, "totalTokenCount": 17 + sum(thoughts.values())}


def whole(body: dict[str, Any], model: str, door: str, number: int) -> dict[str, Any]:
    """The whole answer to a body that was taken."""
    found = list(parts(body, model, door, number))
    finish = "STOP"
    config = body.get("generationConfig", {})
    for part in found:
        for word in config.get("stopSequences", []):
            part["text"] = part.get("text", "").split(word)[0]
    if config.get("maxOutputTokens", 9) < 3:
        found, finish = [], "MAX_TOKENS"
    content = {"role": "model", **({"parts": found} if found else {})}
    return {
        "candidates": [{"content": content, "finishReason": finish, "index": 0}],
        "usageMetadata": usage(body),
        "modelVersion": model,
        "responseId": f"resp-{number}",
    }


def events(answer: dict[str, Any], *, stop_on_each: bool) -> Iterator[dict[str, Any]]:
    """The answer as events: thoughts and texts in pieces, calls whole, the finish in the last or in each of them."""
    (candidate,) = answer["candidates"]
    pieces = [piece for part in candidate["content"].get("parts", []) for piece in cut(part)] or [None]
    early = {"promptTokenCount": answer["usageMetadata"]["promptTokenCount"], "totalTokenCount": 12}
    for place, piece in enumerate(pieces):
        last = place == len(pieces) - 1
        content = {"role": "model", "parts": [piece]} if piece else {}
        told: dict[str, Any] = {"content": content, "index": 0}
        if last or stop_on_each:
            told["finishReason"] = candidate["finishReason"]
        yield {**answer, "candidates": [told], "usageMetadata": answer["usageMetadata"] if last else early}


def cut(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    text = part.get("text")
    if text is None:
        yield part
        return
    for start in range(0, len(text), 11):
        yield {**part, "text": text[start : start + 11]}
