"""The command line: what it accepts, what it says, and that it becomes a server that obeys signals."""

import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest

from app import cli, local
from app.banner import banner, curl, summary
from config.load import load
from config.model import CallerKey, Settings, Upstream
from providers.types import Secret

KEY = "sk-never-to-be-printed"


@pytest.fixture(autouse=True)
def _private_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


class BecameError(Exception):
    """Stands for the program that the process would have become."""


@pytest.fixture
def becomes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have replaced this process."""
    commands: list[list[str]] = []

    def execv(path: str, command: list[str]) -> None:
        commands.append(command)
        raise BecameError

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(os, "chdir", lambda path: None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("SIMPLE_ONE_API_CONFIG", None)
    return commands


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def config(port: int, **more: object) -> str:
    entry = {"server_url": "http://127.0.0.1:1/v1", "models": ["m1", "m2"], "credentials": {"api_key": KEY}}
    return json.dumps({"server_port": f"127.0.0.1:{port}", "services": {"openai": [entry]}} | more)


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Broken: help is missing what an operator looks for, or does not end with 0."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "exit codes" in text
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize("arguments", [["--port", "1"], ["a.json", "b.json"], ["check"]])
def test_wrong_usage(arguments: list[str]) -> None:
    """Broken: a mistyped command starts something."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: --version fails, or a source tree that is not installed has none."""
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert re.fullmatch(r"simple-one-api \d\S+\n", capsys.readouterr().out)

    def missing(name: str) -> str:
        raise cli.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(cli.metadata, "version", missing)
    assert re.fullmatch(r"\d\S+", cli.version())


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken: a faulty file passes, a sound one does not, or a secret is printed."""
    sound, faulty = tmp_path / "sound.json", tmp_path / "faulty.json"
    sound.write_text(config(9090))
    faulty.write_text('{"services": {"openai": [{"credentials": {"api_kee": "x"}}]}, "server_port": true}')
    assert cli.main(["check", str(sound)]) == 0
    out = capsys.readouterr().out
    assert "sound.json: ok, http://127.0.0.1:9090/v1" in out
    assert "openai: 1 upstream, 2 models" in out
    assert KEY not in out
    assert cli.main(["check", str(faulty), str(sound)]) == 1
    captured = capsys.readouterr()
    assert "api_kee" in captured.err and "server_port" in captured.err
    assert "sound.json: ok" in captured.out
    assert cli.main(["check", str(tmp_path / "missing.json")]) == 1
    assert "missing.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "from_environ", "present", "expected"),
    [
        ("x.json", "y.json", ["config.json"], "x.json"),
        (None, "y.json", ["config.json"], "y.json"),
        (None, "", ["config.json", "config.yaml"], "config.json"),
        (None, "", ["config.yaml"], "config.yaml"),
        (None, "", [], None),
    ],
)
def test_which_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    named: str | None,
    from_environ: str,
    present: list[str],
    expected: str | None,
) -> None:
    """Broken: another file than the one meant is used."""
    for name in present:
        (tmp_path / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert cli.find_config(named, {"SIMPLE_ONE_API_CONFIG": from_environ}) == expected


def test_broken_file_starts_nothing(
    tmp_path: Path, becomes: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken: a faulty file starts a gateway, or ends without saying where the fault is."""
    file = tmp_path / "config.json"
    file.write_text('{"services": ,}')
    assert cli.main([str(file)]) == 1
    assert not becomes
    assert "config.json:1" in capsys.readouterr().err


def test_becomes_the_server(tmp_path: Path, becomes: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Broken: the server gets another config than the one checked, or the summary shows a secret."""
    file = tmp_path / "check"
    file.write_text(config(free_port(), api_key=KEY))
    with pytest.raises(BecameError):
        cli.main([str(file)])
    assert becomes == [[sys.executable, *cli.server(), "-c", "python:config.gunicorn", "wsgi:app"]]
    assert os.environ["SIMPLE_ONE_API_CONFIG"] == str(file)
    out = capsys.readouterr().out
    assert KEY not in out
    assert "curl -N" in out and "YOUR_KEY" in out


def test_taken_address(tmp_path: Path, becomes: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Broken: a second gateway on one address says nothing useful."""
    file = tmp_path / "config.json"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        file.write_text(config(taken.getsockname()[1]))
        assert cli.main([str(file)]) == 1
    assert not becomes
    assert "server_port" in capsys.readouterr().err


def test_loading_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken: who starts the gateway by hand sees nothing while the model loads."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    def begin(tick: Callable[[float], None]) -> local.Local:
        tick(1.5)
        return local.Local(Path("c.json"), None, "no")

    monkeypatch.setattr(local, "begin", begin)
    assert cli.begin_local() == Path("c.json")
    assert "loading the local model … 1.5 s" in capsys.readouterr().out


@pytest.mark.parametrize("reason", ["", "it is not installed"])
def test_without_a_config(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    becomes: list[list[str]],
    capsys: pytest.CaptureFixture[str],
    reason: str,
) -> None:
    """Broken: the first start of all does not come up, or does not say what to do next."""
    with subprocess.Popen(["true"]) as process:
        model = None if reason else local.Model("http://127.0.0.1:1/v1", process, -1)
    monkeypatch.setattr(local, "ADDRESS", f"127.0.0.1:{free_port()}")
    own = local._write(local.document(model and model.url))
    monkeypatch.setattr(local, "begin", lambda tick: local.Local(own, model, reason))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BecameError):
        cli.main([])
    out = capsys.readouterr().out
    assert reason in out and "samples" in out
    assert ("curl -N" in out) == (not reason)
    assert os.environ["SIMPLE_ONE_API_CONFIG"] == str(own)
    assert os.environ["SIMPLE_ONE_API_OWN_CONFIG"] == str(own.parent)


