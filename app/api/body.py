"""The bytes a client sent."""

from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.call import Call


def read_body() -> bytes:
    """The request's body. Raises RequestEntityTooLarge when it is larger than the config allows.

    Werkzeug refuses by the told length alone: of a chunked body it reads as much as is allowed and drops the rest
    without a word. So it may read one byte more than is allowed here.
    """
    call: Call = g.call
    limit = call.runtime.settings.max_body_bytes
    request.max_content_length = limit + 1
    data = request.get_data(cache=False)
    if len(data) > limit:
        raise RequestEntityTooLarge
    return data
