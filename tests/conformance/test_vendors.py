"""What every row says that it can do, held against what becomes of requests and answers of its wire."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from app import errors
from providers import support
from providers.errors import RETRYABLE, ProviderError
from providers.types import Delta
from providers.vendor import Vendor
from tests.conformance import failing, speakers
from tests.conformance.answering import finish, whole
from tests.conformance.asking import LOST, UNKNOWN, outcome
from tests.conformance.asks import ASKS, MESSAGES, PARAMETERS, RESULTS, RESULTS_TURN, STOP, Ask
from tests.conformance.checks import (
    SHAPES,
    SPEAKERS,
    STREAM,
    VENDORS,
    asked_for,
    carrying,
    check_told,
    models_of,
    outcomes,
    rendered,
    shaped,
    streaming,
    talk_with,
    told,
)
from tests.conformance.script import (
    CALLING,
    CALLING_BARE,
    CALLING_BOTH,
    PLAIN,
    SHORT,
    TALKING_AND_CALLING,
    THINKING,
    THINKING_AND_CALLING,
    Script,
)
from tests.e2e.schemas import ERROR, Judge
from tests.test_conformance import check_error
from tests.unit.toy import TOY

WORDS: Final = sorted({ask.word for ask in ASKS})
OPENAI: Final = "openai"
"""The wire whose speakers get what the gateway does not know better about word for word, and judge it themselves."""

ANSWERS: Final = {
    support.TOOLS: CALLING,
    support.PARALLEL_TOOLS: CALLING_BOTH,
    support.TOOL_NAMED: CALLING,
    support.TOOL_REQUIRED: CALLING,
    support.REASONING: THINKING,
    support.LENGTH: SHORT,
}
"""What is answered to the request of a word; plain text to all others."""


def _rows(fits: Callable[[Vendor], bool] = lambda _row: True) -> Any:
    """The mark that gives a test every row that fits."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in VENDORS.items() if fits(row)])


def _claims() -> Any:
    """The mark that gives a test every word of every row that an answer can show."""
    told = {name: sorted(row.supports - {support.STREAM, support.USAGE}) for name, row in VENDORS.items()}
    claims = [pytest.param(VENDORS[name], word, id=f"{name}-{word}") for name, words in told.items() for word in words]
    return pytest.mark.parametrize(("row", "word"), claims)


def _cuts_itself(row: Vendor) -> bool:
    """Whether the gateway takes the stop texts upon itself for this vendor."""
    found = carrying(row, support.STOP)
    return bool(found and talk_with(row, found[1]).sent(found[0]).stops)


SHAPED: Final = pytest.mark.parametrize("shape", SHAPES)