def test_own_config_goes_when_nothing_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, becomes: list[list[str]]
) -> None:
    """Broken: a start that fails leaves its config behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(local, "ADDRESS", f"127.0.0.1:{taken.getsockname()[1]}")
        own = local._write(local.document(None))
        monkeypatch.setattr(local, "begin", lambda tick: local.Local(own, None, "no"))
        monkeypatch.chdir(tmp_path)
        assert cli.main([]) == 1
    assert not own.parent.exists()


def test_banner() -> None:
    """Broken: the summary miscounts, or an open address is not pointed out."""
    entries = (
        Upstream("a", "openai", "openai", models=("x", "y")),
        Upstream("b", "openai", "openai", models=("x",), enabled=False),
        Upstream("c", "gemini", "gemini", models=("z",), model_redirect={"fast": "z"}),
    )
    settings = Settings(path="c.json", upstreams=entries, notes=("mind the gap",))
    assert list(summary(settings)) == [
        "openai: 1 upstream, 2 models (1 disabled)",
        "gemini: 1 upstream, 2 models",
    ]
    lines = "\n".join(banner(settings, "1.0"))
    assert "mind the gap" in lines
    assert "no api_key is set" in lines
    assert "http://127.0.0.1:9090/v1" in lines
    assert "no api_key" not in "\n".join(banner(Settings(bind_host="127.0.0.1"), "1.0"))


@pytest.mark.parametrize("keys", [(), (CallerKey(Secret(KEY), "a"),)])
def test_curl_line_is_a_request(keys: tuple[CallerKey, ...]) -> None:
    """Broken: the line to paste is not valid shell or JSON, or carries a secret."""
    entries = (Upstream("e", "openai", "openai", embedding_models=("v",)), Upstream("a", "x", "x", models=("it's",)))
    words = shlex.split(curl(Settings(upstreams=entries, caller_keys=keys, bind_host="::1")))
    assert json.loads(words[words.index("-d") + 1])["model"] == "it's"
    assert "http://[::1]:9090/v1/chat/completions" in words
    assert ("Authorization: Bearer YOUR_KEY" in words) == bool(keys)


class Running:
    """A gateway as a process of its own. ``log`` is what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
        self.process, self.port, self._log = process, port, log

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    def connect(self) -> "closing[http.client.HTTPConnection]":
        return closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5))

    def answers(self) -> bool:
        """Whether it answers on a connection of its own."""
        try:
            with self.connect() as client:
                return health(client) == 200
        except OSError:
            assert self.process.poll() is None, self.log
            return False

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Its exit code and how many seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(signum)
        return self.process.wait(20), time.monotonic() - began


@contextmanager
def gateway(folder: Path, *arguments: str, **environ: str) -> Iterator[Running]:
    """``simple-one-api`` started in ``folder``, whose config.json names its port, once it answers."""
    port = int(json.loads((folder / "config.json").read_text())["server_port"].rpartition(":")[2])
    with (folder / "log").open("wb") as log:
        script = folder / "bin" / "simple-one-api"  # as pip would have made it
        script.parent.mkdir()
        script.write_text("import sys; from app.cli import main; sys.exit(main())")
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(cli.ROOT), **environ},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        running = Running(process, port, log)
        try:
            assert eventually(running.answers), running.log
            yield running
        finally:
            process.kill() if process.poll() is None else None
            process.wait()


def health(client: http.client.HTTPConnection) -> int:
    client.request("GET", "/healthz")
    reply = client.getresponse()
    reply.read()
    return reply.status


