"""What is wrong with a text that is not JSON: where exactly, in plain words, and how to mend it.

A mistake of a known kind is mended in memory and the reading goes on, so that one run tells all of them. No message
quotes the text: it may be a secret.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

_MAX_MISTAKES: Final = 20
_WORD: Final = re.compile(r"[A-Za-z_$][\w$.-]*")
_COMMENT: Final = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_SINGLE_QUOTED: Final = re.compile(r"'([^'\"\n\\]*)'")
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NUMBER: Final = re.compile(r"[+.-]?\.?\d|-")
_CONSTANTS: Final = {"True": "true", "False": "false", "None": "null", "TRUE": "true", "FALSE": "false"}
_WIDE: Final = {"，": ",", "：": ":", "“": '"', "”": '"', "‘": '"', "’": '"', "｛": "{", "｝": "}", "；": ",", ";": ","}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: its offset in the text, the message, a hint, and the text mended if that can be guessed."""

    offset: int
    message: str
    hint: str = ""
    mended: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a text: its mistakes, and its value and last mended form unless a mistake could not be mended."""

    mistakes: list[tuple[int, int, str, str]]
    text: str | None
    value: Any = None


def read(text: str) -> Reading:
    """The value of a JSON text, and every mistake as (line, column, message, hint), both counted from 1."""
    mistakes: list[tuple[int, int, str, str]] = []
    for _ in range(_MAX_MISTAKES):
        try:
            return Reading(mistakes, text, json.loads(text))
        except json.JSONDecodeError as error:
            mistake = _diagnose(text, error)
        except RecursionError:
            mistake = Mistake(0, "lists and objects are nested too deeply")
        except ValueError:
            mistake = Mistake(0, "a number has too many digits")
        mistakes.append((*position(text, mistake.offset), mistake.message, mistake.hint))
        if mistake.mended is None:
            break
        text = mistake.mended
    return Reading(mistakes, None)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the reader stopped: ``at`` is the offset of ``char``, ``last`` that of the last sign before it."""

    text: str
    reason: str
    at: int
    char: str
    last: int

    @property
    def before(self) -> str:
        return self.text[self.last] if self.last >= 0 else ""

    def swap(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]


def _diagnose(text: str, error: json.JSONDecodeError) -> Mistake:
    at = error.pos
    if error.msg.startswith("Illegal trailing comma"):  # Python 3.13 points at the comma, older ones behind it
        at = len(text) - len(text[at + 1 :].lstrip())
    stop = _Stop(text, error.msg, at, text[at : at + 1], len(text[:at].rstrip()) - 1)
    for rule in _RULES:
        if mistake := rule(stop):
            return mistake
    return _value(stop)


def _in_string(stop: _Stop) -> Mistake | None:
    if stop.reason.startswith("Unterminated string"):
        return Mistake(stop.at, "this text has no closing quote")
    if stop.reason.startswith("Invalid control character"):
        if stop.char == "\t":
            return Mistake(stop.at, "a tab inside a text", r"write \t", stop.swap(stop.at, stop.at + 1, " "))
        if stop.char in ("\n", "\r"):
            return Mistake(stop.at, "the line ends inside a text", "is a closing quote missing?")
        return Mistake(stop.at, "a control character inside a text", "delete it", stop.swap(stop.at, stop.at + 1, " "))
    if "escape" in stop.reason:
        backslash = stop.text.rfind("\\", 0, stop.at + 1)
        mended = stop.swap(backslash, backslash + 1, "/")
        return Mistake(backslash, "a backslash with an unknown letter behind it", r"write \\ for a backslash", mended)
    return None


def _invisible(stop: _Stop) -> Mistake | None:
    """A blank that is none to JSON, as web pages and input methods have them, or something that shows nothing."""
    if not stop.char or stop.char.isprintable():
        return None
    shown = f"U+{ord(stop.char):04X}"
    message, hint = f"an invisible character ({shown})", "delete it, and write a plain blank if one is needed"
    return Mistake(stop.at, message, hint, stop.swap(stop.at, stop.at + 1, " "))


def _comment(stop: _Stop) -> Mistake | None:
    found = _COMMENT.match(stop.text, stop.at)
    if not found:
        return None
    blank = re.sub(r"[^\n]", " ", found[0])
    mended = stop.swap(stop.at, found.end(), blank)
    return Mistake(stop.at, "a comment; JSON has none", "remove it, or write the file as YAML", mended)


def _quote(stop: _Stop) -> Mistake | None:
    if stop.char == "'":
        found = _SINGLE_QUOTED.match(stop.text, stop.at)
        mended = stop.swap(stop.at, found.end(), f'"{found[1]}"') if found else None
        return Mistake(stop.at, "single quotes", 'JSON wants "double quotes"', mended)
    if stop.char in _WIDE and stop.char:
        right = _WIDE[stop.char]
        mended = stop.swap(stop.at, stop.at + 1, right) if right != '"' else None
        return Mistake(stop.at, f"the sign {stop.char} does not belong here", f"write {right}", mended)
    return None


