"""``${NAME}`` and ``${file:/path}`` in the texts of a config, replaced by what the environment and files hold.

Faults name the variable or the file and never what is in it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from config.faults import Path, Report

MAX_FILE_BYTES: Final = 2**20

_REFERENCE: Final = re.compile(r"\$(\$\{)|\$\{([^}]*)(\}?)")
_ESCAPE: Final = "write $${ where the text itself holds ${"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Substituted(str):
    """A text that came out of the environment or a file as a whole, and so may stand for a number or a yes or no."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What references are resolved with. Relative file names count from ``folder``; faults go to ``report``."""

    environ: Mapping[str, str]
    folder: FilePath
    report: Report


def substitute(value: Any, sources: Sources, path: Path = ()) -> Any:
    """``value`` with every reference in its texts replaced, at any depth; keys stay as they are.

    ``$${`` stands for ``${``. A file's trailing newlines are left out. Unset variables and unreadable files are
    reported as faults and leave an empty text.
    """
    if isinstance(value, dict):
        return {key: substitute(item, sources, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, sources, (*path, index)) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    text = _REFERENCE.sub(lambda found: _replacement(found, sources, path), value)
    whole = _REFERENCE.fullmatch(value)
    return Substituted(text) if whole and not whole[1] else text


def _replacement(found: re.Match[str], sources: Sources, path: Path) -> str:
    escaped, name, end = found.groups()
    if escaped:
        return str(escaped)
    if not end:
        sources.report.fault(path, "${ without a closing }", _ESCAPE)
    elif name.startswith("file:"):
        return _from_file(name[5:].strip(), sources, path)
    elif not _NAME.fullmatch(name):
        sources.report.fault(path, "no variable can have the name in this ${…}", _ESCAPE)
    elif name not in sources.environ:
        sources.report.fault(path, f"the environment variable {name} is not set")
    else:
        return sources.environ[name]
    return ""


def _from_file(name: str, sources: Sources, path: Path) -> str:
    text, problem = file_text(sources.folder / name, name)
    if problem:
        sources.report.fault(path, problem)
    return text


def file_text(file: FilePath, name: str) -> tuple[str, str]:
    """The text of a small file without its trailing newlines, or what kept it from being read, told of ``name``."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return "", f"the file {name} cannot be read: {reason}"
    if len(content) > MAX_FILE_BYTES:
        return "", f"the file {name} holds more than {MAX_FILE_BYTES} bytes"
    return text.rstrip("\r\n"), ""
