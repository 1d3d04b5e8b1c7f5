"""A config's text to its value and positions, JSON and YAML alike. What the value means is not asked here."""

import math
import re
from typing import Any, Final

import yaml

from config import positions, syntax
from config.faults import Report, printable

_UNPRINTABLE: Final = yaml.reader.Reader.NON_PRINTABLE
_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TOO_LARGE: Final = "the file is larger or more deeply nested than any config"


def read(content: str | bytes, name: str, report: Report) -> Any:
    """The value of a config's text; None when it has none that can be looked at.

    Reports what is wrong with the text, that the value is not an object, and numbers that are none. Notes keys that
    are given twice. Sets the report's positions.
    """
    text = _decoded(content, report)
    if text is None:
        return None
    if not text.strip():
        report.syntax(1, 1, "the file is empty")
        return None
    value = _yaml(text, report) if is_yaml(name, text) else _json(text, report)
    if not _is_shallow(value):
        report.syntax(1, 1, _TOO_LARGE)
        return None
    if not isinstance(value, dict):
        # What cannot be read has been reported; a file that is ``null`` has not.
        if value is not None or not report.faults:
            report.syntax(1, 1, "a config is an object at its top")
        return None
    _check_numbers(value, (), report)
    return value


def is_yaml(name: str, text: str) -> bool:
    """The format by the file's ending; where that says nothing, a text that does not begin like JSON is YAML."""
    ending = name.lower().rpartition(".")[2]
    if ending in ("yaml", "yml", "json"):
        return ending != "json"
    return text.lstrip()[0] not in "{["


def _decoded(content: str | bytes, report: Report) -> str | None:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        report.syntax(*syntax.position(before, len(before)), "this is not UTF-8 text", "save the file as UTF-8")
        return None


def _json(text: str, report: Report) -> Any:
    reading = syntax.read(text)
    for mistake in reading.mistakes:
        report.syntax(*mistake)
    if reading.text is not None and (composed := positions.of_json(reading.text)):
        _place(composed, report)
    return reading.value


def _yaml(text: str, report: Report) -> Any:
    if found := _UNPRINTABLE.search(text):
        report.syntax(*syntax.position(text, found.start()), "a control character, which YAML does not allow")
        return None
    try:
        composed = positions.of_yaml(text)
    except positions.TooLargeError:
        report.syntax(1, 1, _TOO_LARGE)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):
            report.syntax(1, 1, _TOO_LARGE)
            return None
        line, column = _place_of(error.problem_mark or error.context_mark, text)
        report.syntax(line, column, f"this is not YAML: {_problem(error.problem)}", _hint(text, line, error))
    else:
        _place(composed, report)
        return composed.value
    return None


def _problem(words: str | None) -> str:
    """The parser's own words, without the names that some of them quote from the file."""
    plain = re.sub(r"(alias|anchor|tag)\b.*", r"\1", words or "it cannot be read", flags=re.DOTALL)
    return plain.removeprefix("but ")


def _place_of(mark: yaml.Mark | None, text: str) -> tuple[int, int]:
    """Line and column of a parser's mark. The parser sees a line behind the last one, which nobody could look at."""
    if mark is None:
        return 1, 1
    lines = _LINE_END.split(text)
    return (mark.line + 1, mark.column + 1) if mark.line < len(lines) else (len(lines), len(lines[-1]) + 1)


def _hint(text: str, line: int, error: yaml.MarkedYAMLError) -> str:
    lines = text.splitlines()
    if line <= len(lines) and lines[line - 1].lstrip(" ").startswith("\t"):
        return "YAML is indented with blanks, not with tabs"
    if "cannot start any token" in str(error.problem) or "scanning an alias" in str(error.context):
        return "put the text in quotes"
    begun_line, begun_column = _place_of(error.context_mark, text)
    return f"{_problem(error.context)} that begins at {begun_line}:{begun_column}" if error.context_mark else ""


def _place(composed: positions.Composed, report: Report) -> None:
    report.root = composed.root
    for path, name, place in composed.repeated:
        report.note_at(path, place, f'"{printable(name)}" is given twice; the last one counts')


def _is_shallow(value: Any, depth: int = 0) -> bool:
    """Whether nothing in the value lies deeper than the walks through it may go."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth <= positions.MAX_DEPTH and all(_is_shallow(item, depth + 1) for item in inner)


def _check_numbers(value: Any, path: tuple[str | int, ...], report: Report) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_numbers(item, (*path, key), report)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_numbers(item, (*path, index), report)
    elif isinstance(value, float) and not math.isfinite(value):
        report.fault(path, "this is not a finite number")
