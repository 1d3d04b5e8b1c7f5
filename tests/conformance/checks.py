"""What the tests are made of: asking a row for a word, answering by its speaker, and what the client then has."""

from functools import cache
from typing import Final

from providers import support
from providers.types import Delta, Json, WireRequest
from providers.vendor import Vendor, load_vendors
from tests.conformance import speakers
from tests.conformance.answering import Talk, Told, finish, of_chunks, of_document, streamed, whole
from tests.conformance.asking import CARRIED, models, outcome
from tests.conformance.asks import ASKS, BARE
from tests.conformance.script import PLAIN, Script
from tests.e2e.schemas import CHUNK, COMPLETION, Judge

VENDORS: Final = load_vendors()
SPEAKERS: Final = speakers.load()
STREAM: Final = "stream"
SHAPES: Final = ("whole", STREAM)


def shaped(body: Json, shape: str) -> Json:
    """The request for a whole answer, or for a stream with usage."""
    return {**body, "stream": True, "stream_options": {"include_usage": True}} if shape == STREAM else body


def models_of(row: Vendor) -> tuple[str, ...]:
    """The models of a row to ask, the row's own first."""
    return models(row, speakers.of(row, SPEAKERS).models)


def talk_with(row: Vendor, model: str) -> Talk:
    """A conversation with one of a row's models."""
    return Talk(row, model, speakers.of(row, SPEAKERS))


@cache
def outcomes(name: str, ask_number: int) -> dict[str, tuple[str, str]]:
    """What becomes of one of ASKS at each of a row's models."""
    row = VENDORS[name]
    return {model: outcome(row, ASKS[ask_number], model) for model in models_of(row)}


def carrying(row: Vendor, word: str) -> tuple[Json, str] | None:
    """A request and a model with which a word's wish gets through, or None."""
    for number, ask in enumerate(ASKS):
        if ask.word == word:
            fitting = (model for model, (what, _) in outcomes(row.name, number).items() if what == CARRIED)
            model = next(fitting, None)
            if model is not None:
                return ask.body(), model
    return None


def asked_for(row: Vendor, word: str) -> tuple[Json, str]:
    """The request for a word and a model that takes it; a plain one for words that the answer alone shows."""
    tooled = word == support.PARALLEL_TOOLS
    found = carrying(row, support.TOOLS if tooled else word)
    return found or (BARE.body(), models_of(row)[0])


def told(row: Vendor, body: Json, model: str, script: Script, judge: Judge) -> Told:
    """What the client has in the end, each document of it fit for OpenAI's description."""
    talk = talk_with(row, model)
    return rendered(talk.asked(body, script), STREAM if body.get("stream") else "whole", judge)


def rendered(deltas: list[Delta], shape: str, judge: Judge) -> Told:
    """What the client has of these deltas."""
    assert finish(deltas), "the gateway would take the answer for cut off"
    if shape != STREAM:
        document = whole(deltas)
        judge.check(COMPLETION, document)
        return of_document(document)
    chunks = streamed(deltas)
    for chunk in chunks:
        judge.check(CHUNK, chunk)
    return of_chunks(chunks)


def check_told(row: Vendor, got: Told, script: Script) -> None:
    """Fail unless the client has what the script says, ids apart, which the gateway makes where a vendor has none."""
    assert (got.text, got.thought) == (script.text, script.thought)
    assert [call[1:] for call in got.calls] == [(call.name, call.arguments) for call in script.calls]
    assert all(call[0] for call in got.calls)
    assert len({call[0] for call in got.calls}) == len(script.calls)
    assert got.finish == script.finish
    counts = (script.prompt, script.completion, script.total) if support.USAGE in row.supports else (0, 0, 0)
    assert tuple(got.usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")) == counts


def streaming(row: Vendor) -> tuple[Talk, list[bytes], WireRequest]:
    """A conversation whose answer has just begun to stream."""
    body, model = asked_for(row, "")
    talk = talk_with(row, model)
    wire = talk.sent(shaped(body, STREAM))
    return talk, talk.speaker.reply(wire, PLAIN), wire
