"""A gateway in front of a fake Messages API. A plugin of the tests that name it, so that nobody else imports it."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.e2e.claude import MODELS, Connect
from tests.fakevendor.claude import Claude, running


@pytest.fixture
def claude() -> Iterator[Claude]:
    """The fake vendor; nothing it refused may have been meant to be taken, unless the test empties ``faults``."""
    with running() as started:
        yield started
    assert not started.faults


@pytest.fixture
def connect(claude: Claude, gateway: Any) -> Connect:
    """A client of a gateway with one entry for the fake; keyword arguments are further fields of the entry."""

    def begin(**fields: Any) -> openai.OpenAI:
        entry = {"models": MODELS, "server_url": claude.url, "credentials": {"api_key": "test-key"}, **fields}
        started = gateway({"services": {"claude": [entry]}, "circuit_breaker": {"enabled": False}})
        return openai.OpenAI(base_url=f"{started.url}/v1", api_key="any", max_retries=0, timeout=30)

    return begin
