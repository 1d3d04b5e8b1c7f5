"""Which ledger a config asks for: what the file may say of it, and what becomes of that."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from app.ledger import Claim, Turn, place
from app.ledger.host import HostLedger
from app.limits import Limiter
from app.runtime import build
from config import ledgerfile, sharing
from config.load import ConfigError, loads
from config.model import Limits, Settings
from providers.types import Secret
from tests.unit.rows import ROWS
from tests.unit.toy import TOY, keyed, upstream

ENTRY = {"models": ["m"], "credentials": {"api_key": "k"}, "server_url": "https://x", "enabled": True}


def loaded(entry: dict[str, Any] | None = None, **top: Any) -> Settings:
    return loads(json.dumps({"services": {"openai": [{**ENTRY, **(entry or {})}]}, **top}), "c.json", {}, ROWS)


def faults(**top: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(**top)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("redis://host", "redis://host"),
        ("valkey://:pass@host:6380/2", "redis://:pass@host:6380/2"),
        ("rediss://user:pass@host:6380", "rediss://user:pass@host:6380"),
        ("valkeys://host", "rediss://host"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("file:/run/s/limits", "file:/run/s/limits"),
        ("file:///run/s/limits", "file:/run/s/limits"),
    ],
)
def test_addresses(given: str, meant: str) -> None:
    """Broken: an address is refused, or means something else."""
    settings = loaded(shared_state=given)
    assert settings.shared_state == Secret(meant)
    assert "pass" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("host:6379", "redis://127.0.0.1:6379/0"),
        ("http://user:CANARY@host", "scheme"),
        ("redis://:CANARY@host:port", "port"),
        ("redis://", "host"),
        ("file:limits", "not absolute"),
        (7, "expected text"),
    ],
)
def test_faulty_addresses(given: Any, told: str) -> None:
    """Broken: nonsense is accepted, or a password is told."""
    message = faults(shared_state=given)
    assert told in message and "shared_state" in message
    assert "CANARY" not in message


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: the gateway starts without the package and fails later, or does not say what to install."""
    monkeypatch.setattr(sharing, "find_spec", lambda name: None)
    assert "pip install 'simple-one-api[redis]'" in faults(shared_state="redis://host")
    assert loaded(shared_state="file:/run/limits").shared_state


@pytest.mark.parametrize(("given", "hours"), [("+08:00", 8), ("-0530", -5.5), ("UTC", 0), ("Asia/Shanghai", 8)])
def test_zones(given: str, hours: float) -> None:
    """Broken: a vendor's day begins at another time."""
    try:
        limits = loaded({"limit": {"rpd": 5, "rpd_zone": given}}).upstreams[0].limits
    except ConfigError:
        pytest.skip("no time zones on this machine")
    assert limits.day_zone
    assert limits.day_zone.utcoffset(None) in (timedelta(hours=hours), None)
    assert timezone(timedelta(hours=hours)).utcoffset(None) == timedelta(hours=hours)


@pytest.mark.parametrize("given", ["Mars/Olympus", "+25:00", "../../etc/passwd", "+8"])
def test_unknown_zones(given: str) -> None:
    """Broken: a zone that nobody knows is taken for another one."""
    with pytest.raises(ConfigError, match="unknown time zone"):
        loaded({"limit": {"rpd": 5, "rpd_zone": given}})


def test_workers_and_queue() -> None:
    """Broken: the number of workers, or the length of the line, cannot be set."""
    settings = loaded({"limit": {"queue": 0}}, workers=3)
    assert settings.workers == 3 and settings.upstreams[0].limits.queue_length == 0
    assert loaded().workers == 1
    assert "workers" in faults(workers=0)


