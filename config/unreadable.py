"""What a client is told whose request is no HTTP, or too long: an error object like any other, not a page."""

import json
import re
from typing import Any, Final

from gunicorn import util

_QUOTED: Final = re.compile(r":?\s*['\"].*", re.DOTALL)


def install() -> None:
    """Have gunicorn's workers answer so."""
    util.write_error = write_error


def write_error(sock: Any, status: int, reason: str, message: str) -> None:
    """Send an answer after which nothing more can be read from the connection.

    What gunicorn quotes of the request is left out: a header without its colon may be the one with the key.
    """
    kind = "invalid_request_error" if status < 500 else "server_error"
    told = _QUOTED.sub("", message)
    error = {"message": told or reason, "type": kind, "param": None, "code": None}
    body = json.dumps({"error": error})
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, (head + body).encode("ascii"))