def _comma(stop: _Stop) -> Mistake | None:
    if stop.char in ("}", "]") and stop.before == ",":
        mended = stop.swap(stop.last, stop.last + 1, " ")
        return Mistake(stop.last, f"trailing comma before the closing {stop.char}", "remove the comma", mended)
    if stop.char == "," and stop.before in (",", "[", "{"):
        mended = stop.swap(stop.at, stop.at + 1, " ")
        return Mistake(stop.at, "one comma too many", "remove the comma", mended)
    return None


def _unclosed(stop: _Stop) -> Mistake | None:
    if stop.at < len(stop.text.rstrip()):
        return None
    still_open = list(_open_brackets(stop.text))
    if not still_open:
        return Mistake(0, "the file is empty") if not stop.text.strip() else None
    offset = still_open[-1]
    closers = "".join("}" if stop.text[start] == "{" else "]" for start in reversed(still_open))
    mended = stop.text + closers if stop.reason.startswith("Expecting ',' delimiter") else None
    return Mistake(offset, f"unclosed {stop.text[offset]}", f"the closing {closers[0]} is missing", mended)


def _open_brackets(text: str) -> Iterator[int]:
    """Offsets of the brackets that nothing closes, outermost first; strings are passed over."""
    stack: list[int] = []
    for found in re.finditer(_STRING.pattern + r"|[][{}]", text):
        if found[0] in ("{", "["):
            stack.append(found.start())
        elif found[0] in ("}", "]") and stack:
            stack.pop()
    yield from stack


def _bracket(stop: _Stop) -> Mistake | None:
    if stop.reason.startswith("Extra data"):
        hint = "remove the comma" if stop.char == "," else "one closing bracket too many?"
        return Mistake(stop.at, "something stands behind the end of the document", hint)
    if stop.char in ("}", "]"):
        if stop.before == ":":
            return Mistake(stop.last, "no value behind this colon")
        return Mistake(stop.at, f"this {stop.char} closes nothing", "is another bracket missing or wrong?")
    return None


def _delimiter(stop: _Stop) -> Mistake | None:
    behind = stop.last + 1
    if stop.reason.startswith("Expecting ':'"):
        hint = "write a colon for the equals sign" if stop.char == "=" else ""
        mended = stop.swap(stop.at, stop.at + 1, ":") if stop.char == "=" else None
        return Mistake(behind, "missing colon behind this key", hint, mended)
    if not stop.reason.startswith("Expecting ',' delimiter"):
        return None
    if stop.char == ":":
        return Mistake(stop.at, "a colon inside a list", "key and value belong into { }")
    mended = stop.swap(behind, behind + (stop.text[behind] == " "), ",")
    return Mistake(behind, "missing comma", "write a comma here", mended)


def _number(stop: _Stop) -> Mistake | None:
    """JSON's numbers begin with a digit other than 0, or with a minus: not ``007``, ``+1``, ``.5`` or ``1.``."""
    if stop.reason.startswith("Expecting ',' delimiter"):
        wrong = stop.last == stop.at - 1 and stop.before.isdigit() and (stop.char.isalnum() or stop.char == ".")
    else:
        wrong = "':'" not in stop.reason and bool(_NUMBER.match(stop.text, stop.at))
    if not wrong:
        return None
    return Mistake(stop.at, "this is not how JSON writes a number", "write 5, 0.5 or -1; other texts in double quotes")


def _value(stop: _Stop) -> Mistake:
    """What is left: something else stands where a value or a key is expected."""
    if stop.char == ":" and stop.before == ":":
        if stop.text[stop.at + 1 : stop.at + 2].isalnum():
            return Mistake(stop.at, "a text without quotes", "texts stand in double quotes")
        return Mistake(stop.at, "one colon too many", "remove the colon", stop.swap(stop.at, stop.at + 1, " "))
    if stop.char in (",", ":"):
        return Mistake(stop.at, f"no value before this {stop.char}")
    found = _WORD.match(stop.text, stop.at)
    if not found:
        return Mistake(stop.at, "a value or a closing bracket is expected here", "texts stand in double quotes")
    if stop.reason.startswith("Expecting property name"):
        mended = stop.swap(stop.at, found.end(), f'"{found[0]}"')
        return Mistake(stop.at, "a key without quotes", "keys stand in double quotes", mended)
    if found[0] in _CONSTANTS:
        right = _CONSTANTS[found[0]]
        return Mistake(
            stop.at,
            "this word begins with a small letter in JSON",
            f"write {right}",
            stop.swap(stop.at, found.end(), right),
        )
    return Mistake(
        stop.at,
        "a text without quotes",
        "texts stand in double quotes",
        stop.swap(stop.at, found.end(), f'"{found[0]}"'),
    )


_RULES: Final[tuple[Callable[[_Stop], Mistake | None], ...]] = (
    _in_string,
    _invisible,
    _comment,
    _quote,
    _comma,
    _unclosed,
    _bracket,
    _number,
    _delimiter,
)
