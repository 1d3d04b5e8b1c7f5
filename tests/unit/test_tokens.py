"""Keeping tokens: when they are exchanged anew, who waits for that, and which models share one."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import gevent
import pytest

from app.tokens import TokenKeeper, keepers
from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, Token, WireReply, WireRequest
from providers.vendor import Exchange
from tests.unit.toy import TOY

KEY = {"key": Secret("k")}


def ask(fields: Mapping[str, Secret], auth_url: str | None, _now: float) -> WireRequest | None:
    model = fields["model"].reveal() if "model" in fields else ""
    return WireRequest("POST", auth_url or "http://auth", {"model": model}, b"") if fields.get("key") else None


@dataclasses.dataclass
class Bank:
    """An authority under a clock that tests set; ``life_s`` is that of new tokens, ``fails`` makes it refuse."""

    life_s: float = 1000.0
    now: float = 0.0
    given: int = 0
    at_once: int = 0
    most: int = 0
    fails: bool = False
    asked_for: list[str] = dataclasses.field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def send(self, wire: WireRequest) -> WireReply:
        self.asked_for.append(wire.headers["model"])
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        gevent.sleep(0.001)
        self.at_once -= 1
        return WireReply(200, {}, iter([b""]), lambda: None)

    def parse(self, _status: int, _headers: object, _body: bytes, now: float) -> Token:
        if self.fails:
            raise ProviderError(ErrorKind.UPSTREAM_AUTH, "no")
        self.given += 1
        return Token(Secret(f"t{self.given}"), now + self.life_s)

    def keeper(self, ahead_s: float = 90.0) -> TokenKeeper:
        return TokenKeeper(Exchange(ask, self.parse, ahead_s), KEY, None, self.clock)

    def at(self, keeper: TokenKeeper, now: float) -> str:
        """The token that a request at this time is signed with."""
        self.now = now
        return keeper.credential(self.send)["token"].reveal()


def crowd(bank: Bank, keeper: TokenKeeper) -> list[str]:
    """The tokens of fifty requests at the same time."""
    jobs = [gevent.spawn(keeper.credential, bank.send) for _ in range(50)]
    gevent.joinall(jobs, raise_error=True)
    return [job.value["token"].reveal() for job in jobs]


def test_one_renews_while_the_others_go_on() -> None:
    """Broken: a token is renewed too early or by several, or requests wait although the old one is good."""
    bank = Bank()
    keeper = bank.keeper()
    assert crowd(bank, keeper) == ["t1"] * 50
    bank.now = 909.9
    assert crowd(bank, keeper) == ["t1"] * 50
    bank.now = 910.0
    assert sorted(crowd(bank, keeper)) == ["t1"] * 49 + ["t2"]
    assert (bank.given, bank.most) == (2, 1)


def test_all_wait_when_the_end_is_near() -> None:
    """Broken: requests go out with a token that ends on their way."""
    bank = Bank()
    keeper = bank.keeper()
    bank.at(keeper, 0)
    bank.now = 971.0
    assert crowd(bank, keeper) == ["t2"] * 50
    assert (bank.given, bank.most) == (2, 1)


def test_a_renewal_that_fails_fails_nobody() -> None:
    """Broken: an authority that is down for a moment fails requests although their token is good, or is pestered."""
    bank = Bank()
    keeper = bank.keeper()
    bank.at(keeper, 0)
    bank.fails = True
    assert [bank.at(keeper, now) for now in (910, 911, 912, 920, 926, 930)] == ["t1"] * 6
    assert len(bank.asked_for) == 3
    with pytest.raises(ProviderError):
        bank.at(keeper, 971)
    bank.fails = False
    assert bank.at(keeper, 972) == "t2"


def test_a_short_life_is_used() -> None:
    """Broken: a token that lives shorter than the margin is exchanged for every request."""
    bank = Bank(life_s=10.0)
    keeper = bank.keeper(ahead_s=1800.0)
    assert [bank.at(keeper, now) for now in (0, 5, 8.9, 9.0, 9.5)] == ["t1", "t1", "t1", "t2", "t2"]


def test_a_token_that_is_over_at_once_still_serves() -> None:
    """Broken: a token whose end has passed on arrival is asked for without end."""
    bank = Bank(life_s=-5.0)
    keeper = bank.keeper()
    assert [bank.at(keeper, 0), bank.at(keeper, 0)] == ["t1", "t2"]


def test_forgotten_only_by_who_knew_it() -> None:
    """Broken: a late refusal of an old token costs the new one."""
    bank = Bank()
    keeper = bank.keeper()
    old = keeper.credential(bank.send)
    keeper.forget(old)
    assert crowd(bank, keeper) == ["t2"] * 50
    keeper.forget(old)
    assert (crowd(bank, keeper)[0], bank.given) == ("t2", 2)


def kept(exchange: Exchange | None, fields: Mapping[str, Secret]) -> Any:
    return keepers(dataclasses.replace(TOY, exchange=exchange), fields, None)


def test_which_models_share_a_token() -> None:
    """Broken: a token for one model is used for another, or each model of a credential costs an exchange."""
    bank = Bank()
    shared = kept(Exchange(ask, bank.parse), KEY)
    assert shared("a") is shared("b") is not None
    each = kept(Exchange(ask, bank.parse, per_model=True), KEY)
    assert each("a") is each("a") is not each("b")
    for model in ("a", "b", "a"):
        each(model).credential(bank.send)
    shared("a").credential(bank.send)
    assert bank.asked_for == ["a", "b", ""]
    assert each("a").credential(bank.send)["token"] != each("b").credential(bank.send)["token"]


def test_who_needs_no_keeper() -> None:
    """Broken: a vendor without an exchange, or a credential that needs none, is asked for tokens."""
    assert kept(None, KEY)("a") is None
    assert kept(Exchange(ask, Bank().parse), {})("a") is None
    assert kept(Exchange(ask, Bank().parse, per_model=True), {})("a") is None
