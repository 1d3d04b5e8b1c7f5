"""AgentBuilder: messages with pieces of sections, of which the last ends the turn; or all of it at once."""

from typing import Any, Final

import orjson

from providers.types import WireRequest
from providers.vendor import Vendor
from tests.conformance.script import Script

BROKEN: Final = b'event:message\ndata:{"status":2,"message":"it broke q7","logid":"1"}\n\n'


def speaks(row: Vendor) -> bool:
    """Whether a row is AgentBuilder's."""
    return row.name == "agentbuilder"


def reply(wire: WireRequest, script: Script) -> list[bytes]:
    """A stream, or a document, as the address asks; without thoughts, calls and counts, which it does not tell."""
    if "/getAnswer" in wire.url:
        items = [{"dataType": "markdown", "data": text} for text in script.texts]
        data = {"content": items, "threadId": "t", "msgId": "m"}
        return [orjson.dumps({"status": 0, "message": "succ", "logid": "1", "data": data})]
    return [*(_frame([_item(text)]) for text in script.texts), _frame([], end=True)]


def _item(text: str) -> dict[str, Any]:
    data = {"text": text, "type": "txt", "showType": "append"}
    return {"sectionId": "1", "dataType": "markdown", "isFinished": False, "data": data}


def _frame(content: list[dict[str, Any]], *, end: bool = False) -> bytes:
    message = {"content": content, "endTurn": end, "msgId": "m", "threadId": "t"}
    doc = {"status": 0, "message": "succ", "logid": "1", "data": {"message": message}}
    return b"event:message\ndata:" + orjson.dumps(doc) + b"\n\n"
