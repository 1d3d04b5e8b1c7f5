"""Whether the client is still there."""

import socket

from app.client import Client


def test_sees_a_client_leave() -> None:
    """Broken: a closed connection is not noticed, or an open one is given up."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = Client(ours)
        assert not client.gone()
        theirs.sendall(b"GET / HTTP/1.1\r\n")
        assert not client.gone()
        theirs.close()
        assert client.gone()
    assert client.gone()


def test_without_a_socket_nobody_leaves() -> None:
    """Broken: under another server every request is given up."""
    assert not Client(None).gone()