def eventually(true: Callable[[], bool], limit_s: float = 15.0) -> bool:
    deadline = time.monotonic() + limit_s
    while not (done := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return done


@pytest.mark.e2e
def test_serves_from_anywhere_and_stops_when_told(tmp_path: Path) -> None:
    """Broken: packages of the caller's directory are imported, or a connection kept alive holds up the stop."""
    (tmp_path / "config.json").write_text(config(free_port()))
    for decoy in ("config", "app", "gunicorn"):
        (tmp_path / decoy).mkdir()
        (tmp_path / decoy / "__init__.py").write_text("raise ImportError('a decoy')")
    with gateway(tmp_path) as running:
        with running.connect() as client:
            assert health(client) == 200
            code, took_s = running.stop()
        assert code == 0
        assert took_s < 8
        assert KEY not in running.log


@pytest.mark.e2e
def test_tells_systemd_and_stops_at_once_on_int(tmp_path: Path) -> None:
    """Broken: under systemd the start never counts as done, or comes from another process than the service's."""
    (tmp_path / "config.json").write_text(config(free_port()))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(15)
        with gateway(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as running:
            message, credentials, *_ = notify.recvmsg(4096, 64)
            assert message.startswith(b"READY=1")
            assert int.from_bytes(credentials[0][2][:4], sys.byteorder) == running.process.pid
            assert running.stop(signal.SIGINT)[0] == 0


@pytest.mark.e2e
def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    """Broken: Ctrl-C, which reaches all processes of a terminal, ends in a traceback, not at once, or leaves files."""
    (tmp_path / "config.json").write_text(config(free_port()))
    own = tmp_path / "own"
    own.mkdir()
    with gateway(tmp_path, SIMPLE_ONE_API_OWN_CONFIG=str(own)) as running:
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(5) == 0
        assert "Traceback" not in running.log
        assert not own.exists()


def test_ctrl_c_while_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: Ctrl-C while the local model loads ends in a traceback."""

    def interrupted(tick: object) -> local.Local:
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "begin", interrupted)
    monkeypatch.setattr(cli, "find_config", lambda file, environ: None)
    assert cli.main([]) == 130


@pytest.mark.e2e
def test_hup_spares_the_running_gateway(tmp_path: Path) -> None:
    """Broken: HUP with a broken config takes the gateway down, or HUP with a sound one changes nothing."""
    file = tmp_path / "config.json"
    sound = config(free_port())
    file.write_text(sound)
    with gateway(tmp_path) as running:
        file.write_text("{")
        running.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: "not reloaded" in running.log), running.log
        assert running.answers()
        file.write_text(sound)
        workers = running.log.count("Booting worker")
        running.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: running.log.count("Booting worker") > workers), running.log
        assert eventually(running.answers)
        assert running.stop()[0] == 0


@pytest.mark.e2e
def test_plain_gunicorn_serves_too(tmp_path: Path) -> None:
    """Broken: ``gunicorn -c python:config.gunicorn wsgi:app`` needs the command line's help."""
    file = tmp_path / "config.json"
    file.write_text("{")
    command = [sys.executable, "-m", "gunicorn", "--check-config", "-c", "python:config.gunicorn", "wsgi:app"]
    environ = {**os.environ, "SIMPLE_ONE_API_CONFIG": str(file)}

    def start() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cli.ROOT, env=environ, capture_output=True, text=True, timeout=30, check=False
        )

    refused = start()
    assert refused.returncode == 1 and "config.json:1" in refused.stderr
    file.write_text(config(9090))
    assert start().returncode == 0
    environ["SIMPLE_ONE_API_WORKERS"] = "many"
    refused = start()
    assert refused.returncode == 1 and "SIMPLE_ONE_API_WORKERS" in refused.stderr


def test_server_settings_import_nothing_that_gevent_patches_late(tmp_path: Path) -> None:
    """Broken: gunicorn's master imports requests, whose sockets then block every worker."""
    file = tmp_path / "config.json"
    file.write_text(config(9090))
    done = subprocess.run(
        [sys.executable, "-c", "import sys, config.gunicorn; print(*sys.modules)"],
        cwd=cli.ROOT,
        env={**os.environ, "SIMPLE_ONE_API_CONFIG": str(file)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert not {"requests", "urllib3", "flask"} & set(done.stdout.split())


def test_default_file_of_the_loader(tmp_path: Path) -> None:
    """Broken: what the command line writes for a start without a config is not a config."""
    own = local._write(local.document("http://127.0.0.1:1/v1"))
    settings = load(str(own))
    assert settings.bind_host == "127.0.0.1"
    assert [upstream.models for upstream in settings.upstreams] == [(local.MODEL,)]
    assert settings.upstreams[0].limits.concurrency == local.SLOTS
    assert load(str(local._write(local.document(None)))).upstreams == ()
