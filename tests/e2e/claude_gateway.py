"""A gateway in front of a fake Messages API. A plugin of the tests that name it, so that nobody else imports it."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.e2e.claude import MODELS, Connect
from tests.fakevendor.claude import Claude, running


@pytest.fixture(scope="module")
def lasting_claude() -> Iterator[Claude]:
    with running() as started:
        yield started


@pytest.fixture
def claude(lasting_claude: Claude) -> Iterator[Claude]:
    """The fake vendor; nothing it refused may have been meant to be taken, unless the test empties ``faults``."""
    for kept in (lasting_claude.served, lasting_claude.headers, lasting_claude.sent, lasting_claude.faults):
        kept.clear()
    yield lasting_claude
    assert not lasting_claude.faults


@pytest.fixture(scope="module")
def connect(lasting_claude: Claude, lasting_gateway: Any) -> Iterator[Connect]:
    """A client of a gateway with one entry for the fake; keyword arguments are further fields of the entry."""
    clients: dict[str, openai.OpenAI] = {}

    def begin(**fields: Any) -> openai.OpenAI:
        entry = {"models": MODELS, "server_url": lasting_claude.url, "credentials": {"api_key": "test-key"}, **fields}
        name = json.dumps(entry)
        if name not in clients:
            untaught = {"circuit_breaker": {"enabled": False}, "failover": {"rest_keys": False}}
            clients[name] = lasting_gateway({"services": {"claude": [entry]}, **untaught}).sdk(timeout=30)
        return clients[name]

    yield begin
    for client in clients.values():
        client.close()
