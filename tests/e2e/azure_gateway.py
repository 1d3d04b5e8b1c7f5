"""A gateway with entries for every surface of a small Azure resource. A plugin of the tests that name it."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.e2e.azure import APPLICATION, KEY, NAMES, REFUSALS
from tests.e2e.conftest import StartGateway
from tests.fakevendor.azure import Azure, running
from tests.fakevendor.azure_rules import TOKEN


def refusing(url: str, number: int, stream: bool) -> dict[str, Any]:
    """An entry for one refusal; addresses differ, since a credential that was refused is left alone for a while."""
    credentials, asked, _, _ = REFUSALS[number]
    name = f"refusal-{number}-{stream}"
    address = f"{url}?case={name}"
    mapped = {name: asked if asked == "absent" else "gpt-4o"}
    return {"models": [name], "server_url": address, "model_map": mapped, "credentials": credentials, "auth_url": url}


@pytest.fixture(scope="session")
def azure_resource() -> Iterator[Azure]:
    with running() as azure:
        yield azure


@pytest.fixture
def azure(azure_resource: Azure) -> Azure:
    """The resource, which has seen nothing yet."""
    for kept in (azure_resource.seen, azure_resource.headers, azure_resource.refused):
        kept.clear()
    return azure_resource


@pytest.fixture(scope="session")
def azure_client(azure_resource: Azure, lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of a gateway with an entry for every surface, told apart by the names they offer."""

    def entry(path: str, names: list[str], **more: Any) -> dict[str, Any]:
        return {"models": names, "server_url": azure_resource.url + path, "credentials": KEY, **more}

    entries = [
        entry("", NAMES, embedding_models=["text-embedding-3-small"]),
        entry("/openai/deployments/gpt-4o/completions?api-version=2024-02-01", ["old"]),
        entry("/openai/deployments/gpt-4o", ["mapped"], model_map={"mapped": "my dep"}),
        entry("/openai/v1/", ["v1"], model_map={"v1": "gpt-4o"}),
        entry("/models", ["r1"], model_map={"r1": "DeepSeek-R1"}),
        entry("", ["o-like"], model_map={"o-like": "prod"}, reasoning_models={"prod": {}}),
        entry("", ["kept"], model_map={"kept": "gpt-4o"}, content_filter_results=True),
        entry("", ["apim"], model_map={"apim": "gpt-4o"}, key_header="Ocp-Apim-Subscription-Key", headers={"x-a": 1}),
        entry("", ["app"], model_map={"app": "gpt-4o"}, credentials=APPLICATION, auth_url=azure_resource.url),
        entry("", ["token"], model_map={"token": "gpt-4o"}, credentials={"token": TOKEN}),
        entry("", ["strict"], model_map={"strict": "prod"}, on_unsupported="refuse"),
        *(refusing(azure_resource.url, number, stream) for number in range(len(REFUSALS)) for stream in (False, True)),
    ]
    gateway = lasting_gateway({"services": {"azure": entries}, "circuit_breaker": {"enabled": False}})
    with gateway.sdk() as sdk:
        yield sdk
