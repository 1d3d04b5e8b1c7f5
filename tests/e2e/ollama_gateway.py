"""A gateway with entries for three small Ollamas. A plugin of the tests that name it."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest

from tests.e2e.conftest import StartGateway
from tests.e2e.ollama import NAMES, REFUSALS, SURFACES
from tests.fakevendor.ollama import Ollama, running
from tests.fakevendor.ollama_rules import KEY


def refusing(url: str, number: int, stream: bool, surface: str) -> dict[str, Any]:
    """An entry for one refusal; addresses differ, since a credential that was refused is left alone for a while."""
    name = f"{surface}refusal-{number}-{stream}"
    address = f"{url}/{surface.rstrip('/')}?case={name}"
    return {"models": [name], "server_url": address, "model_map": {name: REFUSALS[number][0]}}


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Ollama]]:
    """A server of today, the cloud, which asks for a key, and an old one."""
    with ExitStack() as stack:
        kinds: dict[str, dict[str, bool]] = {"local": {}, "cloud": {"cloud": True}, "old": {"old": True}}
        yield {name: stack.enter_context(running(**kind)) for name, kind in kinds.items()}


@pytest.fixture
def ollama(servers: dict[str, Ollama]) -> Ollama:
    """The server of today, which has seen nothing yet."""
    for kept in (servers["local"].seen, servers["local"].refused):
        kept.clear()
    return servers["local"]


@pytest.fixture(scope="session")
def ollama_client(servers: dict[str, Ollama], lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of a gateway with an entry for each server; names that begin with v1/ go to the OpenAI surface."""
    local, cloud, old = (servers[name].url for name in ("local", "cloud", "old"))
    mapped = {**{f"v1/{n}": n for n in NAMES}, "v1/mini": "all-minilm"}
    v1 = {"models": [f"v1/{n}" for n in NAMES], "model_map": mapped}
    tuned = {"options": {"num_ctx": 8192, "temperature": 0.1}, "keep_alive": "10m", "think": False}

    def entry(url: str, name: str, **more: Any) -> dict[str, Any]:
        return {"server_url": url, "models": [name], "model_map": {name: "qwen3:8b"}, **more}

    entries = [
        {"server_url": local.removeprefix("http://"), "models": NAMES, "embedding_models": ["all-minilm"]},
        {"server_url": f"{local}/v1", **v1, "embedding_models": ["v1/mini"]},
        entry(f"{local}/api/chat", "tuned", **tuned),
        entry(f"{local}/api/chat", "strict", model_map={"strict": "llama3.2"}, on_unsupported="refuse"),
        entry(cloud, "cloud", credentials={"api_key": KEY}),
        *(entry(f"{cloud}?case={how}", f"no-key-{how}") for how in (False, True)),
        *(
            entry(
                f"{cloud}/v1/chat/completions?case={how}", f"wrong-key-{how}", credentials={"api_key": "wrong-9f8e7d"}
            )
            for how in (False, True)
        ),
        entry(old, "old", model_map={"old": "qwen3:8b", "mini-old": "all-minilm"}, embedding_models=["mini-old"]),
        entry(f"{local}/prefix", "lost"),
        *(
            refusing(local, n, how, surface)
            for n in range(len(REFUSALS))
            for how in (False, True)
            for surface in SURFACES
        ),
    ]
    with lasting_gateway({"services": {"ollama": entries}, "circuit_breaker": {"enabled": False}}).sdk() as sdk:
        yield sdk
