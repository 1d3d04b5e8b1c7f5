"""A gateway in front of a small Coze: bots asked by stream, by polling, by v2, with tokens of several accounts.

A plugin of the tests that name it, so that nobody else imports it.
"""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests import rsakeys
from tests.e2e.answers import UNSHAKEN
from tests.e2e.conftest import StartGateway
from tests.fakevendor.coze import BOT, CHAT_PAT, CLIENT, HIDDEN_BOT, KEY_ID, OTHER_PAT, PAT, STUDIO_PAT, Coze, running


def app() -> dict[str, str]:
    """The credential of the fake's OAuth app."""
    return {"client_id": CLIENT, "public_key_id": KEY_ID, "private_key": rsakeys.key().pem}


def config(url: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A config with these entries for the fake, whose bots are called as the tests like."""
    names = {name: BOT for entry in entries for name in entry["models"]} | {"hidden": HIDDEN_BOT}
    names["unknown"] = "1"
    full = [{"server_url": url, "auth_url": url, "model_map": names, **entry} for entry in entries]
    return {**UNSHAKEN, "services": {"cozecn": full}, **more}


@pytest.fixture(scope="session")
def lasting_coze() -> Iterator[Coze]:
    with running(rsakeys.key().modulus) as started:
        yield started


@pytest.fixture
def coze(lasting_coze: Coze) -> Iterator[Coze]:
    """The fake; nothing that it is sent in a test may be malformed."""
    lasting_coze.seen.clear()
    lasting_coze.counts.clear()
    lasting_coze.faults.clear()
    yield lasting_coze
    assert lasting_coze.faults == []


@pytest.fixture(scope="session")
def sdk(lasting_coze: Coze, lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of one gateway with all entries; ``two`` has tokens of two accounts, ``impatient`` soon gives up."""
    full, url = {"token": PAT}, lasting_coze.url
    entries: list[dict[str, Any]] = [
        {"models": ["bot", "hidden", "unknown"], "credentials": full, "server_url": f"{url}/v3/chat"},
        {"models": ["polled"], "credentials": {"api_key": PAT, "token": "pat_unused"}, "poll": True},
        {"models": ["impatient"], "credentials": full, "poll": True, "timeout": 1.5},
        {"models": ["chat-only"], "credentials": {"token": CHAT_PAT}, "poll": True},
        {"models": ["two"], "credential_list": [{"token": PAT}, {"token": OTHER_PAT}]},
        {"models": ["v2"], "credentials": full, "server_url": f"{url}/open_api/v2/chat"},
        {"models": ["studio"], "credentials": {"token": STUDIO_PAT}},
        {"models": ["wrong"], "credentials": {"token": "pat_wrong-token"}},
        {"models": ["wrong-app"], "credentials": {**app(), "client_id": "9998887776665"}},
        {"models": ["strict"], "credentials": full, "on_unsupported": "refuse"},
    ]
    with lasting_gateway(config(url, *entries, load_balancing="round_robin")).sdk() as client:
        yield client
