"""A slow client's body, and how many clients there may be."""

import io
import resource
from typing import Any

import gevent
import pytest
from gunicorn.http.errors import InvalidChunkSize

from config import patience
from config.patience import PIECE_BYTES, Patient


class Slow(io.BytesIO):
    """A body of which each read takes a while."""

    wait_s = 0.0
    error: Exception | None = None

    def read(self, size: int | None = -1) -> bytes:
        gevent.sleep(self.wait_s)
        if self.error:
            raise self.error
        return super().read(size)

    def readline(self, size: int | None = -1) -> bytes:  # type: ignore[override] # positional is all that is used
        gevent.sleep(self.wait_s)
        return super().readline(-1 if size is None else size)


def test_a_body_arrives_whole() -> None:
    """Broken: bytes are lost, doubled, or read beyond what was asked for."""
    data = bytes(range(256)) * 1000
    assert Patient(Slow(data), 5).read() == data
    assert Patient(Slow(data), 5).read(-1) == data
    body = Patient(Slow(data), 5)
    assert [len(body.read(size)) for size in (0, 1, PIECE_BYTES, PIECE_BYTES + 1)] == [
        0,
        1,
        PIECE_BYTES,
        PIECE_BYTES + 1,
    ]
    assert body.read() == data[2 * PIECE_BYTES + 2 :] and body.read(5) == b"" and not body.failed
    assert list(Patient(Slow(b"a\nb"), 5)) == Patient(Slow(b"a\nb"), 5).readlines() == [b"a\n", b"b"]


def test_each_piece_has_its_time() -> None:
    """Broken: a large body on a slow line is cut, or a body that never comes is waited for."""
    body = Slow(b"x" * (5 * PIECE_BYTES))
    body.wait_s = 0.04
    assert len(Patient(body, 0.15).read()) == 5 * PIECE_BYTES
    body = Slow(b"x\n")
    body.wait_s = 5
    for read in (Patient.read, Patient.readline):
        patient = Patient(body, 0.01)
        with pytest.raises(TimeoutError, match="in time"):
            read(patient)
        assert patient.failed


def test_bad_framing_is_the_clients_fault() -> None:
    """Broken: a chunk size that is none ends with a 500 and a traceback."""
    body = Slow(b"")
    body.error = InvalidChunkSize(b"zz")
    patient = Patient(body, 5)
    with pytest.raises(ValueError, match="badly framed"):
        patient.read()
    assert patient.failed


@pytest.mark.parametrize(
    ("limits", "asked", "files"),
    [
        ((1024, 524_288), (65_536, 524_288), 65_536),
        ((1024, 4096), (4096, 4096), 4096),
        ((1024, resource.RLIM_INFINITY), (65_536, resource.RLIM_INFINITY), 65_536),
        ((100_000, 200_000), None, 100_000),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), None, 65_536),
    ],
)
def test_files(monkeypatch: pytest.MonkeyPatch, limits: Any, asked: Any, files: int) -> None:
    """Broken: the usual limit of 1024 files is left as it is, or lowered."""
    calls = []
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, pair: calls.append(pair))
    assert patience.raised_files() == files
    assert calls == ([asked] if asked else [])


@pytest.mark.parametrize(("files", "clients"), [(65_536, 10_000), (4096, 1920), (1024, 384), (200, 100)])
def test_connections(files: int, clients: int) -> None:
    """Broken: more clients are let in than there can be upstreams for, or fewer than there could be."""
    assert patience.connections(files) == clients
