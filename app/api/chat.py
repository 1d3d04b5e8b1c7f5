"""Chat completions, on the address OpenAI gave them and on those that clients make of it."""

import orjson
from flask import Blueprint, Response, g

from app import gateway, parse, render, routing
from app.api.body import read_body
from app.api.events import event_stream
from app.api.headers import reply_headers
from app.call import Call

blueprint = Blueprint("chat", __name__)


@blueprint.post("/v1")
@blueprint.post("/chat/completions")
@blueprint.post("/v1/chat/completions")
@blueprint.post("/v1/v1/chat/completions")
def chat_completions() -> Response:
    """One completion, streamed or whole."""
    asked = parse.chat(read_body())
    call: Call = g.call
    trace = call.trace
    trace.model, trace.stream = asked.model, asked.stream
    reply = gateway.chat(asked, routing.chat_route(asked, call.caller, call.runtime), call)
    if asked.stream:
        chunks = render.stream(reply.deltas, asked.model, include_usage=asked.include_usage)
        return event_stream(chunks, reply, trace)
    try:
        body = orjson.dumps(render.fold(reply.deltas, asked.model))
    finally:
        reply.close()
    return Response(body, headers=reply_headers(trace), mimetype="application/json")
