"""Every case of every vector file, without a network. No test names a vendor: a new one brings a file, no code."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from app import errors, render
from providers.errors import RETRYABLE, ErrorKind, ProviderError
from providers.types import BODY, Delta, EmbeddingRequest, Event, Json, WireRequest
from providers.vendor import Vendor
from tests.vectorfile import DONE, Case, cases, equals, matches, streamed, summary

RANDOM_CUTS = 50


def arriving(vendor: Vendor, entries: list[str]) -> list[bytes]:
    """The chunks in which entries of a reply arrive: one a message where the transport keeps messages apart."""
    apart = vendor.transport == "websocket"
    return [entry.encode() for entry in entries] if apart else ["".join(entries).encode()]


def cuttings(vendor: Vendor, entries: list[str]) -> Iterator[list[bytes]]:
    """The bytes whole, one by one, by line, in seeded random pieces, and with the other two line ends.

    Messages that the transport keeps apart cannot be cut.
    """
    if vendor.transport == "websocket":
        yield arriving(vendor, entries)
        return
    data = "".join(entries).encode()
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    yield data.splitlines(keepends=True)
    rng = random.Random(len(data))
    for _ in range(RANDOM_CUTS):
        marks = sorted(rng.choices(range(len(data) + 1), k=rng.randint(1, 12)))
        yield [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
    plain = data.replace(b"\r\n", b"\n")
    yield [plain.replace(b"\n", b"\r\n")]
    yield [plain.replace(b"\n", b"\r")]


def decoded(vendor: Vendor, pieces: Iterable[bytes]) -> list[Delta]:
    """The deltas of a reply that arrives in these pieces."""
    return list(vendor.decode(vendor.frame(iter(pieces))))


def answered(case: Case, deltas: list[Delta]) -> list[Delta]:
    """The deltas of a reply, or of the last of those that it leads to, each asked for as ``then`` lists it."""
    for step in case.body.get("then", ()):
        wire = deltas[-1].later.request  # type: ignore[union-attr] # a reply that leads nowhere fails here
        url, asked = urlsplit(wire.url), step["request"]
        assert (wire.method, f"{url.path}?{url.query}") == (asked["method"], asked["path"])
        assert wire.decode is not None
        deltas = list(wire.decode(case.vendor.frame(iter([orjson.dumps(step["response"]["body"])]))))
    return deltas


def finished(deltas: Iterable[Delta]) -> bool:
    """Whether the gateway would take the deltas for a whole reply."""
    return any(delta.finish_reason for delta in deltas)


def check_stream(case: Case, entries: list[str], expected: list[Any], include_usage: bool) -> None:
    """Fail unless every cutting of a stream gives the chunks a case lists, in the form a client relies on."""
    model = "model-of-the-client"
    whole = any(chunk == DONE for chunk in expected)
    reader = case.reader
    for pieces in cuttings(reader, entries):
        deltas = decoded(reader, pieces)
        assert finished(deltas) is whole
        chunks = list(streamed(deltas, model, include_usage))
        check_form(chunks, model)
        wanted, got = summary(expected), summary(chunks)
        assert matches(wanted["choices"], got["choices"]), got["choices"]
        if include_usage and whole:
            assert matches(wanted["usage"], got["usage"])
        assert wanted["created"] in (None, got["created"])
        if "usage_seen" in case.body:
            counts = [delta.usage for delta in deltas if delta.usage][-1]
            assert matches(case.body["usage_seen"], render.usage_object(counts))


def check_failing_stream(case: Case, entries: list[str], expected: list[Any]) -> None:
    """Fail unless every cutting of a stream gives the chunks a case lists, and then the error it ends with."""
    for pieces in cuttings(case.vendor, entries):
        deltas: list[Delta] = []
        with pytest.raises(ProviderError) as raised:
            deltas.extend(case.vendor.decode(case.vendor.frame(iter(pieces))))
        wanted, got = summary(expected[:-1]), summary(streamed(deltas, "m", False))
        assert matches(wanted["choices"], got["choices"]), got["choices"]
        assert matches(expected[-1]["error"], dict(errors.describe(raised.value).error))


def check_form(chunks: list[Any], model: str) -> None:
    """Fail unless the chunks share one id and time, name the client's model and end with one ``[DONE]``."""
    documents = chunks[:-1]
    assert chunks[-1] == DONE
    assert len({chunk["id"] for chunk in documents}) == 1
    assert len({chunk["created"] for chunk in documents}) == 1
    assert all(type(chunk["created"]) is int for chunk in documents)
    assert all(chunk["object"] == "chat.completion.chunk" and chunk["model"] == model for chunk in documents)


