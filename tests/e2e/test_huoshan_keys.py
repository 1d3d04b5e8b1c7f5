"""The gateway in front of an Ark that checks keys: pairs in exchange for keys, under load, and wrong ones."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.e2e.huoshan import EP, OTHER_EP, Connect, ask, in_parallel, said, streamed
from tests.fakevendor.huoshan import PAIR, Ark

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.huoshan_gateway"]

WRONG = [
    ({"api_key": "wrong-api-key"}, "The API key in the request is missing or invalid"),
    ({**PAIR, "access_key": "AKLTunknown"}, "The access key does not exist"),
    ({**PAIR, "secret_key": "wrong-secret"}, "The request signature we calculated does not match"),
    ({**PAIR, "region": "eu-1"}, "The request has expired, or its scope is wrong"),
]


@pytest.mark.parametrize("service", ["huoshan", "huoshanbot"])
def test_wrong_keys(ark: Ark, gateway: Any, service: str) -> None:
    """Broken: an operator with a wrong key does not see what the vendor says of it."""
    at = {"server_url": ark.url, "auth_url": ark.url}
    entries = [{**at, "models": [f"bot-{n}"], "credentials": wrong} for n, (wrong, _) in enumerate(WRONG)]
    with gateway({"services": {service: entries}}).sdk() as client:
        for number, (_, told) in enumerate(WRONG):
            for stream in (False, True):
                with pytest.raises(openai.InternalServerError, match=told) as raised:
                    ask(client, model=f"bot-{number}", stream=stream)
                assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")


def test_clocks_that_differ(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a gateway whose clock is wrong does not say what the vendor says of it."""
    ark.clock_s = 3600
    with pytest.raises(openai.InternalServerError, match="The request has expired"):
        ask(connect_ark(PAIR))


def test_one_exchange_for_all_first_requests(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a hundred first requests make more than one exchange, or one model's waits for the other's."""
    client = connect_ark(PAIR)
    ark.exchange_takes_s = 0.3
    assert in_parallel(100, lambda number: said(ask(client, str(number)))) == [str(number) for number in range(100)]
    assert (ark.exchanged, ark.most_at_once, ark.stale) == ([EP], 1, 0)
    assert said(ask(client, "x", "other")) == "x"
    assert ark.exchanged == [EP, OTHER_EP]


def during_load(client: openai.OpenAI, seconds: float, event: Callable[[], None]) -> int:
    """How many requests twenty callers made, with ``event`` after half a second. Any failed request raises."""
    ends_s = time.monotonic() + seconds

    def call(caller: int) -> int:
        number = 0
        while time.monotonic() < ends_s:
            number += 1
            reply = ask(client, f"{caller}-{number}", stream=number % 2 == 0)
            assert (said(reply) if number % 2 else streamed(reply)) == f"{caller}-{number}"
        return number

    with ThreadPoolExecutor(20) as pool:
        jobs = [pool.submit(call, caller) for caller in range(20)]
        time.sleep(0.5)
        event()
        return sum(job.result() for job in jobs)


def test_key_refused_under_load(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a key that ends early fails a request, or costs more than one exchange."""
    asked = during_load(connect_ark(PAIR), 2, ark.revoke)
    assert ark.stale > 0
    assert (ark.exchanged, ark.most_at_once, ark.chats) == ([EP, EP], 1, asked)


def test_key_renewed_ahead_under_load(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a key is used beyond its announced end, or its renewal costs a request or more than one exchange."""
    ark.says_s, ark.lifetime_s = 3.0, 10.0
    asked = during_load(connect_ark(PAIR), 3, lambda: None)
    assert (ark.stale, ark.chats, ark.most_at_once) == (0, asked, 1)
    assert ark.exchanged == [EP, EP]


def test_control_plane_down_while_the_key_is_good(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a renewal that fails fails requests although the key in use is good."""
    ark.says_s = 30.0
    client = connect_ark(PAIR)
    assert said(ask(client)) == "你好"
    ark.exchange_fails = True
    assert in_parallel(20, lambda n: said(ask(client, str(n)))) == [str(n) for n in range(20)]
    ark.revoke()
    with pytest.raises(openai.InternalServerError, match="the control plane is down"):
        ask(client)


def test_a_key_that_is_never_good_is_tried_twice(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a vendor that refuses every key it gave is asked without end."""
    ark.lifetime_s, ark.says_s = -1.0, 1000.0
    with pytest.raises(openai.InternalServerError, match="missing or invalid"):
        ask(connect_ark(PAIR))
    assert (len(ark.exchanged), ark.stale) == (2, 2)


def test_a_bad_pair_beside_a_good_one(connect_ark: Connect, ark: Ark) -> None:
    """Broken: a pair that the vendor refuses fails requests that another credential of the entry can serve."""
    pairs = [{**PAIR, "secret_key": "wrong-secret"}, PAIR]
    client = connect_ark({}, credential_list=pairs)
    assert in_parallel(10, lambda n: said(ask(client, str(n)))) == [str(n) for n in range(10)]
    assert ark.exchanged == [EP]
