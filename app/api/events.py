"""A reply as server-sent events."""

from collections.abc import Iterator

from flask import Response

from app.api.headers import reply_headers
from app.errors import ClientGone
from app.gateway import Reply
from app.telemetry import Trace


def event_stream(chunks: Iterator[bytes], reply: Reply, trace: Trace) -> Response:
    """The response whose body is ``chunks``, made of ``reply``; the reply ends with it, however it ends."""
    response = Response(_honest(chunks, trace), headers=reply_headers(trace), mimetype="text/event-stream")
    # Proxies in between would else collect events until a buffer is full.
    response.headers.update({"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
    response.call_on_close(reply.close)
    return response


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
