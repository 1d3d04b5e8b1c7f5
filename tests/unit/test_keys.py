"""Rests of credentials: how long, for what, over workers and restarts, and shown to the operator."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli, keyscli, state
from app.keys import Key, Keys, key_id
from app.keystate import ALL_MODELS, MOST_S, Rest, rest, scope
from providers.errors import ErrorKind, ProviderError, not_here
from providers.types import Secret

ONE, TWO = Key("id-one", "openai-1#1"), Key("id-two", "openai-1#2")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def error(kind: ErrorKind, retry_after_s: float | None = None, code: str | None = None) -> ProviderError:
    return ProviderError(kind, "a vendor's words", retry_after_s=retry_after_s, code=code)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ErrorKind.RATE_LIMITED, [1, 2, 4, 8, 16, 32, 60, 60]),
        (ErrorKind.QUOTA, [300, 600, 1200, 2400, 4800, 9600, 19200, 21600]),
        (ErrorKind.UPSTREAM_AUTH, [60, 120, 240, 480, 960, 1920, 3600, 3600]),
    ],
)
def test_rests_grow(kind: ErrorKind, expected: list[float]) -> None:
    """A refused key is asked again at the same pace for ever, or never."""
    last: Rest | None = None
    lengths = []
    for _ in expected:
        last = rest(error(kind), last, 100.0)
        assert last is not None
        lengths.append(last.until - 100.0)
    assert lengths == expected


def test_thousands_of_refusals_in_a_row() -> None:
    """A key that nobody mends makes a request fail with an error of the gateway's own."""
    made = rest(error(ErrorKind.RATE_LIMITED), Rest(ErrorKind.RATE_LIMITED, 0, 0, 5000), 100.0)
    assert made is not None and (made.count, made.until - 100.0) == (5001, 60)


def test_the_vendor_knows_better() -> None:
    """What the vendor says of the time is not heeded, or anything it says is believed."""
    for told_s, expected_s in ((7.5, 7.5), (0.0, 0.0), (10 * MOST_S, MOST_S), (-3.0, 0.0)):
        made = rest(error(ErrorKind.RATE_LIMITED, told_s), Rest(ErrorKind.RATE_LIMITED, 0, 0, 5), 100.0)
        assert made is not None and made.until - 100.0 == expected_s


def test_another_reason_begins_anew() -> None:
    """A rate limit after many refusals of a balance rests for a day."""
    made = rest(error(ErrorKind.RATE_LIMITED), Rest(ErrorKind.QUOTA, 0, 0, 9), 0.0)
    assert made is not None and (made.count, made.until) == (1, 1.0)


def test_requests_under_way_together() -> None:
    """Twenty requests refused at once make a key rest as if it had been refused twenty times, or cut its rest short."""
    clock, known = Clock(), Keys()
    known.clock = clock
    asked = clock()
    for _ in range(20):
        clock.now += 0.01
        known.refused(ONE, "m", error(ErrorKind.RATE_LIMITED), asked)
    entry = known.resting(ONE, "m")
    assert entry and entry.rest.count == 1 and entry.rest.until - clock() == pytest.approx(1.0)
    known.refused(ONE, "m", error(ErrorKind.RATE_LIMITED, 9.0), asked)
    known.refused(ONE, "m", error(ErrorKind.RATE_LIMITED, 3.0), asked)
    known.refused(ONE, "m", error(ErrorKind.QUOTA, 3.0), asked)
    entry = known.resting(ONE, "m")
    assert entry and (entry.rest.kind, entry.rest.count) == (ErrorKind.RATE_LIMITED, 1)
    assert entry.rest.until - clock() == pytest.approx(9.0)
    clock.now += 10
    known.refused(ONE, "m", error(ErrorKind.RATE_LIMITED), clock())
    entry = known.resting(ONE, "m")
    assert entry and (entry.rest.count, entry.rest.until - clock()) == (2, 2.0)


