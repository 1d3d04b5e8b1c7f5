"""The fake vendor itself: a test double that does not do what it says proves nothing about the gateway."""

import json
import socket
import time
from contextlib import suppress
from http.client import HTTPConnection, IncompleteRead

import pytest
from openai import AuthenticationError, BadRequestError, OpenAI, RateLimitError

from tests.fakevendor import deadends, replies
from tests.fakevendor.catalogue import FAULTS
from tests.fakevendor.control import FakeVendor

HELLO = [{"role": "user", "content": "hello"}]


def sdk(vendor: FakeVendor, key: str = "good-key-1") -> OpenAI:
    return OpenAI(base_url=vendor.url, api_key=key, max_retries=0, timeout=5)


def raw(vendor: FakeVendor, model: str, *, stream: bool = True) -> socket.socket:
    """A connection on which a request has been sent."""
    body = json.dumps({"model": model, "messages": HELLO, "stream": stream}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good-key-1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    sock = socket.create_connection(("127.0.0.1", vendor.port), timeout=5)
    sock.sendall(head.encode() + body)
    return sock


def read_all(sock: socket.socket) -> bytes:
    received = bytearray()
    while data := sock.recv(65536):
        received += data
    return bytes(received)


def test_good_answers_please_the_official_client(vendor: FakeVendor) -> None:
    """The good answers are not OpenAI's, so every other test compares with the wrong thing."""
    with sdk(vendor) as client:
        plain = client.chat.completions.create(model="ok", messages=HELLO)
        assert plain.choices[0].message.content == replies.TEXT
        with client.chat.completions.create(model="ok?gap=0.01", messages=HELLO, stream=True) as chunks:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == replies.TEXT
        vectors = client.embeddings.create(model="ok", input=["a", "b"])
        assert [vector.embedding[0] for vector in vectors.data] == [0.0, 1.0]
        assert client.models.list().data[0].id == "ok"


@pytest.mark.parametrize(
    "name", ["bom", "comments", "cr", "crlf", "half-letter", "named-events", "no-space", "one-byte-writes"]
)
def test_odd_streams_are_good_for_a_tolerant_reader(vendor: FakeVendor, name: str) -> None:
    """An odd answer is broken in itself, so no gateway could pass it on."""
    with sdk(vendor) as client:
        chunks = client.chat.completions.create(model=f"fault:{name}", messages=HELLO, stream=True)
        with chunks:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == replies.TEXT


def test_a_wrong_key_and_a_wrong_body_are_refused(vendor: FakeVendor) -> None:
    """The fake vendor takes anything, so a gateway that sends the wrong key or body would pass."""
    with sdk(vendor, "bad-key") as client, pytest.raises(AuthenticationError):
        client.chat.completions.create(model="ok", messages=HELLO)
    with sdk(vendor) as client, pytest.raises(BadRequestError, match="role"):
        client.chat.completions.create(model="ok", messages=[{"role": "robot", "content": "x"}])


def test_a_key_can_spoil_its_answers(vendor: FakeVendor) -> None:
    """Tests of failover between credentials would see two that behave alike."""
    with sdk(vendor, "good-key-1+fault:status-429?retry_after=2") as client, pytest.raises(RateLimitError) as caught:
        client.chat.completions.create(model="ok", messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "2"


def test_scripted_bytes_go_out_as_they_are(vendor: FakeVendor) -> None:
    """A script is changed on its way, so tests of exact bytes test something else."""
    vendor.script("scripted", [(b"HTTP/1.1 200 OK\r\n", 0.05), (b"\r\nraw", 0)], "close")
    with raw(vendor, "scripted") as sock:
        assert read_all(sock) == b"HTTP/1.1 200 OK\r\n\r\nraw"


def test_the_journal_tells_who_left_first(vendor: FakeVendor) -> None:
    """The journal misses a client that left, so tests of cancellation could not fail."""
    mark = vendor.mark()
    with raw(vendor, "fault:stall-mid") as sock:
        assert sock.recv(65536)
        assert vendor.entries("fault:stall-mid", mark)[0].closed_by_peer_s is None
        left_s = time.monotonic()
    entry = vendor.wait_for(lambda entry: entry.closed_by_peer_s is not None, since=mark)
    assert entry.closed_by_peer_s is not None and entry.closed_by_peer_s - left_s < 0.5
    assert entry.finished_s is None
    assert entry.key == "good-key-1" and entry.prompt == "hello"
    with raw(vendor, "ok?framing=close") as sock:
        read_all(sock)
    assert vendor.wait_for(lambda entry: entry.finished_s is not None, since=mark).closed_by_peer_s is None


def test_a_broken_answer_is_broken(vendor: FakeVendor) -> None:
    """The faults are too mild: what is meant to be cut arrives whole."""
    connection = HTTPConnection("127.0.0.1", vendor.port, timeout=5)
    body = json.dumps({"model": "fault:close-mid-event", "messages": HELLO})
    connection.request(
        "POST", "/v1/chat/completions", body, {"Authorization": "Bearer good-key-1", "Content-Type": "application/json"}
    )
    with pytest.raises(IncompleteRead):
        connection.getresponse().read()
    connection.close()
    with raw(vendor, "fault:reset-after-headers") as sock, pytest.raises(ConnectionResetError):
        read_all(sock)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_asked_for(vendor: FakeVendor, name: str) -> None:
    """A fault of the catalogue fails inside the fake vendor, so a test of it sees a closed connection instead."""
    mark = vendor.mark()
    for stream in (True, False):
        with raw(vendor, f"fault:{name}", stream=stream) as sock:
            sock.settimeout(0.1)
            with suppress(TimeoutError, ConnectionResetError):
                sock.recv(1)
    assert len(vendor.entries(f"fault:{name}", mark)) == 2


def test_three_hundred_streams_at_once(vendor: FakeVendor) -> None:
    """The fake vendor breaks under load before the gateway does."""
    mark = vendor.mark()
    socks = [raw(vendor, "ok?words=3&gap=0.2&framing=close") for _ in range(300)]
    for sock in socks:
        assert b"[DONE]" in read_all(sock)
        sock.close()
    assert sum(entry.finished_s is not None for entry in vendor.entries(since=mark)) == 300


def test_dead_ends_are_dead() -> None:
    """The helpers for dead addresses let a client through, so timeouts are never met."""
    with deadends.refusing() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    with deadends.never_connecting() as port, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), timeout=0.5)
    with (
        deadends.never_speaking() as port,
        socket.create_connection(("127.0.0.1", port), timeout=0.2) as sock,
        pytest.raises(TimeoutError),
    ):
        sock.recv(1)