class TestVendor:
    """Every row of every vendor; a new one is held to this by being there."""

    @_rows()
    def test_claims(self, row: Vendor) -> None:
        """A row says nothing of itself, or in words that nobody knows, or nobody speaks for it here."""
        assert row.title
        assert row.supports
        assert row.supports <= support.EVERYTHING
        assert support.TOOLS in row.supports or row.supports.isdisjoint(support.ANY_TOOLS)
        assert speakers.of(row, SPEAKERS).speaks(row)

    @_rows()
    @pytest.mark.parametrize("word", WORDS)
    def test_wish(self, row: Vendor, word: str) -> None:
        """A row claims what never gets through, or keeps silent about what does."""
        tried = [outcomes(row.name, number) for number, ask in enumerate(ASKS) if ask.word == word]
        found = carrying(row, word)
        if word in row.supports:
            assert found, tried
        elif row.wire == OPENAI or (word in support.ANY_TOOLS and support.TOOLS not in row.supports):
            assert not [each for models_of in tried for each in models_of.values() if each[0] == LOST]
        else:
            assert not found, f"{word} gets through, but is not claimed"

    @_rows()
    def test_nothing_is_lost(self, row: Vendor) -> None:
        """Something that the client asked for vanishes without a word."""
        known = models_of(row)
        wishes = (*ASKS, *MESSAGES, RESULTS_TURN, *(Ask("parameter", wish) for wish in PARAMETERS))
        found = [(model, ask.wish, outcome(row, ask, model)) for ask in wishes for model in known]
        assert not [(model, wish, why) for model, wish, (what, why) in found if what == LOST]
        assert [what for _, _, (what, _) in found if what != UNKNOWN]

    @_rows()
    @SHAPED
    def test_text(self, row: Vendor, shape: str, judge: Judge) -> None:
        """A plain answer does not arrive as it was said."""
        body, model = asked_for(row, "")
        check_told(row, told(row, shaped(body, shape), model, PLAIN, judge), PLAIN)

    @_rows()
    def test_stream_comes_in_pieces(self, row: Vendor) -> None:
        """A vendor that streams is asked for a whole answer, or its pieces are held back."""
        body, model = asked_for(row, "")
        deltas = talk_with(row, model).asked(shaped(body, STREAM), PLAIN)
        assert (len([delta for delta in deltas if delta.text]) > 1) is (support.STREAM in row.supports)

    @_claims()
    @SHAPED
    def test_answer(self, row: Vendor, word: str, shape: str, judge: Judge) -> None:
        """What a row claims does not come back to the client."""
        body, model = asked_for(row, word)
        script = ANSWERS.get(word, PLAIN)
        check_told(row, told(row, shaped(body, shape), model, script, judge), script)

    @_rows(lambda row: support.TOOLS in row.supports)
    @SHAPED
    @pytest.mark.parametrize("script", [CALLING_BARE, TALKING_AND_CALLING], ids=["without arguments", "after text"])
    def test_calls(self, row: Vendor, script: Script, shape: str, judge: Judge) -> None:
        """A call is lost, or its arguments are no JSON, when it has none or stands behind text."""
        body, model = asked_for(row, support.TOOLS)
        check_told(row, told(row, shaped(body, shape), model, script, judge), script)

    @_rows(lambda row: support.TOOLS in row.supports)
    @SHAPED
    def test_tool_results(self, row: Vendor, shape: str, judge: Judge) -> None:
        """A client cannot go on with the results of the calls it got, or they do not reach the vendor."""
        body, model = asked_for(row, support.TOOLS)
        script = THINKING_AND_CALLING if support.REASONING in row.supports else CALLING
        talk = talk_with(row, model)
        answered = whole(talk.asked(shaped(body, shape), script))["choices"][0]["message"]
        message = {name: answered[name] for name in ("role", "content", "tool_calls")}
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": RESULTS[0]} for call in message["tool_calls"]
        ]
        further = shaped({**body, "messages": [*body["messages"], message, *results]}, shape)
        wire = talk.sent(further)
        assert RESULTS[0].encode() in wire.body
        assert not [change for change in wire.changes if change.startswith("dropped")]
        answer = list(talk.read(wire, talk.speaker.reply(wire, PLAIN), PLAIN))
        check_told(row, rendered(answer, shape, judge), PLAIN)

    @_rows(_cuts_itself)
    @SHAPED
    def test_stop(self, row: Vendor, shape: str, judge: Judge) -> None:
        """A stop text that the gateway has taken upon itself stays in the answer."""
        body, model = asked_for(row, support.STOP)
        script = Script((*PLAIN.texts, STOP[:4], STOP[4:], "more"))
        check_told(row, told(row, shaped(body, shape), model, script, judge), PLAIN)

    @_rows()
    def test_broken_stream(self, row: Vendor, judge: Judge) -> None:
        """An error in mid-stream is taken for the end of the answer, or loses the vendor's own words."""
        talk, chunks, wire = streaming(row)
        deltas: list[Delta] = []
        with pytest.raises(ProviderError, match="it broke q7") as raised:
            deltas.extend(talk.read(wire, [*chunks[: len(chunks) // 2], talk.speaker.broken], PLAIN))
        assert not finish(deltas)
        judge.check(ERROR, {"error": errors.describe(raised.value).error})

    @_rows()
    def test_cut_stream(self, row: Vendor) -> None:
        """Half an answer looks like a whole one."""
        talk, chunks, wire = streaming(row)
        for count in range(len(chunks)):
            so_far: list[Delta] = []
            try:
                so_far.extend(talk.read(wire, chunks[:count], PLAIN))
            except ProviderError:
                continue
            text = "".join(delta.text or "" for delta in so_far)
            assert not finish(so_far) or text == PLAIN.text, count

    @_rows()
    def test_errors(self, row: Vendor, judge: Judge) -> None:
        """An error of a vendor's own table is taken for another one, or does not fit OpenAI's description."""
        listed = failing.samples(row)
        openai = failing.OPENAI_ERRORS if speakers.of(row, SPEAKERS).name == OPENAI else ()
        assert listed or openai
        for failed in (*listed, *openai):
            error = failed.error(row)
            seen = errors.describe(error)
            judge.check(ERROR, {"error": seen.error})
            if failed.expected:
                check_error(error, failed.expected)
            else:
                assert seen.status in failed.seen, failed.name

    @_rows()
    @pytest.mark.parametrize("page", failing.PAGES, ids=lambda page: page.name)
    def test_pages(self, row: Vendor, page: failing.Failed, judge: Judge) -> None:
        """A proxy's own failure keeps the gateway from trying elsewhere."""
        error = page.error(row)
        assert error.kind in RETRYABLE
        judge.check(ERROR, {"error": errors.describe(error).error})


def test_a_row_without_a_speaker() -> None:
    """A vendor that nobody speaks for passes unseen."""
    with pytest.raises(LookupError, match="toy has 0 speakers"):
        speakers.of(replace(TOY, name="toy", wire=""), SPEAKERS)


def test_words_of_support() -> None:
    """A word that is none is taken, so that a row lacks nothing of what it says it lacks."""
    assert support.all_but(support.STOP, support.ANY_TOOLS) == support.EVERYTHING - support.ANY_TOOLS - {support.STOP}
    with pytest.raises(ValueError, match="no words"):
        support.all_but("telepathy")
