"""Tokens of Qianfan under load: one exchange for all, and no failed request when one ends."""

import time
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.e2e.answers import ask, failure, in_parallel, text_of
from tests.e2e.qianfan import V2_IAM
from tests.fakevendor.qianfan import Qianfan
from tests.fakevendor.qianfan_state import Owner, iam_pair, pair

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.qianfan_gateway"]

CALLERS = 20
PATIENCE_S = 10.0


def owner_of(qianfan: Qianfan, model: str) -> Owner:
    return qianfan.owners[pair(model)["api_key"]]


def asked_by_many(sdk: openai.OpenAI, model: str, go_on: Callable[[int], bool]) -> int:
    """How many requests twenty callers made, each while ``go_on(number)``, half of them streams. A failure raises."""

    def call(caller: int) -> int:
        number = 0
        while go_on(number):
            text = f"{caller}-{number} 😀"
            reply: Any = ask(sdk, model, text, stream=number % 2 == 1)
            assert (text_of(reply) if number % 2 else reply.choices[0].message.content) == text
            number += 1
        return number

    return sum(in_parallel(CALLERS, call))


def test_one_exchange_for_all_first_requests(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: a hundred first requests make more than one exchange."""
    owner = owner_of(qianfan, "first")
    owner.exchange_takes_s = 0.2
    told = in_parallel(100, lambda number: ask(sdk, "first", str(number)).choices[0].message.content)
    assert told == [str(number) for number in range(100)]
    assert (owner.exchanges, owner.most_at_once, owner.stale, owner.chats) == (1, 1, 0, 100)


@pytest.mark.parametrize("model", ["revoked", "forgotten"])
def test_token_refused_under_load(sdk: openai.OpenAI, qianfan: Qianfan, model: str) -> None:
    """Broken: a token that ends early (111 or 110 inside HTTP 200) fails a request, or costs more than one exchange."""
    owner = owner_of(qianfan, model)
    owner.spoil_at, owner.exchange_takes_s = 90, 0.05
    owner.spoil = lambda: qianfan.revoke(pair(model)["api_key"], forget=model == "forgotten")
    assert asked_by_many(sdk, model, lambda number: number < 10) == CALLERS * 10
    assert owner.stale > 0
    assert (owner.exchanges, owner.most_at_once) == (2, 1)


def test_token_renewed_ahead_under_load(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: a token's announced end is waited for, so that the vendor has to refuse it first."""
    owner = owner_of(qianfan, "short")
    owner.says_s = 0.6
    ends_s = time.monotonic() + PATIENCE_S
    asked_by_many(sdk, "short", lambda _: owner.exchanges < 2 and time.monotonic() < ends_s)
    assert owner.exchanges > 1
    assert (owner.stale, owner.most_at_once) == (0, 1)


def test_a_token_that_is_never_good_is_tried_twice(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: a vendor that refuses every token is asked without end."""
    owner = owner_of(qianfan, "hopeless")
    owner.lifetime_s, owner.says_s = -1.0, 1000.0
    with pytest.raises(openai.InternalServerError, match="Access token expired"):
        ask(sdk, "hopeless")
    assert (owner.exchanges, owner.stale) == (2, 2)
    assert "Access token expired" in failure(sdk, "hopeless").message


def test_v2_bearer_refused_under_load(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: a bearer that was exchanged for a key pair ends, and requests fail with it."""
    key = iam_pair("revoked")["access_key"]
    owner = qianfan.owners[key]
    owner.spoil_at, owner.spoil = 90, lambda: qianfan.revoke(key)
    assert asked_by_many(sdk, "v2-revoked", lambda number: number < 10) == CALLERS * 10
    assert owner.stale > 0
    assert (owner.exchanges, owner.most_at_once) == (2, 1)


def test_who_exchanges_nothing(sdk: openai.OpenAI, qianfan: Qianfan) -> None:
    """Broken: a key pair that signs V1's requests itself is exchanged, or one for V2 at each request."""
    for _ in range(3):
        ask(sdk, "v1-iam")
        ask(sdk, V2_IAM)
    assert qianfan.owners[iam_pair("main")["access_key"]].exchanges == 0
    assert qianfan.owners[iam_pair("bearer")["access_key"]].exchanges == 1
