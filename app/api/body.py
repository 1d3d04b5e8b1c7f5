"""The bytes a client sent."""

from flask import g, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.call import Call
from app.errors import ApiError


def read_body() -> bytes:
    """The request's body. Raises RequestEntityTooLarge when it is larger than the config allows, and ApiError 408.

    How long it may take to arrive is for the server to say (config/patience.py).

    Werkzeug refuses by the told length alone: of a chunked body it reads as much as is allowed and drops the rest
    without a word. So it may read one byte more than is allowed here.
    """
    call: Call = g.call
    limit = call.runtime.settings.max_body_bytes
    request.max_content_length = limit + 1
    try:
        data = request.get_data(cache=False)
    except ClientDisconnected as error:
        if isinstance(error.__context__, TimeoutError):
            raise ApiError(408, "the request body did not arrive in time", code="request_timeout") from None
        raise ApiError(400, "the request body broke off, or is badly framed") from None
    if len(data) > limit:
        raise RequestEntityTooLarge
    if len(data) < (request.content_length or 0):
        raise ApiError(400, "the request body is shorter than its content-length says")
    if request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise ApiError(400, "the request body is compressed; send it as it is, without a content-encoding")
    return data
