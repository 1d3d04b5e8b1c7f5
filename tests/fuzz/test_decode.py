"""Whatever an upstream answers becomes deltas that can be rendered, an error, or a shape that the guard knows."""

import itertools
from collections.abc import Iterator
from typing import Any, Final

import orjson
from hypothesis import strategies as st

from app import errors, render
from app.checked import checked, checked_vectors
from providers.errors import ProviderError
from providers.types import Delta, EmbeddingReply
from providers.vendor import Vendor
from tests.fuzz import values
from tests.fuzz.sizes import Size, sized
from tests.fuzz.wires import VENDORS, spoilt_replies

GUARDED: Final = (LookupError, TypeError, ValueError, AttributeError)
"""What the gateway turns into MALFORMED with the vendor's name, wherever it comes from (``app/gateway.py``)."""

MOST_DELTAS: Final = 20_000


def deltas(vendor: Vendor, pieces: list[bytes]) -> list[Delta]:
    """What comes out before the end, the error, or the shape that is not there."""
    found: list[Delta] = []
    chunks: Iterator[bytes] = iter(pieces if vendor.transport == "websocket" else [b"".join(pieces)])
    try:
        found.extend(itertools.islice(checked(vendor.decode(vendor.frame(chunks))), MOST_DELTAS))
    except ProviderError as error:
        assert orjson.loads(errors.describe(error).body)["error"]["message"]
    except GUARDED:
        pass
    assert len(found) < MOST_DELTAS, "an endless reply"
    return found


@sized(200, 40_000)
def test_any_reply_is_deltas_or_an_error(size: Size) -> None:
    """Broken: an upstream's odd answer ends as a traceback and a 500, or never ends."""

    def deltas_or_an_error(drawn: tuple[Vendor, list[bytes]]) -> None:
        found = deltas(*drawn)
        orjson.dumps(render.fold(found, "m"))
        for event in render.stream(found, "m", include_usage=True):
            assert event.startswith(b"data: ") and event.endswith(b"\n\n") and event.count(b"\n") == 2
            assert event == render.DONE or orjson.loads(event[6:])

    size.check(deltas_or_an_error, spoilt_replies())


bodies: Final[st.SearchStrategy[bytes]] = st.one_of(
    values.json.map(orjson.dumps),
    st.dictionaries(
        st.sampled_from(["error", "error_code", "message", "code", "msg", "base_resp", "Response", "header", "errors"]),
        values.json,
        max_size=3,
    ).map(orjson.dumps),
    st.binary(max_size=40),
    st.just(b"<html><title>502 Bad Gateway</title>"),
)
headers: Final = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "content-type", "x-ratelimit-reset", "x-request-id"]),
    st.one_of(st.sampled_from(["5", "-1", "1e400", "nan", "inf", "soon", "application/json", "9" * 400]), st.text()),
    max_size=2,
)


@sized(160, 40_000)
def test_any_refusal_is_an_error(size: Size) -> None:
    """Broken: an odd body or header of a refusal ends as a traceback instead of an error with its status."""

    def an_error(drawn: tuple[Vendor, int, dict[str, str], bytes]) -> None:
        vendor, status, head, body = drawn
        told = errors.describe(vendor.fault(status, head, body))
        error = orjson.loads(told.body)["error"]
        assert 400 <= told.status < 600 and error["message"]
        assert all(isinstance(value, str | None) for value in error.values()), error
        assert all(value.isascii() and value.isprintable() for value in told.headers.values())
        assert int(told.headers.get("retry-after", 1)) >= 1

    rows = st.sampled_from([VENDORS[name] for name in sorted(VENDORS)])
    statuses = st.sampled_from([400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529, 599])
    size.check(an_error, st.tuples(rows, statuses, headers, bodies))


@sized(80, 20_000)
def test_any_reply_to_embeddings_is_vectors_or_an_error(size: Size) -> None:
    """Broken: an odd answer with vectors ends as a traceback, or as vectors that are none."""
    rows = [(name, vendor.embed) for name, vendor in sorted(VENDORS.items()) if vendor.embed]
    good: list[Any] = [
        {
            "data": [{"embedding": [0.5, 1], "index": 0}, {"embedding": "AACAPw==", "index": 1}],
            "usage": {"total_tokens": 3},
        },
        {"embeddings": [[0.1, 2]], "prompt_eval_count": 3, "embedding": {"values": [1]}},
        {"output": {"embeddings": [{"embedding": [1.5], "text_index": 0}]}, "usage": {"total_tokens": 1}},
        {"vectors": [[1, 2]], "total_tokens": 3, "base_resp": {"status_code": 0}},
        {"Response": {"Data": [{"Embedding": [1], "Index": 0}], "Usage": {"PromptTokens": 1, "TotalTokens": 1}}},
    ]

    def vectors_or_an_error(drawn: tuple[tuple[str, Any], bytes]) -> None:
        (_, embed), body = drawn
        try:
            reply = checked_vectors(embed.decode(body))
        except (ProviderError, *GUARDED):
            return
        assert isinstance(reply, EmbeddingReply) and type(reply.usage.prompt_tokens) is int
        for vector in reply.vectors:
            assert all(isinstance(number, int | float) and not isinstance(number, bool) for number in vector), vector

    changed = values.changed(st.sampled_from(good)).map(orjson.dumps)
    size.check(vectors_or_an_error, st.tuples(st.sampled_from(rows), changed | values.spoilt(changed)))
