"""The official client for Azure as an oracle: where it sends what, with which headers, and that it reads the fake."""

from typing import Any

import openai
import orjson
import pytest

from providers.types import ChatRequest, Destination, EmbeddingRequest, Secret, WireRequest
from providers.vendors.azure import VENDOR
from tests.fakevendor.azure import POLICY, running
from tests.fakevendor.azure_rules import KEYS, TOKEN

KEY = min(KEYS)
VERSION = "2024-10-21"
MESSAGES: Any = [{"role": "user", "content": "x"}]


def theirs(client: openai.OpenAI, url: str, body: dict[str, Any]) -> tuple[str, dict[str, Any], Any]:
    """URL, body and headers of the client's own request."""
    from openai._models import FinalRequestOptions  # noqa: PLC0415 - private, so imported where it is used

    options = client._prepare_options(FinalRequestOptions(method="post", url=url, json_data=body))
    made = client._build_request(options)
    return str(made.url), orjson.loads(made.content), made.headers


def ours(operation: str, to: Destination) -> WireRequest:
    if operation == "/embeddings":
        assert VENDOR.embed
        wire = VENDOR.embed.encode(EmbeddingRequest(to.model, ["a"], {}), to)
    else:
        wire = VENDOR.encode(ChatRequest(to.model, MESSAGES, False, {}), to)
    return VENDOR.sign(wire, to.credential, 0)


@pytest.mark.parametrize("operation", ["/chat/completions", "/embeddings"])
@pytest.mark.parametrize("model", ["gpt-4o", "my dep", "a/b", "gpt-3.5-turbo", "部署"])
@pytest.mark.parametrize("credential", [{"api_key": KEY}, {"token": TOKEN}])
def test_deployments(operation: str, model: str, credential: dict[str, str]) -> None:
    """Broken: a request goes to another address or with other headers than the official client's."""
    secret = {"api_key": KEY} if "api_key" in credential else {"azure_ad_token": TOKEN}
    with openai.AzureOpenAI(azure_endpoint="https://res.openai.azure.com", api_version=VERSION, **secret) as client:
        url, _, headers = theirs(client, operation, {"model": model, "messages": MESSAGES})
    made = ours(
        operation, Destination(model, "https://res.openai.azure.com", {n: Secret(v) for n, v in credential.items()})
    )
    assert made.url == url
    for name in ("api-key", "authorization", "content-type"):
        assert made.headers.get(name) == headers.get(name), name


def test_fixed_deployment() -> None:
    """Broken: a deployment in the address is not the one that is asked."""
    with openai.AzureOpenAI(
        azure_endpoint="https://res.openai.azure.com", azure_deployment="dep", api_version=VERSION, api_key=KEY
    ) as client:
        url, _, _ = theirs(client, "/chat/completions", {"model": "m", "messages": MESSAGES})
        base = str(client.base_url)
    assert (
        ours("/chat/completions", Destination("m", f"{base}?api-version={VERSION}", {"api_key": Secret(KEY)})).url
        == url
    )


def test_v1_surface() -> None:
    """Broken: the v1 surface is asked otherwise than by the plain client that the service documents for it."""
    base = "https://res.openai.azure.com/openai/v1/"
    with openai.OpenAI(base_url=base, api_key=KEY) as client:
        url, body, _ = theirs(client, "/chat/completions", {"model": "dep", "messages": MESSAGES})
    made = ours("/chat/completions", Destination("dep", base, {"api_key": Secret(KEY)}))
    assert (made.url, orjson.loads(made.body)) == (url, body)
    assert made.headers["api-key"] == KEY


def test_client_reads_the_fake() -> None:
    """Broken: the fake of the end-to-end tests answers in a way that the official client does not understand."""
    with (
        running() as azure,
        openai.AzureOpenAI(azure_endpoint=azure.url, api_version=VERSION, api_key=KEY, max_retries=0) as client,
    ):
        reply = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert reply.choices[0].message.content == "x"
        chunks = list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
        assert not chunks[0].choices
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices and c.choices[0].delta) == "x"
        assert client.embeddings.create(model="text-embedding-3-small", input=["ab"]).data[0].embedding[0] == 2.0
        filtered: Any = [{"role": "user", "content": "FILTERED"}]
        with pytest.raises(openai.BadRequestError, match=POLICY[:30]):
            client.chat.completions.create(model="gpt-4o", messages=filtered)
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="absent", messages=MESSAGES)