def check_cuts(vendor: Vendor, entries: list[str]) -> None:
    """Fail if a stream that ends after any of its entries looks complete although text of it is missing."""
    full = summary(streamed(decoded(vendor, arriving(vendor, entries)), "m", False))["choices"]
    for count in range(len(entries)):
        pieces = arriving(vendor, entries[:count])
        try:
            deltas = decoded(vendor, pieces)
        except ProviderError:
            continue
        if finished(deltas):
            assert summary(streamed(deltas, "m", False))["choices"] == full


def failure(case: Case, status: int, headers: Json, body: Any) -> ProviderError:
    """The error that a reply is, whether its status says so or only its body."""
    if status >= 400:
        return case.vendor.fault(status, {k.lower(): v for k, v in headers.items()}, orjson.dumps(body))
    with pytest.raises(ProviderError) as raised:
        list(case.vendor.decode(iter([Event(BODY, orjson.dumps(body))])))
    return raised.value


def check_error(error: ProviderError, expected: Json) -> None:
    """Fail unless the client would see what a case lists; a refused credential is the operator's affair."""
    if expected["status"] in (401, 403):
        assert error.kind in (ErrorKind.UPSTREAM_AUTH, ErrorKind.UPSTREAM_REFUSED)
        return
    seen = errors.describe(error)
    assert (seen.status, seen.error["type"], seen.error["code"]) == (
        expected["status"],
        expected["type"],
        expected.get("code"),
    )


@pytest.mark.parametrize("case", [c for c in cases("chat") if "vendor_request" in c.values[0].body])
def test_request(case: Case) -> None:
    """The request that goes up differs from the one the vendor's reference asks for."""
    expected = case.body["vendor_request"]
    to = case.destination
    wire = case.vendor.sign(case.vendor.encode(case.request, to), to.credential, case.clock)
    url = urlsplit(wire.url)
    path, _, query = expected["path"].partition("?")
    assert (wire.method, url.path) == (expected["method"], path)
    assert url.query == (query or expected.get("query", url.query))
    headers = {name.lower(): value for name, value in wire.headers.items()}
    for name, value in expected.get("headers", {}).items():
        assert matches(value, headers.get(name.lower())), name
    assert equals(expected["json"], orjson.loads(wire.body)), orjson.loads(wire.body)


@pytest.mark.parametrize("case", [c for c in cases("chat") if "openai_response" in c.values[0].body])
def test_whole_reply(case: Case) -> None:
    """A whole reply does not become the document its case lists."""
    if not case.body.keys() & {"vendor_response", "vendor_stream"}:
        pytest.skip("the case lists no reply")
    told = case.body.get("vendor_stream") or [orjson.dumps(case.body["vendor_response"]["body"]).decode()]
    deltas = answered(case, decoded(case.reader, arriving(case.reader, told)))
    assert finished(deltas)
    document = render.fold(deltas, case.body["openai_request"]["model"])
    assert matches(case.body["openai_response"], document), document


@pytest.mark.parametrize("case", [c for c in cases("chat") if "openai_chunks" in c.values[0].body])
def test_streamed_reply(case: Case) -> None:
    """A stream does not become the chunks its case lists, or a cut one looks complete."""
    entries, expected = case.body["vendor_stream"], case.body["openai_chunks"]
    if isinstance(expected[-1], dict) and "error" in expected[-1]:
        check_failing_stream(case, entries, expected)
        return
    check_stream(case, entries, expected, case.request.include_usage)
    check_cuts(case.reader, entries)


@pytest.mark.parametrize("case", [c for c in cases("chat") if "follow_up" in c.values[0].body])
def test_follow_up(case: Case) -> None:
    """What a reply left in memory does not make the next turn the request that its case lists."""
    step, messages = case.body["follow_up"], case.body["openai_request"]["messages"]
    kept: Json = {}
    for delta in decoded(case.reader, arriving(case.reader, case.body["vendor_stream"])):
        kept.update(delta.memo or {})
    messages = [*messages, *step["openai_messages_added"]]
    turn = Case(case.file, {**case.body, "openai_request": {**case.body["openai_request"], "messages": messages}})
    to = replace(turn.destination, recall=kept.get)
    wire, expected = turn.vendor.encode(turn.request, to), step["vendor_request"]
    url = urlsplit(wire.url)
    assert (wire.method, f"{url.path}?{url.query}") == (expected["method"], expected["path"])
    assert equals(expected["json"], orjson.loads(wire.body)), orjson.loads(wire.body)


