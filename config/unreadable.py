"""What a client is told whose request is no HTTP, or too long: an error object like any other, not a page."""

import json
from typing import Any

from gunicorn import util


def install() -> None:
    """Have gunicorn's workers answer so."""
    util.write_error = write_error


def write_error(sock: Any, status: int, reason: str, message: str) -> None:
    """Send an answer after which nothing more can be read from the connection."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message or reason, "type": kind, "param": None, "code": None}
    body = json.dumps({"error": error})
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(sock, (head + body).encode("ascii"))
