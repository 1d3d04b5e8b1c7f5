"""Inputs: any JSON, any bytes, and good documents with something in them changed."""

import copy
import itertools
from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

WORDS: Final = (
    *("", " ", "user", "assistant", "tool", "text", "image_url", "function", "auto", "none", "stop", "error", "null"),
    *(
        "[DONE]",
        "{}",
        "[]",
        "0",
        "-1",
        "1e9",
        "true",
        "data:",
        "\x00",
        "\u2028",
        "\ufeff",
        "é",
        "你好",
        "👩‍👩‍👧",
        "\\",
        '"',
    ),
    *("a" * 300, "../..", "http://127.0.0.1:9/x.png", "data:image/png;base64,AAAA", "data:,", "%00", "\r\nX-Y: z"),
)
NUMBERS: Final = (0, -1, 1, 2**31, 2**53, 2**63 - 1, -(2**63), 0.0, -0.0, 0.5, 1e-300, 1e300)

leaves: Final[st.SearchStrategy[Any]] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.text(max_size=12),
)
"""Every kind of JSON value that holds no others."""

names: Final[st.SearchStrategy[str]] = st.one_of(
    st.sampled_from(
        ["model", "messages", "role", "content", "type", "id", "name", "error", "choices", "index", "code"]
    ),
    st.text(max_size=6),
)
json: Final[st.SearchStrategy[Any]] = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=8,
)
"""Any JSON value, not large."""

_CHANGES: Final = ("replace", "replace", "replace", "remove", "double", "add")


@st.composite
def changed(draw: st.DrawFn, documents: st.SearchStrategy[Any], most: int = 3) -> Any:
    """One of ``documents`` after one to ``most`` changes at any depth of it. The original stays as it is."""
    document = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(document))
        if not places:
            return draw(json)
        holder, key = draw(st.sampled_from(places))
        _change(draw, holder, key)
    return document


def _change(draw: st.DrawFn, holder: Any, key: Any) -> None:
    how = draw(st.sampled_from(_CHANGES))
    if how == "remove":
        del holder[key]
    elif how == "double" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif how == "add" and isinstance(holder, dict):
        holder[draw(names)] = draw(json)
    else:
        holder[key] = draw(json)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of every value inside ``document``."""
    inner = document.items() if isinstance(document, dict) else enumerate(document) if _is_list(document) else ()
    for key, value in list(inner):
        yield document, key
        yield from _places(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


@st.composite
def spoilt(draw: st.DrawFn, texts: st.SearchStrategy[bytes], most: int = 4) -> bytes:
    """One of ``texts`` with bytes cut out, doubled or put in."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 2, 10, 1000])))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4), st.just(text[start:end] * 2)))
        text = text[:start] + piece + text[end:]
    return text


PIECES: Final = (
    *(b"", b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\t", b"\x00"),
    *(b"data:", b"data: ", b"event: x", b"id:1", b": c", b"[DONE]", b"null", b"-", b"1e999", b"\xef\xbb\xbf", b"\xff"),
    *(b"\xe4\xbd", b"\xed\xa0\x80", b"\\ud800", b"&a", b"*a", b"!!x", b"<<: ", b"- ", b"? ", b"# ", b"'", b"0x"),
)


def cut(text: bytes, places: list[int]) -> list[bytes]:
    """``text`` in pieces, cut at each of ``places`` that is inside it."""
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in itertools.pairwise(edges)]