@pytest.mark.parametrize(
    "case", [c for c in cases("chat") if {"openai_error", "vendor_stream"} <= c.values[0].body.keys()]
)
def test_failed_stream(case: Case) -> None:
    """A stream that is an error from its beginning is taken for another error, or for none."""
    expected = case.body["openai_error"]
    for pieces in cuttings(case.reader, case.body["vendor_stream"]):
        with pytest.raises(ProviderError) as raised:
            decoded(case.reader, pieces)
        check_error(raised.value, expected)
        assert expected.get("message_contains", "") in raised.value.message


@pytest.mark.parametrize("case", cases("pairs"))
def test_pair(case: Case) -> None:
    """Bytes as a vendor was seen to send them do not become what a client may rely on."""
    emit, entries = case.body["emit"], case.body["received"]
    if "error" in emit[0]:
        with pytest.raises(ProviderError) as raised:
            decoded(case.vendor, arriving(case.vendor, entries))
        check_error(raised.value, {"status": emit[0]["status"], **emit[0]["error"]})
    elif "message" in emit[0]["choices"][0]:
        assert matches(emit[0], render.fold(decoded(case.vendor, arriving(case.vendor, entries)), "m"))
    else:
        check_stream(case, entries, emit, case.body["include_usage"])
        check_cuts(case.vendor, entries)


@pytest.mark.parametrize("case", cases("request_rules"))
def test_request_rule(case: Case) -> None:
    """A vendor gets parameters or messages in a form it refuses."""
    wire = case.vendor.encode(case.request, case.destination)
    assert equals(case.body["vendor_json"], orjson.loads(wire.body)), orjson.loads(wire.body)


@pytest.mark.parametrize("case", cases("errors"))
def test_error(case: Case) -> None:
    """A vendor's error is taken for another one, or for a reason to try elsewhere when it is none."""
    told = case.body["vendor"]
    error = failure(case, told["status"], told.get("headers", {}), told["body"])
    check_error(error, case.body["openai"])
    assert (error.kind in RETRYABLE) is case.body["retry_other_credential"]


@pytest.mark.parametrize("case", cases("embeddings"))
def test_embeddings(case: Case) -> None:
    """Embeddings go up or come back in another shape than the case lists."""
    embed, asked = case.vendor.embed, case.body["openai_request"]
    assert embed is not None
    inputs = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    params = {name: value for name, value in asked.items() if name not in ("model", "input")}
    wire = embed.encode(EmbeddingRequest(asked["model"], inputs, params), case.destination)
    expected = case.body["vendor_request"]
    assert urlsplit(wire.url).path == expected["path"]
    listed = {"input": inputs} if isinstance(expected["json"].get("input"), str) else {}
    assert matches({**expected["json"], **listed}, orjson.loads(wire.body))
    reply = embed.decode(orjson.dumps(case.body["vendor_response"]["body"]))
    assert reply.vectors == [row["embedding"] for row in case.body["openai_response"]["data"]]
    assert reply.usage.prompt_tokens == case.body["openai_response"]["usage"]["prompt_tokens"]


@pytest.mark.parametrize("case", [c for c in cases("auth") if "clock" in c.values[0].body])
def test_signature(case: Case) -> None:
    """A request is signed otherwise than the vendor's own SDK would sign it."""
    url = case.body.get("url", "https://vendor.example/v1/chat/completions")
    wire = WireRequest(case.body.get("method", "POST"), url, {}, case.body.get("body", "").encode())
    signed = case.vendor.sign(wire, case.credential, case.clock)
    assert signed.url == case.body.get("signed_url", url)
    assert matches(case.body.get("headers", {}), dict(signed.headers))


@pytest.mark.parametrize("case", [c for c in cases("auth") if "openai_request" in c.values[0].body])
def test_headers(case: Case) -> None:
    """A request leaves without the headers of the vendor's own SDK, or for another address."""
    wire = case.vendor.sign(case.vendor.encode(case.request, case.destination), case.credential, case.clock)
    headers = {name.lower(): value for name, value in wire.headers.items()}
    assert wire.url == case.body["url"]
    assert matches({name.lower(): value for name, value in case.body["headers"].items()}, headers), headers


@pytest.mark.parametrize("case", [c for c in cases("auth") if "cases" in c.values[0].body])
def test_addresses(case: Case) -> None:
    """An operator's server_url leads to another endpoint than the one that is meant."""
    messages = [{"role": "user", "content": "x"}]
    for told in case.body["cases"]:
        request = {"model": told.get("model", "m"), "messages": messages}
        at = Case(case.file, {"openai_request": request, **told})
        wire = at.vendor.encode(at.request, at.destination)
        assert wire.url == told["url"]
        assert told.get("body_model") in (None, orjson.loads(wire.body).get("model"))