def test_success_of_before(tmp_path: Path) -> None:
    """The end of a long answer that began before a refusal lets a key be asked again at once."""
    clock = Clock()
    known = Keys(tmp_path / "keys.json", clock)
    asked = clock()
    clock.now += 5
    known.refused(ONE, "m", error(ErrorKind.RATE_LIMITED, 60), clock())
    known.answered(ONE, "m", asked)
    clock.now += 1
    assert known.resting(ONE, "m") and Keys(tmp_path / "keys.json", clock).resting(ONE, "m")
    known.answered(ONE, "m", clock())
    assert not known.resting(ONE, "m") and not Keys(tmp_path / "keys.json", clock).resting(ONE, "m")


def test_other_faults_say_nothing_of_a_key() -> None:
    """A vendor's breakdown, or a client's mistake, keeps a good key at rest."""
    for kind in set(ErrorKind) - {ErrorKind.RATE_LIMITED, ErrorKind.QUOTA, ErrorKind.UPSTREAM_AUTH}:
        assert rest(error(kind), None, 0.0) is None


def test_scopes() -> None:
    """A wrong key goes on with its other models, or a model that is not open to it closes them all."""
    assert scope(error(ErrorKind.UPSTREAM_AUTH), "m") == ALL_MODELS
    assert scope(not_here("gone"), "m") == "m"
    assert scope(error(ErrorKind.QUOTA), "m") == "m"
    known = Keys(clock=Clock())
    known.refused(ONE, "m", error(ErrorKind.QUOTA))
    assert known.resting(ONE, "m") and not known.resting(ONE, "other") and not known.resting(TWO, "m")
    known.refused(TWO, "m", error(ErrorKind.UPSTREAM_AUTH))
    assert known.resting(TWO, "other")
    known.answered(TWO, "other")
    assert not known.resting(TWO, "m") and known.resting(ONE, "m")


def test_ids_stay_and_tell_nothing() -> None:
    """An id changes with the order of fields, is the same for two keys, or holds a part of the key."""
    fields = {"api_key": Secret("secret-aa"), "group_id": Secret("7")}
    made = key_id("v", "u", fields)
    assert made == key_id("v", "u", dict(reversed(fields.items()))) and len(made) == 10
    assert len({made, key_id("v", "u2", fields), key_id("v", "u", {**fields, "api_key": Secret("secret-bb")})}) == 3


def test_shared_by_workers_and_kept_over_restarts(tmp_path: Path) -> None:
    """One worker's news do not reach the others or the next start, or a vendor's words get into a file."""
    path, clock = tmp_path / "new" / "keys.json", Clock()
    first, second = Keys(path, clock), Keys(path, clock)
    assert not second.resting(ONE, "m")
    first.refused(ONE, "m", error(ErrorKind.QUOTA, 3600))
    clock.now += 1
    assert second.resting(ONE, "m")
    second.refused(TWO, "m", error(ErrorKind.RATE_LIMITED, 60))
    clock.now += 1
    assert first.resting(TWO, "m") and first.resting(ONE, "m")
    entry = first.resting(ONE, "m")
    assert entry is not None and entry.message == "a vendor's words"
    later = Keys(path, clock)
    assert later.resting(ONE, "m") and later.resting(TWO, "m")
    assert "words" not in path.read_text() and path.stat().st_mode & 0o077 == 0
    later.answered(ONE, "m")
    clock.now += 1
    assert not first.resting(ONE, "m") and first.resting(TWO, "m")


def test_old_rests_are_dropped(tmp_path: Path) -> None:
    """The file grows for ever."""
    path, clock = tmp_path / "keys.json", Clock()
    known = Keys(path, clock)
    known.refused(ONE, "m", error(ErrorKind.RATE_LIMITED))
    clock.now += 3 * MOST_S
    known.refused(TWO, "m", error(ErrorKind.RATE_LIMITED))
    assert "id-one" not in path.read_text() and "id-two" in path.read_text()


@pytest.mark.parametrize("content", [b"", b"{", b'{"rests": [{"key": 1}]}', b"[]", b'{"rests": [{"kind": "?"}]}'])
def test_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    """A file that was cut short stops the service."""
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    known = Keys(path, Clock())
    assert not known.resting(ONE, "m")
    known.refused(ONE, "m", error(ErrorKind.QUOTA))
    assert Keys(path, Clock()).resting(ONE, "m")


