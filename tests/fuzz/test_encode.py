"""Whatever a client may ask for becomes a request that can be sent, or an error that says what is not possible."""

import re
from typing import Any, Final

import orjson
from hypothesis import strategies as st

from app import errors, parse
from providers.errors import ErrorKind, ProviderError
from providers.types import EmbeddingRequest, WireRequest
from providers.vendor import Vendor
from tests.fuzz.requests import MODELS, chats, embedding_params, inputs
from tests.fuzz.sizes import Size, sized
from tests.fuzz.wires import VENDORS, destination

URL: Final = re.compile(r"(https?|wss?)://[!-~]+")
HEADER: Final = re.compile(r"[\t -~\xa0-\xff]*")

rows: Final = st.sampled_from([VENDORS[name] for name in sorted(VENDORS)])


def check(wire: WireRequest) -> None:
    """Fail unless a request can be sent: nothing of the client's gets into its address or headers as it is."""
    assert URL.fullmatch(wire.url), wire.url
    assert all(name.isascii() and HEADER.fullmatch(value) for name, value in wire.headers.items()), wire.headers
    assert isinstance(wire.body, bytes)
    assert all(isinstance(change, str) and change for change in wire.changes)
    assert all(isinstance(stop, str) for stop in wire.stops)
    if "json" in {name.lower(): value for name, value in wire.headers.items()}.get("content-type", "json"):
        assert not wire.body or isinstance(orjson.loads(wire.body), dict)


def check_refusal(error: ProviderError) -> None:
    """Fail unless an error blames the request, for the vendor was not asked."""
    assert error.kind not in (ErrorKind.INTERNAL, ErrorKind.MALFORMED, ErrorKind.INCOMPLETE), error
    assert orjson.loads(errors.describe(error).body)["error"]["message"]


@sized(80, 30_000)
def test_any_chat_is_sent_or_refused(size: Size) -> None:
    """Broken: a request that OpenAI would take ends as a traceback, or changes the address that it is sent to."""

    def sent_or_refused(drawn: tuple[Vendor, dict[str, Any]]) -> None:
        vendor, document = drawn
        asked = orjson.dumps(document)
        request = parse.chat(asked)
        to = destination(vendor, request.model)
        try:
            if vendor.prepare:
                for wire in vendor.prepare.requests(request, to):
                    check(wire)
                return
            check(vendor.encode(request, to))
        except ProviderError as error:
            check_refusal(error)
        again = {"model": request.model, "messages": request.messages, **request.params}
        assert {**document, **again} == orjson.loads(asked), "the request was changed in place"

    size.check(sent_or_refused, st.tuples(rows, chats()))


@sized(80, 20_000)
def test_any_texts_are_sent_or_refused(size: Size) -> None:
    """The same for embeddings."""
    embedders = st.sampled_from([VENDORS[name] for name in sorted(VENDORS) if VENDORS[name].embed])

    def sent_or_refused(drawn: tuple[Vendor, str, Any, dict[str, Any]]) -> None:
        vendor, model, given, params = drawn
        assert vendor.embed
        try:
            check(vendor.embed.encode(EmbeddingRequest(model, given, params), destination(vendor, model)))
        except ProviderError as error:
            check_refusal(error)

    models = st.sampled_from(MODELS).map(str.strip)
    size.check(sent_or_refused, st.tuples(embedders, models, inputs, embedding_params))
