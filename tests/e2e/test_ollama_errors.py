"""What clients see of an Ollama that refuses, fails, breaks off, or has much to do."""

from itertools import product

import openai
import pytest

from tests.e2e.answers import ask, broken, failure, fifty_at_once, question
from tests.e2e.ollama import REFUSALS, SURFACES

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.ollama_gateway"]


@pytest.fixture
def client(ollama_client: openai.OpenAI) -> openai.OpenAI:
    return ollama_client


def test_cloud(client: openai.OpenAI) -> None:
    """Broken: a key is not sent where it is needed, or who lacks one is not told what to do."""
    assert ask(client, "cloud", "x").choices[0].message.content == "x"
    for model, stream in product(("no-key", "wrong-key"), (False, True)):
        with pytest.raises(openai.InternalServerError, match=r"unauthorized.*api_key") as raised:
            ask(client, f"{model}-{stream}", stream=stream)
        assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_errors(client: openai.OpenAI, surface: str, number: int) -> None:
    """Broken: an error reaches the client as another one, or without the server's words."""
    _, asked, seen, told = REFUSALS[number]
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError) as raised:
            ask(client, f"{surface}refusal-{number}-{stream}", asked, stream=stream)
        assert (raised.value.status_code, raised.value.code) == seen
        assert told in raised.value.message


def test_wrong_address(client: openai.OpenAI) -> None:
    """Broken: who wrote a wrong server_url is not told so."""
    raised = failure(client, "lost")
    assert raised.status_code == 404
    assert "404 page not found (server_url leads to no address" in raised.message


@pytest.mark.parametrize("surface", SURFACES)
def test_broken_streams(client: openai.OpenAI, surface: str) -> None:
    """Broken: a stream that fails or is cut looks like a whole answer, or its words are lost."""
    told = "an error was encountered while running the model"
    assert broken(client, f"{surface}llama3.2", f"BREAK 2 500 {told}") == ("BREAK 2 500 an", told)
    text, message = broken(client, f"{surface}llama3.2", "CUT 3 and no more of it")
    assert text == "CUT 3 and no more of i"[:21]
    assert "broke off" in message
    with pytest.raises(openai.InternalServerError, match="at once"):
        ask(client, f"{surface}llama3.2", "BREAK 0 500 at once", stream=True)


@pytest.mark.parametrize("surface", SURFACES)
def test_fifty_at_once(client: openai.OpenAI, surface: str) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""
    assert fifty_at_once(client, f"{surface}llama3.2") == [question(n) for n in range(50)]