def test_a_file_that_cannot_be_written(caplog: pytest.LogCaptureFixture) -> None:
    """A read-only disk stops the service, or is passed over in silence."""
    known = Keys(Path("/proc/nowhere/keys.json"), Clock())
    known.refused(ONE, "m", error(ErrorKind.QUOTA))
    assert known.resting(ONE, "m") and known.path is None
    assert "not shared or kept" in caplog.text


def test_many_processes_write_at_once(tmp_path: Path) -> None:
    """A worker's note is lost because another wrote at the same time."""
    path = tmp_path / "keys.json"
    code = (
        "import sys; from pathlib import Path; from app.keys import *; from providers.errors import *\n"
        "known = Keys(Path(sys.argv[1]))\n"
        "for n in range(20): known.refused(Key(f'{sys.argv[2]}-{n}', 'x'), 'm', ProviderError(ErrorKind.QUOTA, 'w'))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, path, str(n)], cwd=cli.ROOT) for n in range(4)]
    assert [process.wait(30) for process in running] == [0] * 4
    assert len(Keys(path).all()) == 80


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_root_are_the_owners(tmp_path: Path) -> None:
    """What root clears can be read and written by the service no more."""
    os.chown(tmp_path, 12345, 12345)
    path = tmp_path / "keys-x.json"
    Keys(path).refused(ONE, "m", error(ErrorKind.QUOTA))
    Keys(path).clear()
    assert {found.name: found.stat().st_uid for found in tmp_path.iterdir()} == {
        "keys-x.json": 12345,
        "keys-x.lock": 12345,
    }


@pytest.mark.parametrize("arguments", [[], ["--config", "gone.json"], ["clear"]])
def test_keys_of_no_gateway(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who asks in the wrong directory is told that all credentials are well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SIMPLE_ONE_API_CONFIG", raising=False)
    assert cli.main(["keys", *arguments]) == 2
    told = capsys.readouterr()
    assert "--config FILE" in told.err and not told.out


def test_shown_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator cannot see why a key is not asked, or cannot change it."""
    monkeypatch.setenv("SIMPLE_ONE_API_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert cli.main(["keys"]) == 0
    assert capsys.readouterr().out == "no credential is at rest\n"
    known = Keys(state.keys_file(str(tmp_path / "config.json")))
    known.refused(ONE, "model-m", error(ErrorKind.QUOTA, 3600))
    known.refused(TWO, "model-m", error(ErrorKind.UPSTREAM_AUTH))
    assert cli.main(["keys"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "CREDENTIAL", "MODEL", "WHY", "UNTIL"]
    assert first.split()[:4] == ["id-one", "openai-1#1", "model-m", "quota"] and "3600 s" in first
    assert second.split()[:4] == ["id-two", "openai-1#2", "*", "upstream_auth"]
    assert cli.main(["keys", "--config", "config.json", "clear", "id-one"]) == 0
    assert cli.main(["keys", "clear", "id-one"]) == 1
    assert "nothing is kept for id-one" in capsys.readouterr().out
    assert cli.main(["keys", "clear"]) == 0
    assert keyscli.table(known.all(), 0.0) == ["no credential is at rest"]


def test_where_state_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gateways share their state, or a start without a config leaves files behind."""
    for name in ("SIMPLE_ONE_API_STATE_DIR", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = state.keys_file("/etc/a/config.json")
    assert made is not None and made.parent == tmp_path / "simple-one-api"
    assert made != state.keys_file("/etc/b/config.json")
    monkeypatch.setattr(state, "SERVICE_STATE", tmp_path)
    assert state.directory(Path("/etc/simple-one-api/config.json")) == tmp_path
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/x")
    assert state.directory(Path("/etc/a/config.json")) == Path("/var/lib/x")
    assert state.keys_file("/etc/a/../a/config.json") == state.keys_file("/etc/a/config.json")
    assert state.keys_file("") is None
    monkeypatch.setenv("SIMPLE_ONE_API_OWN_CONFIG", "/tmp/x")  # noqa: S108 - only a name
    assert state.keys_file("/etc/a/config.json") is None
