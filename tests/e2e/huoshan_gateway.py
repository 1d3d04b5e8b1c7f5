"""A small Ark, and gateways with one entry for it."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.e2e.huoshan import BOT, EP, MODEL, OTHER_EP, VISION, Connect
from tests.fakevendor.huoshan import Ark, running


@pytest.fixture
def ark() -> Iterator[Ark]:
    with running() as started:
        yield started


@pytest.fixture
def connect_ark(ark: Ark, gateway: Any) -> Connect:
    """A client of a gateway with one entry for the fake: aliases, model ids and a bot."""

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
        sdk: openai.OpenAI = gateway({"services": {service: [entry]}}).sdk(timeout=30)
        return sdk

    return begin
