"""A chat request as a question to an agent: everything but the text is left out, and said to be.

The vendor's reference could not be read; the shape is that of several independent public clients. Unverified.
"""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import orjson

from providers import auth
from providers.losses import dropped
from providers.types import ChatRequest, Destination, Json, WireRequest
from providers.wires.agentbuilder import question
from providers.wires.openai import legacy

ROOT: Final = "/assistant"
ANSWER: Final = "/getAnswer"
CONVERSATION: Final = "/conversation"
THREAD: Final = "threadId"
"""A field of ours on both sides: an answer names its thread, and a request that names it goes on with it."""

_KNOWN: Final = frozenset({"user", THREAD, "stream_options"})


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The question for the agent ``to.model``. Raises UNSUPPORTED where there is no text to ask.

    The history is folded into the question, unless the client names the vendor's own thread that holds it.
    """
    losses = dropped(_without_idle_tools(legacy.params(request.params)), _KNOWN)
    thread = request.params.get(THREAD)
    told = question.last(request.messages, losses) if thread else question.folded(request.messages, losses)
    body: Json = {
        "message": {"content": {"type": "text", "value": {"showText": told}}},
        "source": to.model,
        "from": "openapi",
        "openId": request.params.get("user") or to.model,
    }
    if thread:
        body[THREAD] = thread
    headers = {"content-type": "application/json"}
    if request.stream:
        headers["accept"] = "text/event-stream"
    url = endpoint(to.server_url, CONVERSATION if request.stream else ANSWER)
    wire = WireRequest("POST", url, headers, orjson.dumps(body), tuple(losses))
    return auth.with_query(wire, appId=to.model)


def _without_idle_tools(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters without tools that may not be called anyway."""
    if params.get("tool_choice") != "none":
        return params
    return {name: value for name, value in params.items() if name not in ("tools", "tool_choice")}


def endpoint(server_url: str, operation: str) -> str:
    """The URL of ``operation`` for a server_url that is an origin, a prefix or a whole endpoint."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/").removesuffix(ANSWER).removesuffix(CONVERSATION).removesuffix(ROOT)
    return urlunsplit((scheme, host, path + ROOT + operation, query, ""))
