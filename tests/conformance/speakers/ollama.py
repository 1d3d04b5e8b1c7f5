"""Ollama's native chat: a JSON object a line, or the lines joined."""

from typing import Final

import orjson

from providers.types import WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script
from tests.fakevendor.ollama import joined, line

BROKEN: Final = b'{"error":"it broke q7"}\n'


def speaks(row: Vendor) -> bool:
    """Whether a row is the native one."""
    return row.name == "ollama"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """Lines, or their sum, as the request asks. Calls and counts come whole."""
    body = orjson.loads(wire.body)
    lines = [line(body, thinking=piece) for piece in script.thoughts]
    for call in script.calls:
        function = {"name": call.name, "arguments": call.arguments}
        lines.append(line(body, tool_calls=[{"id": call.id, "function": function}]))
    lines += [line(body, content=piece) for piece in script.texts]
    reason = "length" if script.finish == "length" else "stop"
    counts = {"prompt_eval_count": script.prompt, "eval_count": script.completion}
    lines.append({**line(body), "done": True, "done_reason": reason, **counts})
    return [orjson.dumps(doc) + b"\n" for doc in (lines if body["stream"] else [joined(lines)])]
