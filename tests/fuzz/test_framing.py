"""Bytes to events: any bytes, in any cuts, in linear time."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from providers import framing
from providers.errors import ProviderError
from providers.types import Event
from providers.vendor import load_vendors
from tests.fuzz import values
from tests.fuzz.sizes import Size, ending, sized

FRAMES: Final = sorted(
    {vendor.frame for vendor in load_vendors().values() if vendor.transport == "http"} | {framing.whole},
    key=lambda frame: (frame.__module__, frame.__name__),
)
"""Every way in which a reply over HTTP is read."""

LINES: Final = (
    *(
        b'data: {"a":1}\n\n',
        b'data: {"a":\n',
        b"data: 1}\n",
        b'{"a":1}\n',
        b'{\n"a": 1\n}\n',
        b"[\n1,\n2]\n",
        b"data:[\n",
    ),
    *(
        b'data: "]"\n',
        b'data: {"x":"}"}\n',
        b"data: }\n",
        b"data: ]\n",
        b"}\n",
        b"event: e\n",
        b": c\n",
        b"data\n",
        b"\n",
    ),
    *(b"data: [DONE]\n", b"[INFO] x\n", b"id: 1\n", b"retry: 5\n", b'data: {"a":"\\"}\n', b'{"a":"\n', b"data:{}\n"),
    *(
        b"<html>\n",
        b'data:"\xe4\xbd\xa0"\n',
        b"\xef\xbb\xbf",
        b"HTTP_STATUS/429\n",
        b"event:error\n",
        b":HTTP_STATUS/400\n",
    ),
)
streams: Final[st.SearchStrategy[bytes]] = st.one_of(
    st.lists(st.sampled_from(LINES), max_size=12).map(b"".join),
    st.lists(st.sampled_from([*LINES, *values.PIECES]), max_size=16).map(b"".join),
    values.spoilt(st.lists(st.sampled_from(LINES), max_size=8).map(b"".join)),
    st.binary(max_size=60),
)


def events(frame: Callable[[Iterator[bytes]], Iterator[Event]], pieces: list[bytes]) -> list[Event] | str:
    try:
        return list(frame(iter(pieces)))
    except ProviderError as error:
        return error.message


@sized(200, 40_000)
def test_cuts_make_no_difference(size: Size) -> None:
    """Broken: what is read of a stream depends on how the network cut it."""

    def the_same_in_any_cuts(drawn: tuple[bytes, list[int]]) -> None:
        text, places = drawn
        for frame in FRAMES:
            whole = events(frame, [text])
            assert events(frame, [text[i : i + 1] for i in range(len(text))]) == whole
            assert events(frame, values.cut(text, places)) == whole
            assert events(frame, [b"", *values.cut(text, places), b""]) == whole

    size.check(the_same_in_any_cuts, st.tuples(streams, st.lists(st.integers(0, 400), max_size=8)))


@sized(100, 20_000)
def test_line_ends_make_no_difference(size: Size) -> None:
    """Broken: a stream with CRLF, or with CR, is read otherwise than with LF."""

    def the_same_with_any_line_end(text: bytes) -> None:
        plain = text.replace(b"\r", b"")
        read = events(framing.sse, [plain])
        for end in (b"\r\n", b"\r"):
            assert events(framing.sse, [plain.replace(b"\n", end)]) == read

    size.check(the_same_with_any_line_end, streams)


@sized(100, 20_000)
def test_an_event_is_out_with_its_blank_line(size: Size) -> None:
    """Broken: what came before is held back, or changed, by what comes after."""

    def the_beginning_stays(drawn: tuple[bytes, bytes]) -> None:
        first, second = drawn
        begun = events(framing.sse, [first + b"\n\n", second])
        due = _before_end(first + b"\n\n")
        assert not isinstance(begun, str) and begun[: len(due)] == due

    size.check(the_beginning_stays, st.tuples(streams, streams))


def _before_end(text: bytes) -> list[Event]:
    """The events that are out when ``text`` has come and the reply goes on."""
    out: list[Event] = []

    def chunks() -> Iterator[bytes]:
        yield text
        at_end.append(len(out))

    at_end: list[int] = []
    for event in framing.sse(chunks()):
        out.append(event)
    return out[: at_end[0]] if at_end else out


ENDLESS: Final[dict[str, Callable[[int], bytes]]] = {
    "data lines that close": lambda n: b"data: {\n" + b"data: }\n" * n,
    "data lines of lists": lambda n: b"data: [[]\n" + b"data: ,[]\n" * n,
    "data lines that never close": lambda n: b"data: {\n" * n + b"data: }\n",
    "a document over many data lines": lambda n: b"data: [\n" + b'data: {"a":"]}"},\n' * n + b"data: {}\ndata: ]\n",
    "blank-less events": lambda n: b'data: {"a":1}\n' * n,
    "bare lists": lambda n: b"[[]\n" + b",[]\n]\n" * n,
    "bare closing lines": lambda n: b"{\n" + b"}\n" * n,
    "bare documents": lambda n: b'{"a":1}\n' * n,
    "quotes": lambda n: b'data: {"\n' + b'data: \\"\\"\\"}\n' * n,
    "one line of quotes": lambda n: b'data: {"' + b'\\"' * n + b"\ndata: }\n" * 3,
    "junk": lambda n: b"junk\n" * n,
    "blank lines": lambda n: b"\n" * n,
    "carriage returns": lambda n: b"\r" * n,
    "events without data": lambda n: b"event: x\n" * n,
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: f"{frame.__module__}.{frame.__name__}")
def test_time_is_linear(name: str, frame: Callable[[Iterator[bytes]], Iterator[Event]]) -> None:
    """Broken: an upstream can stop a whole worker with a few hundred kilobytes (hours instead of a blink)."""
    text = ENDLESS[name](40_000)
    with ending():
        events(frame, [text])


def test_the_clock_of_examples_stops_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a loop without end in any property hangs the tests instead of failing one."""
    monkeypatch.setattr("tests.fuzz.sizes.HANG_S", 0.05)
    with pytest.raises(AssertionError, match="still busy"), ending():
        began: Any = time.monotonic()
        while time.monotonic() < began + 30:
            pass
