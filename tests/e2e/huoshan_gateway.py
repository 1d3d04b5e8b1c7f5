"""A small Ark, and gateways with one entry for it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from typing import Any

import openai
import pytest

from tests.e2e.huoshan import BOT, EP, MODEL, OTHER_EP, VISION, Connect
from tests.fakevendor.huoshan import Ark, running


@pytest.fixture(scope="module")
def lasting_ark() -> Iterator[Ark]:
    with running() as started:
        yield started


@pytest.fixture
def ark(lasting_ark: Ark) -> Ark:
    """The fake as it was when it began."""
    fresh = Ark()
    for each in fields(Ark):
        if each.name not in ("url", "lock"):
            setattr(lasting_ark, each.name, getattr(fresh, each.name))
    return lasting_ark


@pytest.fixture(scope="module")
def lasting_sdks() -> Iterator[dict[str, openai.OpenAI]]:
    """Clients of gateways that keep nothing of the fake, by their config."""
    made: dict[str, openai.OpenAI] = {}
    yield made
    for sdk in made.values():
        sdk.close()


@pytest.fixture
def connect_ark(
    ark: Ark, gateway: Any, lasting_gateway: Any, lasting_sdks: dict[str, openai.OpenAI]
) -> Iterator[Connect]:
    """A client of a gateway with one entry for the fake: aliases, model ids and a bot.

    Gateways that exchange nothing serve several tests.
    """
    clients = ExitStack()

    def begin(credentials: dict[str, str], service: str = "huoshan", **more: Any) -> openai.OpenAI:
        entry = {
            "models": ["doubao", "other", "bot", MODEL],
            "model_map": {"doubao": EP, "other": OTHER_EP, "bot": BOT},
            "embedding_models": [EP, VISION] if service == "huoshan" else [],
            "server_url": ark.url,
            "auth_url": ark.url,
            "credentials": credentials,
            **more,
        }
        # What comes is to be the vendor's own word each time, and not what the gateway learnt of the last refusal.
        untaught = {"circuit_breaker": {"enabled": False}, "failover": {"rest_keys": False}}
        config = {**untaught, "services": {service: [entry]}}
        if "secret_key" in credentials:
            sdk: openai.OpenAI = gateway(config).sdk(timeout=30)
            return clients.enter_context(sdk)
        name = json.dumps(config)
        if name not in lasting_sdks:
            lasting_sdks[name] = lasting_gateway(config).sdk(timeout=30)
        return lasting_sdks[name]

    with clients:
        yield begin
