"""Reading vector files, and comparing what came out with what they list.

A file holds ``vendor`` and the sections chat, errors, embeddings, auth, pairs and request_rules. A case may name its
own ``vendor`` (or ``vendor_name``), ``server_url`` (or ``config.server_url``), ``credential`` and
``config.model_map``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import parse, render
from providers.types import ChatRequest, Delta, Destination, Json, Secret
from providers.vendor import Vendor, choose, load_vendors

VECTORS = Path(__file__).parent / "vectors"
CLOCK = 1767225600.0
DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Case:
    """One case with what it inherits from its file."""

    file: Json
    body: Json

    @property
    def vendor(self) -> Vendor:
        """The row that speaks for the case, found as the config finds it."""
        name = self.body.get("vendor_name") or self.body.get("vendor")
        service = self.file.get("service") or self.file["vendor"]
        url = self._server_url
        named = name if isinstance(name, str) else ""
        found = choose(_vendors(), service, named, url, frozenset(self.credential))
        assert found is not None, f"no row for {service} {named}"
        return found

    @property
    def _server_url(self) -> str:
        configured = (self.body.get("config") or {}).get("server_url")
        return str(self.body.get("server_url") or configured or self.file.get("server_url") or "")

    @property
    def credential(self) -> Mapping[str, Secret]:
        """The credential to sign with."""
        told = self.body.get("credential") or self.file.get("credential") or {"api_key": "test-key"}
        return {name: Secret(value) for name, value in told.items()}

    @property
    def destination(self) -> Destination:
        """Where the case's request goes."""
        asked = self.body["openai_request"]["model"]
        config = self.body.get("config") or {}
        mapped = config.get("model_map", {}).get(asked, asked)
        url = self._server_url or self.vendor.base_url
        options = {name: value for name, value in config.items() if name in self.vendor.options}
        return Destination(mapped, url, self.credential, options=options)

    @property
    def request(self) -> ChatRequest:
        """The client's request, read as the gateway reads it."""
        return parse.chat(orjson.dumps(self.body["openai_request"]))

    @property
    def reader(self) -> Vendor:
        """The row, with the decoder that the case's own request asks for."""
        if "openai_request" not in self.body:
            return self.vendor
        wire = self.vendor.encode(self.request, self.destination)
        return replace(self.vendor, decode=wire.decode) if wire.decode else self.vendor

    @property
    def clock(self) -> float:
        """The time of signing, Unix seconds."""
        return float(self.body.get("clock") or CLOCK)


@cache
def _vendors() -> Mapping[str, Vendor]:
    return load_vendors()


def cases(section: str) -> list[Any]:
    """Every case of a section over all files, as pytest parameters named file:case."""
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        file = json.loads(path.read_text())
        for number, body in enumerate(file.get(section, [])):
            name = body.get("name") or f"{body.get('vendor_name', '')}-{number}"
            found.append(pytest.param(Case(file, body), id=f"{path.stem}:{name}"))
    return found


def matches(expected: Any, got: Any) -> bool:
    """Whether ``got`` holds what ``expected`` lists: dicts may hold more, ``<…>`` stands for a choice of values."""
    if isinstance(expected, str) and expected.startswith("<") and expected.endswith(">"):
        return _fits(expected[1:-1], got)
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(matches(value, got.get(name)) for name, value in expected.items())
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(matches(one, other) for one, other in zip(expected, got, strict=True))
        )
    return (type(expected) is type(got) and expected == got) or (_number(expected) and _number(got) and expected == got)


def equals(expected: Any, got: Any) -> bool:
    """Like ``matches``, but ``got`` may hold nothing beyond what ``expected`` lists."""
    if isinstance(expected, dict) and isinstance(got, dict):
        required = {name for name, value in expected.items() if "absent" not in str(value)[:40]}
        names_fit = required <= got.keys() <= expected.keys()
        return names_fit and all(equals(expected[name], value) for name, value in got.items())
    if isinstance(expected, list) and isinstance(got, list):
        return len(got) == len(expected) and all(map(equals, expected, got))
    return matches(expected, got)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits(words: str, got: Any) -> bool:
    """Whether a value is one of those that a ``<…>`` of the vector files describes."""
    letters = re.match(r"(\d+) chars", words)
    if letters:
        return isinstance(got, str) and len(got) == int(letters.group(1))
    if words.startswith(("'' or", "null or")):
        return got in ("", None)
    if words == "string or null":
        return got is None or isinstance(got, str)
    return got is not None


def summary(chunks: Iterable[Any]) -> Json:
    """What a stream of chunks tells in the end, however its pieces were cut: the form in which streams are compared."""
    told: Json = {"choices": {}, "usage": None, "done": False, "created": None}
    for chunk in chunks:
        if chunk == DONE:
            told["done"] = True
            continue
        wrapped = chunk if "choices" in chunk or "usage" in chunk else {"choices": [chunk]}
        told["usage"] = wrapped.get("usage") or told["usage"]
        told["created"] = told["created"] or wrapped.get("created")
        for choice in wrapped.get("choices", []):
            _add(told["choices"].setdefault(choice.get("index", 0), _nothing()), choice)
    return told


def _nothing() -> Json:
    return {"content": "", "reasoning_content": "", "calls": {}, "finish_reason": None}


def _add(told: Json, choice: Json) -> None:
    delta = choice.get("delta") or {}
    for name in ("content", "reasoning_content"):
        told[name] += delta.get(name) or ""
    for call in delta.get("tool_calls") or []:
        function = call.get("function", {})
        known = told["calls"].setdefault(call["index"], {"id": call.get("id"), "name": "", "arguments": ""})
        known["name"] += function.get("name") or ""
        known["arguments"] += function.get("arguments") or ""
    told["finish_reason"] = told["finish_reason"] or choice.get("finish_reason")


def streamed(deltas: Iterable[Delta], model: str, include_usage: bool) -> Iterator[Any]:
    """The chunks that a client gets for the deltas: JSON documents, then ``[DONE]``."""
    for event in render.stream(deltas, model, include_usage=include_usage):
        data = event.removeprefix(b"data: ").strip()
        yield DONE if data == b"[DONE]" else orjson.loads(data)
