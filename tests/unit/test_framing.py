"""Bytes to events: whatever the chunk borders and line ends, the same events come out."""

import itertools
import random
import time

import pytest

from providers import framing
from providers.errors import ErrorKind, ProviderError
from providers.types import BODY, Event

STREAM = (
    '\ufeffdata:{"a":"你好"}\n\n'
    ": a comment\n\n"
    'event: named\nid: 5\nretry: 3\ndata:  {"b":1}\n\n'
    'data: {\ndata: "c":2\ndata: }\n\n'
    "data:\n\n"
    "data: [DONE]\n\n"
)
EVENTS = [
    Event("", '{"a":"你好"}'.encode()),
    Event("named", b'{"b":1}'),
    Event("", b'{\n"c":2\n}'),
    Event("", b"[DONE]"),
]


def cut(text: bytes, places: list[int]) -> list[bytes]:
    """``text`` in pieces, cut at ``places``."""
    edges = [0, *sorted(places), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


def events(*chunks: bytes) -> list[Event]:
    return list(framing.sse(iter(chunks)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_cut_and_line_end(end: str) -> None:
    """Broken: a chunk border or a line end changes what is read."""
    text = STREAM.replace("\n", end).encode()
    assert events(text) == EVENTS
    assert events(*cut(text, list(range(1, len(text))))) == EVENTS
    rng = random.Random(7)
    for _ in range(300):
        assert events(*cut(text, rng.choices(range(len(text)), k=rng.randint(1, 12)))) == EVENTS


def test_one_end_of_a_line_is_passed_over_once() -> None:
    """Broken: where CR and LF come apart, a blank line behind them is lost, and two events run together."""
    for pieces in (
        [b"data: {\r", b"\n", b"\n", b"data: }\n\n"],
        [b"data: {\r", b"", b"\n", b"", b"\n", b"data: }\n\n"],
    ):
        assert events(*pieces) == events(b"".join(pieces)) == [Event("", b"{"), Event("", b"}")]


def test_event_is_out_with_its_last_byte() -> None:
    """Broken: an event waits for bytes of the next one."""
    source = iter([b'data: {"a":1}\r\n\r', b"later"])
    assert next(framing.sse(source)) == Event("", b'{"a":1}')
    assert next(source) == b"later"


def test_blank_lines_left_out() -> None:
    """Broken: events of a vendor that leaves blank lines out run together or come one too late."""
    source = iter([b'data: {"a":1}\n', b'data: {"b":2}\n', b"tail"])
    reader = framing.sse(source)
    assert next(reader) == Event("", b'{"a":1}')
    assert next(reader) == Event("", b'{"b":2}')
    assert next(source) == b"tail"
    assert events(b'data: {"a":1}\ndata: [DONE]\n') == [Event("", b'{"a":1}'), Event("", b"[DONE]")]


def test_json_where_sse_was_promised() -> None:
    """Broken: a whole document, a bare error in mid-stream, or one document per line is not seen."""
    pretty = b'\n\n{\n  "a": [\n    {"b": 1}\n  ]\n}\n'
    assert events(pretty) == [Event(BODY, pretty.strip())]
    for blank in (b"\n", b""):
        stream = b'data: {"a":1}\n' + blank + b'{"error":"x"}\n\n'
        assert events(stream) == [Event("", b'{"a":1}'), Event(BODY, b'{"error":"x"}')]
    assert events(b'{"a":1}\n{"b":2}\n') == [Event(BODY, b'{"a":1}'), Event(BODY, b'{"b":2}')]


def test_errors_that_are_no_data() -> None:
    """Broken: a failure in mid-stream is passed over, and half an answer ends as if it were whole."""
    for error in (b'error: {"code":500}', b'error:{"code":500}'):
        stream = b'data: {"a":1}\n\n' + error + b"\n\ndata: [DONE]\n\n"
        told = [Event("", b'{"a":1}'), Event("error", b'{"code":500}'), Event("", b"[DONE]")]
        assert events(stream) == told
    assert events(b"error: no JSON\n") == [Event(BODY, b"error: no JSON")]


def test_text_that_is_neither() -> None:
    """Broken: an HTML page vanishes instead of being told."""
    assert events(b"<html>\n<body>no</body>\n") == [Event(BODY, b"<html>\n<body>no</body>")]
    assert events(b"oops\ndata: {}\n\n") == [Event("", b"{}")]


def test_documents_over_several_lines() -> None:
    """Broken: a document is given before its end, or not at it; brackets inside texts are counted."""
    pretty = b'data: {"a": "]}",\ndata: "b": ["\\"}"]\ndata: }\n'
    assert events(pretty, b'data: {"c":1}\n') == [Event("", b'{"a": "]}",\n"b": ["\\"}"]\n}'), Event("", b'{"c":1}')]
    bare = b'{\n  "a": {\n  }\n  }\n'
    source = iter([bare, b"later"])
    assert next(framing.sse(source)) == Event(BODY, bare.strip()) and next(source) == b"later"


def test_brackets_that_are_no_json() -> None:
    """Broken: a line of log in a stream swallows the names of all later events, and becomes one itself."""
    stream = b'[INFO] ready\nevent: e\ndata: {"a":1}\n\n{not json}\n\ndata: {"b":2}\n\n'
    assert events(stream) == [Event("e", b'{"a":1}'), Event("", b'{"b":2}')]
    assert events(b"[INFO] ready\n[INFO] gone\n") == [Event(BODY, b"[INFO] ready\n[INFO] gone")]


def test_unfinished_last_event_is_given() -> None:
    """Broken: an event without its blank line is lost at the end."""
    assert events(b'data: {"a":1}') == [Event("", b'{"a":1}')]


def test_whole_and_ndjson() -> None:
    """Broken: whole documents or lines are not told apart."""
    assert list(framing.whole(iter([b" {", b"}\n"]))) == [Event(BODY, b"{}")]
    assert list(framing.whole(iter([b" \n"]))) == []
    assert list(framing.ndjson(iter([b'{"a"', b':1}\n\n{"b":2}']))) == [
        Event(BODY, b'{"a":1}'),
        Event(BODY, b'{"b":2}'),
    ]


def test_megabytes_in_one_line_take_linear_time() -> None:
    """Broken: a long line in small pieces costs time in the square of its length (minutes instead of a blink)."""
    pieces = [b"data: {", *([b"x" * 1000] * 20_000), b"}\n\n"]
    began = time.process_time()
    (event,) = framing.sse(iter(pieces))
    assert len(event.data) == 20_000_002
    assert time.process_time() - began < 5


def test_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: an upstream can fill the memory with one line."""
    monkeypatch.setattr(framing, "MAX_LINE_BYTES", 1000)
    with pytest.raises(ProviderError) as caught:
        events(*([b"x" * 100] * 11))
    assert caught.value.kind is ErrorKind.MALFORMED
    for endless in (b"data: {\n", b"{\n"):
        with pytest.raises(ProviderError):
            events(*([endless * 10] * 101))


@pytest.mark.parametrize("text", [b"", b"{", b"{}x", b"[1", b"nope", b"{'a':1}"])
def test_is_json_refuses(text: bytes) -> None:
    """Broken: half a document is taken for a whole one."""
    assert not framing.is_json(text)
