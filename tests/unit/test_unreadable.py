"""What is said of a request that gunicorn cannot read."""

import json
import socket

import pytest

from config.unreadable import write_error


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Invalid HTTP Header: 'Authorization Bearer CANARY'", "Invalid HTTP Header"),
        ("Invalid Request Line 'Invalid HTTP request line: 'GET /?token=CANARY''", "Invalid Request Line"),
        ('Unsupported transfer coding: "CANARY\'"', "Unsupported transfer coding"),
        ("Request Line is too large (6317 > 4094)", "Request Line is too large (6317 > 4094)"),
        ("'CANARY'", "Bad Request"),
        ("", "Bad Request"),
    ],
)
def test_nothing_of_the_request_is_quoted(message: str, told: str) -> None:
    """A key that stands where no header can be read comes back in the answer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        write_error(ours, 400, "Bad Request", message)
        head, _, body = theirs.recv(4096).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(body)["error"]["message"] == told
