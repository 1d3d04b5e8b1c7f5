"""A small Google, and one gateway with entries for both of its doors. A plugin of the tests that name it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from providers import jwt
from tests.e2e.process import Gateway
from tests.fakevendor.gemini import API_KEY, CLAUDE, EMAIL, PROJECT, Google, running
from tests.fakevendor.gemini_rules import MODELS
from tests.unit.hosting import Host, answer, hosting
from tests.vectorfile import VECTORS

AUDIENCE = "https://oauth2.googleapis.com/token"
ALIASES = {f"vertex/{model}": model for model in [*MODELS, CLAUDE]}


def private_key() -> str:
    """The throwaway key of the vectors."""
    document = json.loads((VECTORS / "vertexai.json").read_text())
    return str(document["auth"][0]["private_key_pem"])


@pytest.fixture(scope="module")
def lasting_google() -> Iterator[Google]:
    with running(jwt.private_key(private_key()).private_numbers().public_numbers.n, AUDIENCE) as started:
        yield started


@pytest.fixture
def google(lasting_google: Google) -> Iterator[Google]:
    """The fake vendor; nothing it refused may have been meant to be taken, unless the test empties ``faults``."""
    lasting_google.reset()
    yield lasting_google
    assert not lasting_google.faults


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A web server with an image, for which the gateway's config vouches."""
    with hosting({"/a.png": answer()}) as started:
        yield started


@pytest.fixture(scope="module")
def google_gateway(
    lasting_google: Google, host: Host, lasting_gateway: Any, tmp_path_factory: pytest.TempPathFactory
) -> Gateway:
    """Models by their names at Google AI, as ``vertex/…`` at Vertex AI; ``wrong`` and ``wrong-account`` are refused."""
    file = tmp_path_factory.mktemp("google") / "account.json"
    started: Gateway = lasting_gateway({**config(lasting_google.url, file), "images": {"allow_hosts": [host.name]}})
    return started


def config(url: str, file: Path) -> dict[str, Any]:
    """The config; the key of the service account is put into ``file``."""
    account = {"type": "service_account", "client_email": EMAIL, "private_key": private_key(), "token_uri": AUDIENCE}
    file.write_text(json.dumps(account))
    place = {"project_id": PROJECT, "location": "us-central1"}
    vertex = {"models": [*ALIASES], "model_map": ALIASES, "server_url": url, "auth_url": f"{url}/token"}
    other = {**account, "client_email": "other@example-project.iam.gserviceaccount.com"}
    return {
        "circuit_breaker": {"enabled": False},
        "services": {
            "gemini": [
                {
                    "models": [*MODELS],
                    "embedding_models": ["gemini-embedding-001"],
                    "server_url": f"{url}/v1beta/models",
                    "credentials": {"api_key": API_KEY},
                },
                {
                    "models": ["wrong"],
                    "model_map": {"wrong": "gemini-2.5-flash"},
                    "server_url": url,
                    "credentials": {"api_key": "bad-key-canary-71"},
                },
            ],
            "vertexai": [
                {
                    **vertex,
                    "embedding_models": ["text-embedding-005"],
                    "credentials": {**place, "json_file": str(file)},
                },
                {
                    **vertex,
                    "models": ["wrong-account"],
                    "model_map": {"wrong-account": "gemini-2.5-flash"},
                    "credentials": {**place, "json_file": other},
                },
            ],
        },
    }


@pytest.fixture
def gemini(google_gateway: Gateway, google: Google) -> Iterator[openai.OpenAI]:
    with google_gateway.sdk() as sdk:
        yield sdk