@pytest.mark.parametrize(("environ", "workers"), [({}, 3), ({"SIMPLE_ONE_API_WORKERS": "2"}, 2)])
def test_number_of_workers_reaches_the_server(tmp_path: Path, environ: dict[str, str], workers: int) -> None:
    """Broken: the server starts another number of workers, or the environment does not win over the file."""
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"workers": 3, "services": {"openai": [ENTRY]}}), encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if name != "SIMPLE_ONE_API_WORKERS"}
    code = "import config.gunicorn as it; from config import ledgerfile; print(it.workers, ledgerfile.path() is None)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, "SIMPLE_ONE_API_CONFIG": str(file), **environ},
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.split() == [str(workers), "False"], done.stderr


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a worker whose master has made the common memory."""
    monkeypatch.setattr(ledgerfile, "_descriptor", None)
    ledgerfile.share()
    ledgerfile.share()
    yield


def test_workers_share_what_their_master_made(shared: None) -> None:
    """Broken: workers of one gateway count apart, or two limits of a config count as one."""
    first, second = place.open_for(Settings()), place.open_for(Settings())
    assert isinstance(first, HostLedger) and isinstance(second, HostLedger)
    both = [
        upstream("one", limits=Limits(qps=1), embedding_limits=Limits(qps=1), credentials=keyed("a", "b")),
        upstream("two", limits=Limits(qps=1), credentials=keyed("a")),
    ]
    made = [build(Settings(upstreams=tuple(each)), {"toy": TOY}, ledger=first) for each in (both, both[::-1])]
    accounts = [
        {part.account.id for target in (*one.chat["m"], *one.embedding["e"]) for part in parts(target.limiters)}
        for one in made
    ]
    assert len(accounts[0]) == 3 and accounts[0] == accounts[1]
    assert made[0].line.ledger is first and build(made[0].settings, {"toy": TOY}, made[0]).line.ledger is first
    account = next(parts(made[0].chat["m"][0].limiters)).account
    assert isinstance(first.take([(account, 1)], Turn(0, 0.0)), Claim)
    assert not isinstance(second.take([(account, 1)], Turn(0, 0.0)), Claim)
    for ledger in (first, second):
        ledger._file.close()


def parts(limiters: tuple[Limiter, ...]) -> Iterator[Any]:
    return (part for limiter in limiters for part in limiter.parts)


def test_memory_without_memfd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: where the kernel forbids anonymous files there is no ledger."""

    def forbidden(_name: str) -> int:
        raise PermissionError

    monkeypatch.setattr(ledgerfile.os, "memfd_create", forbidden)
    monkeypatch.setattr(ledgerfile, "_descriptor", None)
    ledgerfile.share()
    ledger = place.open_for(Settings())
    assert isinstance(ledger, HostLedger)
    ledger._file.close()


def test_memory_is_handed_on_to_the_next_master(shared: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a master that replaces another begins to count anew, or trusts whatever descriptor is named."""
    environ: dict[str, str] = {}
    before = ledgerfile.path()
    ledgerfile.hand_on(environ)
    (name,) = environ
    assert os.get_inheritable(int(environ[name].split(":")[0]))
    for told, kept in ((environ[name], True), (environ[name] + "0", False), ("99999:1:1", False), ("x", False)):
        monkeypatch.setattr(ledgerfile, "_descriptor", None)
        monkeypatch.setenv(name, told)
        ledgerfile.share()
        assert (ledgerfile.path() == before) is kept
        assert name not in os.environ
    monkeypatch.setattr(ledgerfile, "_descriptor", None)
    ledgerfile.hand_on(environ := {})
    assert not environ and ledgerfile.path() is None


def test_file_for_several_gateways(tmp_path: Path) -> None:
    """Broken: a named file is not used."""
    settings = loaded(shared_state=f"file:{tmp_path}/limits")
    ledger = place.open_for(settings)
    assert isinstance(ledger, HostLedger) and (tmp_path / "limits").exists()
    ledger._file.close()


def test_what_cannot_be_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Broken: the gateway does not start without a ledger, or says nothing of it."""
    assert place.open_for(Settings()) is None and not caplog.text
    assert place.open_for(loaded(shared_state=f"file:{tmp_path}/none/limits")) is None
    assert "each worker by itself" in caplog.text and "No such file" in caplog.text
    caplog.clear()
    monkeypatch.delattr(fcntl, "F_OFD_SETLK")
    assert place.open_for(loaded(shared_state=f"file:{tmp_path}/limits")) is None
    assert "Linux only" in caplog.text


def test_redis_is_imported_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: the extra package is needed by everybody, or an address leads elsewhere."""
    monkeypatch.setattr(ledgerfile, "_descriptor", None)
    asked: list[tuple[str, Any]] = []
    remote = type(sys)("app.ledger.remote")
    remote.RemoteLedger = lambda *given: asked.append(given) or "remote"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "app.ledger.remote", remote)
    assert place.open_for(loaded(shared_state="valkey://host")) == "remote"
    assert asked == [("redis://host", None)]
