"""Chat completions, on the address OpenAI gave them and on those that clients make of it."""

from collections.abc import Iterator

import orjson
from flask import Blueprint, Response, g

from app import gateway, parse, render, routing
from app.api.body import read_body
from app.api.headers import reply_headers
from app.call import Call
from app.errors import ClientGone
from app.telemetry import Trace

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
        response = Response(_honest(chunks, trace), headers=reply_headers(trace), mimetype="text/event-stream")
        # Proxies in between would else collect events until a buffer is full.
        response.headers.update({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        response.call_on_close(reply.close)
        return response
    try:
        body = orjson.dumps(render.fold(reply.deltas, asked.model))
    finally:
        reply.close()
    return Response(body, headers=reply_headers(trace), mimetype="application/json")


def _honest(chunks: Iterator[bytes], trace: Trace) -> Iterator[bytes]:
    """``chunks``; a failure among them becomes the error event that OpenAI's clients raise on, and ends the stream."""
    trace.error = "client_gone"
    try:
        for chunk in chunks:
            trace.sent(len(chunk))
            yield chunk
        trace.error = "-"
    except ClientGone:
        return
    except Exception as error:  # the status line is out: this is the last chance to say so
        yield trace.failed(error).event
