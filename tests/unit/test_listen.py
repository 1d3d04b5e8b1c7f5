"""Where the gateway listens: every interface of both families where the machine has them."""

import socket

import pytest

from config import listen
from config.model import Settings


def test_a_named_host_is_kept() -> None:
    """Broken: an operator who says 127.0.0.1 is heard on other interfaces."""
    assert listen.address(Settings(bind_host="127.0.0.1", bind_port=1)) == ("127.0.0.1", 1)


@pytest.mark.parametrize(("both", "host"), [(True, "::"), (False, "0.0.0.0")])
def test_no_host_is_every_interface(monkeypatch: pytest.MonkeyPatch, both: bool, host: str) -> None:
    """Broken: clients that call ``localhost`` over IPv6 are refused, or a machine without IPv6 cannot start."""
    monkeypatch.setattr(listen, "both_families", lambda: both)
    assert listen.address(Settings()) == (host, 9090)


def test_machine_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: the start fails where the kernel has no IPv6."""

    def refuse(family: int) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", refuse)
    assert not listen.both_families()


@pytest.mark.skipif(not listen.both_families(), reason="no dual-stack sockets here")
def test_one_socket_takes_both_families() -> None:
    """Broken: ``::`` is taken for both families on a machine where it is not."""
    with socket.socket(socket.AF_INET6) as server:
        server.bind(("::", 0))
        server.listen()
        server.settimeout(5)
        with socket.create_connection(("127.0.0.1", server.getsockname()[1])):
            accepted, address = server.accept()
            accepted.close()
    assert address[0] == "::ffff:127.0.0.1"


def test_notation() -> None:
    """Broken: gunicorn cannot read the address."""
    assert listen.notation("::1", 9090) == "[::1]:9090"
    assert listen.notation("127.0.0.1", 9090) == "127.0.0.1:9090"


def test_fault() -> None:
    """Broken: a taken address is called free, or a free one taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert listen.fault("127.0.0.1", port) == "Address already in use"
    assert listen.fault("127.0.0.1", port) is None
    assert listen.fault("no such host", 1)
