"""What JSON's reader says of each kind of mistake, and that mending goes on to the next one."""

import json

import pytest

from config.syntax import position, read


def told(text: str) -> list[str]:
    return [f"{line}:{column} {message}" for line, column, message, _ in read(text).mistakes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,}', ["1:8 trailing comma before the closing }"]),
        ("[1, 2, ]", ["1:6 trailing comma before the closing ]"]),
        ('{"a": [1,\n],}', ["1:9 trailing comma before the closing ]", "2:2 trailing comma before the closing }"]),
        ('{"a": 1\n"b": 2}', ["1:8 missing comma"]),
        ('{"a": 1 "b": 2}', ["1:8 missing comma"]),
        ('{"a": "x""b": 2}', ["1:10 missing comma"]),
        ("[1 2 3]", ["1:3 missing comma", "1:5 missing comma"]),
        ('{"a": 1,, "b": 2}', ["1:9 one comma too many"]),
        ("[,1]", ["1:2 one comma too many"]),
        ('{"a": 1; "b": 2}', ["1:8 the sign ; does not belong here"]),
        ("{“a”: 1}", ["1:2 the sign “ does not belong here"]),
        ("{'a': 1}", ["1:2 single quotes"]),
        ("{'a\": 1}", ["1:2 single quotes"]),
        ('{"a": 1 // x\n}', ["1:9 a comment; JSON has none"]),
        ("# x\n{}", ["1:1 a comment; JSON has none"]),
        ("{} /* x\n", ["1:4 a comment; JSON has none"]),
        ('{"a": [1, 2', ["1:7 unclosed ["]),
        ('{"a": {"b": "}"', ["1:7 unclosed {"]),
        ('{"a": 1,', ["1:1 unclosed {"]),
        ('{"a"', ["1:1 unclosed {"]),
        ("", ["1:1 the file is empty"]),
        ('{"a": "x', ["1:7 this text has no closing quote"]),
        ('{"a": "x\n"}', ["1:9 the line ends inside a text"]),
        ('{"a": "\t"}', ["1:8 a tab inside a text"]),
        (
            '{"a": "\x00", "b": 01}',
            ["1:8 a control character inside a text", "1:18 this is not how JSON writes a number"],
        ),
        (
            '{\xa0"a":\u3000\u200b1}',
            [
                "1:2 an invisible character (U+00A0)",
                "1:7 an invisible character (U+3000)",
                "1:8 an invisible character (U+200B)",
            ],
        ),
        ('{"a":: 1,}', ["1:6 one colon too many", "1:9 trailing comma before the closing }"]),
        ('{"a": :9090}', ["1:7 a text without quotes"]),
        ("{},", ["1:3 something stands behind the end of the document"]),
        (
            '{"a": "\\d", "b": "\\u12"}',
            ["1:8 a backslash with an unknown letter behind it", "1:19 a backslash with an unknown letter behind it"],
        ),
        ("{} {}", ["1:4 something stands behind the end of the document"]),
        ("{}}", ["1:3 something stands behind the end of the document"]),
        ('{"a": [1}', ["1:9 this } closes nothing"]),
        ("]", ["1:1 this ] closes nothing"]),
        ('{"a": }', ["1:5 no value behind this colon"]),
        ('{"a": , "b": 1}', ["1:7 no value before this ,"]),
        ('["a": 1]', ["1:5 a colon inside a list"]),
        ('{"a" = 1}', ["1:5 missing colon behind this key"]),
        ('{"a" 1}', ["1:5 missing colon behind this key"]),
        ('{"a": 01}', ["1:8 this is not how JSON writes a number"]),
        ('{"a": 1.}', ["1:8 this is not how JSON writes a number"]),
        ('{"a": +1}', ["1:7 this is not how JSON writes a number"]),
        ('{"a": .5}', ["1:7 this is not how JSON writes a number"]),
        ("{1: 2}", ["1:2 this is not how JSON writes a number"]),
        ("{a: 1}", ["1:2 a key without quotes"]),
        ('{"a": True}', ["1:7 this word begins with a small letter in JSON"]),
        ('{"a": sk-x.y}', ["1:7 a text without quotes"]),
        ('{"a": @}', ["1:7 a value or a closing bracket is expected here"]),
        ("[" * 100_000, ["1:1 lists and objects are nested too deeply"]),
        ('{"a": ' + "9" * 5000 + "}", ["1:1 a number has too many digits"]),
    ],
)
def test_mistake(text: str, expected: list[str]) -> None:
    """A mistake is told at another place or in other words, or a mended one is told twice."""
    assert told(text) == expected


def test_sound_text() -> None:
    """Sound JSON does not come back as it was, or something is said of it."""
    reading = read('{"a": [1, "\\u4f60", null]}')
    assert reading.mistakes == []
    assert reading.value == {"a": [1, "你", None]}


def test_mended_value() -> None:
    """A text whose mistakes can be mended yields no value, so that its further faults stay hidden."""
    assert read("{'a': True, 'b': [1 2,],}").value == {"a": True, "b": [1, 2]}


def test_end_of_patience() -> None:
    """A text with more mistakes than anybody wants to read is mended on and on."""
    reading = read("[" + "1 " * 100 + "]")
    assert len(reading.mistakes) == 20
    assert reading.text is None


def test_unmendable() -> None:
    """A value is made up where the text could not be read."""
    assert read('{"a": }').text is None


def test_trailing_comma_as_told_by_newer_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 points at the comma itself, which then is taken for something else."""

    def loads(text: str) -> object:
        if text == "[1, ]":
            raise json.JSONDecodeError("Illegal trailing comma before end of array", text, 2)
        return [1]

    monkeypatch.setattr("config.syntax.json.loads", loads)
    assert told("[1, ]") == ["1:3 trailing comma before the closing ]"]


def test_no_text_in_messages() -> None:
    """A message quotes the text, which may be a secret."""
    for text in ("{'a': sk-secret", '{"a": sk-secret-1 sk-secret-2}', '{"a": "sk-secret', "sk-secret: 1"):
        assert "secret" not in str(read(text).mistakes)


def test_position() -> None:
    """Lines or columns are counted wrongly."""
    assert position("ab\ncd", 0) == (1, 1)
    assert position("ab\ncd", 4) == (2, 2)
