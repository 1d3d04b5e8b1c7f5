"""OAuth apps through the gateway: one exchange for all first requests, renewals under load, failed exchanges."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from tests import rsakeys
from tests.e2e.answers import ask, in_parallel, text_of
from tests.e2e.conftest import StartGateway
from tests.e2e.coze_gateway import app, config
from tests.fakevendor.coze import Coze, running

pytestmark = pytest.mark.e2e
CALLERS = 20


@pytest.fixture(scope="module")
def lasting() -> Iterator[Coze]:
    with running(rsakeys.key().modulus) as started:
        yield started
    assert started.faults == []


@pytest.fixture(scope="module")
def client(lasting: Coze, lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of a gateway with an app for each test, whose bots have the test's name; the first has two."""
    names = [["first", "other"], ["revoked"], ["renewed"], ["late"], ["hopeless"]]
    entries = [{"models": models, "credentials": app()} for models in names]
    with lasting_gateway(config(lasting.url, *entries)).sdk(timeout=30) as sdk:
        yield sdk


@pytest.fixture
def own_coze(lasting: Coze) -> Coze:
    """The fake, as if it had just been started."""
    fresh = Coze(lasting.modulus, lasting.url)
    for name in ("clock_s", "says_s", "lives_s", "exchange_takes_s", "exchanged", "most_at_once", "refused"):
        setattr(lasting, name, getattr(fresh, name))
    lasting.chats.clear()
    lasting.counts.clear()
    return lasting


def said(client: openai.OpenAI, text: str, model: str) -> str:
    return str(ask(client, model, text).choices[0].message.content)


def during_load(client: openai.OpenAI, model: str, seconds: float, event: Callable[[], None]) -> int:
    """How many requests the callers made, with ``event`` after half a second. Any failed request raises."""
    ends_s = time.monotonic() + seconds

    def call(caller: int) -> int:
        number = 0
        while time.monotonic() < ends_s:
            number += 1
            text = f"{caller}-{number}"
            told = said(client, text, model) if number % 2 else text_of(ask(client, model, text, stream=True))
            assert told == text
        return number

    with ThreadPoolExecutor(CALLERS) as pool:
        jobs = [pool.submit(call, caller) for caller in range(CALLERS)]
        time.sleep(0.5)
        event()
        return sum(job.result() for job in jobs)


def test_one_exchange_for_all_first_requests(client: openai.OpenAI, own_coze: Coze) -> None:
    """Broken: a hundred first requests make more than one exchange, or a second bot makes another."""
    own_coze.exchange_takes_s = 0.3
    assert in_parallel(100, lambda n: said(client, str(n), "first" if n % 2 else "other")) == [
        str(n) for n in range(100)
    ]
    assert (own_coze.exchanged, own_coze.most_at_once, own_coze.refused) == (1, 1, 0)
    assert own_coze.counts["/v3/chat"] == 100


def test_token_refused_under_load(client: openai.OpenAI, own_coze: Coze) -> None:
    """Broken: a token that ends early fails a request, or costs more than one exchange."""
    asked = during_load(client, "revoked", 1.5, own_coze.revoke)
    assert own_coze.refused > 0
    assert (own_coze.exchanged, own_coze.most_at_once, len(own_coze.chats)) == (2, 1, asked)


def test_token_renewed_ahead_under_load(client: openai.OpenAI, own_coze: Coze) -> None:
    """Broken: a token is used beyond its announced end, or its renewal costs a request or more than one exchange."""
    own_coze.says_s, own_coze.lives_s = 3.0, 8.0  # the difference is for a machine that is busy
    assert said(client, "x", "renewed") == "x"
    own_coze.says_s = own_coze.lives_s = 900.0
    asked = during_load(client, "renewed", 3.5, lambda: None)
    assert (own_coze.exchanged, own_coze.most_at_once, own_coze.refused) == (2, 1, 0)
    assert len(own_coze.chats) == asked + 1


def test_a_clock_that_is_wrong(client: openai.OpenAI, own_coze: Coze) -> None:
    """Broken: a gateway whose clock is wrong does not say what the vendor says of it."""
    own_coze.clock_s = 3600
    with pytest.raises(openai.InternalServerError, match="not for this time"):
        ask(client, "late")


def test_tokens_that_are_never_good(client: openai.OpenAI, own_coze: Coze) -> None:
    """Broken: a vendor that refuses every token it gave is asked without end."""
    own_coze.lives_s = -1.0
    with pytest.raises(openai.InternalServerError, match="access token invalid"):
        ask(client, "hopeless")
    assert (own_coze.exchanged, own_coze.refused) == (2, 2)
